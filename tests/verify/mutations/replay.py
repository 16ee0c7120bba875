# SPDX-License-Identifier: GPL-2.0-or-later
"""Counterexamples as real packets, in whatever state they are told to be."""

import re
from typing import NamedTuple

from packets import (
    ECHO_REPLY,
    ECHO_REQUEST,
    GATEWAY,
    ICMP,
    PROTOCOL_NAMES,
    SCTP,
    TCP,
    UDP,
    WITH_PORTS,
    Arrival,
    Packet,
    build,
    quote,
)
from sites import GATEWAY_ADDRESS, GATEWAY_ADDRESS6, INTERFACES, span

FOREIGN = "".join(f"add table {family} other\ndelete table {family} other\n" for family in ("inet", "ip", "ip6"))
CLEAN = FOREIGN + "add table inet jgfw\ndelete table inet jgfw\n"
UNTRACK = """
table inet other {
	chain untrack { type filter hook prerouting priority -350; notrack; }
}
"""
ICMP_TYPES = {
    "echo-reply": 0, "destination-unreachable": 3, "source-quench": 4, "redirect": 5, "echo-request": 8,
    "router-advertisement": 9, "router-solicitation": 10, "time-exceeded": 11, "parameter-problem": 12,
    "timestamp-request": 13, "timestamp-reply": 14, "info-request": 15, "info-reply": 16,
    "address-mask-request": 17, "address-mask-reply": 18,
}  # fmt: skip
PROTOCOLS = {name: number for number, name in PROTOCOL_NAMES.items()}
ERRORS = (3, 4, 11, 12)
OURS = {*GATEWAY_ADDRESS.values(), *GATEWAY_ADDRESS6.values()}
ERROR_ROUTER = "198.51.100.200"


class NotReplayed(Exception):
    """Why a packet cannot be sent here."""


class Witness(NamedTuple):
    """A packet of which the prover says how it should fare, and how it does."""

    packet: Packet
    state: str
    out: str | None  # the interface that routes lead it to; None: to the gateway itself
    wanted: object  # arrivals, or None where nothing is said
    found: object
    checksum: int | None = None  # that it must have


def parse(finding, zones):
    """The Witness of a finding; NotReplayed where the lab has no such packet."""
    words = finding["packet"].split()
    options = dict(word.split("=", 1) for word in words if "=" in word and not word.startswith("proto="))
    rest = [word for word in words if "=" not in word or word.startswith("proto=")]
    if "in" not in options:
        raise NotReplayed("the gateway sends it itself")
    proto = PROTOCOLS.get(rest[0])
    if proto not in (TCP, UDP, ICMP, SCTP):
        raise NotReplayed("a protocol without ports")
    (src, sport), (dst, dport) = _end(rest[-3]), _end(rest[-1])
    icmp = ECHO_REQUEST
    if proto == ICMP:
        icmp = (ICMP_TYPES.get(rest[1]) if rest[1] in ICMP_TYPES else int(rest[1]), 0)
        sport = 7
    iface, out = _iface(options["in"], zones), options.get("out")
    if finding["local"] and ":" in src:
        raise NotReplayed("IPv6 to the gateway itself")
    out = None if finding["local"] else _iface(out, zones)
    packet = Packet(iface, proto, src, dst, sport, dport, icmp=icmp)
    _refuse_martians(packet)
    packet, checksum = _header(finding, packet)
    wanted, found = (_fate(finding[key], packet, out) for key in ("wanted", "found"))
    return Witness(packet, options.get("state", "new"), out, wanted, found, checksum)


def _header(finding, packet):
    """The packet with the type and code of ICMP that it must have, and its checksum if it hangs on that."""
    words = finding.get("provided")
    if not words:
        return packet, None
    begins = re.fullmatch(r"its header begins with 0x(\w\w)(\w\w) 0x(\w+)", words)
    if packet.proto != ICMP or not begins:
        raise NotReplayed(f"where {words}"[:30])
    kind, code, checksum = (int(part, 16) for part in begins.groups())
    return packet._replace(icmp=(kind, code)), checksum


def with_checksum(packet, checksum, ident):
    """The bytes of an ICMP packet, with a body that makes this its checksum."""
    packet = packet._replace(body=b"\0\0")
    without = int.from_bytes(build(packet, ident)[22:24], "big")
    # In ones' complement the checksum is what is missing to zero.
    return build(packet._replace(body=((without - checksum) % 0xFFFF).to_bytes(2, "big")), ident)


def _end(text):
    if text.startswith("["):
        address, _, port = text[1:].partition("]")
        return address, int(port[1:] or 0)
    address, _, port = text.partition(":")
    if address.count(":"):
        return text, 0
    return address, int(port or 0)


def _iface(name, zones):
    if name in INTERFACES:
        return name
    spare = [iface for iface in INTERFACES if iface not in zones]
    if name == "~" and spare:
        return spare[-1]
    raise NotReplayed("an interface that the lab does not have")


def _refuse_martians(packet):
    """What the kernel's routing itself refuses: RFC 1122, 3.2.1.3."""
    if ":" in packet.src:
        return
    for address in (packet.src, packet.dst):
        first = int(address.split(".")[0])
        if first in (0, 127) or first >= 224:
            raise NotReplayed("an address that routing refuses")

def _fate(words, packet, out):
    """What the prover's words say, as arrivals."""
    if words == "it is dropped":
        return ()
    if not words.startswith(("it gets through", "it is taken in")):
        return None
    fate = {"dst": packet.dst, "dport": packet.dport, "src": packet.src, "sport": packet.sport}
    for end, text in re.findall(r", (to|from) ([^,]+)", words):
        address, _, port = text.partition(":")
        if text.startswith("port "):
            address, port = None, text.removeprefix("port ")
        names = ("dst", "dport") if end == "to" else ("src", "sport")
        if text == "the gateway's address":
            address = (GATEWAY_ADDRESS6 if ":" in packet.src else GATEWAY_ADDRESS)[out]
        if address:
            fate[names[0]] = address
        if port and packet.proto in WITH_PORTS:
            fate[names[1]] = int(port)
    return (Arrival(out or GATEWAY, fate["src"], fate["dst"], fate["sport"], fate["dport"]),)


class Replayer:
    """Sends witnesses into a lab, with routes that lead where they say."""

    def __init__(self, lab, oracle):
        self.lab, self.network = lab, oracle.network
        self._lands = {(item.dst, item.lands) for item in oracle.passes if item.lands}

    def load(self, text):
        """Load a ruleset in the place of the one before, and of other people's tables."""
        self.lab.forwarding(False)
        self.lab.nft(CLEAN)
        self.lab.nft(text)
        self.lab.forwarding(True)
        self.lab.flush_flows()

    def replay(self, witness, text):
        """What becomes of the witness's packet under the ruleset, which is loaded."""
        if witness.checksum is not None and witness.state not in ("new", "untracked"):
            raise NotReplayed("a flow of which one packet has a checksum")
        undo = self._lead(witness)
        try:
            self.lab.flush_flows()
            fate = getattr(self, f"_{witness.state}", self._unknown)(witness, text)
        finally:
            self._ip(undo)
        if any(item.iface != (witness.out or GATEWAY) for item in fate):
            raise NotReplayed("translated to what lies elsewhere here")
        return fate

    def _unknown(self, witness, text):
        raise NotReplayed(f"state {witness.state}")

    def _new(self, witness, _):
        if witness.packet.proto == ICMP and witness.packet.icmp[0] in (13, 15, 17):
            raise NotReplayed("a request other than of echo")
        return self._send(witness)

    def _send(self, witness):
        packet = witness.packet
        if witness.checksum is None:
            return self.lab.send([packet])[0]
        return self.lab.send_built(packet.iface, lambda ident: with_checksum(packet, witness.checksum, ident))

    def _invalid(self, witness, _):
        """With a wrong checksum, which conntrack takes for invalid."""
        if witness.packet.proto == TCP:
            return self.lab.send([witness.packet._replace(flags="R")])[0]
        return self._spoilt(witness.packet)

    def _spoilt(self, packet):
        at = {UDP: 26, ICMP: 22}.get(packet.proto)
        if not at or ":" in packet.src:
            raise NotReplayed("an invalid packet of this protocol")

        def spoil(ident):
            data = bytearray(build(packet, ident))
            data[at] ^= 0x55
            return bytes(data)

        return self.lab.send_built(packet.iface, spoil)

    def _untracked(self, witness, text):
        self.lab.nft(UNTRACK.replace("other", "untrack"))
        try:
            return self._send(witness)
        finally:
            self.lab.nft("delete table inet untrack\n")

    def _established(self, witness, text):
        packet = witness.packet
        if not witness.out:
            raise NotReplayed("a flow with the gateway itself")
        if packet.src == packet.dst:
            raise NotReplayed("a flow with itself")
        back = packet._replace(iface=witness.out, src=packet.dst, dst=packet.src)
        back = back._replace(sport=packet.dport, dport=packet.sport)
        first, second, third = packet, back._replace(flags="SA"), packet._replace(flags="A")
        if packet.proto == ICMP:
            back = back._replace(sport=packet.sport, dport=0)
            if packet.icmp[0] == 8:
                second = back._replace(icmp=ECHO_REPLY)
            elif packet.icmp[0] == 0:
                first, second = back._replace(icmp=ECHO_REQUEST), packet._replace(icmp=ECHO_REPLY)
            else:
                raise NotReplayed("an ICMP packet that belongs to no flow")
        elif packet.proto not in (TCP, UDP):
            raise NotReplayed("a flow of this protocol")
        return self._within((first, second), third, text)

    def _related(self, witness, text):
        packet = witness.packet
        if packet.proto != ICMP or packet.icmp[0] not in ERRORS or not witness.out:
            raise NotReplayed("related, and no ICMP error that is forwarded")
        # The flow that failed, on its way out by the interface that the error comes in by.
        flow = Packet(witness.out, UDP, packet.dst, ERROR_ROUTER, 40000, 40000)
        self._ip([f"route replace {ERROR_ROUTER}/32 dev {packet.iface}"])
        try:
            error = packet._replace(sport=0, body=quote(build(flow, 1)))
            return self._within((flow,), error, text)
        finally:
            self._ip([f"route del {ERROR_ROUTER}/32"])

    def _within(self, flow, packet, text):
        """The packet behind those that make its flow, which no ruleset sees."""
        self.lab.nft(CLEAN)
        for part in flow:
            if not self.lab.send([part])[0]:
                raise NotReplayed("the flow cannot begin here")
        self.lab.nft(text)
        return self.lab.send([packet])[0]

    def _lead(self, witness):
        """Routes and addresses for the witness; returns what takes them back."""
        do, undo = [], []
        for address in self._destinations(witness):
            six = ":" in address
            size = 128 if six else 32
            if witness.out:
                if address in OURS:
                    raise NotReplayed("an address of the gateway's is forwarded to")
                if address in self.network.local:
                    do.append(f"address del {address}/32 dev wan0")
                    undo.append( f"address add {address}/32 dev wan0")
                do.append(f"route replace {address}/{size} dev {witness.out}")
                undo.append(f"route del {address}/{size}")
                if not six and f"{address}/32" in self.network.routes:
                    undo.append(f"route add {address}/32 dev {self.network.routes[f'{address}/32']}")
            elif address not in OURS and address not in self.network.local:
                do.append(f"address add {address}/{size} dev wan0")
                undo.append(f"address del {address}/{size} dev wan0")
        if witness.state == "established":
            address = witness.packet.src
            if address in OURS:
                raise NotReplayed("an address of the gateway's is a source")
            if address in self._destinations(witness):
                raise NotReplayed("a translation leads back to its source")
            if address in self.network.local:
                do.append(f"address del {address}/32 dev wan0")
                undo.append( f"address add {address}/32 dev wan0")
            six = ":" in address
            do.append(f"route replace {address}/{128 if six else 32} dev {witness.packet.iface}")
            undo.append(f"route del {address}/{128 if six else 32}")
            if not six and f"{address}/32" in self.network.routes:
                undo.append(f"route add {address}/32 dev {self.network.routes[f'{address}/32']}")
        self._ip(do)
        return undo

    def _destinations(self, witness):
        """Addresses that the packet may be for on its way, translated as the rows or as a mutant will."""
        dst = witness.packet.dst
        fates = [item for fate in (witness.wanted, witness.found) for item in fate or ()]
        lands = set()
        if ":" not in dst and witness.state not in ("established", "related"):
            lands = {lands for at, lands in self._lands if at == span(dst)}
        return sorted({dst, *lands, *(item.dst for item in fates)})

    def _ip(self, commands):
        if commands:
            self.lab.run("ip", "-batch", "-", text="\n".join(commands) + "\n")


def same(expected, got, packet):
    """Are the arrivals those that were told? Masquerading may move a port; where there are none they do not count."""
    if len(expected) != len(got):
        return False
    for ours, theirs in zip(expected, got, strict=True):
        if (ours.iface, ours.src, ours.dst) != (theirs.iface, theirs.src, theirs.dst):
            return False
        hidden = ours.src in OURS
        if packet.proto in (TCP, UDP) and (ours.dport != theirs.dport or (ours.sport != theirs.sport and not hidden)):
            return False
    return True

# SPDX-License-Identifier: GPL-2.0-or-later
"""What should become of one new packet, according to the vendor's two tables.

The numbers below were typed from Cisco's Expressway IP Port Usage guide, chapter "Jabber Guest Services". They are
deliberately not read from templates/ or profiles/, and nothing here knows how jgfw writes a ruleset.
"""

from collections import defaultdict
from functools import lru_cache
from typing import NamedTuple

from packets import ECHO_REQUEST, GATEWAY, ICMP, TCP, UDP, Arrival
from sites import GATEWAY_ADDRESS, number, span

EPHEMERAL = (1024, 65535)
ANY_PORT = (0, 65535)
EVERYWHERE = (0, 0xFFFFFFFF)
DROPPED = ()
NOT_JUDGED = None  # the contract is silent


class Row(NamedTuple):
    """One line of a table. Ports are pairs of first and last, or the name of what differs between profiles."""

    id: str
    source: str
    sports: tuple
    proto: int
    destination: str
    dports: object
    becomes: int | None = None  # the port that a translation leads to
    leaves_as: str | None = None  # the role whose address replaces the source


# Table 1. d3 and d4 are the translation of d1 and d2.
DUAL = (
    Row("d1", "any", EPHEMERAL, TCP, "edge.public", (80, 80), becomes=9980),
    Row("d2", "any", EPHEMERAL, TCP, "edge.public", (443, 443), becomes=9443),
    Row("d5", "any", EPHEMERAL, UDP, "edge.public", "turn"),
    Row("d6", "edge.inward", (30000, 35999), TCP, "guest", (5060, 5060)),
    Row("d7", "edge.inward", (30000, 35999), TCP, "guest", (5061, 5061)),
    Row("d8", "guest", EPHEMERAL, TCP, "edge.inward", (5060, 5060)),
    Row("d9", "guest", EPHEMERAL, TCP, "edge.inward", (5061, 5061)),
    Row("d10", "core", (36000, 59999), UDP, "edge.inward", "media_demux"),
)

# Table 2. s4 and s5 are the translation of s2 and s3.
SINGLE = (
    Row("s1", "any", EPHEMERAL, UDP, "edge.public", "turn"),
    Row("s2", "any", EPHEMERAL, TCP, "edge.public", (80, 80), becomes=9980),
    Row("s3", "any", EPHEMERAL, TCP, "edge.public", (443, 443), becomes=9443),
    Row("s6", "core", (35000, 35999), TCP, "edge.public", (2222, 2222)),
    Row("s7", "core", (25000, 25999), TCP, "edge.public", (7001, 7001)),
    Row("s8", "core", (36000, 59999), UDP, "edge.public", (24000, 29999)),
    Row("s9", "edge.private", (24000, 29999), UDP, "core", (36000, 59999), leaves_as="edge.public"),
    Row("s10", "core", (30000, 35999), TCP, "guest", (5060, 5060)),
    Row("s11", "core", (30000, 35999), TCP, "guest", (5061, 5061)),
    Row("s12", "guest", EPHEMERAL, TCP, "core", (5060, 5060)),
    Row("s13", "guest", EPHEMERAL, TCP, "core", (5061, 5061)),
)

TURN = {
    "dual-small": (3478, 3478),
    "dual-small-mux": (3478, 3478),
    "dual-medium": (3478, 3478),
    "dual-medium-mux": (3478, 3478),
    "dual-large": (3478, 3483),
    "dual-large-mux": (3478, 3478),
    "single-small": (3478, 3478),
    "single-small-mux": (3478, 3478),
    "single-medium": (3478, 3478),
    "single-medium-mux": (3478, 3478),
    "single-large": (3478, 3483),
    "single-large-mux": (3478, 3478),
}

MEDIA_DEMUX = {
    "dual-small": (36000, 36001),
    "dual-small-mux": (36000, 36001),
    "dual-medium": (36000, 36001),
    "dual-medium-mux": (36000, 36001),
    "dual-large": (36000, 36011),
    "dual-large-mux": (36000, 36011),
}

# The rows that an override in `ports:` changes the destination ports of.
OVERRIDES = {
    "http": ("d1", "s2"),
    "https": ("d2", "s3"),
    "turn": ("d5", "s1"),
    "media_demux": ("d10",),
}

ZONE_OF_ROLE = {
    "edge.outward": "outward",
    "edge.inward": "inward",
    "edge.private": "dmz",
    "core": "lan",
    "guest": "lan",
}

PROTOCOLS = {"tcp": (TCP,), "tls": (TCP,), "udp": (UDP,), "tcp+udp": (TCP, UDP), "icmp": (ICMP,)}
ICMP_TYPES = {"echo-request": ECHO_REQUEST}

# What conntrack takes for the first packet of a flow; everything else without a flow is invalid.
OPENING_FLAGS = ({"S"}, {"S", "U"}, {"A"}, {"A", "U"})


class End(NamedTuple):
    """One side of a row, made concrete."""

    zone: str
    addresses: tuple  # first and last, as integers
    peer: dict | None = None  # the Expressway-E that it belongs to
    lands: str | None = None  # the address behind a public one


class Pass(NamedTuple):
    """New packets that get through, and how they look then."""

    row: str
    deployment: str
    iifs: tuple
    oifs: tuple
    within_zone: bool
    proto: int
    icmp: tuple | None
    src: tuple
    sports: tuple  # of pairs
    dst: tuple
    dports: tuple  # of pairs
    lands: str | None
    becomes: int | None
    leaves_as: str | None  # an address; GATEWAY for the gateway's own on the way out


class Oracle:
    def __init__(self, site, network):
        gateway = site["gateway"]
        self.network = network
        self.zones = {zone: tuple(as_list(value)) for zone, value in gateway["zones"].items()}
        self.scope = gateway.get("scope", "gateway")
        self.dedicated = gateway.get("public_addresses", "dedicated") == "dedicated"
        self.wan = self.zones.get("wan", ())
        self.publics, self.own = set(), set()
        self.nics = defaultdict(dict)  # by zone: the addresses of Expressway-E there, and their public ones
        self.passes = []
        for deployment in site["deployments"]:
            for peer in deployment["edge"]:
                self.publics.add(peer["public"])
                self.own.update(address for key, address in peer.items() if key != "name")
                for nic, zone in (("outward", "outward"), ("inward", "inward"), ("private", "dmz")):
                    if nic in peer:
                        self.nics[zone][peer[nic]] = peer["public"]
            self.own.update(deployment["core"] + deployment["guest"])
            for row in rows_of(deployment):
                self.passes += self._passes(deployment, *row)
        # Most passes lead to one address: those are found by it.
        self._by_address, self._to_networks = defaultdict(list), []
        for item in self.passes:
            first, last = item.dst
            (self._by_address[first] if first == last else self._to_networks).append(item)

    def fate(self, packet):
        """The arrivals that the packet must lead to (DROPPED is none), or NOT_JUDGED."""
        if ":" in packet.src:
            return DROPPED if self.scope == "gateway" else untouched(packet, self.network.where(packet.dst))
        if opens_flow(packet):
            if packet.iface in self.wan and packet.src in self.own:
                return DROPPED
            for item in self._by_address[number(packet.dst)] + self._to_networks:
                arrival = self._follow(item, packet)
                if arrival:
                    return (arrival,)
        return self._unwanted(packet)

    def _unwanted(self, packet):
        """What becomes of a packet that no row wants."""
        out = self.network.where(packet.dst)
        if out == GATEWAY:
            if self.dedicated and packet.dst in self.publics:
                return DROPPED
            return untouched(packet, GATEWAY) if opens_flow(packet) else NOT_JUDGED
        if self.scope == "gateway" or packet.src in self.own or packet.dst in self.own:
            return DROPPED
        return untouched(packet, out)

    def _follow(self, item, packet):
        """The packet as the pass lets it through, or None if it is not one of its packets."""
        if packet.iface not in item.iifs or packet.proto != item.proto:
            return None
        if not (within(number(packet.src), item.src) and within(number(packet.dst), item.dst)):
            return None
        if item.proto == ICMP:
            if packet.icmp != item.icmp:
                return None
        elif not (within_any(packet.sport, item.sports) and within_any(packet.dport, item.dports)):
            return None
        dst = item.lands or packet.dst
        out = self.network.where(dst)
        if out not in item.oifs or (item.within_zone and out == packet.iface):
            return None
        src = self._public_of(item, packet, out) or item.leaves_as or packet.src
        if src == GATEWAY:
            src = GATEWAY_ADDRESS[out]
        return Arrival(out, src, dst, packet.sport, item.becomes or packet.dport)

    def _public_of(self, item, packet, out):
        """An Expressway-E among the sources of a whole zone speaks as one that a row names, see _leaves_as."""
        if not item.lands and out not in self.wan:
            return None
        for zone, nics in self.nics.items():
            if packet.src in nics and packet.iface in item.iifs and set(self.zones.get(zone, ())) & set(item.iifs):
                return nics[packet.src]
        return None

    def _passes(self, deployment, row, icmp=None):
        for source in ends(deployment, row.source):
            for destination in ends(deployment, row.destination):
                if not self._in_force(source.zone, destination.zone):
                    continue
                yield Pass(
                    row.id,
                    deployment["name"],
                    self.zones[source.zone],
                    self.zones[destination.zone],
                    source.zone == destination.zone,
                    row.proto,
                    icmp,
                    source.addresses,
                    ports(row.sports),
                    destination.addresses,
                    ports(row.dports),
                    destination.lands,
                    row.becomes,
                    self._leaves_as(deployment, row, source, destination),
                )

    def _in_force(self, source, destination):
        """A row needs both its zones; within one zone it needs two interfaces."""
        if source == destination:
            return len(self.zones.get(source, ())) > 1
        return source in self.zones and destination in self.zones

    @staticmethod
    def _leaves_as(deployment, row, source, destination):
        if row.leaves_as == "edge.public":
            return source.peer["public"]
        # An Expressway-E speaks to the world, and to public addresses, with its own public address.
        if source.peer and (destination.zone == "wan" or destination.lands):
            return source.peer["public"]
        # Without static NAT nothing is reflected: only ports are translated there.
        reflected = destination.lands and destination.lands != destination.peer["public"]
        if row.source == "core" and reflected and deployment.get("reflection_source") == "gateway":
            return GATEWAY
        return None


def untouched(packet, iface):
    return (Arrival(iface, packet.src, packet.dst, packet.sport, packet.dport),)


def opens_flow(packet):
    if packet.proto == TCP:
        return set(packet.flags) - {"P"} in OPENING_FLAGS
    return packet.proto != ICMP or packet.icmp == ECHO_REQUEST


def within(value, pair):
    return pair[0] <= value <= pair[1]


def within_any(value, pairs):
    return any(first <= value <= last for first, last in pairs)


def as_list(value):
    return value if isinstance(value, list) else [value]


@lru_cache(maxsize=None)
def _port_pair(text):
    first, _, last = text.partition("-")
    return int(first), int(last or first)


def ports(value):
    """Ports as a site writes them (443, 3478-3483, a list of both) or as a pair, as pairs."""
    if isinstance(value, tuple):
        return (value,)
    return tuple(_port_pair(str(item)) for item in as_list(value))


def rows_of(deployment):
    """The rows of a deployment with its options applied: (row,), or (row, type) for icmp."""
    profile = deployment["profile"]
    overridden = {row: value for name, value in deployment.get("ports", {}).items() for row in OVERRIDES[name]}
    for row in DUAL if profile.startswith("dual") else SINGLE:
        if row.id in deployment.get("omit", ()):
            continue
        if row.dports == "turn":
            row = row._replace(dports=TURN[profile])
        elif row.dports == "media_demux":
            row = row._replace(dports=MEDIA_DEMUX[profile])
        if row.id in overridden:
            row = row._replace(dports=overridden[row.id])
        if deployment.get("source_ports") == "any":
            row = row._replace(sports=ANY_PORT)
        yield (row,)
    for own in deployment.get("rows", ()):
        for proto in PROTOCOLS[own["proto"]]:
            row = Row(
                own["id"],
                own["from"],
                own.get("sport", ANY_PORT),
                proto,
                own["to"],
                own.get("dport", ANY_PORT),
                own.get("translate"),
            )
            yield (row, ICMP_TYPES[own["icmp"]]) if proto == ICMP else (row,)


def ends(deployment, endpoint):
    """The Ends that an endpoint of a row stands for."""
    if endpoint == "any":
        return [end for client in deployment.get("clients", ["wan"]) for end in ends(deployment, client)]
    if endpoint in ("core", "guest"):
        return [End("lan", span(address)) for address in deployment[endpoint]]
    role, _, nic = endpoint.partition(".")
    peers = [peer for peer in deployment["edge"] if role in ("edge", peer["name"])]
    if peers and nic == "public":
        dual = "outward" in peers[0]
        lands = "outward" if dual else "private"
        return [End("outward" if dual else "dmz", span(peer["public"]), peer, peer[lands]) for peer in peers]
    if peers:
        return [End(ZONE_OF_ROLE[f"edge.{nic}"], span(peer[nic]), peer) for peer in peers]
    zone, _, network = endpoint.partition(":")
    return [End(zone, span(network) if network else EVERYWHERE)]

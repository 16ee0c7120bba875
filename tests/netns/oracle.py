# SPDX-License-Identifier: GPL-2.0-or-later
"""What should become of one new packet, according to the vendor's tables.

The numbers below were typed from Cisco's Expressway IP Port Usage guide, chapter "Jabber Guest Services", and for the
add-ons from other chapters of it. They are deliberately not read from templates/ or profiles/, and nothing here knows how
jgfw writes a ruleset.
"""

from collections import defaultdict
from functools import lru_cache
from typing import NamedTuple

from packets import ECHO_REQUEST, GATEWAY, ICMP, TCP, UDP, Arrival
from sites import GATEWAY_ADDRESS, nics_of, number, span

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

OUTBOUND = (30000, 35999)
SIP_OUTBOUND = (25000, 29999)
MEDIA = (36000, 59999)
RELAYS = (24000, 29999)

# Mobile and Remote Access. m1 does not pass a gateway.
MRA = (
    Row("m2", "any", EPHEMERAL, TCP, "edge.public", (8443, 8443)),
    Row("m3", "any", EPHEMERAL, TCP, "edge.public", (5061, 5061)),
    Row("m4", "any", EPHEMERAL, UDP, "edge.public", MEDIA),
    Row("m5", "edge.outside", MEDIA, UDP, "wan", EPHEMERAL),
    Row("m6", "any", EPHEMERAL, TCP, "edge.public", (5222, 5222)),
    Row("m7", "any", EPHEMERAL, UDP, "edge.public", "turn"),
    Row("m8", "any", EPHEMERAL, UDP, "edge.public", RELAYS),
    Row("m9", "core", OUTBOUND, TCP, "edge.inside", (2222, 2222)),
    Row("m10", "core", SIP_OUTBOUND, TCP, "edge.inside", (7001, 7001)),
    Row("m11", "core", MEDIA, UDP, "edge.inside", "media_demux"),
    Row("m12", "core", OUTBOUND, TCP, "edge.inside", (7400, 7400)),
    Row("m13", "core", EPHEMERAL, UDP, "edge.inside", "turn"),
    Row("m13", "core", EPHEMERAL, TCP, "edge.inside", "turn"),
    Row("m14", "core", SIP_OUTBOUND, TCP, "cucm", (5060, 5060)),
    Row("m15", "cucm", EPHEMERAL, TCP, "core", (5060, 5060)),
    Row("m16", "core", SIP_OUTBOUND, TCP, "cucm", (5061, 5061)),
    Row("m17", "cucm", EPHEMERAL, TCP, "core", (5061, 5061)),
    Row("m18", "core", SIP_OUTBOUND, TCP, "cucm", (5091, 5091)),
    Row("m19", "cucm", (5091, 5091), TCP, "core", (5061, 5061)),
    Row("m20", "core", OUTBOUND, TCP, "cucm", (6970, 6970)),
    Row("m21", "core", OUTBOUND, TCP, "cucm", (6971, 6971)),
    Row("m22", "core", OUTBOUND, TCP, "cucm", (6972, 6972)),
    Row("m23", "core", OUTBOUND, TCP, "cucm", [443, 8443]),
    Row("m24", "core", OUTBOUND, TCP, "imp", (7400, 7400)),
    Row("m25", "core", OUTBOUND, TCP, "imp", (8443, 8443)),
    Row("m26", "core", OUTBOUND, TCP, "imp", (7336, 7336)),
    Row("m27", "core", OUTBOUND, TCP, "unity", [443, 8443]),
    Row("m28", "core", OUTBOUND, TCP, "unity", (7080, 7080)),
    Row("m29", "core", OUTBOUND, TCP, "unity", (7443, 7443)),
    Row("m30", "core", OUTBOUND, TCP, "cucm", (9444, 9444)),
    Row("m31", "core", MEDIA, UDP, "lan", (16384, 32767)),
    Row("m32", "edge.outside", OUTBOUND, TCP, "fos", (443, 443)),
    Row("m33", "edge.outside", OUTBOUND, TCP, "idbroker", (443, 443)),
)

# Meeting Server web proxy. w2 and w6 are one.
CMS = (
    Row("w1", "any", EPHEMERAL, TCP, "edge.public", (443, 443)),
    Row("w2", "any", EPHEMERAL, UDP, "edge.public", (3478, 3478)),
    Row("w3", "admin", EPHEMERAL, TCP, "edge.inside", (8443, 8443)),
    Row("w4", "core", OUTBOUND, TCP, "edge.inside", (2222, 2222)),
    Row("w5", "core", SIP_OUTBOUND, TCP, "edge.inside", (7001, 7001)),
    Row("w7", "any", EPHEMERAL, TCP, "edge.public", (3478, 3478)),
    Row("w8", "core", OUTBOUND, TCP, "meeting_server", (443, 443)),
    Row("w9", "meeting_server", EPHEMERAL, TCP, "core", OUTBOUND),
    Row("w10", "meeting_server", EPHEMERAL, UDP, "edge.inside", (3478, 3478)),
    Row("w11", "edge.outside", RELAYS, UDP, "edge.public", RELAYS),
    Row("w11", "edge.outside", RELAYS, TCP, "edge.public", RELAYS),
    Row("w12", "edge.inside", RELAYS, UDP, "edge.inside", RELAYS),
    Row("w12", "edge.inside", RELAYS, TCP, "edge.inside", RELAYS),
    Row("w13", "meeting_server", EPHEMERAL, UDP, "edge.public", RELAYS),
)

TRAVERSAL = (
    Row("t1", "core", OUTBOUND, TCP, "edge.inward", (2222, 2222)),
    Row("t2", "core", SIP_OUTBOUND, TCP, "edge.inward", (7001, 7001)),
)

# Business-to-business SIP. b10 and b12 are b9 and b11 again.
B2B = (
    Row("b1", "core", SIP_OUTBOUND, TCP, "edge.inside", (7001, 7001)),
    Row("b2", "core", (5060, 5060), UDP, "sip_endpoint", (5060, 5060)),
    Row("b3", "core", SIP_OUTBOUND, TCP, "sip_endpoint", EPHEMERAL),
    Row("b4", "edge.outside", SIP_OUTBOUND, TCP, "wan", EPHEMERAL),
    Row("b7", "any", EPHEMERAL, TCP, "edge.public", (5061, 5061)),
    Row("b8", "any", EPHEMERAL, TCP, "edge.public", (5062, 5062)),
    Row("b9", "core", MEDIA, UDP, "edge.inside", "media_demux"),
    Row("b11", "any", EPHEMERAL, UDP, "edge.public", MEDIA),
    Row("b13", "edge.outside", MEDIA, UDP, "wan", EPHEMERAL),
    Row("b14", "any", EPHEMERAL, UDP, "edge.public", "turn"),
    Row("b14", "any", EPHEMERAL, TCP, "edge.public", "turn"),
    Row("b15", "core", EPHEMERAL, UDP, "edge.inside", "turn"),
    Row("b15", "core", EPHEMERAL, TCP, "edge.inside", "turn"),
    Row("b16", "edge.outside", RELAYS, UDP, "wan", EPHEMERAL),
    Row("b16", "edge.outside", RELAYS, TCP, "wan", EPHEMERAL),
    Row("b17", "any", EPHEMERAL, UDP, "edge.public", RELAYS),
    Row("b17", "any", EPHEMERAL, TCP, "edge.public", RELAYS),
)

B2B_UNENCRYPTED = (
    Row("b5", "any", EPHEMERAL, UDP, "edge.public", (5060, 5060)),
    Row("b6", "any", EPHEMERAL, TCP, "edge.public", (5060, 5060)),
)

# The Expressway-E's own needs. a11 has no port of its own.
EDGE_SERVICES = (
    Row("a4", "edge.inside", OUTBOUND, UDP, "dns", (53, 53)),
    Row("a4", "edge.inside", OUTBOUND, TCP, "dns", (53, 53)),
    Row("a5", "edge.outside", OUTBOUND, UDP, "dns_external", (53, 53)),
    Row("a5", "edge.outside", OUTBOUND, TCP, "dns_external", (53, 53)),
    Row("a6", "edge.inside", (123, 123), UDP, "ntp", (123, 123)),
    Row("a7", "edge.outside", (123, 123), UDP, "ntp_external", (123, 123)),
    Row("a8", "edge.outside", OUTBOUND, TCP, "smart_licensing", (443, 443)),
    Row("a9", "edge.outside", EPHEMERAL, TCP, "smart_licensing", (443, 443)),
    Row("a10", "edge.inside", EPHEMERAL, TCP, "cssm", (443, 443)),
    Row("a13", "edge.inside", (25826, 25826), UDP, "analytics", (25826, 25826)),
    Row("a14", "edge.inside", OUTBOUND, UDP, "syslog", (514, 514)),
    Row("a15", "edge.inside", OUTBOUND, TCP, "syslog", (514, 514)),
    Row("a16", "edge.inside", OUTBOUND, TCP, "syslog", (6514, 6514)),
)

# Administration. a2 need not be opened.
ADMINISTRATION = (
    Row("a1", "admin", EPHEMERAL, TCP, "edge.inside", (22, 22)),
    Row("a3", "admin", EPHEMERAL, TCP, "edge.inside", (443, 443)),
    Row("a12", "snmp", EPHEMERAL, UDP, "core", (161, 161)),
    Row("a17", "snmp", EPHEMERAL, UDP, "edge.inside", (161, 161)),
)

CLUSTER = (
    Row("c1", "edge.inside", OUTBOUND, TCP, "edge.inside", (4371, 4371)),
    Row("c2", "edge.inside", OUTBOUND, TCP, "edge.inside", (4372, 4372)),
    Row("c3", "edge.inside", (1719, 1719), UDP, "edge.inside", (1719, 1719)),
    Row("c4", "edge.inside", SIP_OUTBOUND, TCP, "edge.inside", (5061, 5061)),
    Row("c5", "edge.inside", SIP_OUTBOUND, TCP, "edge.inside", (5061, 5061)),
    Row("c6", "edge.inside", MEDIA, UDP, "edge.inside", MEDIA),
)

ADD_ONS = {
    "mra": MRA,
    "cms": CMS,
    "traversal": TRAVERSAL,
    "b2b": B2B,
    "b2b-unencrypted": B2B_UNENCRYPTED,
    "edge-services": EDGE_SERVICES,
    "administration": ADMINISTRATION,
    "cluster": CLUSTER,
}

# Machines that others use too, by the name they have under hosts: all inside but these.
OUTSIDE = ("dns_external", "ntp_external", "smart_licensing", "fos", "idbroker")

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
    "mra-dual-small": (3478, 3478),
    "mra-dual-large": (3478, 3483),
    "mra-dual-large-mux": (3478, 3478),
    "mra-single-medium": (3478, 3478),
    "cms-dual-large": (3478, 3483),
    "cms-single-small": (3478, 3478),
}

MEDIA_DEMUX = {
    "dual-small": (36000, 36001),
    "dual-small-mux": (36000, 36001),
    "dual-medium": (36000, 36001),
    "dual-medium-mux": (36000, 36001),
    "dual-large": (36000, 36011),
    "dual-large-mux": (36000, 36011),
    "single-small": (36000, 36001),
    "single-large": (36000, 36011),
    "single-large-mux": (36000, 36011),
    "mra-dual-small": (36000, 36001),
    "mra-dual-large": (36000, 36011),
    "mra-dual-large-mux": (36000, 36011),
    "mra-single-medium": (36000, 36001),
    "cms-dual-large": (36000, 36011),
    "cms-single-small": (36000, 36001),
}

# The rows that an override in `ports:` changes the destination ports of.
OVERRIDES = {
    "http": ("d1", "s2"),
    "https": ("d2", "s3"),
    "turn": ("d5", "s1", "m7", "m13", "b14", "b15"),
    "media_demux": ("d10", "m11", "b9"),
    "traversal": ("s7", "m10", "w5", "t2"),
    "b2b_traversal": ("b1",),
    "remote_sip": ("b4",),
    "admin_ssh": ("a1",),
}

ROLES = (
    *OUTSIDE, "cucm", "imp", "unity", "meeting_server", "admin", "sip_endpoint",
    "dns", "ntp", "cssm", "analytics", "syslog", "snmp",
)  # fmt: skip

# The NIC that faces the inside, and the one behind the public address.
SIDES = {"inside": {"dual": "inward", "single": "private"}, "outside": {"dual": "outward", "single": "private"}}

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
            self.own.update(deployment["core"] + deployment.get("guest", []))
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
        return self.unwanted(packet)

    def unwanted(self, packet):
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
        if row.source in ("core", "meeting_server") and reflected and deployment.get("reflection_source") == "gateway":
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
    rows = {"dual": DUAL, "single": SINGLE}.get(profile.split("-")[0]) or ADD_ONS[profile.split("-")[0]]
    rows = [row for table in (rows, *(ADD_ONS[name] for name in deployment.get("with", ()))) for row in table]
    for row in rows:
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
    if endpoint in ROLES:
        zone = "wan" if endpoint in OUTSIDE else "lan"
        return [End(zone, span(address)) for address in deployment.get("hosts", {}).get(endpoint, ())]
    role, _, nic = endpoint.partition(".")
    if nic in SIDES:
        nic = SIDES[nic][nics_of(deployment["profile"])]
    peers = [peer for peer in deployment["edge"] if role in ("edge", peer["name"])]
    if peers and nic == "public":
        dual = "outward" in peers[0]
        lands = "outward" if dual else "private"
        return [End("outward" if dual else "dmz", span(peer["public"]), peer, peer[lands]) for peer in peers]
    if peers:
        return [End(ZONE_OF_ROLE[f"edge.{nic}"], span(peer[nic]), peer) for peer in peers]
    zone, _, network = endpoint.partition(":")
    return [End(zone, span(network) if network else EVERYWHERE)]

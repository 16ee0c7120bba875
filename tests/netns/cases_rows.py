# SPDX-License-Identifier: GPL-2.0-or-later
"""Each profile on each kind of gateway: what the tables allow passes, whatever stands beside it does not."""

from oracle import DUAL, SINGLE
from packets import GATEWAY, ICMP, TCP, UDP, Arrival, Packet
from probes import allowed, systematic
from sites import CLIENTS, KINDS, PROFILES, deployment, site, zones_of

CLIENT = CLIENTS[0]

# The rows in force by kind of gateway.
IN_FORCE = {
    "dual": {
        "external": {"d1", "d2", "d5"},
        "internal": {"d6", "d7", "d8", "d9", "d10"},
        "both": {row.id for row in DUAL},
    },
    "single": {
        "external": {"s1", "s2", "s3"},
        "internal": {"s6", "s7", "s8", "s9"},
        "both": {row.id for row in SINGLE} - {"s10", "s11", "s12", "s13"},
    },
}


def each_gateway(world, profile):
    """Load the profile on each kind of gateway, with public addresses that are local and that are routed."""
    for kind in KINDS[profile.split("-")[0]]:
        for publics in ("local", "routed"):
            options = deployment(profile)
            world.load(site(zones_of(profile, kind), options), publics, label=f"{profile} {kind}")
            yield kind


def test_every_row_passes(world, profile):
    """Both ends and the middle of every range, from every host to every host; replies come back."""
    for kind in each_gateway(world, profile):
        probes, rows = [], set()
        for item in world.oracle.passes:
            packets = list(allowed(world.oracle, item))
            fates = [world.oracle.fate(packet) for packet in packets]
            forwarded = packets and all(fate and fate[0].iface != GATEWAY for fate in fates)
            world.expect(forwarded, f"{item.row} lets nothing through")
            probes += packets
            rows.add(item.row)
        world.expect(rows == IN_FORCE[profile.split("-")[0]][kind], f"rows in force: {sorted(rows)}")
        world.check(probes, replies=True)


def test_neighbours_are_dropped(world, profile):
    """One port, protocol, side or address beside each row."""
    for _ in each_gateway(world, profile):
        world.check(systematic(world.oracle))


def test_closed_doors(world, profile):
    """What a gateway in front of Jabber Guest must never let through, in so many words."""
    dual = profile.startswith("dual")
    edge_side, edge = ("outward0", "172.16.1.10") if dual else ("dmz0", "172.16.3.10")
    public, inward, core, guest = "203.0.113.10", "172.16.2.10", "10.10.0.20", "10.10.0.30"
    doors = []
    for port in (9443, 9980, 22, 161, 2222, 5061, 7001, 8443, 24000, 36000):
        doors += [Packet("wan0", proto, CLIENT, public, 40000, port) for proto in (TCP, UDP)]
    for port in (22, 80, 443, 2222, 3478, 5060, 5061, 7001, 9443, 9980, 24000, 36000):
        for host in (edge, inward, core, guest):
            doors += [Packet("wan0", proto, CLIENT, host, 40000, port) for proto in (TCP, UDP)]
    for proto, port in ((TCP, 80), (TCP, 443), (UDP, 3478)):
        doors += [Packet("wan0", proto, CLIENT, public, sport, port) for sport in (0, 53, 443, 1023)]
        doors.append(Packet("wan0", TCP + UDP - proto, CLIENT, public, 40000, port))
        spoofed = ("203.0.113.11", edge, core, guest)
        doors += [Packet("wan0", proto, source, public, 40000, port) for source in spoofed]
        doors += [Packet(iface, proto, CLIENT, public, 40000, port) for iface in (edge_side, "lan1", "spare0")]
    doors += [Packet("wan0", ICMP, CLIENT, host, 7) for host in (public, edge, inward, core, guest)]
    doors += [Packet("lan1", TCP, core, edge, 35500, 2222), Packet("lan1", TCP, core, edge, 25500, 7001)]
    doors += [Packet("lan1", UDP, core, edge, 40000, port) for port in (3478, 24000, 29999)]
    doors += [Packet("lan1", TCP, host, edge, 40000, port) for host in (core, guest) for port in (22, 80, 443)]
    doors += [Packet(edge_side, TCP, edge, host, 40000, 443) for host in (core, guest, CLIENT, "10.10.0.53")]
    doors += [Packet(edge_side, UDP, edge, CLIENT, 3478, 40000), Packet(edge_side, UDP, edge, "9.9.9.9", 40000, 53)]
    doors += [Packet("lan1", TCP, host, CLIENT, 40000, 443) for host in (core, guest, "10.99.0.5")]
    for _ in each_gateway(world, profile):
        world.check_dropped(doors)


def test_known_flows(world, profile):
    """A packet for each row, with the addresses and ports of its arrival written out."""
    for kind in ("external", "internal", "both"):
        for publics in ("local", "routed"):
            world.load(site(zones_of(profile, kind), deployment(profile)), publics, label=f"{profile} {kind}")
            known = dual_flows(profile, kind) if profile.startswith("dual") else single_flows(profile, kind)
            for packet, arrival in known:
                world.check_arrives(packet, arrival)


def dual_flows(profile, kind):
    turn = 3483 if profile == "dual-large" else 3478
    demux = 36011 if "large" in profile else 36001
    if kind != "internal":
        for host in (10, 11):
            public, outward = f"203.0.113.{host}", f"172.16.1.{host}"
            for proto, port, becomes in ((TCP, 80, 9980), (TCP, 443, 9443), (UDP, turn, turn)):
                yield (
                    Packet("wan0", proto, CLIENT, public, 50000, port),
                    Arrival("outward0", CLIENT, outward, 50000, becomes),
                )
    if kind != "external":
        for sport, port in ((30000, 5060), (35999, 5061)):
            yield (
                Packet("inward0", TCP, "172.16.2.10", "10.10.0.31", sport, port),
                Arrival("lan1", "172.16.2.10", "10.10.0.31", sport, port),
            )
            yield (
                Packet("lan1", TCP, "10.10.0.30", "172.16.2.11", 1024, port),
                Arrival("inward0", "10.10.0.30", "172.16.2.11", 1024, port),
            )
        yield (
            Packet("lan1", UDP, "10.10.0.21", "172.16.2.11", 59999, demux),
            Arrival("inward0", "10.10.0.21", "172.16.2.11", 59999, demux),
        )


def single_flows(profile, kind):
    turn = 3483 if profile == "single-large" else 3478
    if kind != "internal":
        for proto, port, becomes in ((UDP, turn, turn), (TCP, 80, 9980), (TCP, 443, 9443)):
            yield (
                Packet("wan0", proto, CLIENT, "203.0.113.11", 50000, port),
                Arrival("dmz0", CLIENT, "172.16.3.11", 50000, becomes),
            )
    if kind != "external":
        for proto, sport, port in ((TCP, 35999, 2222), (TCP, 25000, 7001), (UDP, 59999, 24000), (UDP, 36000, 29999)):
            yield (
                Packet("lan1", proto, "10.10.0.20", "203.0.113.11", sport, port),
                Arrival("dmz0", "10.10.0.20", "172.16.3.11", sport, port),
            )
        yield (
            Packet("dmz0", UDP, "172.16.3.11", "10.10.0.21", 24000, 59999),
            Arrival("lan1", "203.0.113.11", "10.10.0.21", 24000, 59999),
        )


def test_profiles_differ_where_they_should(world):
    """The two ports that differ between profiles, one step beyond each."""
    beyond = {
        "small": (3479, 36002),
        "medium": (3479, 36002),
        "large": (3484, 36012),
        "large-mux": (3479, 36012),
    }
    for profile in PROFILES:
        nics, size = profile.split("-", 1)
        turn, demux = beyond[size if size in beyond else size.removesuffix("-mux")]
        world.load(site(zones_of(profile, "both"), deployment(profile)), label=profile)
        packets = [Packet("wan0", UDP, CLIENT, "203.0.113.10", 50000, turn)]
        if nics == "dual":
            packets.append(Packet("lan1", UDP, "10.10.0.20", "172.16.2.10", 40000, demux))
            packets += [Packet("lan1", UDP, "10.10.0.20", "172.16.2.10", 40000, port) for port in (2776, 2777)]
        world.check_dropped(packets)

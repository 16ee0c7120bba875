# SPDX-License-Identifier: GPL-2.0-or-later
"""Add-ons, and the profiles made of them: what their tables allow passes, whatever stands beside it does not."""

from cases_trace import compare
from oracle import Oracle
from packets import GATEWAY, TCP, UDP, Arrival, Packet
from probes import allowed, random_packets, systematic
from sites import CLIENTS, ZONE_INTERFACE, Network, deployment, nics_of, site, zones, zones_of

CLIENT = CLIENTS[0]
TWO_SIDES = {"lan": ["lan1", "lan2"]}  # rows within lan pass between its interfaces

# A machine for each role of the add-ons; those inside are behind the other lan interface than the Expressway-C.
HOSTS = {
    "mra": {
        "cucm": ["10.20.0.40", "10.20.0.41"],
        "imp": ["10.20.0.42"],
        "unity": ["10.20.0.43"],
        "fos": ["198.51.100.200"],
        "idbroker": ["198.51.100.201"],
    },
    "cms": {"meeting_server": ["10.20.0.50"], "admin": ["10.20.0.5"]},
    "b2b": {"sip_endpoint": ["10.20.0.60"]},
    "edge-services": {
        "dns": ["10.20.0.53"],
        "dns_external": ["198.51.100.53"],
        "ntp": ["10.20.0.53"],
        "ntp_external": ["198.51.100.123"],
        "smart_licensing": ["198.51.100.202"],
        "cssm": ["10.20.0.54"],
        "analytics": ["10.20.0.55"],
        "syslog": ["10.20.0.53", "10.20.0.56"],
    },
    "administration": {"admin": ["10.20.0.5"], "snmp": ["10.20.0.6"]},
}

# m31 goes to a whole zone, in which the lab has no address behind the other interface: see test_known_flows.
MRA_ROWS = " ".join(f"m{n}" for n in range(2, 34) if n != 31)

# Profile, add-ons, and the rows that the add-ons have in force on a gateway with all zones and two lan interfaces.
COMBINATIONS = (
    ("dual-medium", ["traversal"], "t1 t2"),
    ("dual-small", ["traversal", "b2b"], "t1 t2 b1 b2 b3 b4 b7 b8 b9 b11 b13 b14 b15 b16 b17"),
    ("single-large", ["b2b", "b2b-unencrypted"], "b1 b2 b3 b4 b5 b6 b7 b8 b9 b11 b13 b14 b15 b16 b17"),
    (
        "single-small",
        ["edge-services", "administration"],
        "a1 a3 a4 a5 a6 a7 a8 a9 a10 a12 a13 a14 a15 a16 a17",
    ),
    ("mra-dual-small", [], MRA_ROWS),
    ("mra-dual-large", [], MRA_ROWS),
    ("mra-single-medium", [], MRA_ROWS),
    ("mra-dual-large-mux", ["cms"], f"{MRA_ROWS} w1 w2 w3 w4 w5 w7 w8 w9 w10 w13"),
    ("cms-dual-large", ["b2b"], "w1 w2 w3 w4 w5 w7 w8 w9 w10 w13 b1 b2 b3 b4 b7 b8 b9 b11 b13 b14 b15 b16 b17"),
    ("cms-single-small", [], "w1 w2 w3 w4 w5 w7 w8 w9 w10 w13"),
)


def with_hosts(profile, names, **options):
    """A deployment of the profile with add-ons and all their machines."""
    hosts = {}
    for name in (profile.split("-")[0], *names):
        hosts |= HOSTS.get(name, {})
    options |= {"with": names} if names else {}
    options |= {"hosts": hosts} if hosts else {}
    return deployment(profile, **options)


def wide(profile):
    return zones_of(profile, "both") | TWO_SIDES


def test_every_row_passes(world):
    """Both ends and the middle of every range; replies come back."""
    for profile, names, rows in COMBINATIONS:
        for publics in ("local", "routed"):
            world.load(site(wide(profile), with_hosts(profile, names)), publics, label=f"{profile} {names}")
            probes, seen = [], set()
            for item in world.oracle.passes:
                packets = list(allowed(world.oracle, item))
                fates = [world.oracle.fate(packet) for packet in packets]
                if packets and all(fate and fate[0].iface != GATEWAY for fate in fates):
                    seen.add(item.row)
                probes += packets
            missing = set(rows.split()) - seen
            world.expect(not missing, f"rows that let nothing through: {sorted(missing)}")
            strangers = {row for row in seen if row[0] not in "ds"} - set(rows.split())
            world.expect(not strangers, f"rows that must not be in force: {sorted(strangers)}")
            world.check(probes, replies=True)


def test_neighbours_are_dropped(world):
    """One port, protocol, side or address beside each row, and some random packets."""
    for profile, names, _ in COMBINATIONS:
        world.load(site(wide(profile), with_hosts(profile, names)), "routed", label=f"{profile} {names}")
        world.check(systematic(world.oracle))
        world.check(random_packets(world.oracle, world.rng, 1000), replies=True)


def test_parts_of_a_gateway(world):
    """External and internal gateways have the rows of their zones only."""
    for profile, names, _ in COMBINATIONS:
        for kind in ("external", "internal"):
            world.load(site(zones_of(profile, kind), with_hosts(profile, names)), label=f"{profile} {names} {kind}")
            world.check(systematic(world.oracle))


def test_cluster(world):
    """Peers behind two interfaces of one zone."""
    for profile in ("dual-medium", "single-small"):
        zone = {"dual": "inward", "single": "dmz"}[nics_of(profile)]
        split = zones_of(profile, "both") | {zone: [ZONE_INTERFACE[zone], "spare0"]}
        item = with_hosts(profile, ["cluster"])
        item["edge"][1]["inward" if zone == "inward" else "private"] = "172.31.0.11"
        world.load(site(split, item), label=profile)
        world.check(systematic(world.oracle), replies=True)
        for sport, port in ((30000, 4371), (35999, 4372), (25000, 5061)):
            side = {"inward": "172.16.2.10", "dmz": "172.16.3.10"}[zone]
            world.check_arrives(
                Packet(ZONE_INTERFACE[zone], TCP, side, "172.31.0.11", sport, port),
                Arrival("spare0", side, "172.31.0.11", sport, port),
            )


def test_known_flows(world):
    """Some packets with the addresses and ports of their arrival written out."""
    world.load(site(wide("dual-medium"), with_hosts("dual-medium", ["traversal", "b2b"])))
    for sport, port in ((30000, 2222), (35999, 2222), (25000, 7001), (29999, 7001)):
        world.check_arrives(
            Packet("lan1", TCP, "10.10.0.20", "172.16.2.11", sport, port),
            Arrival("inward0", "10.10.0.20", "172.16.2.11", sport, port),
        )
    for proto, port, becomes in ((TCP, 443, 9443), (TCP, 5061, 5061), (TCP, 5062, 5062), (UDP, 59999, 59999)):
        world.check_arrives(
            Packet("wan0", proto, CLIENT, "203.0.113.10", 50000, port),
            Arrival("outward0", CLIENT, "172.16.1.10", 50000, becomes),
        )
    world.check_arrives(
        Packet("outward0", TCP, "172.16.1.11", CLIENT, 25000, 5061),
        Arrival("wan0", "203.0.113.11", CLIENT, 25000, 5061),
    )
    world.load(site(wide("mra-single-medium"), with_hosts("mra-single-medium", [])))
    world.check_arrives(
        Packet("wan0", TCP, CLIENT, "203.0.113.10", 50000, 8443),
        Arrival("dmz0", CLIENT, "172.16.3.10", 50000, 8443),
    )
    world.check_arrives(
        Packet("lan1", UDP, "10.10.0.21", "172.16.3.11", 36000, 36001),
        Arrival("dmz0", "10.10.0.21", "172.16.3.11", 36000, 36001),
    )
    world.check_arrives(
        Packet("lan2", TCP, "10.20.0.40", "10.10.0.20", 5091, 5061),
        Arrival("lan1", "10.20.0.40", "10.10.0.20", 5091, 5061),
    )
    world.check_arrives(
        Packet("lan1", UDP, "10.10.0.20", "10.20.0.99", 36000, 16384),
        Arrival("lan2", "10.10.0.20", "10.20.0.99", 36000, 16384),
    )
    world.check_dropped([Packet("lan1", UDP, "10.10.0.20", "10.20.0.99", 36000, port) for port in (16383, 32768)])
    world.check_arrives(
        Packet("dmz0", TCP, "172.16.3.10", "198.51.100.200", 30000, 443),
        Arrival("wan0", "203.0.113.10", "198.51.100.200", 30000, 443),
    )
    world.load(site(wide("cms-dual-large"), with_hosts("cms-dual-large", [], reflection_source="gateway")))
    world.check_arrives(
        Packet("wan0", TCP, CLIENT, "203.0.113.10", 50000, 443),
        Arrival("outward0", CLIENT, "172.16.1.10", 50000, 443),
    )
    world.check_arrives(
        Packet("lan2", UDP, "10.20.0.50", "203.0.113.10", 50000, 24000),
        Arrival("outward0", "172.16.1.1", "172.16.1.10", 50000, 24000),
    )


def test_closed_doors(world):
    """What stays closed, in so many words."""
    world.load(site(wide("dual-medium"), with_hosts("dual-medium", ["b2b"])), label="b2b")
    closed = [Packet("wan0", proto, CLIENT, "203.0.113.10", 50000, 5060) for proto in (TCP, UDP)]
    closed += [Packet("wan0", TCP, CLIENT, "203.0.113.10", 50000, port) for port in (22, 2222, 7001, 8443, 5222, 36000)]
    closed += [Packet("lan1", TCP, "10.10.0.20", "172.16.2.10", 30000, 2222)]  # of traversal
    closed += [Packet("outward0", TCP, "172.16.1.10", host, 25000, 5061) for host in ("10.10.0.20", "10.20.0.60")]
    world.check_dropped(closed)
    # m1 is between endpoints outside, also where the gateway stands between them
    two = zones_of("mra-dual-small", "both") | {"wan": ["wan0", "spare0"]}
    world.load(site(two, with_hosts("mra-dual-small", [])), label="two wan interfaces")
    world.check_dropped([Packet("wan0", UDP, CLIENT, "172.31.0.9", 50000, 50000)])
    # a row without an address of its role is not open to anybody
    item = with_hosts("mra-dual-small", ["administration", "edge-services"])
    item["hosts"] = {"cucm": ["10.20.0.40"]}
    world.load(site(wide("mra-dual-small"), item), label="without addresses")
    closed = [Packet("lan2", TCP, "10.20.0.5", "172.16.2.10", 50000, port) for port in (22, 80, 443)]
    closed += [Packet("inward0", UDP, "172.16.2.10", "10.20.0.53", 30000, 53)]
    closed += [Packet("outward0", TCP, "172.16.1.10", "198.51.100.200", 30000, 443)]
    world.check_dropped(closed)


def test_one_expressway_e_with_two_tasks(world):
    """Mobile and Remote Access and the web proxy share a pair, as one deployment each."""
    first = with_hosts("mra-dual-small", [])
    second = with_hosts("cms-dual-large", [], name="web")
    world.load(site(wide("mra-dual-small"), first, second))
    world.check(systematic(world.oracle), replies=True)


def test_machines_of_others_are_left_alone(world):
    """With scope hosts, a server that the deployments only use is none of their hosts."""
    item = with_hosts("dual-medium", ["edge-services", "administration"])
    world.load(site(wide("dual-medium"), item, scope="hosts"))
    world.check_arrives(
        Packet("lan2", TCP, "10.20.0.53", "10.99.0.5", 50000, 445),
        Arrival("lan1", "10.20.0.53", "10.99.0.5", 50000, 445),
    )
    world.check(systematic(world.oracle))


def test_overrides_and_omitted_rows(world):
    """What a site may change of an add-on."""
    ports = {"turn": 3500, "b2b_traversal": "7001-7002", "remote_sip": "5060-5061", "admin_ssh": 5022}
    item = with_hosts("dual-small", ["b2b", "administration"], ports=ports, omit=["b17", "b11", "b12", "a3"])
    world.load(site(zones("wan", "outward", "inward", **TWO_SIDES), item))
    world.check(systematic(world.oracle), replies=True)
    world.check_dropped([Packet("wan0", UDP, CLIENT, "203.0.113.10", 50000, port) for port in (24000, 36000, 3478)])
    world.check_arrives(
        Packet("lan2", TCP, "10.20.0.5", "172.16.2.10", 50000, 5022),
        Arrival("inward0", "10.20.0.5", "172.16.2.10", 50000, 5022),
    )


def test_traces(world):
    """Of each row a packet that passes, and one beside its ports, are traced as they fare."""
    for profile, names, _ in COMBINATIONS:
        chosen = site(wide(profile), with_hosts(profile, names))
        network = Network(chosen, "local")
        oracle = Oracle(chosen, network)
        for item in oracle.passes:
            for packet in list(allowed(oracle, item))[:1]:
                beside = packet._replace(dport=item.dports[-1][1] + 1 if item.dports[-1][1] < 65535 else 1)
                for each in (packet, beside):
                    fate = oracle.fate(each)
                    out = fate[0].iface if fate else network.where(item.lands or each.dst)
                    compare(world, chosen, each, fate, out=out)

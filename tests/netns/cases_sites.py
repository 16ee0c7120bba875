# SPDX-License-Identifier: GPL-2.0-or-later
"""Sites beyond the plain one: several deployments, options, interfaces that are shared or doubled."""

import json

from packets import ECHO_REQUEST, GATEWAY, ICMP, TCP, UDP, Arrival, Packet
from probes import allowed, random_packets, systematic
from sites import CLIENTS, GATEWAY_ADDRESS, INSIDER, OUTSIDER, STRANGER, deployment, site, zones, zones_of

CLIENT = CLIENTS[0]
ALL_ZONES = zones("wan", "outward", "inward", "dmz", "lan")
DUAL_BOTH = zones_of("dual-small", "both")
SINGLE_BOTH = zones_of("single-small", "both")


def check_thoroughly(world, loaded_site, label, publics=("local", "routed")):
    """Every row and its neighbours with replies, and some random packets."""
    for how in publics:
        world.load(loaded_site, how, label=label)
        world.check(systematic(world.oracle), replies=True)
        world.check(random_packets(world.oracle, world.rng, 300), replies=True)


def test_largest_cluster(world):
    """Six Expressway-E, six Expressway-C, three Jabber Guest Servers."""
    for profile in ("dual-large", "single-large"):
        largest = site(zones_of(profile, "both"), deployment(profile, 6, 6, 3))
        world.load(largest, label=profile)
        for item in world.oracle.passes:
            world.check(list(allowed(world.oracle, item)), replies=True)
        world.check(random_packets(world.oracle, world.rng, 2000))


def test_deployments_stay_apart(world):
    """The hosts of one deployment do not reach those of another."""
    for profile in ("dual-medium", "single-medium"):
        pair = site(zones_of(profile, "both"), deployment(profile, block=0), deployment(profile, block=1))
        check_thoroughly(world, pair, profile)
    world.load(site(DUAL_BOTH, deployment("dual-small", block=0), deployment("dual-small", block=1)))
    world.check_dropped(
        [
            Packet("lan1", UDP, "10.10.0.20", "172.16.2.30", 40000, 36000),
            Packet("lan1", TCP, "10.10.0.70", "172.16.2.10", 40000, 5061),
            Packet("inward0", TCP, "172.16.2.30", "10.10.0.30", 30000, 5060),
        ]
    )
    world.load(site(SINGLE_BOTH, deployment("single-small", block=0), deployment("single-small", block=1)))
    world.check_dropped(
        [
            Packet("lan1", TCP, "10.10.0.20", "203.0.113.30", 35000, 2222),
            Packet("lan1", UDP, "10.10.0.60", "203.0.113.10", 36000, 24000),
            Packet("dmz0", UDP, "172.16.3.30", "10.10.0.20", 24000, 36000),
        ]
    )


def test_dual_and_single_nic_in_one_site(world):
    mixed = site(
        ALL_ZONES,
        deployment("dual-large", block=0),
        deployment("single-small", block=1),
        deployment("dual-medium", block=2, ports={"media_demux": "2776-2777"}),
    )
    check_thoroughly(world, mixed, "dual and single")


def test_deployments_with_different_ports(world):
    """Each deployment has its own ports, also where they share a chain of rules."""
    different = site(
        DUAL_BOTH,
        deployment("dual-small", block=0),
        deployment("dual-small", block=1, ports={"media_demux": "2776-2777"}),
        deployment("dual-large", block=2),
        deployment("dual-large-mux", block=3),
    )
    check_thoroughly(world, different, "different ports")
    for block, ports in enumerate(((36000, 36001), (2776, 2777), (36000, 36011), (36000, 36011))):
        core, inward = f"10.10.0.{20 + 40 * block}", f"172.16.2.{10 + 20 * block}"
        for port in ports:
            world.check_arrives(
                Packet("lan1", UDP, core, inward, 50000, port), Arrival("inward0", core, inward, 50000, port)
            )
        beyond = (ports[0] - 1, ports[1] + 1)
        world.check_dropped([Packet("lan1", UDP, core, inward, 50000, port) for port in beyond])
    world.check_dropped([Packet("wan0", UDP, CLIENT, f"203.0.113.{host}", 50000, 3483) for host in (10, 30, 70)])


def test_deployments_with_the_same_hosts_inside(world):
    """Two deployments with one Expressway-C and one guest server: each pair keeps to its own deployment's rows."""
    inside = {"core": ["10.10.0.20"], "guest": ["10.10.0.30"]}
    dual = site(
        DUAL_BOTH,
        deployment("dual-small", block=0) | inside,
        deployment("dual-large", block=1, source_ports="any", omit=["d8"]) | inside,
    )
    check_thoroughly(world, dual, "one core for two dual NIC edges")
    single = site(
        SINGLE_BOTH,
        deployment("single-small", block=0) | inside,
        deployment("single-large", block=1, reflection_source="gateway", omit=["s7"]) | inside,
    )
    check_thoroughly(world, single, "one core for two single NIC edges")


def test_source_ports_strict_and_any(world):
    for profile in ("dual-small", "single-large"):
        mixed = site(
            zones_of(profile, "both"),
            deployment(profile, block=0, source_ports="any"),
            deployment(profile, block=1, source_ports="strict"),
        )
        check_thoroughly(world, mixed, profile)
    world.check_arrives(
        Packet("wan0", TCP, CLIENT, "203.0.113.10", 443, 443), Arrival("dmz0", CLIENT, "172.16.3.10", 443, 9443)
    )
    world.check_dropped([Packet("wan0", TCP, CLIENT, "203.0.113.30", 443, 443)])


def test_overridden_ports(world):
    changed = site(
        DUAL_BOTH,
        deployment("dual-large", block=0, ports={"http": 8080, "https": 8443, "turn": "3480-3481"}),
        deployment("dual-small", block=1),
    )
    check_thoroughly(world, changed, "http, https, turn")
    for port, becomes in ((8080, 9980), (8443, 9443)):
        world.check_arrives(
            Packet("wan0", TCP, CLIENT, "203.0.113.10", 50000, port),
            Arrival("outward0", CLIENT, "172.16.1.10", 50000, becomes),
        )
    world.check_dropped([Packet("wan0", TCP, CLIENT, "203.0.113.10", 50000, port) for port in (80, 443)])
    world.check_dropped([Packet("wan0", TCP, CLIENT, "203.0.113.30", 50000, port) for port in (8080, 8443)])


def test_omitted_rows(world):
    """Each row left out alone: its packets are dropped, those of all others pass."""
    cases = {
        "dual-medium": ("d1", "d2", "d5", "d6", "d7", "d8", "d9", "d10"),
        "single-medium": ("s1", "s2", "s3", "s6", "s7", "s8", "s9"),
    }
    for profile, rows in cases.items():
        world.load(site(zones_of(profile, "both"), deployment(profile)), label=profile)
        everything = [packet for item in world.oracle.passes for packet in allowed(world.oracle, item)]
        for row in rows:
            world.load(site(zones_of(profile, "both"), deployment(profile, omit=[row])), label=f"{profile} omit {row}")
            world.check(everything)


def test_clients_inside(world):
    """Clients inside reach the public address by reflection; only those that are named."""
    for profile, side, edge in (("dual-small", "outward0", "172.16.1.10"), ("single-small", "dmz0", "172.16.3.10")):
        for clients in (["wan", "lan:10.99.0.0/16"], ["lan:10.0.0.0/8"], ["wan:198.51.100.0/29", "lan"]):
            inside = site(zones_of(profile, "both"), deployment(profile, clients=clients))
            check_thoroughly(world, inside, f"{profile} {clients}")
            for proto, port, becomes in ((TCP, 80, 9980), (TCP, 443, 9443), (UDP, 3478, 3478)):
                world.check_arrives(
                    Packet("lan1", proto, INSIDER, "203.0.113.10", 50000, port),
                    Arrival(side, INSIDER, edge, 50000, becomes),
                )
            world.check_dropped([Packet("lan1", TCP, INSIDER, edge, 50000, port) for port in (443, 9443, 9980)])
    world.check_dropped([Packet("wan0", TCP, STRANGER, "203.0.113.10", 50000, 443)])


def test_reflection_hides_the_source(world):
    """reflection_source: gateway. The Expressway-E sees the gateway's own address."""
    hidden = site(
        SINGLE_BOTH,
        deployment("single-large", block=0, reflection_source="gateway"),
        deployment("single-small", block=1),
    )
    check_thoroughly(world, hidden, "reflection_source gateway")
    world.check_arrives(
        Packet("lan1", UDP, "10.10.0.20", "203.0.113.10", 36000, 24000),
        Arrival("dmz0", GATEWAY_ADDRESS["dmz0"], "172.16.3.10", 36000, 24000),
    )
    world.check_arrives(
        Packet("lan1", UDP, "10.10.0.60", "203.0.113.30", 36000, 24000),
        Arrival("dmz0", "10.10.0.60", "172.16.3.30", 36000, 24000),
    )
    # A browser's address is nobody's to hide.
    world.check_arrives(
        Packet("wan0", TCP, CLIENT, "203.0.113.10", 50000, 443), Arrival("dmz0", CLIENT, "172.16.3.10", 50000, 9443)
    )


def test_router_on_a_stick(world):
    """dmz and lan on one interface: what comes from there leaves by it again."""
    for source in ("keep", "gateway"):
        one_armed = site(
            zones("wan", dmz="lan1", lan="lan1"), deployment("single-medium", reflection_source=source)
        )
        check_thoroughly(world, one_armed, f"one interface, {source}")
        seen = {"keep": "10.10.0.20", "gateway": GATEWAY_ADDRESS["lan1"]}[source]
        world.check_arrives(
            Packet("lan1", TCP, "10.10.0.20", "203.0.113.10", 35000, 2222),
            Arrival("lan1", seen, "172.16.3.10", 35000, 2222),
        )
    one_armed = site(zones("wan", outward="lan1", inward="lan1", lan="lan1"), deployment("dual-medium"))
    check_thoroughly(world, one_armed, "dual NIC on one interface")


def test_lan_with_two_interfaces(world):
    """Rows within the lan are in force there: between two interfaces, never back out of the same."""
    gateway_zones = SINGLE_BOTH | {"lan": ["lan1", "lan2"]}
    two = site(gateway_zones, deployment("single-small", guest_net="10.20.0"), deployment("single-large", block=1))
    check_thoroughly(world, two, "two lan interfaces")
    core, guest = "10.10.0.20", "10.20.0.30"
    for port in (5060, 5061):
        world.check_arrives(
            Packet("lan1", TCP, core, guest, 30000, port), Arrival("lan2", core, guest, 30000, port)
        )
        world.check_arrives(Packet("lan2", TCP, guest, core, 1024, port), Arrival("lan1", guest, core, 1024, port))
    world.check_dropped(
        [
            Packet("lan1", TCP, core, "10.10.0.70", 30000, 5060),
            Packet("lan1", TCP, "10.10.0.60", "10.10.0.70", 30000, 5060),
            Packet("lan2", TCP, core, guest, 30000, 5060),
        ]
    )
    # The rows between zones hold for both interfaces.
    world.check_arrives(
        Packet("lan2", TCP, core, "203.0.113.10", 35000, 2222), Arrival("dmz0", core, "172.16.3.10", 35000, 2222)
    )


def test_wan_with_two_interfaces(world):
    gateway_zones = DUAL_BOTH | {"wan": ["wan0", "spare0"]}
    check_thoroughly(world, site(gateway_zones, deployment("dual-large")), "two wan interfaces")
    world.check_dropped([Packet("spare0", TCP, "10.10.0.20", "203.0.113.10", 50000, 443)])


def test_without_static_nat(world):
    """Expressway-E peers that stand there with their public address: only ports are translated."""
    for profile in ("dual-large", "single-large"):
        plain = site(
            zones_of(profile, "both"),
            deployment(profile, block=0, static_nat=False),
            deployment(profile, block=1),
        )
        check_thoroughly(world, plain, f"{profile} without static NAT")
        side = "outward0" if profile.startswith("dual") else "dmz0"
        for proto, port, becomes in ((TCP, 80, 9980), (TCP, 443, 9443), (UDP, 3483, 3483)):
            world.check_arrives(
                Packet("wan0", proto, CLIENT, "203.0.113.10", 50000, port),
                Arrival(side, CLIENT, "203.0.113.10", 50000, becomes),
            )
        world.check_dropped([Packet("wan0", TCP, CLIENT, "203.0.113.10", 50000, port) for port in (9443, 9980, 22)])


def test_scope_hosts(world):
    """Traffic that is not the deployments' passes; theirs is judged as strictly as ever."""
    for profile in ("dual-small", "single-small"):
        for public_addresses in ("dedicated", "shared"):
            hosts = site(
                zones_of(profile, "both"),
                deployment(profile),
                scope="hosts",
                public_addresses=public_addresses,
            )
            check_thoroughly(world, hosts, f"{profile} hosts {public_addresses}")
            for flags in ("S", "A", "SA", "R", "FA", ""):
                packet = Packet("wan0", TCP, STRANGER, INSIDER, 50000, 22, flags)
                world.check([packet])
                world.expect(world.oracle.fate(packet), "traffic of others is not judged")


def test_scope_gateway(world):
    """Nothing is forwarded but what a row allows, whoever sends it."""
    for profile in ("dual-small", "single-small"):
        world.load(site(zones_of(profile, "both"), deployment(profile), scope="gateway"), label=profile)
        sides = {"wan0": STRANGER, "lan1": INSIDER, "spare0": OUTSIDER, "dmz0": "172.16.3.99", "inward0": "172.16.2.99"}
        world.check_dropped(
            [
                Packet(iface, proto, src, dst, 50000, port)
                for iface, src in sides.items()
                for dst in sides.values()
                if dst != src
                for proto, port in ((TCP, 22), (TCP, 443), (UDP, 53), (UDP, 3478))
            ]
        )


def test_dedicated_and_shared_public_addresses(world):
    """What no row wants of a local public address: dropped, or the gateway's own affair."""
    probes = [Packet("wan0", proto, CLIENT, "203.0.113.10", 50000, port) for proto in (TCP, UDP) for port in (22, 9443)]
    probes += [Packet("lan1", TCP, INSIDER, "203.0.113.10", 50000, 22), Packet("wan0", ICMP, CLIENT, "203.0.113.10", 7)]
    invalid = [Packet("wan0", TCP, CLIENT, "203.0.113.10", 50001, 443, flags) for flags in ("SA", "R", "FA", "F", "")]
    for scope in ("gateway", "hosts"):
        dedicated = site(DUAL_BOTH, deployment("dual-small"), public_addresses="dedicated", scope=scope)
        check_thoroughly(world, dedicated, f"dedicated {scope}")
        world.load(dedicated, "local", label=f"dedicated {scope}")
        world.check_dropped(probes + invalid)
        shared = site(DUAL_BOTH, deployment("dual-small"), public_addresses="shared", scope=scope)
        check_thoroughly(world, shared, f"shared {scope}")
        world.load(shared, "local", label=f"shared {scope}")
        for packet in probes:
            world.check_arrives(packet, Arrival(GATEWAY, packet.src, packet.dst, packet.sport, packet.dport))


def test_rows_of_the_site(world):
    """Rows of the site's own, in each shape that a row may have."""
    page_clients = "wan:198.51.100.0/29"
    rows = [
        {"id": "dns", "from": "edge.outward", "to": "wan:9.9.9.9", "proto": "tcp+udp", "dport": 53},
        {"id": "updates", "from": "edge.inward", "to": "wan", "proto": "tls", "sport": "30000-35999", "dport": 443},
        {"id": "ssh", "from": "lan:10.10.0.0/24", "to": "edge.inward", "proto": "tcp", "dport": 22},
        {"id": "admin", "from": "lan:10.99.0.5", "to": "e1.inward", "proto": "tls", "dport": [443, "8000-8009"]},
        {"id": "tunnel", "from": "core", "to": "edge.inward", "proto": "tcp", "sport": "30000-35999", "dport": 2222},
        {"id": "ping", "from": "core", "to": "edge.inward", "proto": "icmp", "icmp": "echo-request"},
        {"id": "hello", "from": "wan:198.51.100.0/24", "to": "edge.public", "proto": "icmp", "icmp": "echo-request"},
        {"id": "pages", "from": page_clients, "to": "e2.public", "proto": "tcp", "dport": 8443, "translate": 9443},
        {"id": "sip", "from": "wan", "to": "edge.public", "proto": "tls", "dport": "5061-5062"},
        {"id": "syslog", "from": "edge.inward", "to": "lan:10.10.0.53", "proto": "udp", "dport": 514},
        {"id": "proxy", "from": "guest", "to": "wan:9.9.9.0/24", "proto": "tcp", "dport": 443},
    ]  # fmt: skip
    own = deployment("dual-small", rows=[row | {"purpose": "of the site's own"} for row in rows])
    check_thoroughly(world, site(DUAL_BOTH, own, deployment("dual-small", block=1)), "own rows")
    known = {
        # To the world with the peer's own public address.
        Packet("outward0", UDP, "172.16.1.11", "9.9.9.9", 50000, 53): ("wan0", "203.0.113.11", "9.9.9.9", 50000, 53),
        Packet("inward0", TCP, "172.16.2.10", STRANGER, 30000, 443): ("wan0", "203.0.113.10", STRANGER, 30000, 443),
        Packet("lan1", TCP, "10.10.0.7", "172.16.2.11", 600, 22): ("inward0", "10.10.0.7", "172.16.2.11", 600, 22),
        Packet("lan1", ICMP, "10.10.0.20", "172.16.2.10", 7): ("inward0", "10.10.0.20", "172.16.2.10", 7, 0),
        Packet("wan0", ICMP, CLIENT, "203.0.113.10", 7): ("outward0", CLIENT, "172.16.1.10", 7, 0),
        Packet("wan0", TCP, CLIENT, "203.0.113.11", 50000, 8443): ("outward0", CLIENT, "172.16.1.11", 50000, 9443),
        Packet("wan0", TCP, STRANGER, "203.0.113.10", 50000, 5062): ("outward0", STRANGER, "172.16.1.10", 50000, 5062),
        Packet("lan1", TCP, "10.10.0.30", "9.9.9.255", 50000, 443): ("wan0", "10.10.0.30", "9.9.9.255", 50000, 443),
    }
    for packet, arrival in known.items():
        world.check_arrives(packet, Arrival(*arrival))
    world.check_dropped(
        [
            Packet("outward0", UDP, "172.16.1.11", "9.9.9.10", 50000, 53),
            Packet("outward0", UDP, "172.16.1.30", "9.9.9.9", 50000, 53),
            Packet("wan0", TCP, CLIENT, "203.0.113.10", 50000, 8443),
            Packet("wan0", TCP, "198.51.100.8", "203.0.113.11", 50000, 9443),
            Packet("wan0", TCP, CLIENT, "172.16.1.10", 50000, 5061),
            Packet("wan0", ICMP, CLIENT, "172.16.1.10", 7, icmp=ECHO_REQUEST),
            Packet("wan0", ICMP, CLIENT, "203.0.113.30", 7),
            Packet("lan1", TCP, "10.10.1.1", "172.16.2.10", 50000, 22),
            Packet("lan1", TCP, INSIDER, "172.16.2.11", 50000, 443),
        ]
    )


def test_expressway_e_speaks_to_a_public_address(world):
    """An Expressway-E that opens a flow to a peer's public address has its own public address there."""
    row = {"id": "cluster", "purpose": "one peer to another", "from": "edge.inward", "to": "edge.public"}
    row |= {"proto": "tls", "dport": 443, "translate": 9443}
    check_thoroughly(world, site(DUAL_BOTH, deployment("dual-small", rows=[row])), "edge to edge")
    world.check_arrives(
        Packet("inward0", TCP, "172.16.2.10", "203.0.113.11", 50000, 443),
        Arrival("outward0", "203.0.113.10", "172.16.1.11", 50000, 9443),
    )


def test_logging_changes_nothing(world):
    check_thoroughly(world, site(DUAL_BOTH, deployment("dual-small"), log_drops=True), "log_drops", ("local",))


def test_counters_by_row(world):
    check_counters(world, "rows", lambda item: item.row)


def test_counters_by_deployment(world):
    check_counters(world, "deployments", lambda item: (item.row, item.deployment))


def check_counters(world, mode, counted_as):
    """New flows are counted: a number of flows of its own for each row and deployment shows up as counted."""
    for profile in ("dual-small", "single-small"):
        pair = [deployment(profile, 1, 1, 1, block=block) for block in range(2)]
        world.load(site(zones_of(profile, "both"), *pair, counters=mode), label=f"{profile} counters {mode}")
        before = counters(world)
        expected = {}
        packets = []
        for n, item in enumerate(world.oracle.passes):
            flows = flows_of(world, item, 2 * n + 3)
            packets += flows
            expected[counted_as(item)] = expected.get(counted_as(item), 0) + len(flows)
        world.check(packets)
        after = counters(world)
        counted = [after[path] - before[path] for path in after]
        for name, flows in expected.items():
            world.expect(flows in counted, f"{name}: {flows} flows, but the counters say {counted}")


def flows_of(world, item, count):
    base = next(allowed(world.oracle, item))
    return [base._replace(sport=base.sport + n) for n in range(count)]


def counters(world):
    """The packets of every counter of the table, by its path in the listing."""
    listing = json.loads(world.lab.nft_list("-j", "list", "table", "inet", "jgfw"))
    found = {}

    def walk(path, value):
        if isinstance(value, dict):
            if "counter" in value and isinstance(value["counter"], dict):
                found[f"{path} {value.get('val')}"] = value["counter"]["packets"]
            for key, item in value.items():
                walk(f"{path}/{key}", item)
        elif isinstance(value, list):
            for n, item in enumerate(value):
                # The elements of a set have no order of their own.
                walk(path if path.endswith("/elem") else f"{path}/{n}", item)

    walk("", listing)
    return found


def row(name, source, destination, proto, port):
    return {"id": name, "purpose": name, "from": source, "to": destination, "proto": proto, "dport": port}


def test_ids_of_rows_that_look_like_names_of_chains(world):
    """Each chain has a name of its own, whatever the rows are called: a second one would join the first."""
    shared = {"wan": "wan0", "inward": ["inward0", "lan1"], "lan": ["lan1", "lan2"]}
    sly = deployment("dual-small", rows=[row("and_lan_inward", "inward", "lan", "udp", 123)])
    world.load(site(shared, sly))
    world.check_dropped([Packet("lan1", TCP, "10.10.0.99", "10.10.0.20", 5000, 22)])
    first = deployment(
        "dual-small",
        rows=[
            row("adm", "lan:10.1.0.0/16", "edge.inward", "tcp", 22),
            row("adm_2", "lan:10.3.0.0/16", "edge.inward", "tcp", 8443),
        ],
    )
    second = deployment("dual-small", block=1, rows=[row("adm", "lan:10.2.0.0/16", "edge.inward", "tcp", 23)])
    world.load(site(DUAL_BOTH, first, second))
    world.check_dropped(
        [
            Packet("lan1", TCP, "10.2.0.1", "172.16.2.30", 5000, 8443),
            Packet("lan1", TCP, "10.3.0.1", "172.16.2.30", 5000, 23),
        ]
    )


def test_an_expressway_e_in_a_zone_leaves_with_its_public_address(world):
    """Rows from whole zones, which the Expressway-E stands in too; zones of their own, and on one interface."""
    ntp = [row("x", "outward", "wan", "udp", 123), row("y", "inward", "wan", "udp", 123)]
    world.load(site(ALL_ZONES, deployment("dual-small", rows=ntp)))
    for iface, source in (("outward0", "172.16.1.10"), ("inward0", "172.16.2.10")):
        world.check_arrives(
            Packet(iface, UDP, source, CLIENT, 5000, 123),
            Arrival("wan0", "203.0.113.10", CLIENT, 5000, 123),
        )
    stick = {"wan": "wan0", "dmz": "lan1", "lan": "lan1"}
    one = deployment("single-small", reflection_source="keep", rows=[row("x", "lan", "wan", "udp", 123)])
    world.load(site(stick, one))
    world.check_arrives(
        Packet("lan1", UDP, "172.16.3.10", CLIENT, 5000, 123), Arrival("wan0", "203.0.113.10", CLIENT, 5000, 123)
    )

# SPDX-License-Identifier: GPL-2.0-or-later
"""Random sites and random packets, near to what is allowed."""

from oracle import DUAL, SINGLE
from probes import random_packets, systematic
from sites import KINDS, PROFILES, deployment, site, zones, zones_of

SITES, PACKETS = 8, 1000

DUAL_ROWS = (
    {"id": "dns", "from": "edge.outward", "to": "wan:9.9.9.9", "proto": "tcp+udp", "dport": 53},
    {"id": "ssh", "from": "lan:10.10.0.0/24", "to": "edge.inward", "proto": "tcp", "dport": 22},
    {"id": "tunnel", "from": "core", "to": "edge.inward", "proto": "tls", "sport": "25000-29999", "dport": [22, 7001]},
    {"id": "ping", "from": "core", "to": "edge.inward", "proto": "icmp", "icmp": "echo-request"},
    {"id": "ntp", "from": "edge.inward", "to": "lan:10.10.0.53", "proto": "udp", "dport": 123},
    {"id": "pages", "from": "wan:198.51.100.0/29", "to": "edge.public", "proto": "tls", "dport": 81, "translate": 9443},
)
SINGLE_ROWS = (
    {"id": "dns", "from": "edge.private", "to": "wan:9.9.9.9", "proto": "tcp+udp", "dport": 53},
    {"id": "ssh", "from": "lan:10.10.0.0/24", "to": "edge.private", "proto": "tcp", "dport": 22},
    {"id": "ping", "from": "core", "to": "edge.private", "proto": "icmp", "icmp": "echo-request"},
    {"id": "ntp", "from": "e1.private", "to": "lan:10.10.0.53", "proto": "udp", "dport": "123-124"},
    {"id": "pages", "from": "wan", "to": "e1.public", "proto": "tls", "dport": 8443, "translate": 9443},
)


def test_random_packets(world, profile):
    """Packets at random into random sites of which one deployment has the profile."""
    for _ in range(SITES):
        chosen = random_site(world.rng, profile)
        publics = world.rng.choice(("local", "routed"))
        world.load(chosen, publics, label=repr(chosen))
        packets = list(random_packets(world.oracle, world.rng, PACKETS))
        world.check(packets, replies=True)


def test_random_sites_systematically(world, profile):
    """Everything beside every row, in one random site."""
    chosen = random_site(world.rng, profile, small=True)
    world.load(chosen, "routed", label=repr(chosen))
    world.check(systematic(world.oracle))


def random_site(rng, profile, small=False):
    nics = profile.split("-")[0]
    kind = rng.choice(("both", "both", *KINDS[nics]))
    gateway_zones = zones_of(profile, kind)
    profiles = [profile]
    if not small:
        profiles += rng.choices([name for name in PROFILES if name.startswith(nics)], k=rng.choice((0, 1, 2)))
        if rng.random() < 0.2:
            # The other model beside it needs all zones.
            gateway_zones = zones("wan", "outward", "inward", "dmz", "lan")
            profiles.append(rng.choice([name for name in PROFILES if not name.startswith(nics)]))
    two_lans = "lan" in gateway_zones and rng.random() < 0.3
    if two_lans:
        gateway_zones = gateway_zones | {"lan": ["lan1", "lan2"]}
    shared_interface = {"dmz", "lan"} <= set(gateway_zones) and not two_lans and rng.random() < 0.2
    if shared_interface:
        gateway_zones = gateway_zones | {"dmz": "lan1"}
    deployments = [
        random_deployment(rng, name, block, gateway_zones, shared_interface, two_lans, small)
        for block, name in enumerate(profiles)
    ]
    return site(
        gateway_zones,
        *deployments,
        scope=rng.choice(("gateway", "hosts")),
        public_addresses=rng.choice(("dedicated", "shared")),
        counters=rng.choice(("rows", "deployments")),
    )


def random_deployment(rng, profile, block, gateway_zones, shared_interface, two_lans, small):
    dual = profile.startswith("dual")
    most = 2 if small else 3
    options = {}
    if rng.random() < 0.3:
        options["source_ports"] = "any"
    if "lan" in gateway_zones and "wan" in gateway_zones and rng.random() < 0.3:
        options["clients"] = rng.choice((["wan", "lan:10.0.0.0/8"], ["lan:10.99.0.0/16"], ["wan:198.51.100.0/29"]))
    if not dual and (shared_interface or rng.random() < 0.2):
        # Whether clients inside are hidden too is not said: only one of the two.
        options["reflection_source"] = "keep" if "clients" in options else rng.choice(("keep", "gateway"))
    if rng.random() < 0.2:
        options["omit"] = [rng.choice([row.id for row in (DUAL if dual else SINGLE)])]
    if dual and "large" not in profile and rng.random() < 0.4:
        options["ports"] = {"media_demux": "2776-2777"}
    if rng.random() < 0.3:
        possible = [row for row in (DUAL_ROWS if dual else SINGLE_ROWS) if has_zones(row, gateway_zones)]
        rows = rng.sample(possible, k=min(2, len(possible)))
        options["rows"] = [row | {"purpose": "of the site's own"} for row in rows]
    return deployment(
        profile,
        peers=rng.randint(1, most),
        cores=rng.randint(1, most),
        guests=rng.randint(1, most),
        block=block,
        static_nat=rng.random() > 0.15,
        guest_net="10.20.0" if two_lans else "10.10.0",
        **options,
    )


def has_zones(row, gateway_zones):
    """A zone that a row names must stand on the gateway."""
    named = {end.partition(":")[0] for end in (row["from"], row["to"])}
    return all(name in gateway_zones for name in named & {"wan", "lan"})

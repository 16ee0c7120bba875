# SPDX-License-Identifier: GPL-2.0-or-later
"""Random sites and random packets, near to what is allowed."""

from oracle import DUAL, SINGLE
from probes import random_packets, systematic
from sites import KINDS, PROFILES, deployment, site, zones, zones_of

SITES, PACKETS = 8, 1000

# Ends of rows that a site may write itself, by model.
SOURCES = {
    "dual": ("any", "core", "guest", "edge.outward", "edge.inward", "e1.outward", "e1.inward"),
    "single": ("any", "core", "guest", "edge.private", "e1.private"),
}
DESTINATIONS = {
    "dual": ("edge.public", "e1.public", "edge.outward", "edge.inward", "e1.inward", "core", "guest"),
    "single": ("edge.public", "e1.public", "edge.private", "e1.private", "core", "guest"),
}
SOURCE_NETWORKS = ("wan", "wan:198.51.100.0/29", "lan:10.99.0.0/16", "lan:10.10.0.0/24")
DESTINATION_NETWORKS = ("wan", "wan:9.9.9.9", "wan:198.51.100.0/24", "lan:10.10.0.53")


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
    if rng.random() < 0.5:
        rows = [random_row(rng, profile.split("-")[0], n) for n in range(rng.randint(1, 4))]
        # Whom reflection hides besides the core is not said either.
        options["rows"] = [row for row in rows if "reflection_source" not in options or ".public" not in row["to"]]
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


def random_row(rng, nics, n):
    """The nth row of a site's own; no two rows claim the same ports."""
    row = {
        "id": f"own{n}",
        "purpose": "of the site's own",
        "from": rng.choice(SOURCES[nics] + SOURCE_NETWORKS),
        "to": rng.choice(DESTINATIONS[nics] + DESTINATION_NETWORKS),
    }
    if rng.random() < 0.15:
        return row | {"proto": "icmp", "icmp": "echo-request"}
    first = 8000 + 20 * n
    row["proto"] = rng.choice(("tcp", "tls", "udp", "tcp+udp"))
    row["dport"] = rng.choice((first, f"{first}-{first + 5}", [first, f"{first + 3}-{first + 6}", first + 9]))
    if rng.random() < 0.4:
        row["sport"] = rng.choice((500, "1024-65535", "30000-30009", [123, "40000-41000"]))
    if row["to"].endswith("public") and row["dport"] == first and rng.random() < 0.6:
        row["translate"] = rng.choice((9443, 9980, first + 1))
    return row

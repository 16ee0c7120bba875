# SPDX-License-Identifier: GPL-2.0-or-later
"""The sites whose rulesets are changed: small ones, which together have all that a site can have."""

from sites import PROFILES, deployment, site, zones, zones_of

KINDS = ("both", "external", "both", "internal")
INSIDE = {"from": "lan:10.99.0.0/16", "to": "edge.inward"}
ROWS = [
    {"id": "dns", "purpose": "names", "from": "edge.outward", "to": "wan:9.9.9.9", "proto": "udp", "dport": 53},
    {"id": "ssh", "purpose": "administration", "proto": "tcp", "dport": 22} | INSIDE,
    {"id": "ping", "purpose": "is it there", "proto": "icmp", "icmp": "echo-request"} | INSIDE,
]
LISTS = [
    {"id": "many", "purpose": "ports", "from": "wan:198.51.100.0/29", "to": "edge.public", "proto": "tcp+udp"}
    | {"dport": [8000, "8002-8004"], "sport": "1024-65535"},
]


def small(profile, **options):
    return deployment(profile, **{"peers": 1, "cores": 1, "guests": 1} | options)


def places():
    """(label, site, how public addresses reach the gateway)."""
    for n, profile in enumerate(PROFILES):
        kind = KINDS[n % len(KINDS)]
        gateway = {"scope": ("gateway", "hosts")[n // 2 % 2], "public_addresses": ("dedicated", "shared")[n // 3 % 2]}
        yield profile, site(zones_of(profile, kind), small(profile), **gateway), ("routed", "local")[n % 2]
    dual, single = zones_of("dual-small", "both"), zones_of("single-small", "both")
    yield "own rows", site(dual, small("dual-small", rows=ROWS), log_drops=True), "routed"
    yield "lists of ports", site(dual, small("dual-medium", rows=LISTS, source_ports="any"), scope="hosts"), "local"
    yield "clients inside", site(dual, small("dual-medium", peers=2, clients=["wan", "lan:10.0.0.0/8"])), "local"
    yield "reflection", site(single, small("single-large", reflection_source="gateway")), "routed"
    yield "without static NAT", site(single, small("single-small", static_nat=False), scope="hosts"), "routed"
    yield "several", site(
        zones("wan", "outward", "inward", "dmz", lan=["lan1", "lan2"]),
        small("dual-large", peers=2, guests=2, guest_net="10.20.0"),
        small("dual-small", block=1, ports={"media_demux": "2776-2777"}, guest_net="10.20.0"),
        small("single-small", block=2, guest_net="10.20.0"),
        counters="deployments",
    ), "routed"  # fmt: skip

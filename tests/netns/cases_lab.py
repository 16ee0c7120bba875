# SPDX-License-Identifier: GPL-2.0-or-later
"""The lab itself: it accepts a ruleset that is right, and sees what is wrong with others.

These cases do without jgfw: a hand-written ruleset takes its place.
"""

from pathlib import Path

from oracle import Oracle
from packets import TCP, Packet
from probes import systematic
from sites import CLIENTS, Network, deployment, site, zones_of
from world import World

REFERENCE = (Path(__file__).parent / "reference.nft").read_text(encoding="ascii")
SITE = site(zones_of("dual-small", "both"), deployment("dual-small"))

OPEN = """
table inet jgfw {
	chain forward {
		type filter hook forward priority filter; policy accept;
		ct state established,related accept
	}
}
"""

MASQUERADE = """
	chain hide {
		type nat hook postrouting priority srcnat; policy accept;
		ct status dnat masquerade
	}

"""

# Each a fault that real rulesets have: (what, the right line, the wrong one).
FAULTS = (
    ("private ports reachable without the translation", "ct status dnat tcp dport", "tcp dport"),
    ("private addresses reachable directly", "ct status dnat udp dport", "udp dport"),
    ("no check of the clients' source ports", "tcp sport 1024-65535 dnat", "dnat"),
    ("one source port too many", "udp sport 36000-59999", "udp sport 36000-60000"),
    ("one source port too few", "tcp sport 30000-35999", "tcp sport 30000-35998"),
    ("one destination port too many", "udp dport 36000-36001", "udp dport 36000-36002"),
    ("one destination port too few", "udp dport 36000-36001", "udp dport 36000"),
    ("another protocol", "tcp sport 1024-65535 tcp dport 5060", "th sport 1024-65535 th dport 5060"),
    ("no check of who speaks to whom", " ip saddr . ip daddr @core_edge", ""),
    ("a pair is missing", "10.10.0.20 . 172.16.2.10, ", ""),
    ("a peer behind the other's public address", "203.0.113.11 : 172.16.1.11", "203.0.113.11 : 172.16.1.10"),
    ("translation to the wrong port", "172.16.1.10 . 9443", "172.16.1.10 . 9980"),
    ("rows on any side", '"lan1" . "inward0"', '"spare0" . "inward0"'),
    ("own addresses as a source from outside", 'iifname "wan0" ip saddr @own drop', ""),
    ("public addresses of the gateway's own", "ip daddr @public drop", ""),
    ("no replies", "ct state established,related accept", "ct state related accept"),
    ("sources hidden behind the gateway", "	chain input", MASQUERADE + "	chain input"),
)


def test_accepts_a_right_ruleset(world):
    for publics in ("local", "routed"):
        world.load(SITE, publics, REFERENCE)
        world.check(systematic(world.oracle), replies=True)


def test_sees_an_open_gateway(world):
    expect_failures(world, OPEN, "a gateway that forwards everything")


def test_sees_a_closed_gateway(world):
    closed = OPEN.replace("policy accept", "policy drop")
    expect_failures(world, closed, "a gateway that forwards nothing")


def test_sees_each_fault(world):
    for fault, right, wrong in FAULTS:
        world.expect(right in REFERENCE, f"reference.nft has no {right!r} any more")
        expect_failures(world, REFERENCE.replace(right, wrong, 1), fault)


def test_sees_that_the_gateway_answers(world):
    reject = REFERENCE.replace("		drop\n	}\n\n	chain wan_outward", "		reject\n	}\n\n	chain wan_outward")
    world.load(SITE, "routed", reject)
    before = world.lab.answers()
    world.check_dropped([Packet("wan0", TCP, CLIENTS[0], "172.16.1.10", 40000, 22)])
    world.expect(world.lab.answers() == before + 1, "a rejected packet was not noticed")


def test_tells_interfaces_and_the_gateway_apart(world):
    world.load(SITE, "local", OPEN)
    network = world.oracle.network
    arrivals = world.lab.send(
        [Packet("wan0", TCP, CLIENTS[0], dst, 40000, 22) for dst in ("172.16.1.10", "10.10.0.20", "203.0.113.10")]
    )
    sides = [fate[0].iface for fate in arrivals if fate]
    world.expect(sides == ["outward0", "lan1", "gateway"], f"arrived at {sides}")
    world.expect(network.where("203.0.113.10") == "gateway", "a local address is the gateway's")


def test_the_oracle_is_not_asleep(world):
    """Each row lets something through on a gateway that has its zones, with as many ports as its table says."""
    counts = {}
    for profile in ("dual-small", "single-large"):
        options = deployment(profile, peers=1, cores=1, guests=1, guest_net="10.20.0")
        zones = zones_of(profile, "both") | {"lan": ["lan1", "lan2"]}
        for item in Oracle(site(zones, options), Network(site(zones, options), "routed")).passes:
            counts[item.row] = sum(last - first + 1 for first, last in item.dports)
    expected = {
        "d1": 1, "d2": 1, "d5": 1, "d6": 1, "d7": 1, "d8": 1, "d9": 1, "d10": 2,
        "s1": 6, "s2": 1, "s3": 1, "s6": 1, "s7": 1, "s8": 6000, "s9": 24000, "s10": 1, "s11": 1, "s12": 1, "s13": 1,
    }  # fmt: skip
    world.expect(counts == expected, f"rows and ports: {counts}")


def expect_failures(world, ruleset, fault):
    """The wrong ruleset makes a case fail."""
    trial = World(world.lab, None, world.rng)
    for publics in ("local", "routed"):
        trial.load(SITE, publics, ruleset)
        trial.check(systematic(trial.oracle), replies=True)
    world.expect(trial.failed, f"not seen: {fault}")

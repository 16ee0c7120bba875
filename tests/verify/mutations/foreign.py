# SPDX-License-Identifier: GPL-2.0-or-later
"""Tables of other people, before and behind jgfw's."""

import re
from typing import NamedTuple

from mutants import Mutant

FAMILIES = ("inet", "ip", "ip6")


class Table(NamedTuple):
    """A base chain with one rule."""

    chain: str  # type, hook and priority
    rule: str
    strange: bool = False  # jgfw need not understand it
    chance: bool = False
    more: str = ""  # other objects of the table
    always: bool = False  # see Mutant


PRE, FORWARD = "filter hook prerouting priority -150", "filter hook forward priority 10"
RAW, POST = "filter hook prerouting priority -300", "filter hook postrouting priority 50"
DNAT, SNAT = "nat hook prerouting priority dstnat", "nat hook postrouting priority srcnat"
LATE, INPUT = "filter hook postrouting priority 110", "filter hook input priority 10"
EARLY_DNAT, LATE_DNAT = "nat hook prerouting priority dstnat - 10", "nat hook prerouting priority dstnat + 10"

# Rules for any hook of type filter: what they say depends on where they stand.
TESTS = (
    "tcp dport {{ 443, 9443 }}",
    "ip daddr {public}",
    "ip daddr {private}",
    "ip daddr {{ {public}, {private} }}",
    "ip saddr {client}",
    "ip daddr != {public}",
    "ip daddr & 255.255.255.254 == {private}",
    "ip saddr . tcp dport {{ {client} . 443, {client} . 9443 }}",
    "ip daddr {private}/31",
    "th dport >= 5060 th dport <= 9443",
    "th sport <= 2000",
    "th sport 30000-31000",
    "ip protocol udp",
    "meta l4proto {{ udp, icmp }}",
    "meta nfproto ipv4",
    "meta nfproto ipv6",
    "ip6 daddr 2001:db8::/32",
    'iifname "wan*"',
    'iifname {{ "wan*", "lan1" }}',
    'iifname != "lan*"',
    'iifname "{wan}" ip daddr {public}',
    "ct state established,related",
    "ct state invalid",
    "ct state new",
    "ct state untracked",
    "icmp type echo-request",
    "@th,16,16 443",
    "@nh,128,24 0x{net}",
)
STRANGE_TESTS = (
    "ct status dnat",  # of flows that are there already only the kernel knows
    "ct status snat",
    "ct status assured",
    "ct status & (snat | dnat) == 0",
    "ct state new ct status snat",
    "ct state new ct status dnat",
    "th sport < 2000",
    "th sport != 1024-2000",
    "tcp flags syn",
    "ip ttl < 10",
    "ct mark 7",
    "meta mark 7",
    "ct direction original",
    "ct original ip daddr {public}",
    "fib daddr type local",
    "meta pkttype host",
    "ip version 4",
    "ct count over 2",
    "meta day \"Monday\"",
    "numgen random mod 2 0",
    "jhash ip saddr mod 2 1",
    "iifgroup 0",
    "ip dscp cs1",
    "th dport & 1 == 1",
    "ip daddr ^ 1.2.3.4 == 0.0.0.0",
)
HARMLESS = (
    "counter",
    "log prefix \"x\"",
    "meta mark set 1",
    "ct mark set 1",
    "meta priority set 1:1",
    "tcp flags syn tcp option maxseg size set rt mtu",
    "accept",
    "return",
)
DECIDING = (
    "notrack",
    "ct zone set 1",
    "ip daddr set {private}",
    "tcp dport set 443",
    "ip ttl set 3",
    "reset tcp option sack-perm",
)


# Rules of chains of type filter with something of their own: (rule, other objects of the table, strange).
WITH_OBJECTS = (
    ("ip daddr @s drop", "set s {{ type ipv4_addr; flags timeout; elements = {{ {private} timeout 1h }}; }}", True),
    ("ip daddr @s drop", "set s {{ type ipv4_addr; timeout 1h; elements = {{ {public} }}; }}", True),
    ("ip daddr @s drop", "set s {{ type ipv4_addr; flags interval; elements = {{ {private}/31 }}; }}", False),
    ("add @s {{ ip saddr }}\nip saddr @s drop", "set s {{ type ipv4_addr; size 64; flags dynamic; }}", True),
    ("ip saddr @s drop", 'set s {{ typeof ip saddr; comment "x"; elements = {{ {client} }}; }}', True),
    ("tcp dport vmap {{ 443 : drop, 80-90 : jump sub }}", "chain sub {{ return; }}", False),
    ("tcp dport vmap {{ 443 : accept, * : drop }}", "", True),
    ('iifname . ip daddr vmap {{ "{wan}" . {public} : goto sub }}', "chain sub {{ ct state new drop; }}", False),
    (
        "ip daddr {public} jump a",
        "chain c1 {{ accept; }}\nchain b {{ goto c1; drop; }}\nchain a {{ jump b; drop; }}",
        False,
    ),
)
LIMITS = ("limit rate 1/day", "limit rate over 1/day", "quota over 1 mbytes", "limit rate 5/second burst 5 packets")
DESTINATIONS = (
    "tcp dport 443 dnat ip to {private}:443",
    "tcp dport 443 dnat ip to {private}",
    "ip daddr {public} dnat ip to {private}",
    "ip daddr {public} accept",
    "ip daddr {public} drop",
    "ip saddr {client} dnat ip to {public}",
    "tcp dport 9980 dnat ip to {private}:9443",
    "ip daddr 198.51.100.8 dnat ip to {private}",
    "udp dport 5000 dnat ip to 198.51.100.7:5001",
    "dnat ip to ip daddr map {{ {public} : {private} }}",
    "dnat ip to tcp dport map {{ 443 : {private} . 443, 80 : {private} . 9980 }}",
)
STRANGE_DESTINATIONS = (
    "tcp dport 443 redirect to :9443",
    "dnat ip to {private}-{public}",
    "tcp dport 443 dnat ip to {private}:1000-2000",
    "ip daddr {public} dnat ip to {private} random",
    "ip6 daddr 2001:db8::/32 tcp dport 1 dnat ip6 to [2001:db8::2]:2",
)
SOURCES = (
    "masquerade",
    "ip daddr {private} masquerade",
    "snat ip to {public}",
    'oifname "{wan}" masquerade',
    'oifname != "{wan}" accept',
    "udp dport 3478 snat ip to {private}",
    "ip saddr {private} accept",
    "ip saddr {private} drop",
    "ip saddr 198.51.100.8 snat ip to {public}",
    "tcp dport 443 snat ip to 198.51.100.9:4000",
)
STRANGE_SOURCES = (
    "masquerade random",
    "tcp dport 9443 masquerade to :5000-6000",
    "tcp dport 9443 snat ip to {public}:5000-6000",
)
# Where the kernel alone knows whether they come before its own.
UNCLEAR = (
    "filter hook prerouting priority dstnat",
    "filter hook postrouting priority srcnat",
    "filter hook prerouting priority -200",
)


def filters(chain):
    for test in TESTS:
        for verdict in ("drop", "reject", "accept", "jump sub", "goto sub"):
            if "routing" in chain and verdict == "reject":
                continue  # the kernel does not take it there
            # Behind nat of the source nobody knows what that was.
            unknown = chain == LATE and re.search("saddr|sport|icmp|@th", test)
            sub = "chain sub {{ udp dport 3478 return; tcp dport 443 drop; }}" * ("sub" in verdict)
            yield Table(chain, f"{test} {verdict}", bool(unknown), more=sub)
    for test in STRANGE_TESTS:
        for verdict in ("drop", "accept"):
            always = chain == LATE and test == "ct state new ct status snat"
            yield Table(chain, f"{test} {verdict}", True, chance="count" in test, always=always)
    for rule in HARMLESS:
        yield Table(chain, rule)
    for rule in DECIDING:
        yield Table(chain, rule, True, always=chain == PRE)
    for limit in LIMITS:
        for verdict in ("drop", "accept", "ip daddr {public} drop"):
            yield Table(chain, f"{limit} {verdict}", chance=True)
    yield Table(f"{chain}; policy drop", "ip daddr {private} accept")
    for rule, more, strange in WITH_OBJECTS:
        yield Table(chain, rule, strange, more=more)
    yield Table(chain, "quota name q drop", True, True, "quota q {{ over 1 mbytes; }}")


def tables():
    for chain in (RAW, PRE, FORWARD, POST, LATE, INPUT):
        yield from filters(chain)
    for chain in (DNAT, EARLY_DNAT, LATE_DNAT):
        for rule in DESTINATIONS:
            yield Table(chain, rule, always=chain == EARLY_DNAT or rule == "ip daddr {public} drop")
        for rule in STRANGE_DESTINATIONS:
            yield Table(chain, rule, True)
    for chain in (SNAT, SNAT + " - 10", SNAT + " + 10"):
        for rule in SOURCES:
            yield Table(chain, rule)
        for rule in STRANGE_SOURCES:
            yield Table(chain, rule, True)
    for chain in UNCLEAR:
        for test in ("ip daddr {private}", "ip daddr {public}", "ip saddr {private}", "ct state new"):
            rule = f"{test} drop"
            yield Table(chain, rule, True, always=True)
    yield Table("nat hook input priority 100", "ip daddr {public} drop", always=True)
    yield Table("nat hook input priority 100", "snat ip to {private}", always=True)
    yield Table('filter hook ingress device "wan0" priority 0', "ip daddr {public} drop", True)
    yield Table("route hook output priority 0", "drop")
    yield Table("filter hook output priority 0", "drop")
    yield Table("nat hook output priority -100", "dnat ip to {private}")


def foreign_mutants(text, site):
    """The ruleset with a table of somebody else's before or behind it."""
    zones = site["gateway"]["zones"]
    edge = site["deployments"][0]["edge"][-1]
    private = edge.get("outward") or edge["private"]
    wan = next(iter(zones.values()))
    words = {
        "public": edge["public"], "private": private, "client": "198.51.100.7", "wan": wan,
        "net": "".join(f"{int(part):02x}" for part in private.split(".")[:3]),
    }  # fmt: skip
    for n, table in enumerate(tables()):
        family = ("inet", "ip")[n % 2]
        if re.search("ip6|ipv6|nfproto|reject|ingress", table.chain + table.rule):
            family = "inet"
        policy = "" if "policy" in table.chain else "; policy accept"
        body = f"{table.more}\nchain c {{{{\ntype {table.chain}{policy};\n{table.rule}\n}}}}\n".format(**words)
        other = f"table {family} other {{\n{body}}}\n"
        what = f"{family} {table.chain}: {table.rule}".format(**words)
        # The last place: the table was there before, but its chain comes later.
        around = f"table {family} other {{\n}}\n{text}{other}"
        # Of two chains of nat with one priority the kernel alone knows which comes first.
        strange = table.strange or table.chain in (DNAT, SNAT)
        for place, whole in (("before", other + text), ("behind", text + other), ("around", around)):
            always = table.always and place == "around"
            yield Mutant(f"foreign table {place}", what, whole, strange, True, table.chance, always)
        own = text.rstrip().removesuffix("}") + body + "}\n"
        yield Mutant("foreign chain within", what, own, table.strange, False, table.chance, table.always)

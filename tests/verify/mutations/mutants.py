# SPDX-License-Identifier: GPL-2.0-or-later
"""Rulesets that differ in one thing from what `jgfw generate` prints.

Nothing here knows whether a mutant still does what it should: that is for the prover to say, and for the kernel.
"""

import re
from typing import NamedTuple

from sites import INTERFACES, dotted, number

ADDRESS = re.compile(r"\d+\.\d+\.\d+\.\d+")
# Ports, and nothing else of the text but the rate of a limit.
NUMBER = re.compile(r"(?<![\w.\"])\d+(?![\w.\"])")
NAME = re.compile(r'"([a-z]+\d)"')
COMMENT = re.compile(r' comment "[^"]*"$')
PROTOCOL = re.compile(r"\b(tcp|udp|icmp)\b")
PRIORITIES = (-450, -400, -301, -300, -201, -200, -199, -101, -100, -99, -1, 1, 99, 100, 101, 300)
UNCLEAR = (-200, -100, 100)  # where the kernel's own come first, or do not
HOOKS = ("prerouting", "input", "forward", "output", "postrouting")

# A pattern in a rule, what may stand there instead, and whether that is strange: something that jgfw need not
# understand, of which it may say so.
EDITS = (
    (r"th sport \S+ ", ("", "th dport {0} ", "th sport {{ {0} }} "), False),
    (r"th sport \S+ ", ("th sport >= 1024 ",), False),
    (r"th sport \S+ ", ("th sport != {0} ", "th sport != {{ {0} }} ", "th sport > 1023 ", "th sport & 1 == 1 "), True),
    (r"(?:udp|tcp) sport \S+ ", ("", "th sport {0} ", "udp dport {0} "), False),
    (r"(?:udp|tcp|th) dport \S+ ", ("", "th dport {0} ", "tcp dport {0} ", "udp dport {0} ", "th dport >= 1 "), False),
    (r"th dport != (\{.*?\}) ", ("", "th dport {0} ", "th dport != {{ 0 }} "), False),
    (r"meta l4proto (\{.*?\}|\w+) ", ("", "meta l4proto tcp ", "meta l4proto != {0} ", "ip protocol tcp "), False),
    (r'iifname "(\w+)" ', ("", 'iifname != "{0}" ', 'oifname "{0}" ', 'iifname "{0}*" ', 'iifname "wan*" '), False),
    (r'iifname "(\w+)" ', ('iif "lo" ', 'iifname {{ "lo", "{0}" }} meta iifgroup 0 '), True),
    (r"ip daddr @(\w+) ", ("", "ip saddr @{0} ", "ip daddr != @{0} ", "ip daddr @own ", "ip daddr @public "), False),
    (r"ip saddr @(\w+) ", ("", "ip daddr @{0} ", "ip saddr != @{0} ", "ip saddr @public "), False),
    (r"ip saddr \. ip daddr @(\w+) ", ("", "ip daddr . ip saddr @{0} ", "ip saddr . ip daddr != @{0} "), False),
    (r"ct status dnat ", ("", "ct status & dnat == 0 "), False),
    (r"ct status dnat ", ("ct status confirmed ", "ct status ! dnat ", "ct state new "), False),
    (r"ct status dnat ", ("ct mark 0 ", "ct status snat ", "ct status & (dnat | snat) != 0 "), True),
    (r"ct status dnat ", ("ct direction original ",), True),
    (
        r"ct state ([a-z,]+) ",
        (
            "",
            "ct state != {{ {0} }} ",
            "ct state {{ {0} }} ",
            "ct state ! {0} ",
            "ct state new ",
            "ct state established ",
            "ct state related ",
            "ct state invalid ",
            "ct state untracked ",
            "ct state established,related,new ",
            "ct state established,related,untracked ",
            "ct state & 3 != 0 ",
        ),
        False,
    ),
    (r"ct state ([a-z]+,[a-z]+) accept", ("ct state vmap {{ established : accept, related : accept }}",), False),
    (r"ct state ([a-z]+,[a-z]+) accept", ("ct state vmap {{ established : accept, new : accept }}",), False),
    (r"meta nfproto ipv6 ", ("", "meta nfproto ipv4 ", "meta nfproto != ipv6 ", "ip6 saddr ::/0 "), False),
    (r"meta nfproto ipv6 ", ("meta protocol ip6 ", "ip6 nexthdr tcp "), True),
    (r"ip daddr \. meta l4proto", ("ip saddr . meta l4proto",), False),
    (r"dnat ip to ", ("snat ip to ",), False),
    (r"dnat ip to .*? map (@\w+)", ("dnat ip to {private}", "dnat ip to {private}:443", "accept", "drop"), False),
    (r"dnat ip to .*? map (@\w+)", ("redirect", "dnat ip to {private}-{public}", "notrack"), True),
    (r"masquerade", ("accept", "drop", "snat ip to {private}", "snat ip to {public}"), False),
    (r"(?:iifname|meta l4proto)[^@]* vmap @(\w+)", ("accept", "drop", "return", "goto {0}"), False),
    (r"counter ", ("", "counter log prefix \"x \" ", "counter meta mark set 1 "), False),
    (r"counter ", ("limit rate 1/day ", "limit rate over 1/day ", "quota over 1 mbytes ", "quota 1 mbytes "), False),
    (r"counter ", ("numgen random mod 2 0 ", "ip ttl > 1 ", "meta mark 0 ", "fib saddr type unicast "), True),
    (r"\baccept\b", ("drop", "return", "reject"), False),
    (r"\bdrop\b", ("accept", "return", "reject", "counter"), False),
    (r"\b(?:accept|drop)\b", ("continue", "queue", "notrack", "ct zone set 1"), True),
)


class Mutant(NamedTuple):
    operator: str
    what: str
    text: str
    strange: bool = False  # something is in it that jgfw need not understand
    foreign: bool = False  # the table of somebody else
    chance: bool = False  # a limit: the same packet fares now so, now so
    always: bool = False  # it once found a fault of the prover


class Line(NamedTuple):
    at: int
    kind: str  # "rule", "base", "element", "type"
    owner: str


def parse(lines):
    """What the lines of a generated ruleset are."""
    owner, inside = "", ""
    for at, line in enumerate(lines):
        opening = re.match(r"\t(set|map|chain) (\w+) \{$", line)
        if opening:
            inside, owner = opening[1], opening[2]
        elif line == "\t}":
            inside = ""
        elif inside == "chain":
            yield Line(at, "base" if line.startswith("\t\ttype ") else "rule", owner)
        elif inside and line.startswith("\t\t\t"):
            yield Line(at, "element", owner)
        elif inside and line.startswith("\t\ttype "):
            yield Line(at, "type", owner)


class Mutator:
    """All mutants of one ruleset; site is what it was made from."""

    def __init__(self, text, site):
        self.lines = text.splitlines()
        self.parsed = list(parse(self.lines))
        edge = site["deployments"][0]["edge"][-1]
        self.words = {"public": edge["public"], "private": edge.get("outward") or edge["private"]}
        self.addresses = sorted({address for line in self.lines for address in ADDRESS.findall(line)})

    def all(self):
        for line in self.parsed:
            old = self.lines[line.at]
            if line.kind == "rule":
                yield from self._rule(line, old)
            elif line.kind == "element":
                yield from self._element(line, old)
            elif line.kind == "base":
                yield from self._base(line, old)
        yield from self._sets()

    def _with(self, operator, changes, what, **options):
        """The text with lines replaced: {index: line, or None for none}."""
        text = "".join(
            changes.get(at, line) + "\n" for at, line in enumerate(self.lines) if changes.get(at, line) is not None
        )
        text = re.sub(r"\t\telements = \{\n\t\t\}\n", "", text)
        chance = any("limit rate" in (line or "") or "quota" in (line or "") for line in changes.values())
        return Mutant(operator, what, text, chance=chance, **options)

    def _one(self, operator, line, new, **options):
        what = f"{line.owner}: {self.lines[line.at].strip()} => {(new or '').strip()}"
        return self._with(operator, {line.at: new}, what, **options)

    def _others(self, line):
        return [other for other in self.parsed if other[1:] == line[1:] and other != line]

    def _rule(self, line, old):
        yield self._one("rule deleted", line, None)
        yield self._one("rule doubled", line, old + "\n" + old)
        for other in self._others(line):
            if other.at == line.at + 1:
                yield self._with(
                    "rules exchanged", {line.at: self.lines[other.at], other.at: old}, f"{line.owner}: {old.strip()}"
                )
        bare = COMMENT.sub("", old)
        yield self._one("comment dropped", line, bare)
        for base in self.parsed:
            if base.kind == "base" and base.owner != line.owner:
                yield self._with(
                    "rule to another chain", {line.at: None, base.at: self.lines[base.at] + "\n" + old},
                    f"{line.owner} to {base.owner}: {old.strip()}",
                )  # fmt: skip
        yield from self._edits(line, bare + " ")
        yield from self._numbers("port in a rule", line, bare)
        yield from self._names("interface in a rule", line, bare)
        for bits in (8, 24, 31):
            if "ip saddr @" in bare or "ip daddr @" in bare:
                new = re.sub(r"(ip [sd]addr) @\w+", rf"\1 {self.words['private']}/{bits}", bare)
                yield self._one("set becomes a network", line, new)

    def _edits(self, line, old):
        for pattern, replacements, strange in EDITS:
            for found in re.finditer(pattern, old):
                # What a rule compares with stays, if the pattern does not say otherwise.
                whole = found[1] if found.groups() else found[0].split()[-1]
                for replacement in replacements:
                    new = old[: found.start()] + replacement.format(whole, **self.words) + old[found.end() :]
                    always = replacement.startswith(("ct state {{", "ct state vmap"))
                    yield self._one("rule edited", line, new.rstrip(), strange=strange, always=always)

    def _numbers(self, operator, line, old, until=None):
        for found in NUMBER.finditer(old[:until]):
            for step in (-1, 1):
                port = int(found[0]) + step
                if 0 <= port <= 65535:
                    yield self._one(operator, line, old[: found.start()] + str(port) + old[found.end() :])

    def _names(self, operator, line, old):
        for found in NAME.finditer(old):
            for name in INTERFACES:
                if name != found[1]:
                    yield self._one(operator, line, old[: found.start(1)] + name + old[found.end(1) :])

    def _interval(self, line):
        """The lines to change for the set of the line to take intervals."""
        return {
            other.at: self.lines[other.at] + "\n\t\tflags interval"
            for other in self.parsed
            if (other.kind, other.owner) == ("type", line.owner) and "flags interval" not in self.lines[other.at + 1]
        }

    def _widened(self, line, old, start, end, new):
        changed = old[:start] + new + old[end:]
        what = f"{line.owner}: {old.strip()} => {changed.strip()}"
        turns = self._turns(line.owner)
        return self._with("element widened", {line.at: changed} | self._interval(line), what, strange=turns)

    def _turns(self, owner):
        """Does nft turn a byte of the key around once it may lie in an interval: that of a protocol?"""
        return any(
            (other.kind, other.owner) == ("type", owner) and "inet_proto" in self.lines[other.at] for other in self.parsed
        )

    def _element(self, line, old):
        yield self._one("element deleted", line, None)
        key, _, data = old.rstrip(",").partition(" : ")
        for found in ADDRESS.finditer(old):
            for step in (-1, 1):
                new = dotted(number(found[0]) + step)
                yield self._one("address of an element", line, old[: found.start()] + new + old[found.end() :])
            for new in self.addresses:
                if new != found[0]:
                    yield self._one("address exchanged", line, old[: found.start()] + new + old[found.end() :])
                    added = old[: found.start()] + new + old[found.end() :]
                    yield self._one("element added", line, old + "\n" + added)
            if found.end() <= len(key) and old[found.end()] != "/":
                wide = f"{found[0]}-{dotted(number(found[0]) + 1)}"
                yield self._widened(line, old, *found.span(), wide)
                yield self._widened(line, old, *found.span(), dotted(number(found[0]) & ~255) + "/24")
                yield self._widened(line, old, *found.span(), f"{found[0]}-255.255.255.255")
        yield from self._numbers("port of an element", line, old)
        for found in NUMBER.finditer(key):
            yield self._widened(line, old, *found.span(), f"{found[0]}-{int(found[0]) + 1}")
            yield self._widened(line, old, *found.span(), f"{max(int(found[0]) - 1, 0)}-{found[0]}")
            yield self._widened(line, old, *found.span(), f"{found[0]}-65535")
        for found in PROTOCOL.finditer(key):
            for new in ("tcp", "udp", "sctp", "icmp"):
                if new != found[0]:
                    changed = old[: found.start()] + new + old[found.end() :]
                    yield self._one("protocol of an element", line, changed, always=new == "icmp")
            yield self._widened(line, old, *found.span(), "tcp-udp")
        yield from self._names("interface of an element", line, old)
        for found in NAME.finditer(key):
            yield self._widened(line, old, *found.span(1), found[1][:-1] + "*")
        for other in self._others(line):
            other_key, _, other_data = self.lines[other.at].rstrip(",").partition(" : ")
            if data and other_data != data and other.at > line.at:
                changes = {line.at: f"{key} : {other_data},", other.at: f"{other_key} : {data},"}
                yield self._with("data exchanged", changes, f"{line.owner}: {key.strip()} and {other_key.strip()}")
        if data.startswith("jump "):
            chains = sorted({item.owner for item in self.parsed if item.kind == "rule"})
            for new in ("accept", "drop", "return", "continue", data.replace("jump", "goto")):
                yield self._one("verdict of an element", line, f"{key} : {new},", strange=new == "continue")
            for chain in chains:
                if f"jump {chain}" != data:
                    yield self._one("target of an element", line, f"{key} : jump {chain},")

    def _sets(self):
        for line in self.parsed:
            if line.kind != "type":
                continue
            old = self.lines[line.at]
            turns = self._turns(line.owner)
            yield self._one("set of intervals", line, old + "\n\t\tflags interval", strange=turns)
            for extra in ("timeout 1h", "flags dynamic", "comment \"x\""):
                yield self._one("set that is strange", line, f"{old}\n\t\t{extra}", strange=True)
            counted = any("counter" in more for more in self.lines[line.at + 1 : line.at + 4])
            yield self._one("elements counted", line, f"{old}\n\t\tcounter", strange=counted)
            elements = [other for other in self.parsed if (other.kind, other.owner) == ("element", line.owner)]
            if elements:
                last = self.lines[elements[-1].at]
                data = last.rstrip(",").partition(" : ")[2]
                added = f"{last}\n\t\t\t* : {data}," if data else f"{last}\n\t\t\t*,"
                yield self._one("element for all others", elements[-1], added, strange=True)
                places = [element.at for element in elements]
                backwards = dict(zip(places, (self.lines[at] for at in places[::-1]), strict=True))
                yield self._with("elements in another order", backwards, line.owner)
                yield self._with("set emptied", dict.fromkeys(places), line.owner)

    def _base(self, line, old):
        pattern = r"\t\ttype (\w+) hook (\w+) priority (\S+); policy (\w+);"
        kind, hook, priority, policy = re.match(pattern, old).groups()
        value = {"raw": -300, "dstnat": -100, "filter": 0, "srcnat": 100}[priority]
        for new in HOOKS:
            if new != hook:
                changed = old.replace(f"hook {hook} priority {priority}", f"hook {new} priority {value}")
                yield self._one("hook", line, changed)
        for new in PRIORITIES:
            changed = old.replace(f"priority {priority};", f"priority {new};")
            yield self._one("priority", line, changed, strange=new in UNCLEAR)
        for new in ("filter", "nat", "route"):
            if new != kind:
                changed = old.replace(f"priority {priority}", f"priority {value}")
                changed = changed.replace(f"type {kind}", f"type {new}")
                yield self._one("type", line, changed, strange=value in UNCLEAR)
        yield self._one("policy", line, old.replace(policy, "drop" if policy == "accept" else "accept"))
        # A chain without its hook sees nothing.
        yield self._one("no base chain", line, None)

# SPDX-License-Identifier: GPL-2.0-or-later
"""What `jgfw trace` says of packets, against the oracle, and against what becomes of them in the kernel."""

from cases_random import random_site
from oracle import NOT_JUDGED, Oracle, opens_flow
from packets import GATEWAY, ICMP, PROTOCOL_NAMES, WITH_PORTS, Arrival
from probes import allowed, random_packets
from sites import GATEWAY_ADDRESS, Network, deployment, site, zones_of
from world import show

FEW, SOME = 80, 100


def words_of(packet, out=None):
    """The packet as trace reads it."""
    src, dst = packet.src, packet.dst
    if packet.proto in WITH_PORTS:
        src, dst = f"{src}:{packet.sport}", f"{dst}:{packet.dport}"
    proto = PROTOCOL_NAMES.get(packet.proto, f"proto={packet.proto}")
    if packet.proto == ICMP:
        proto += f" {packet.icmp[0]}"
    words = [f"in={packet.iface}", proto, src, ">", dst]
    if not opens_flow(packet):
        words.append("state=invalid")
    if out:
        words.append(f"out={out}")
    return " ".join(words)


def fate_of(answer):
    """The arrivals that a trace tells of, as the lab would tell them; None where it does not know."""
    if answer["verdict"] == "undecided":
        return None
    if answer["verdict"] == "drop":
        return ()
    src, _, dst = answer["leaves"]["packet"].partition(" > ")
    iface = GATEWAY if answer["local"] else answer["leaves"]["interface"]
    (src, sport), (dst, dport) = ends_of(src), ends_of(dst)
    return (Arrival(iface, src, dst, sport, dport),)


def ends_of(text):
    address, _, port = text.partition(":")
    return address, int(port or 0)


def same(told, fate):
    """Do both say the same? A source that is the gateway's own is told in words; ICMP has no ports. A port that the
    kernel moves for another flow's sake is not of the packet's making: whoever asks sends each packet alone."""
    if told is None or len(told) != len(fate):
        return False
    for ours, theirs in zip(told, fate, strict=True):
        masqueraded = ours.src.startswith("the") and theirs.src in GATEWAY_ADDRESS.values()
        source = ours.src == theirs.src or masqueraded
        if not source or (ours.iface, ours.dst) != (theirs.iface, theirs.dst):
            return False
        if ours.dport != theirs.dport and ours.sport:
            return False
        if ours.sport not in (theirs.sport, 0):
            return False
    return True


def compare(world, chosen, packet, fate, **options):
    words = words_of(packet, options.pop("out", None))
    answer = world.trace(chosen, words, **options)
    told = fate_of(answer)
    if not same(told, fate):
        said = "undecided: " + str(answer["reason"]) if told is None else show(told)
        world.fail(f"'{words}'\n      expected: {show(fate)}\n      trace:    {said}")
    reply = answer["reply"]
    if reply and reply["leaves"]:
        src, dst = (ends_of(end)[0] for end in reply["leaves"]["packet"].split(" > "))
        world.expect(
            (src, dst, reply["leaves"]["interface"]) == (packet.dst, packet.src, packet.iface),
            f"'{words}'\n      its reply comes back as {reply['leaves']}",
        )
    return answer


def test_trace_as_the_oracle(world, profile):
    """Random packets at random sites, traced through the ruleset that would be loaded."""
    chosen = random_site(world.rng, profile)
    network = Network(chosen, "local")
    oracle = Oracle(chosen, network)
    for packet in random_packets(oracle, world.rng, SOME):
        fate = oracle.fate(packet)
        if fate is NOT_JUDGED or packet.dst in GATEWAY_ADDRESS.values():
            continue
        out = fate[0].iface if fate else network.where(packet.dst)
        compare(world, chosen, packet, fate, out=None if out == GATEWAY else out)


def test_trace_names_the_row(world, profile):
    """Of each row a packet, which passes by that row; one port beside its source ports, that row is the nearest."""
    chosen = site(zones_of(profile, "both"), deployment(profile))
    oracle = Oracle(chosen, Network(chosen, "local"))
    for item in oracle.passes:
        for packet in list(allowed(oracle, item))[:1]:
            answer = compare(world, chosen, packet, oracle.fate(packet))
            rows = [step["row"] for step in answer["steps"] if step["row"]]
            world.expect(rows and rows[-1] == item.row, f"{packet} passes by {rows}, not {item.row}")
            beside = packet._replace(sport=item.sports[0][0] - 1)
            answer = compare(world, chosen, beside, ())
            first, last = item.sports[0]
            expected = [f"source port {beside.sport} is outside {first}-{last} of {item.row}"]
            world.expect(
                answer["nearest"]["row"] == item.row and answer["nearest"]["mismatch"] == expected,
                f"{beside}: nearest is {answer['nearest']}",
            )


def send_alone(world, packet):
    """What becomes of a packet where no other flow is tracked. Beside others a source that is translated loses its port
    where one of them, translated or not, has the same addresses and ports already, in either direction."""
    world.lab.flush_flows()
    return world.lab.send([packet])[0]


def test_trace_as_the_kernel(world, profile):
    """Packets traced through what the kernel holds fare in the kernel as the trace says."""
    chosen = random_site(world.rng, profile)
    world.load(chosen, world.rng.choice(("local", "routed")), label=repr(chosen))
    for packet in dict.fromkeys(random_packets(world.oracle, world.rng, FEW)):
        compare(world, chosen, packet, send_alone(world, packet), live=True)


def test_trace_sees_foreign_tables(world):
    """A table of another's that drops, rejects or translates counts, in the order of its priority."""
    foreign = """
    table ip other {
        chain pre { type filter hook prerouting priority -150; tcp dport 80 ct state new drop; }
        chain behind { type filter hook forward priority 10; tcp dport 9443 ip saddr 198.51.100.8 reject; }
        chain post { type nat hook postrouting priority 110; udp dport 3478 masquerade; }
    }"""
    chosen = site(zones_of("dual-medium", "both"), deployment("dual-medium"))
    world.load(chosen, "local")
    world.lab.nft(foreign)
    try:
        packets = [
            packet
            for item in world.oracle.passes
            if item.row in ("d1", "d2", "d5")
            for packet in list(allowed(world.oracle, item))[:40]
        ]
        fates = [send_alone(world, packet) for packet in packets]
        world.expect(() in fates and any(fates), "the foreign table drops some, and not all")
        for packet, fate in zip(packets, fates, strict=True):
            answer = compare(world, chosen, packet, fate, live=True)
            if not fate:
                world.expect(answer["steps"][-1]["table"] == "ip other", f"{packet}: not by the foreign table")
                world.expect(answer["nearest"]["mismatch"] == [], f"{packet}: {answer['nearest']}")
    finally:
        world.lab.nft("delete table ip other")


# Tables of others, before and behind a generated one, that leave their mark on the packet traced. What runs first of
# two chains with one priority the kernel tells nobody, so that what hangs on it may stay undecided.
FOREIGN = {
    "a filter in front of nat": ("", """
    table ip o { chain c { type filter hook prerouting priority dstnat; ip daddr 203.0.113.0/24 tcp dport 443 drop; }; }"""),
    "a filter behind nat": ("""
    table ip o { chain c { type filter hook prerouting priority dstnat; ip daddr 203.0.113.0/24 tcp dport 443 drop; }; }""", ""),
    "a filter in front of connection tracking": ("", """
    table ip o { chain c { type filter hook prerouting priority -200; ct state invalid drop; }; }"""),
    "a filter beside nat of the source": ("", """
    table ip o { chain n { type nat hook postrouting priority srcnat; snat to 10.9.9.9; };
        chain c { type filter hook postrouting priority srcnat; ip saddr 10.9.9.9 drop; }; }"""),
    "nat of a table older than its chain": ("table ip o { }", """
    table ip o { chain c { type nat hook prerouting priority dstnat; tcp dport 443 dnat to 172.16.3.99; }; }"""),
    "nat of a table that is younger": ("", """
    table ip o { chain c { type nat hook prerouting priority dstnat; tcp dport 443 dnat to 172.16.3.99; }; }"""),
    "nat that was asked": ("", """
    table ip o { chain c { type filter hook postrouting priority 110; ct status & 0x80 == 0 drop; };
        chain d { type filter hook forward priority 10; ct status & 0x180 != 0x100 drop; }; }"""),
    "behind the packet's end": ("", """
    table ip o { chain c { type filter hook forward priority 10; @th,8000,32 & 0 == 0 drop; };
        chain d { type filter hook forward priority 11; @nh,8000,32 & 0 == 0 drop; }; }"""),
    "options of TCP": ("", """
    table ip o { chain c { type filter hook forward priority 10; tcp option maxseg size set 1400 drop; }; }"""),
    "a clamp": ("", """
    table ip o { chain c { type filter hook forward priority mangle; tcp flags syn tcp option maxseg size set rt mtu; }; }"""),
    "a set that fills": ("table ip o { set s { type ipv4_addr; }\n}", """
    add chain ip o c { type filter hook forward priority -20; }
    add chain ip o d { type filter hook forward priority -10; }
    add rule ip o c add @s { ip saddr }
    add rule ip o d ip saddr @s drop"""),
}


OPEN = (  # all of it
    "a filter in front of connection tracking",
    "a filter beside nat of the source",
    "behind the packet's end",
    "options of TCP",
    "a set that fills",
)


def test_trace_is_never_wrong(world):
    """Among tables of others a trace says what the kernel does, or that it does not know."""
    chosen = site(zones_of("dual-medium", "both"), deployment("dual-medium"))
    for name, (before, behind) in FOREIGN.items():
        world.load(chosen, "local", label=name)
        own = world.lab.nft_list("list", "table", "inet", "jgfw")
        world.lab.nft("delete table inet jgfw\n" + before)
        world.lab.nft(own)
        world.lab.nft(behind)
        decided = 0
        for packet in [
            packet
            for item in world.oracle.passes
            if item.row in ("d1", "d2", "d5")
            for packet in list(allowed(world.oracle, item))[:4:3]
        ]:
            words = words_of(packet)
            told = fate_of(world.trace(chosen, words, live=True))
            fate = send_alone(world, packet)
            decided += told is not None
            if told is not None:
                world.expect(same(told, fate), f"'{words}'\n      kernel: {show(fate)}\n      trace:  {show(told)}")
        world.expect(bool(decided) == (name not in OPEN), f"{decided} packets are decided")
        world.lab.nft("delete table ip o")

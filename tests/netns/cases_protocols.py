# SPDX-License-Identifier: GPL-2.0-or-later
"""What is not a plain new packet: flags, errors, fragments, other protocols, IPv6, and loading itself."""

import re

from packets import (
    ECHO_REQUEST,
    EXPERIMENTAL,
    FRAGMENTATION_NEEDED,
    GRE,
    ICMP,
    ICMPV6,
    PORT_UNREACHABLE,
    SCTP,
    TCP,
    UDP,
    Arrival,
    Packet,
    arrival,
    build,
    quote,
)
from probes import allowed, systematic
from sites import CLIENTS, INSIDER, PROFILES, STRANGER, deployment, site, zones_of
from world import reply_to, show

CLIENT = CLIENTS[0]
ROUTER = "198.51.100.200"
HTTPS = Packet("wan0", TCP, CLIENT, "203.0.113.10", 50000, 443)
TURN = Packet("wan0", UDP, CLIENT, "203.0.113.10", 50000, 3478)

# An open flow of each kind of translation: destination, reflection, source, none.
FLOWS = {
    "dual-small": (HTTPS, TURN, Packet("lan1", UDP, "10.10.0.20", "172.16.2.10", 40000, 36000)),
    "single-small": (
        HTTPS,
        TURN,
        Packet("lan1", UDP, "10.10.0.20", "203.0.113.10", 40000, 24000),
        Packet("dmz0", UDP, "172.16.3.10", "10.10.0.20", 24001, 36000),
    ),
}


def load(world, profile, publics="routed", over=False, **gateway):
    loaded = site(zones_of(profile, "both"), deployment(profile), **gateway)
    return world.load(loaded, publics, label=profile, over=over)


def open_flow(world, packet):
    """Send a packet and its reply; return how both arrived."""
    (there,) = world.lab.send([packet])
    world.expect(there == world.oracle.fate(packet), f"{packet} got {show(there)}")
    if not there:
        return None, None
    reply, _ = reply_to(packet, there[0], world.oracle.network.where)
    (back,) = world.lab.send([reply])
    world.expect(back, f"{reply} is the reply to {packet}, and was dropped")
    return there[0], back[0] if back else None


def expect_fate(world, packet, fate):
    """Send a packet within whatever flows are open."""
    (got,) = world.lab.send([packet])
    world.expect(got == fate, f"{packet}\n      expected: {show(fate)}\n      got:      {show(got)}")
    return got[0] if got else None


def test_tcp_flags(world):
    """A SYN opens a flow, and a bare ACK picks one up; anything else out of the blue is invalid."""
    opening, invalid = ("S", "SU", "A", "PA", "AU"), ("SA", "R", "RA", "F", "FA", "", "SF", "SR", "FPU", "P", "SFA")
    for profile in FLOWS:
        for publics in ("local", "routed"):
            for scope in ("gateway", "hosts"):
                load(world, profile, publics, scope=scope)
                tcp = [item for item in world.oracle.passes if item.proto == TCP]
                for packet in (next(allowed(world.oracle, item)) for item in tcp):
                    arrives = world.oracle.fate(packet)
                    for flags in opening:
                        world.lab.flush_flows()
                        expect_fate(world, packet._replace(flags=flags), arrives)
                    world.check_dropped([packet._replace(flags=flags) for flags in invalid])


def test_an_open_flow_may_end(world):
    """FIN and RST belong to an open flow; after the flow is forgotten they do not."""
    for flags in ("FA", "RA"):
        load(world, "dual-small")
        there, _ = open_flow(world, HTTPS)
        expect_fate(world, HTTPS._replace(flags="A"), (there,))
        expect_fate(world, HTTPS._replace(flags=flags), (there,))
        world.lab.flush_flows()
        expect_fate(world, HTTPS._replace(flags=flags), ())


def test_a_reply_needs_its_flow(world):
    """What looks like a reply, from the right address and port, opens nothing."""
    for profile, flows in FLOWS.items():
        for publics in ("local", "routed"):
            oracle = load(world, profile, publics)
            for packet in flows[:2]:
                reply, _ = reply_to(packet, oracle.fate(packet)[0], oracle.network.where)
                world.check_dropped([reply])


def test_icmp_errors_of_open_flows_pass(world):
    """Port unreachable and fragmentation needed reach the sender, and speak of the flow as the sender knows it."""
    for profile, flows in FLOWS.items():
        for publics in ("local", "routed"):
            for packet in flows:
                for kind in (PORT_UNREACHABLE, FRAGMENTATION_NEEDED):
                    load(world, profile, publics)
                    there, back = open_flow(world, packet)
                    if there and back:
                        check_error(world, kind, there, back, packet)


def check_error(world, kind, there, back, packet):
    # From the receiver (or a router before it) about the packet, and from a router before the sender about the reply.
    where = world.oracle.network.where
    about_packet = Packet(there.iface, ICMP, there.dst, there.src, icmp=kind, body=quote(there.data))
    got = expect_fate(world, about_packet, (Arrival(where(packet.src), packet.dst, packet.src, 0, 0),))
    if got:
        quoted = arrival("", got.data[28:])
        told = Arrival("", packet.src, packet.dst, packet.sport, packet.dport)
        world.expect(quoted == told, f"{about_packet}\n      quotes {quoted} instead of {told}")
    router = ROUTER if packet.iface == "wan0" else packet.src
    about_reply = Packet(packet.iface, ICMP, router, back.src, icmp=kind, body=quote(back.data))
    (got,) = world.lab.send([about_reply])
    world.expect(got and got[0].dst == there.dst, f"{about_reply} got {show(got)}")
    if got:
        quoted = arrival("", got[0].data[28:])
        told = Arrival("", there.dst, there.src, there.dport, there.sport)
        world.expect(quoted == told, f"{about_reply}\n      quotes {quoted} instead of {told}")


def test_icmp_errors_without_a_flow_are_dropped(world):
    for profile, flows in FLOWS.items():
        for publics in ("local", "routed"):
            oracle = load(world, profile, publics)
            for packet in flows:
                (there,) = oracle.fate(packet)
                arrived = packet._replace(src=there.src, dst=there.dst, sport=there.sport, dport=there.dport)
                for kind in (PORT_UNREACHABLE, FRAGMENTATION_NEEDED):
                    error = Packet(there.iface, ICMP, there.dst, there.src, icmp=kind, body=quote(build(arrived, 0)))
                    expect_fate(world, error, ())


def test_echo_is_dropped(world):
    """No row of the tables allows a ping, not even between hosts that may speak to each other."""
    for profile in FLOWS:
        for publics in ("local", "routed"):
            oracle = load(world, profile, publics)
            hosts = sorted(oracle.own) + [CLIENT, INSIDER]
            packets = [
                Packet(oracle.network.where(src), ICMP, src, dst, 7, icmp=kind)
                for src in hosts
                for dst in hosts
                if src != dst and src not in oracle.publics
                for kind in (ECHO_REQUEST, (13, 0), (5, 0))
            ]
            world.check_dropped(packets)


def test_unrelated_protocols_are_dropped(world):
    for profile in FLOWS:
        for publics in ("local", "routed"):
            oracle = load(world, profile, publics)
            hosts = sorted(oracle.own - oracle.publics) + [CLIENT, INSIDER]
            world.check_dropped(
                [
                    Packet(oracle.network.where(src), proto, src, dst)
                    for src in hosts
                    for dst in sorted(oracle.own) + [CLIENT, INSIDER]
                    if src != dst
                    for proto in (GRE, SCTP, EXPERIMENTAL)
                ]
            )


def test_fragments(world):
    """A datagram in fragments is judged and translated as a whole."""
    for profile, flows in FLOWS.items():
        for publics in ("local", "routed"):
            load(world, profile, publics)
            udp = [packet._replace(body=bytes(1200)) for packet in flows if packet.proto == UDP]
            for size in (8, 512, 1208):
                for packet in udp:
                    cut = packet._replace(fragment=size)
                    world.check_arrives(cut, world.oracle.fate(cut)[0])
                world.check_dropped([packet._replace(fragment=size, dport=packet.dport - 999) for packet in udp])
                world.check_dropped([packet._replace(fragment=size, iface="spare0") for packet in udp])


def test_ipv6_is_closed(world):
    """scope: gateway. No IPv6 is forwarded, not even of a flow that was there before the rules."""
    sides = {"wan0": "2001:db8:1::5", "lan1": "2001:db8:5::5", "inward0": "2001:db8:3::5", "spare0": "2001:db8:7::5"}
    flow = Packet("wan0", UDP, sides["wan0"], sides["lan1"], 50000, 53)
    back = Packet("lan1", UDP, flow.dst, flow.src, 53, 50000)
    for scope, closed in (("gateway", True), ("hosts", False)):
        loaded = site(zones_of("dual-small", "both"), deployment("dual-small"), scope=scope)
        world.load(loaded, ruleset="", label=scope)
        world.expect(all(world.lab.send([flow, back])), "without rules IPv6 passes")
        world.load(loaded, label=scope, over=True)
        for packet in (flow, back):
            expect_fate(world, packet, world.oracle.fate(packet))
        packets = [
            Packet(iface, proto, src, dst, 50000, 443 if proto != ICMPV6 else 0, icmp=(128, 0))
            for iface, src in sides.items()
            for dst in sides.values()
            if src != dst
            for proto in (TCP, UDP, ICMPV6)
        ]
        if closed:
            world.check_dropped(packets)
        else:
            for packet in packets:
                world.lab.flush_flows()
                expect_fate(world, packet, world.oracle.fate(packet))


def test_dropped_packets_draw_no_answer(world):
    """The gateway is silent about what it drops: no reset, no ICMP error."""
    for profile in FLOWS:
        for publics in ("local", "routed"):
            load(world, profile, publics)
            before = world.lab.answers()
            world.check_dropped(
                [
                    Packet("wan0", proto, CLIENT, dst, 50000, port)
                    for dst in sorted(world.oracle.own)
                    for proto in (TCP, UDP)
                    for port in (22, 9443, 9980)
                ]
            )
            world.expect(world.lab.answers() == before, "the gateway answered a packet that it dropped")


def test_no_sip_helper(world):
    """SIP passes as it is: no expectation for its media, no word of it changed."""
    load(world, "dual-small")
    media = "c=IN IP4 172.16.2.10\r\nm=audio 36000 RTP/AVP 0\r\n"
    invite = (
        "INVITE sip:guest@10.10.0.30 SIP/2.0\r\nVia: SIP/2.0/TCP 172.16.2.10:30000\r\n"
        "Contact: <sip:172.16.2.10:30000>\r\nContent-Type: application/sdp\r\n"
        f"Content-Length: {len(media)}\r\n\r\n{media}"
    ).encode("ascii")
    sip = Packet("inward0", TCP, "172.16.2.10", "10.10.0.30", 30000, 5060)
    there, _ = open_flow(world, sip)
    for packet in (sip._replace(flags="A"), sip._replace(flags="PA", body=invite)):
        got = expect_fate(world, packet, (there,))
    world.expect(got and invite in got.data, "the INVITE did not arrive as it was sent")
    world.expect(not world.lab.read("nf_conntrack_expect"), "an expectation was made")
    ruleset = world.generate(site(zones_of("dual-small", "both"), deployment("dual-small")))
    world.expect("helper" not in ruleset, "the ruleset speaks of a helper")


def test_loading_twice_is_loading_once(world):
    other = "table inet other {\n\tchain forward {\n\t\ttype filter hook forward priority 10; policy accept;\n\t}\n}\n"
    for profile in PROFILES:
        loaded = site(zones_of(profile, "both"), deployment(profile), deployment(profile, block=1))
        world.load(loaded, label=profile)
        world.lab.nft(other)
        once = listing(world)
        world.load(loaded, label=profile, over=True)
        world.expect(listing(world) == once, "the second load left something else")
        world.check(systematic(world.oracle))
        world.lab.nft("delete table inet other\n")


def listing(world):
    """The tables by name: jgfw's may well have become the last one."""
    tables = re.split(r"^(?=table)", world.lab.nft_list("-s", "list", "ruleset"), flags=re.MULTILINE)
    return sorted(tables)


def test_open_flows_survive_a_load(world):
    for profile, flows in FLOWS.items():
        load(world, profile)
        for packet in flows:
            there, _ = open_flow(world, packet)
            if not there:
                continue
            reply, back = reply_to(packet, there, world.oracle.network.where)
            load(world, profile, over=True)
            expect_fate(world, reply, back)
            expect_fate(world, packet._replace(flags="A"), (there,))


def test_the_previous_site_leaves_nothing(world):
    """A load replaces the rules: what only the site before allowed is closed."""
    before = site(zones_of("dual-small", "both"), deployment("dual-small", block=1, clients=["wan", "lan:10.0.0.0/8"]))
    world.load(before)
    load(world, "dual-small", over=True)
    world.check_dropped(
        [
            Packet("wan0", TCP, STRANGER, "203.0.113.30", 50000, 443),
            Packet("lan1", TCP, INSIDER, "203.0.113.30", 50000, 443),
            Packet("lan1", UDP, "10.10.0.60", "172.16.2.30", 40000, 36000),
        ]
    )
    world.check(systematic(world.oracle))

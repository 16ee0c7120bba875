# SPDX-License-Identifier: GPL-2.0-or-later
"""Packets worth sending: what a row lets through, what stands right beside it, and random ones."""

from oracle import EVERYWHERE
from packets import EXPERIMENTAL, GRE, ICMP, SCTP, TCP, UDP, WITH_PORTS, Packet
from sites import CLIENTS, GATEWAY_ADDRESS, INSIDER, INTERFACES, OUTSIDER, STRANGER, dotted, number

# Services that stand on an Expressway-E or in the tables; none of them is open unless a row says so.
NOTABLE_PORTS = (0, 1, 22, 80, 161, 443, 1023, 1024, 2222, 5060, 5061, 5222, 7001, 8443, 9443, 9980, 65535)
ELSEWHERE = (*CLIENTS, STRANGER, INSIDER, OUTSIDER)


def allowed(oracle, item):
    """Packets of a Pass at both ends and in the middle of each of its ranges."""
    for src in _addresses(oracle, item.src, item.iifs):
        for dst in _addresses(oracle, item.dst, item.oifs):
            iface = _side(oracle, item, src)
            if src == dst or (item.within_zone and oracle.network.where(item.lands or dst) == iface):
                continue
            if item.proto == ICMP:
                yield Packet(iface, ICMP, src, dst, sport=7, icmp=item.icmp)
                continue
            for sport in _corners(item.sports):
                for dport in _corners(item.dports):
                    yield Packet(iface, item.proto, src, dst, sport, dport)


def neighbours(oracle, item):
    """Packets that differ in little from what the Pass lets through."""
    base = next(iter(allowed(oracle, item)), None)
    if base is None:
        return
    middle = base
    if base.proto != ICMP:
        middle = base._replace(sport=_corners(item.sports)[1], dport=_corners(item.dports)[1])
    for sport in _beside(item.sports):
        yield middle._replace(sport=sport)
    for dport in (*_beside(item.dports), *NOTABLE_PORTS):
        yield middle._replace(dport=dport)
    # Straight to where a translation would have led.
    yield middle._replace(dst=item.lands or base.dst, dport=item.becomes or middle.dport)
    for proto in (TCP, UDP, ICMP, SCTP, GRE, EXPERIMENTAL):
        yield middle._replace(proto=proto)
    for iface in INTERFACES:
        yield middle._replace(iface=iface)
    others = [*sorted(oracle.own), *ELSEWHERE, *_next_to(base.src), *_next_to(base.dst)]
    for other in others:
        if other != base.dst:
            yield middle._replace(src=other)
            yield middle._replace(src=other, iface=oracle.network.where(other))
        if other != base.src:
            yield middle._replace(dst=other)
    # The same two hosts, the other way round.
    target = item.lands or base.dst
    yield middle._replace(
        iface=oracle.network.where(target), src=target, dst=base.src, sport=middle.dport, dport=middle.sport
    )


def systematic(oracle):
    """The allowed packets of all passes and their neighbours."""
    for item in oracle.passes:
        yield from allowed(oracle, item)
        # A side that no interface leads to (the gateway itself, say) can send nothing.
        yield from (as_sent(packet) for packet in neighbours(oracle, item) if packet.iface in INTERFACES)


def random_packets(oracle, rng, count):
    """Random packets, near to what is allowed."""
    addresses = sorted(oracle.own)
    addresses += [near for address in addresses for near in _next_to(address)]
    addresses += ELSEWHERE
    destinations = [*addresses, *GATEWAY_ADDRESS.values()]
    ports = set(NOTABLE_PORTS)
    for item in oracle.passes:
        ports.update(_corners(item.sports + item.dports))
        ports.update(_beside(item.sports + item.dports))
    ports = sorted(ports)

    def anything():
        src = rng.choice(addresses)
        return Packet(
            oracle.network.where(src), _random_proto(rng), src, rng.choice(destinations),
            rng.choice(ports), rng.choice(ports), _random_flags(rng),
        )  # fmt: skip

    def nearly_allowed():
        item = rng.choice(oracle.passes)
        packet = rng.choice(list(allowed(oracle, item)) or [anything()])
        if packet.proto in WITH_PORTS and rng.random() < 0.5:
            packet = packet._replace(
                sport=rng.randint(*rng.choice(item.sports)), dport=rng.randint(*rng.choice(item.dports))
            )
        stranger = anything()
        for name in rng.sample(("src", "dst", "sport", "dport", "proto", "flags"), rng.choice((0, 1, 1, 2))):
            packet = packet._replace(**{name: getattr(stranger, name)})
        return packet

    while count:
        packet = nearly_allowed() if rng.random() < 0.7 else anything()
        if rng.random() < 0.2:
            packet = packet._replace(iface=rng.choice(INTERFACES))
        if packet.src == packet.dst or packet.iface not in INTERFACES:
            continue
        count -= 1
        yield as_sent(packet)


def as_sent(packet):
    """The packet without the ports that its protocol does not have."""
    if packet.proto in WITH_PORTS:
        return packet
    return packet._replace(sport=packet.sport if packet.proto == ICMP else 0, dport=0)


def _random_proto(rng):
    return rng.choices((TCP, UDP, ICMP, GRE, SCTP, EXPERIMENTAL), (45, 40, 9, 2, 2, 2))[0]


def _random_flags(rng):
    return rng.choices(("S", "A", "SA", "R", "RA", "F", "FA", "", "SF", "PA"), (60, 10, 4, 4, 4, 4, 4, 4, 3, 3))[0]


def _addresses(oracle, pair, ifaces):
    if pair == EVERYWHERE:
        return [address for address in ELSEWHERE if oracle.network.where(address) in ifaces]
    return [dotted(value) for value in sorted(set(pair))]


def _side(oracle, item, src):
    """Where the source lies, if the pass takes it from there."""
    natural = oracle.network.where(src)
    return natural if natural in item.iifs else item.iifs[0]


def _next_to(address):
    value = number(address)
    return dotted(value - 1), dotted(value + 1)


def _corners(pairs):
    """The first, the middle and the last port of each range, in this order."""
    return [port for first, last in pairs for port in (first, (first + last) // 2, last)]


def _beside(pairs):
    """The ports just outside of each range."""
    return [port for first, last in pairs for port in (first - 1, last + 1) if 0 <= port <= 65535]

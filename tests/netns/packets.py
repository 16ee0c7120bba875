# SPDX-License-Identifier: GPL-2.0-or-later
"""Packets as the tests speak of them, and as bytes on the wire."""

import socket
import struct
from dataclasses import dataclass, field
from typing import NamedTuple

ICMP, TCP, UDP, GRE, ICMPV6, SCTP, EXPERIMENTAL = 1, 6, 17, 47, 58, 132, 253

ECHO_REPLY, ECHO_REQUEST = (0, 0), (8, 0)
PORT_UNREACHABLE, FRAGMENTATION_NEEDED = (3, 3), (3, 4)

PROTOCOL_NAMES = {ICMP: "icmp", TCP: "tcp", UDP: "udp", ICMPV6: "icmpv6", SCTP: "sctp"}
WITH_PORTS = (TCP, UDP, SCTP)
CHECKSUM_AT = {ICMP: 2, TCP: 16, UDP: 6}  # in the transport header
TCP_FLAGS = {"F": 0x01, "S": 0x02, "R": 0x04, "P": 0x08, "A": 0x10, "U": 0x20}

# The last eight bytes of every packet say that it is ours, and which one. No translation touches them.
MAGIC = b"jgfw"
SHORT_LEN = 21  # of a packet with one byte of payload


class Packet(NamedTuple):
    """One packet to be sent into the gateway."""

    iface: str  # the gateway's interface that it comes in by
    proto: int
    src: str
    dst: str
    sport: int = 0  # of ICMP echo: the identifier
    dport: int = 0
    flags: str = "S"  # of TCP
    icmp: tuple = ECHO_REQUEST  # type and code
    body: bytes = b""
    fragment: int = 0  # bytes of payload a fragment, a multiple of 8; 0 is unfragmented
    tos: int = 0
    checksum: int = None  # of the transport header; None is the right one
    short: bool = False  # IPv4: one byte of payload

    def __str__(self):
        name = PROTOCOL_NAMES.get(self.proto, f"proto={self.proto}")
        text = f"in={self.iface} {name} {ends(self.src, self.dst, self.sport, self.dport)}"
        if self.proto == TCP:
            text += f" flags={self.flags or 'none'}"
        if self.proto in (ICMP, ICMPV6):
            text += f" type={self.icmp[0]} code={self.icmp[1]}"
        if self.tos:
            text += f" tos={self.tos}"
        if self.checksum is not None:
            text += f" checksum={self.checksum}"
        if self.short:
            text += " short"
        if self.fragment:
            text += f" in fragments of {self.fragment}"
        return text


@dataclass(slots=True, frozen=True)
class Arrival:
    """A packet that came out of the gateway by an interface, or (iface GATEWAY) reached the gateway itself."""

    iface: str
    src: str
    dst: str
    sport: int
    dport: int
    data: bytes = field(default=b"", compare=False, repr=False)

    def __str__(self):
        return f"{self.iface}: {ends(self.src, self.dst, self.sport, self.dport)}"


GATEWAY = "gateway"


def ends(src, dst, sport, dport):
    if ":" in src:
        src, dst = f"[{src}]", f"[{dst}]"
    if sport or dport:
        return f"{src}:{sport} > {dst}:{dport}"
    return f"{src} > {dst}"


def checksum(data):
    """The internet checksum (RFC 1071)."""
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total & 0xFFFF) + (total >> 16)
    return ~(total + (total >> 16)) & 0xFFFF


def crc32c(data):
    """The checksum of SCTP (RFC 9260, appendix A); conntrack calls a packet without it invalid."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def build(packet, ident):
    """The packet as bytes, from the IP header on, marked with ident."""
    tail = packet.body + MAGIC + ident.to_bytes(4, "big")
    if ":" in packet.src:
        src = socket.inet_pton(socket.AF_INET6, packet.src)
        dst = socket.inet_pton(socket.AF_INET6, packet.dst)
        payload = _payload(packet, tail, src + dst)
        return struct.pack("!IHBB", 6 << 28 | packet.tos << 20, len(payload), packet.proto, 64) + src + dst + payload
    src, dst = socket.inet_aton(packet.src), socket.inet_aton(packet.dst)
    # What has no room for the mark has the upper byte of ident, and the rest as its identification.
    payload = bytes((ident >> 16,)) if packet.short else _payload(packet, tail, src + dst)
    return ipv4(packet.proto, src, dst, payload, ident & 0xFFFF, tos=packet.tos)


def ipv4(proto, src, dst, payload, ip_id, fragment_field=0, tos=0):
    """An IPv4 packet from its binary addresses and its payload."""
    header = struct.pack("!BBHHHBBH", 0x45, tos, 20 + len(payload), ip_id, fragment_field, 64, proto, 0)
    total = checksum(header + src + dst)
    return header[:10] + total.to_bytes(2, "big") + src + dst + payload


def fragments(data, size):
    """An IPv4 packet cut into fragments with size bytes of payload each."""
    ip_id, proto = int.from_bytes(data[4:6], "big"), data[9]
    src, dst, payload = data[12:16], data[16:20], data[20:]
    for start in range(0, len(payload), size):
        more = 0x2000 if start + size < len(payload) else 0
        yield ipv4(proto, src, dst, payload[start : start + size], ip_id, more | start // 8)


def reassemble(pieces):
    """The whole packet, or None as long as pieces ({offset: fragment}) are not complete."""
    payload = b""
    while piece := pieces.get(len(payload)):
        payload += piece[20:]
        if not piece[6] & 0x20:
            return piece[:6] + b"\0\0" + piece[8:20] + payload
    return None


def quote(data):
    """What an ICMP error quotes of an IPv4 packet: its header and eight bytes (RFC 792)."""
    return data[:28]


def _payload(packet, tail, addresses):
    payload = _right_payload(packet, tail, addresses)
    at = CHECKSUM_AT.get(packet.proto)
    if packet.checksum is None or at is None:
        return payload
    return payload[:at] + packet.checksum.to_bytes(2, "big") + payload[at + 2 :]


def _right_payload(packet, tail, addresses):
    proto = packet.proto
    pseudo = addresses + struct.pack("!HH", proto, _length(packet, tail))
    if proto == UDP:
        header = struct.pack("!HHHH", packet.sport, packet.dport, 8 + len(tail), 0)
        return _with_checksum(header + tail, 6, pseudo)
    if proto == TCP:
        flags = sum(TCP_FLAGS[flag] for flag in packet.flags)
        # A SYN carries the mark as data; the numbers are those of a handshake that counts it.
        after_syn = 2 + len(MAGIC) + 4
        sequence = 1 if "S" in packet.flags else after_syn
        ack = after_syn if "A" in packet.flags else 0
        header = struct.pack("!HHIIBBHHH", packet.sport, packet.dport, sequence, ack, 0x50, flags, 65535, 0, 0)
        return _with_checksum(header + tail, 16, pseudo)
    if proto in (ICMP, ICMPV6):
        # The second half of the header: identifier and sequence of an echo, 0 and the next hop's MTU of an error.
        last = 1280 if packet.icmp == FRAGMENTATION_NEEDED else 0
        header = struct.pack("!BBHHH", *packet.icmp, 0, packet.sport, last)
        return _with_checksum(header + tail, 2, pseudo if proto == ICMPV6 else b"")
    if proto == SCTP:
        # An INIT chunk; the tail is an optional parameter that a receiver skips.
        parameter = struct.pack("!HH", 0x8008, 4 + len(tail)) + tail
        chunk = struct.pack("!BBHIIHHI", 1, 0, 20 + len(parameter), 1, 65535, 1, 1, 1) + parameter
        ports = struct.pack("!HHI", packet.sport, packet.dport, 0)
        crc = crc32c(ports + b"\0\0\0\0" + chunk)
        return ports + crc.to_bytes(4, "little") + chunk
    if proto == GRE:
        return struct.pack("!HH", 0, 0x0800) + tail
    return tail


def _length(packet, tail):
    return len(tail) + {UDP: 8, TCP: 20, ICMPV6: 8}.get(packet.proto, 0)


def _with_checksum(payload, at, pseudo):
    # UDP says 0xffff for a sum of 0; the other protocols may too, since both are zero in ones' complement.
    total = checksum(pseudo + payload) or 0xFFFF
    return payload[:at] + total.to_bytes(2, "big") + payload[at + 2 :]


def ident_of(data):
    """The mark of one of our packets, or None."""
    if data[0] == 0x45 and len(data) == SHORT_LEN:
        return data[20] << 16 | int.from_bytes(data[4:6], "big")
    return int.from_bytes(data[-4:], "big") if data[-8:-4] == MAGIC else None


def arrival(iface, data):
    """Bytes from the IP header on, as an Arrival."""
    if data[0] >> 4 == 6:
        proto, payload = data[6], data[40:]
        src = socket.inet_ntop(socket.AF_INET6, data[8:24])
        dst = socket.inet_ntop(socket.AF_INET6, data[24:40])
    else:
        proto, payload = data[9], data[(data[0] & 0x0F) * 4 :]
        src, dst = socket.inet_ntoa(data[12:16]), socket.inet_ntoa(data[16:20])
    sport = dport = 0
    if proto in WITH_PORTS:
        sport, dport = struct.unpack_from("!HH", payload)
    elif proto in (ICMP, ICMPV6):
        sport = int.from_bytes(payload[4:6], "big")
    return Arrival(iface, src, dst, sport, dport, data)

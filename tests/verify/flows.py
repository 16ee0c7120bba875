# SPDX-License-Identifier: GPL-2.0-or-later
"""Flows that the gateway is told of, as if their packets had passed before."""

import os
import socket
import struct

from lab import LabError
from packets import ICMP, TCP

# linux/netlink.h, linux/netfilter/nfnetlink_conntrack.h, nf_conntrack_common.h, nf_conntrack_tcp.h
NLM_F_CREATE_EXCL_ACK_REQUEST = 0x605
IPCTNL_MSG_CT_NEW = 1 << 8
NESTED = 1 << 15
CTA_TUPLE_ORIG, CTA_TUPLE_REPLY, CTA_STATUS, CTA_PROTOINFO, CTA_TIMEOUT = 1, 2, 3, 4, 7
CTA_TUPLE_IP, CTA_TUPLE_PROTO = 1, 2
STATUS_SEEN_REPLY_ASSURED_CONFIRMED = 0x0E
TCP_ESTABLISHED, TCP_LIBERAL = 3, b"\x08\x08"
TIMEOUT_S = 600


def attribute(number, payload):
    return struct.pack("=HH", 4 + len(payload), number) + payload + b"\0" * (-len(payload) % 4)


def nested(number, *attributes):
    return attribute(number | NESTED, b"".join(attributes))


class Flows:
    def __init__(self, lab):
        self._socket, _ = lab.sockets()

    def add(self, packets):
        """An established flow for each packet, which goes in its first direction."""
        for packet in packets:
            self._socket.send(message(packet))
            error = struct.unpack_from("=i", self._socket.recv(4096), 16)[0]
            if error:
                raise LabError(f"a flow for {packet}: {os.strerror(-error)}")


def message(packet):
    attributes = (
        tuple_of(CTA_TUPLE_ORIG, packet, packet.src, packet.dst, packet.sport, packet.dport),
        tuple_of(CTA_TUPLE_REPLY, packet, packet.dst, packet.src, packet.dport, packet.sport),
        attribute(CTA_STATUS, struct.pack("!I", STATUS_SEEN_REPLY_ASSURED_CONFIRMED)),
        attribute(CTA_TIMEOUT, struct.pack("!I", TIMEOUT_S)),
    )
    body = struct.pack("=BBH", socket.AF_INET, 0, 0) + b"".join(attributes)
    if packet.proto == TCP:
        state = attribute(1, bytes((TCP_ESTABLISHED,))), attribute(4, TCP_LIBERAL), attribute(5, TCP_LIBERAL)
        body += nested(CTA_PROTOINFO, nested(1, *state))
    return struct.pack("=IHHII", 16 + len(body), IPCTNL_MSG_CT_NEW, NLM_F_CREATE_EXCL_ACK_REQUEST, 0, 0) + body


def tuple_of(number, packet, src, dst, sport, dport):
    addresses = nested(CTA_TUPLE_IP, attribute(1, socket.inet_aton(src)), attribute(2, socket.inet_aton(dst)))
    proto = [attribute(1, bytes((packet.proto,)))]
    if packet.proto == ICMP:
        kind = packet.icmp[0] if number == CTA_TUPLE_ORIG else 0  # an echo is all that is sent here
        proto += [attribute(4, struct.pack("!H", packet.sport)), attribute(5, bytes((kind,)))]
        proto += [attribute(6, bytes((packet.icmp[1],)))]
    else:
        proto += [attribute(2, struct.pack("!H", sport)), attribute(3, struct.pack("!H", dport))]
    return nested(number, addresses, nested(CTA_TUPLE_PROTO, *proto))

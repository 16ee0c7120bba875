# SPDX-License-Identifier: GPL-2.0-or-later
"""Network namespaces around a gateway, packets sent into it, and what becomes of them.

The namespaces have no names: they live as long as the descriptors that this process holds. Whatever ends the process,
nothing stays behind, and any number of runs may go at once.
"""

import ctypes
import os
import re
import select
import socket
import struct
import subprocess
from collections import defaultdict

from packets import (
    EXPERIMENTAL,
    GATEWAY,
    GRE,
    ICMP,
    SCTP,
    TCP,
    UDP,
    arrival,
    build,
    fragments,
    ident_of,
    reassemble,
)
from sites import GATEWAY_ADDRESS, GATEWAY_ADDRESS6, INTERFACES

CLONE_NEWNET = 0x40000000  # linux/sched.h
ETH_P_ALL = 0x0003  # linux/if_ether.h
ETH_P_IP = b"\x08\x00"
ETH_P_IPV6 = b"\x86\xdd"
ETH_P_SENTINEL = 0x88B5  # for local experiments (IEEE 802)
SOL_PACKET, PACKET_STATISTICS, PACKET_IGNORE_OUTGOING = 263, 6, 23  # linux/if_packet.h
SO_RCVBUFFORCE = 33  # asm-generic/socket.h
NETLINK_NETFILTER = 12  # linux/netlink.h
NLM_F_REQUEST_ACK = 0x05
IPCTNL_MSG_CT_DELETE = 1 << 8 | 2  # subsystem ctnetlink (1), linux/netfilter/nfnetlink_conntrack.h

# Packets sent before the captures are read: well below net.core.netdev_max_backlog (1,000), which drops silently.
CHUNK = 128
TIMEOUT_S = 120  # for a sentinel, which nothing but other work on this machine delays

LIBC = ctypes.CDLL(None, use_errno=True)

# The lab's own table. "silence" keeps the gateway from answering for itself (resets, port unreachable); its counter
# tells that it tried to. "track" makes conntrack watch also while no other rules are loaded.
LAB_TABLE = """
table inet lab {
	chain silence {
		type filter hook output priority -400; policy drop;
		meta nfproto ipv4 counter
	}
	chain track {
		type filter hook forward priority 300; policy accept;
		ct state new
	}
}
"""

# The lab wants to see what the rules do, not what the kernel's own checks would have stopped before or behind them:
# rp_filter off, own addresses accepted as a source, no redirects where a flow leaves by the way it came, and no rate
# limit on the ICMP errors that a rejected packet would draw.
SYSCTLS = {
    "net/ipv4/conf/*/rp_filter": "0",
    "net/ipv4/conf/*/accept_local": "1",
    "net/ipv4/conf/*/send_redirects": "0",
    "net/ipv4/icmp_ratemask": "0",
    "net/ipv6/conf/*/accept_dad": "0",
    "net/ipv6/conf/*/accept_ra": "0",
}


class LabError(Exception):
    """The lab itself failed; nothing is known about the rules."""


def _call(function, *arguments):
    if function(*arguments) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), function.__name__)


class Namespace:
    """A network namespace; `with` enters it."""

    def __init__(self):
        self._home = os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        _call(LIBC.unshare, CLONE_NEWNET)
        self._fd = os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        self.path = f"/proc/{os.getpid()}/fd/{self._fd}"
        self.__exit__()

    def __enter__(self):
        _call(LIBC.setns, self._fd, CLONE_NEWNET)
        return self

    def __exit__(self, *_):
        _call(LIBC.setns, self._home, CLONE_NEWNET)

    def run(self, *command, text=""):
        """Run a command inside, and return what it prints."""
        with self:
            done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
        if done.returncode:
            raise LabError(f"{' '.join(command)}: {done.stderr.strip()}")
        return done.stdout

    def sysctl(self, key, value):
        with self, open(f"/proc/sys/{key}", "w", encoding="ascii") as file:
            file.write(value)

    def close(self):
        os.close(self._fd)
        os.close(self._home)


class Port:
    """One interface of the gateway and the namespace at its other end."""

    def __init__(self, gateway, index, iface):
        self.iface = iface
        self.outside = Namespace()
        near, far = (bytes((2, 0, 0, 0, end, index)) for end in (0, 1))
        self.outside.sysctl("net/ipv6/conf/default/disable_ipv6", "1")
        gateway.run(
            "ip", "link", "add", iface, "address", near.hex(":"), "type", "veth",
            "peer", "name", iface, "address", far.hex(":"), "netns", self.outside.path,
        )  # fmt: skip
        # Without ARP a route to a device is enough for any address to lie behind it.
        gateway.run("ip", "link", "set", iface, "arp", "off", "up")
        self.outside.run("ip", "link", "set", iface, "up")
        self.ethernet = near + far
        with self.outside:
            self.socket = packet_socket(iface, ETH_P_ALL)
            self.sentinel = packet_socket(iface, ETH_P_SENTINEL)
        with gateway:
            self.gateway_sentinel = packet_socket(iface, ETH_P_SENTINEL)

    def send(self, data):
        self.socket.send(self.ethernet + (ETH_P_IP if data[0] >> 4 == 4 else ETH_P_IPV6) + data)

    def close(self):
        for item in (self.socket, self.sentinel, self.gateway_sentinel, self.outside):
            item.close()


def packet_socket(iface, protocol):
    result = socket.socket(socket.AF_PACKET, socket.SOCK_RAW | socket.SOCK_NONBLOCK, socket.htons(protocol))
    result.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
    result.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 16 << 20)
    result.bind((iface, protocol))
    return result


class Lab:
    """A gateway with an interface for each of INTERFACES, and the world behind them.

    Everything runs on one CPU: what is sent into a veth then passes through one queue, first in, first out, and a
    sentinel that came through it proves that all packets sent before it have met their fate.
    """

    def __init__(self):
        cpus = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {cpus[int(os.environ.get("WORKER", os.getpid())) % len(cpus)]})  # see tests/run
        self._gateway = Namespace()
        for key, value in SYSCTLS.items():
            for which in ("all", "default"):
                self._gateway.sysctl(key.replace("*", which), value)
        self._ports = {iface: Port(self._gateway, n, iface) for n, iface in enumerate(INTERFACES)}
        commands = ["link set lo up"]
        for iface in INTERFACES:
            commands += [
                f"address add {GATEWAY_ADDRESS[iface]}/32 dev {iface}",
                f"address add {GATEWAY_ADDRESS6[iface]}/64 dev {iface}",
            ]
        self._ip(commands)
        self._gateway.sysctl("net/ipv6/conf/all/forwarding", "1")
        self._gateway.run("nft", "-f", "-", text=LAB_TABLE)
        with self._gateway:
            self._ctnetlink = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER)
            protocols = (ICMP, TCP, UDP, GRE, SCTP, EXPERIMENTAL)
            # A raw socket gets what reached the gateway itself, behind all of its rules.
            self._local = [socket.socket(socket.AF_INET, socket.SOCK_RAW, protocol) for protocol in protocols]
        self._sources = {}
        self._poll = select.epoll()
        for iface, port in self._ports.items():
            self._sources[port.socket.fileno()] = (iface, port.socket, 14)
        for item in self._local:
            item.setblocking(False)
            self._sources[item.fileno()] = (GATEWAY, item, 0)
        for descriptor in self._sources:
            self._poll.register(descriptor, select.EPOLLIN)
        self._next_ident = 1
        self._fragments = defaultdict(dict)
        self._routed = ([], [])
        self.sent = 0

    def close(self):
        for item in (*self._ports.values(), *self._local, self._ctnetlink, self._poll, self._gateway):
            item.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def connect(self, network):
        """Give the gateway the routes and the addresses of a Network."""
        routes = [f"{prefix} dev {iface}" for prefix, iface in network.routes.items()]
        addresses = [f"{address}/32 dev wan0" for address in network.local]
        old_routes, old_addresses = self._routed
        self._ip(
            [f"address del {item}" for item in old_addresses]
            + [f"route del {item}" for item in old_routes]
            + [f"address add {item}" for item in addresses]
            + [f"route add {item}" for item in routes]
        )
        self._routed = (routes, addresses)

    def load(self, ruleset):
        """Load a ruleset as a gateway does at boot: forwarding on only after the rules are in."""
        self.forwarding(False)
        self.nft("add table inet jgfw\ndelete table inet jgfw\n")
        self.nft(ruleset)
        self.forwarding(True)
        self.flush_flows()

    def forwarding(self, on):
        self.sysctl("net/ipv4/ip_forward", "1" if on else "0")

    def sysctl(self, key, value):
        self._gateway.sysctl(key, value)

    def nft(self, text):
        """Load nftables text in the gateway, over whatever is loaded."""
        self._gateway.run("nft", "-f", "-", text=text)

    def nft_list(self, *arguments):
        return self._gateway.run("nft", *arguments)

    def run(self, *command, text=""):
        """Run a command on the gateway, and return what it prints."""
        return self._gateway.run(*command, text=text)

    def sockets(self):
        """The gateway's ctnetlink socket, and by interface those behind it, for another program to send with."""
        return self._ctnetlink, {iface: port.socket for iface, port in self._ports.items()}

    def execute(self, *command, text=""):
        """Run a command in the gateway, whatever it ends with; a CompletedProcess."""
        with self._gateway:
            return subprocess.run(command, input=text, capture_output=True, text=True, check=False)

    def read(self, path):
        """A file below /proc/net as the gateway sees it."""
        with self._gateway, open(f"/proc/net/{path}", encoding="ascii") as file:
            return file.read()

    def answers(self):
        """How many packets of its own the gateway tried to send since it was built."""
        return int(re.search(r"packets (\d+)", self.nft_list("list", "chain", "inet", "lab", "silence"))[1])

    def flush_flows(self):
        """Forget every flow of the gateway."""
        header = struct.pack("=IHHII", 20, IPCTNL_MSG_CT_DELETE, NLM_F_REQUEST_ACK, 0, 0)
        self._ctnetlink.send(header + struct.pack("=BBH", socket.AF_UNSPEC, 0, 0))
        error = struct.unpack_from("=i", self._ctnetlink.recv(4096), 16)[0]
        if error:
            raise LabError(f"flushing conntrack: {os.strerror(-error)}")

    def send(self, packets):
        """Send packets in their order; return for each the tuple of its arrivals: () if it was dropped.

        They share the gateway's conntrack: which of them belong to one flow is the caller's affair.
        """
        first = self._next_ident
        fates = [()] * len(packets)
        for start in range(0, len(packets), CHUNK):
            for n, packet in enumerate(packets[start : start + CHUNK], start):
                data = build(packet, first + n)
                port = self._ports[packet.iface]
                if packet.fragment:
                    for piece in fragments(data, packet.fragment):
                        port.send(piece)
                else:
                    port.send(data)
            self._settle()
            for ident, result in self._collect():
                if first <= ident < first + len(packets):
                    fates[ident - first] += (result,)
        self._next_ident += len(packets)
        self.sent += len(packets)
        self._check_captures()
        return fates

    def send_built(self, iface, make):
        """Send what make(ident) builds, which is no Packet; return the tuple of its arrivals."""
        ident = self._next_ident
        self._next_ident += 1
        self._ports[iface].send(make(ident))
        self._settle()
        fate = tuple(result for seen, result in self._collect() if seen == ident)
        self.sent += 1
        self._check_captures()
        return fate

    def _ip(self, commands):
        self._gateway.run("ip", "-batch", "-", text="\n".join(commands) + "\n")

    def _settle(self):
        """Return when all packets sent so far have been forwarded, delivered or dropped."""
        port = self._ports[INTERFACES[0]]
        sentinel = ETH_P_SENTINEL.to_bytes(2, "big") + bytes(46)
        port.socket.send(port.ethernet + sentinel)
        _await(port.gateway_sentinel)
        # What the gateway forwarded waits in the queue once more, on its way out: so does this one.
        port.gateway_sentinel.send(port.ethernet[6:] + port.ethernet[:6] + sentinel)
        _await(port.sentinel)

    def _collect(self):
        for descriptor, _ in self._poll.poll(0):
            iface, source, skip = self._sources[descriptor]
            while True:
                try:
                    frame = source.recv(4096)
                except BlockingIOError:
                    break
                if skip and frame[12:14] not in (ETH_P_IP, ETH_P_IPV6):
                    continue
                data = self._whole(iface, frame[skip:])
                ident = ident_of(data) if data else None
                if ident is not None:
                    yield ident, arrival(iface, data)

    def _whole(self, iface, data):
        """The packet without Ethernet's padding; None for a fragment that is not the last missing one."""
        if data[0] >> 4 == 6:
            return data[: 40 + int.from_bytes(data[4:6], "big")]
        data = data[: int.from_bytes(data[2:4], "big")]
        offset = int.from_bytes(data[6:8], "big") & 0x3FFF
        if not offset:
            return data
        pieces = self._fragments[iface, data[12:20], data[9], data[4:6]]
        pieces[(offset & 0x1FFF) * 8] = data
        return reassemble(pieces)

    def _check_captures(self):
        for iface, port in self._ports.items():
            lost = struct.unpack("=II", port.socket.getsockopt(SOL_PACKET, PACKET_STATISTICS, 8))[1]
            if lost:
                raise LabError(f"the capture behind {iface} lost {lost} packets")


def _await(sentinel_socket):
    if not select.select([sentinel_socket], [], [], TIMEOUT_S)[0]:
        raise LabError(f"a sentinel did not arrive within {TIMEOUT_S} s")
    sentinel_socket.recv(64)

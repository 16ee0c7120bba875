# SPDX-License-Identifier: GPL-2.0-or-later
"""Site files as Python dicts, and the network that each of them stands in."""

import re
import socket
from functools import lru_cache

from packets import GATEWAY

PROFILES = tuple(
    f"{nics}-{size}{mux}"
    for nics in ("dual", "single")
    for size in ("small", "medium", "large")
    for mux in ("", "-mux")
)

# Every interface of the lab's gateway. A site names some of them; what comes by the others comes from nowhere.
INTERFACES = ("wan0", "outward0", "inward0", "dmz0", "lan1", "lan2", "spare0")

GATEWAY_ADDRESS = {
    "wan0": "203.0.113.1",
    "outward0": "172.16.1.1",
    "inward0": "172.16.2.1",
    "dmz0": "172.16.3.1",
    "lan1": "10.10.0.1",
    "lan2": "10.20.0.1",
    "spare0": "172.31.0.1",
}
GATEWAY_ADDRESS6 = {iface: f"2001:db8:{n}::1" for n, iface in enumerate(INTERFACES, 1)}

CLIENTS = ("198.51.100.7", "198.51.100.8")
STRANGER = "198.51.100.99"
INSIDER = "10.99.0.5"  # behind the first lan interface, not one of the deployments' hosts
OUTSIDER = "172.31.0.9"  # behind the interface that no site knows

# The kinds of gateway: which of a model's zones it has.
KINDS = {
    "dual": {
        "external": ("wan", "outward"),
        "internal": ("inward", "lan"),
        "both": ("wan", "outward", "inward", "lan"),
    },
    "single": {
        "external": ("wan", "dmz"),
        "internal": ("dmz", "lan"),
        "both": ("wan", "dmz", "lan"),
    },
}
ZONE_INTERFACE = {"wan": "wan0", "outward": "outward0", "inward": "inward0", "dmz": "dmz0", "lan": "lan1"}


def zones(*names, **interfaces):
    """The zones by name, each on its own interface unless one is given."""
    return {name: ZONE_INTERFACE[name] for name in names} | interfaces


def nics_of(profile):
    """dual or single, the first word of Jabber Guest's profiles and the second of the others."""
    return next(word for word in profile.split("-") if word in KINDS)


def zones_of(profile, kind):
    return zones(*KINDS[nics_of(profile)][kind])


def deployment(profile, peers=2, cores=2, guests=2, block=0, static_nat=True, guest_net="10.10.0", **options):
    """A deployment; those of different blocks do not overlap, and the addresses of one are neighbours.

    static_nat=False gives the Expressway-E peers their public address instead of a private one.
    """
    dual = nics_of(profile) == "dual"
    edge = []
    for i in range(peers):
        host = 10 + 20 * block + i
        public = f"203.0.113.{host}"
        if dual:
            outward = f"172.16.1.{host}" if static_nat else public
            edge.append({"name": f"e{i + 1}", "public": public, "outward": outward, "inward": f"172.16.2.{host}"})
        else:
            private = f"172.16.3.{host}" if static_nat else public
            edge.append({"name": f"e{i + 1}", "public": public, "private": private})
    servers = {"guest": [f"{guest_net}.{30 + 40 * block + i}" for i in range(guests)]} if profile in PROFILES else {}
    return {
        "name": f"site{block}",
        "profile": profile,
        "edge": edge,
        "core": [f"10.10.0.{20 + 40 * block + i}" for i in range(cores)],
    } | servers | options


def site(gateway_zones, *deployments, **gateway):
    return {"version": 1, "gateway": {"zones": gateway_zones} | gateway, "deployments": list(deployments)}


def to_yaml(value, indent=0):
    """Block style YAML of dicts, lists, strings, integers and booleans."""
    pad = "  " * indent
    if isinstance(value, dict):
        return "".join(f"{pad}{key}:{_nested(item, indent)}" for key, item in value.items())
    return "".join(f"{pad}-{_nested(item, indent)}" for item in value)


def _nested(value, indent):
    if isinstance(value, (dict, list, tuple)):
        return "\n" + to_yaml(value, indent + 1) if value else " []\n"
    text = str(value).lower() if isinstance(value, bool) else str(value)
    plain = re.fullmatch(r"[A-Za-z0-9][\w./+-]*(:[\w./-]+)*( [\w./+-]+)*", text)
    return f" {text}\n" if plain else f' "{text}"\n'


@lru_cache(maxsize=None)
def number(address):
    """An IPv4 address as an integer."""
    return int.from_bytes(socket.inet_aton(address), "big")


def dotted(value):
    return socket.inet_ntoa(value.to_bytes(4, "big"))


def span(network):
    """The first and the last address of a network, as integers."""
    address, _, length = network.partition("/")
    size = 1 << (32 - int(length or 32))
    first = number(address) & ~(size - 1)
    return first, first + size - 1


class Network:
    """Which address lies behind which interface of the gateway.

    publics says how the public addresses reach the gateway: "local" (it owns them) or "routed" (they are only
    routed to it, and it would send them on to where its default route leads).
    """

    def __init__(self, site_dict, publics):
        interfaces = {
            zone: value if isinstance(value, list) else [value]
            for zone, value in site_dict["gateway"]["zones"].items()
        }

        def first(zone):
            return interfaces.get(zone, [ZONE_INTERFACE[zone]])[0]

        self.routes = {
            "0.0.0.0/0": "wan0",
            "172.16.1.0/24": first("outward"),
            "172.16.2.0/24": first("inward"),
            "172.16.3.0/24": first("dmz"),
            "172.31.0.0/16": "spare0",
            "10.0.0.0/8": first("lan"),
            "10.20.0.0/16": interfaces.get("lan", ["lan2"])[-1],
        }
        self.local = []
        for item in site_dict["deployments"]:
            for peer in item["edge"]:
                if peer["public"] == peer.get("outward"):
                    self.routes[peer["public"] + "/32"] = first("outward")
                elif peer["public"] == peer.get("private"):
                    self.routes[peer["public"] + "/32"] = first("dmz")
                elif publics == "local":
                    self.local.append(peer["public"])
        self._own = {number(address) for address in (*GATEWAY_ADDRESS.values(), *self.local)}
        spans = [(*span(prefix), iface) for prefix, iface in self.routes.items()]
        self._spans = sorted(spans, key=lambda item: item[1] - item[0])
        self._cache = {}

    def where(self, address):
        """The interface that the address lies behind, or GATEWAY."""
        if address not in self._cache:
            self._cache[address] = self._where6(address) if ":" in address else self._where4(number(address))
        return self._cache[address]

    def _where4(self, value):
        if value in self._own:
            return GATEWAY
        return next(iface for first, last, iface in self._spans if first <= value <= last)

    @staticmethod
    def _where6(address):
        if address in GATEWAY_ADDRESS6.values():
            return GATEWAY
        return INTERFACES[int(address.split(":")[2]) - 1]

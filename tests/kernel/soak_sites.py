# SPDX-License-Identifier: GPL-2.0-or-later
"""Random sites, and random edits of them, as Python dicts. Not all are valid: who wants one draws again."""

import copy
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../netns"))

from cases_random import random_row  # noqa: E402

JABBER = [f"{size}{mux}" for size in ("small", "medium", "large") for mux in ("", "-mux")]
OTHERS = ["small", "medium", "large", "large-mux"]
FAMILIES = {"": JABBER, "mra-": OTHERS, "cms-": OTHERS}
PROFILES = [f"{family}{nics}-{size}" for family, sizes in FAMILIES.items() for nics in ("dual", "single")
            for size in sizes]
ROWS = {"": ("d1", "d2", "d5", "d6", "d10", "s1", "s2", "s5", "s9"), "mra-": ("m2", "m4", "m8", "m14", "m31"),
        "cms-": ("w1", "w5", "w8", "w13")}
ADD_ONS = ("traversal", "b2b", "b2b-unencrypted", "edge-services", "administration", "cluster", "mra", "cms")
KINDS = {
    "dual": (("wan", "outward"), ("inward", "lan"), ("wan", "outward", "inward", "lan")),
    "single": (("wan", "dmz"), ("dmz", "lan"), ("wan", "dmz", "lan")),
    "mixed": (("wan", "outward", "inward", "dmz", "lan"),),
}
INTERFACE = {"wan": "wan0", "outward": "outward0", "inward": "inward0", "dmz": "dmz0", "lan": "lan0"}
SECOND = {"wan": "wan1", "lan": "lan1", "inward": "inward1", "dmz": "dmz1"}
# The network that each kind of address is taken from; those of a deployment are neighbours.
NETWORKS = {"public": "198.18", "outward": "172.16", "inward": "172.18", "private": "172.20", "core": "10.64",
            "guest": "10.66"}
# Roles that add-ons declare, all of machines that are not the deployments' own.
INSIDE = ("cucm", "imp", "unity", "meeting_server", "admin", "snmp", "sip_endpoint", "dns", "ntp", "cssm", "analytics",
          "syslog")
OUTSIDE = ("fos", "idbroker", "dns_external", "ntp_external", "smart_licensing")
ROLES = {
    "mra": ("cucm", "imp", "unity", "fos", "idbroker"),
    "cms": ("meeting_server", "admin"),
    "b2b": ("sip_endpoint",),
    "edge-services": ("dns", "dns_external", "ntp", "ntp_external", "smart_licensing", "cssm", "analytics", "syslog"),
    "administration": ("admin", "snmp"),
}
PORTS = (("https", 8443), ("turn", 443), ("turn", 3500), ("turn", "3500-3505"), ("media_demux", "2776-2777"),
         ("sip_tcp", 5070), ("turn_relay", "24000-24999"), ("media", "36000-49999"), ("ssh_tunnel", 2223))
CLIENTS = (["wan", "lan:10.0.0.0/8"], ["lan:10.99.0.0/16"], ["wan:198.51.100.0/29"], ["wan", "lan"])
ROOM = 8  # addresses of a kind for each deployment


def family_of(profile):
    return profile[:4] if profile[:4] in FAMILIES else ""


def nics_of(profile):
    return "dual" if "dual" in profile else "single"


def address(kind, number, i):
    low = number * ROOM + i
    first, second = NETWORKS[kind].split(".")
    return f"{first}.{int(second) + low // 65536}.{low // 256 % 256}.{low % 256}"


def peer(profile, number, i, static_nat):
    public = address("public", number, i)
    sides = ("outward", "inward") if nics_of(profile) == "dual" else ("private",)
    one = {"name": f"e{i + 1}", "public": public} | {side: address(side, number, i) for side in sides}
    if not static_nat:
        one[sides[0]] = public
    return one


def hosts_of(rng, names):
    roles = sorted({role for name in names for role in ROLES.get(name, ())})
    return {role: [f"198.51.100.{100 + OUTSIDE.index(role)}"] if role in OUTSIDE
            else [f"10.96.{INSIDE.index(role)}.{n}" for n in range(1, rng.randint(2, 4))]
            for role in roles if rng.random() < 0.8}


def own_row(rng, dep, n):
    row = random_row(rng, nics_of(dep["profile"]), n)
    if "guest" not in dep:
        row = {key: "core" if value == "guest" else value for key, value in row.items()}
    return row


def add_ons(rng, dep):
    """With the machines of their roles."""
    family = family_of(dep["profile"])
    names = rng.sample(ADD_ONS, rng.choice((1, 1, 2, 3)))
    if family == "":
        names = [name for name in names if name not in ("mra", "cms")]
    unfit = (family.rstrip("-"), "traversal" if nics_of(dep["profile"]) == "single" else "")
    names = [name for name in names if name not in unfit]
    dep.pop("with", None)
    dep.pop("hosts", None)
    if names:
        dep["with"] = names
    hosts = hosts_of(rng, [*names, family.rstrip("-")])
    if hosts:
        dep["hosts"] = hosts


def deployment(rng, profile, number, plain=False):
    """Without options where @plain."""
    most = rng.choice((1, 2, 3, 6))
    static_nat = plain or rng.random() > 0.1
    dep = {"name": f"site{number}", "profile": profile,
           "edge": [peer(profile, number, i, static_nat) for i in range(rng.randint(1, most))],
           "core": [address("core", number, i) for i in range(rng.randint(1, most))]}
    if family_of(profile) == "":
        dep["guest"] = [address("guest", number, i) for i in range(rng.choice((1, 3)))]
    elif rng.random() < 0.8:
        dep["hosts"] = hosts_of(rng, [family_of(profile).rstrip("-")])
    if plain:
        return dep
    if rng.random() < 0.3:
        add_ons(rng, dep)
    for option in rng.sample(OPTIONS, rng.choice((0, 0, 0, 1, 1, 2, 3))):
        option(rng, dep)
    return dep


# --- options of a deployment: each sets one, or takes it away ---------------------------------------------------------


def source_ports(rng, dep):
    toggle(dep, "source_ports", "any")


def clients(rng, dep):
    toggle(dep, "clients", rng.choice(CLIENTS))


def reflection(rng, dep):
    dep["reflection_source"] = rng.choice(("keep", "gateway"))


def ports(rng, dep):
    name, value = rng.choice(PORTS)
    toggle(dep.setdefault("ports", {}), name, value)


def omit(rng, dep):
    toggle(dep, "omit", [rng.choice(ROWS[family_of(dep["profile"])])])


def rows(rng, dep):
    have = dep.setdefault("rows", [])
    if have and rng.random() < 0.4:
        have.pop(rng.randrange(len(have)))
    else:
        free = [n for n in range(20) if f"own{n}" not in {row["id"] for row in have}]
        have.insert(rng.randint(0, len(have)), own_row(rng, dep, free[0]))


def assertion(rng, dep):
    toggle(dep, "assert", ["deny wan > lan:10.250.0.0/16 tcp 22"])


OPTIONS = (source_ports, clients, reflection, ports, omit, rows, rows, assertion)


def toggle(mapping, key, value):
    if key in mapping:
        del mapping[key]
    else:
        mapping[key] = value


# --- sites ------------------------------------------------------------------------------------------------------------


def zones(rng, nics):
    names = rng.choice((*KINDS[nics], KINDS[nics][-1]))
    found = {name: INTERFACE[name] for name in names}
    for name in names:
        if name in SECOND and rng.random() < 0.2:
            found[name] = [INTERFACE[name], SECOND[name]]
    if {"dmz", "lan"} <= set(found) and rng.random() < 0.1:
        found["dmz"] = found["lan"]
    if {"outward", "inward"} <= set(found) and rng.random() < 0.1:
        found["inward"] = found["outward"]
    return found


def random_site(rng, count):
    """A site of @count deployments; large ones are of few profiles and have few options."""
    nics = rng.choice(("dual", "dual", "single", "single", "mixed"))
    choice = [p for p in PROFILES if nics in ("mixed", nics_of(p))]
    chosen = rng.sample(choice, min(len(choice), rng.choice((1, 1, 2, 3, 5))))
    numbers = rng.sample(range(count if count > 100 else 200), count)
    odd = 1 if count <= 10 else min(3 / count, 0.1)
    deployments = [deployment(rng, rng.choice(chosen), n, plain=rng.random() > odd) for n in numbers]
    gateway = {"zones": zones(rng, nics)}
    for key, value in (("scope", "hosts"), ("public_addresses", "shared"), ("log_drops", True),
                       ("counters", "deployments")):
        if rng.random() < (0.5 if key == "counters" else 0.25):
            gateway[key] = value
    site = {"version": 1, "gateway": gateway, "deployments": deployments}
    if rng.random() < 0.1:
        second_task(rng, site)
    return settled(site)


def second_task(rng, site):
    """Mobile and Remote Access and the web proxy on one pair, as a deployment each."""
    other = {"mra-": "cms-", "cms-": "mra-"}
    able = [dep for dep in site["deployments"] if family_of(dep["profile"]) and "with" not in dep]
    if not able:
        return
    first = rng.choice(able)
    family = other[family_of(first["profile"])]
    name = first["name"] + "b"
    if name in {dep["name"] for dep in site["deployments"]}:
        return
    profile = f"{family}{nics_of(first['profile'])}-{rng.choice(OTHERS)}"
    site["deployments"].append({"name": name, "profile": profile, "edge": copy.deepcopy(first["edge"]),
                                "core": first["core"][:]})


def settled(site):
    """Without what would be refused: a key that must be given, a list that is empty, an assertion that is false."""
    shared = site["gateway"]["zones"].get("dmz", 0) == site["gateway"]["zones"].get("lan", 1)
    for dep in site["deployments"]:
        if shared and nics_of(dep["profile"]) == "single":
            dep.setdefault("reflection_source", "keep")
        if "scope" in site["gateway"]:
            dep.pop("assert", None)
        for key in ("rows", "ports"):
            if key in dep and not dep[key]:
                del dep[key]
    return site


# --- edits ------------------------------------------------------------------------------------------------------------


def one_more(rng, site, _):
    taken = {dep["name"].removesuffix("b") for dep in site["deployments"]}
    number = next(n for n in range(8000) if f"site{n}" not in taken)
    profile = rng.choice(site["deployments"])["profile"]
    site["deployments"].insert(rng.randint(0, len(taken)), deployment(rng, profile, number))


def one_less(rng, site, _):
    site["deployments"].pop(rng.randrange(len(site["deployments"])))


def another_name(rng, _, dep):
    dep["name"] = dep["name"][::-1] if dep["name"].endswith("x") else f"{dep['name']}x"


def another_size(rng, _, dep):
    family = family_of(dep["profile"])
    dep["profile"] = f"{family}{nics_of(dep['profile'])}-{rng.choice(FAMILIES[family])}"


def machines(rng, _, dep):
    """One more or less of a role."""
    number = int(dep["core"][0].split(".")[2]) * 32 + int(dep["core"][0].split(".")[3]) // ROOM
    number += (int(dep["core"][0].split(".")[1]) - 64) * 8192
    kind = rng.choice(("edge", "core"))
    have = dep[kind]
    if len(have) > 1 and rng.random() < 0.5:
        have.pop(rng.randrange(len(have)))
    elif len(have) < 6 and kind == "core":
        free = [a for a in (address("core", number, i) for i in range(6)) if a not in have]
        have.append(rng.choice(free))
    elif len(have) < 6:
        free = [i for i in range(6) if f"e{i + 1}" not in {e["name"] for e in have}]
        have.append(peer(dep["profile"], number, rng.choice(free), True))


def option(rng, _, dep):
    rng.choice(OPTIONS)(rng, dep)


def other_add_ons(rng, _, dep):
    if "with" in dep and rng.random() < 0.5:
        del dep["with"]
        dep.pop("hosts", None)
    else:
        add_ons(rng, dep)


def gateway_option(rng, site, _):
    key, value = rng.choice((("scope", "hosts"), ("public_addresses", "shared"), ("log_drops", True),
                             ("counters", "deployments")))
    toggle(site["gateway"], key, value)


def interfaces(rng, site, _):
    have = site["gateway"]["zones"]
    name = rng.choice([zone for zone in have if zone in SECOND] or list(have))
    have[name] = INTERFACE[name] if name not in SECOND or isinstance(have[name], list) else \
        rng.choice(([INTERFACE[name], SECOND[name]], SECOND[name]))


def another_order(rng, site, dep):
    rng.shuffle(dep["rows"] if "rows" in dep and rng.random() < 0.5 else site["deployments"])


EDITS = (one_more, one_more, one_less, one_less, another_name, another_size, machines, machines, machines,
         option, option, option, other_add_ons, gateway_option, interfaces, another_order)  # fmt: skip


def edited(rng, site):
    site = copy.deepcopy(site)
    for edit in rng.choices(EDITS, k=rng.choice((1, 1, 1, 2, 4))):
        if site["deployments"]:
            edit(rng, site, rng.choice(site["deployments"]))
    return settled(site)

# SPDX-License-Identifier: GPL-2.0-or-later
"""The kernel's memory, as far as nf_tables takes from it, on a machine on which others are at work too."""

import glob
import re
import time

# Caches that nf_tables, connection tracking and network namespaces take from.
CACHES = re.compile(r"(kmalloc(-cg|-rnd-\d+)?-\d+k?|nf_|nft_|net_namespace)")
# What lies in whole pages: large tables of sets, and their backing.
PLACES = re.compile(r"nf_tables|nft_|rhashtable|bucket_table|kvmalloc")
# What nf_tables takes is charged to control groups; little else is, of what comes and goes.
OF_TABLES = re.compile(r"kmalloc-cg-|nf_|nft_|vmalloc")
# Kilobytes that all who are at work take from; what is free is negative, so that more is worse.
OF_THE_MACHINE = ("MemAvailable", "Slab", "SUnreclaim", "VmallocUsed", "Percpu")
SETTLE_S = 6
PAUSE_S = 0.3


def shrink():
    """Free objects that processors keep at hand are not counted as used."""
    for path in glob.glob("/sys/kernel/slab/*/shrink"):
        if CACHES.match(path.split("/")[-2]):
            try:
                with open(path, "w", encoding="ascii") as file:
                    file.write("1")
            except OSError:
                pass


def once():
    """Objects by cache, and kilobytes."""
    shrink()
    found = {}
    with open("/proc/slabinfo", encoding="ascii") as file:
        for line in file:
            words = line.split()
            if CACHES.match(words[0]):
                found[words[0]] = int(words[1])
    with open("/proc/vmallocinfo", encoding="ascii") as file:
        found["vmalloc of nf_tables kB"] = sum(int(line.split()[1]) for line in file if PLACES.search(line)) // 1024
    with open("/proc/meminfo", encoding="ascii") as file:
        for name, value in re.findall(r"^(\w+): +(\d+) kB", file.read(), re.M):
            if name in OF_THE_MACHINE:
                found[name] = -int(value) if name == "MemAvailable" else int(value)
    return found


def least(seconds=SETTLE_S):
    """The least of each within some seconds: the kernel frees late, and others come and go."""
    end = time.monotonic() + seconds
    best = once()
    while time.monotonic() < end:
        time.sleep(PAUSE_S)
        for name, value in once().items():
            best[name] = min(value, best.get(name, value))
    return best


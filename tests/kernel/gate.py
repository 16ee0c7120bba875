# SPDX-License-Identifier: GPL-2.0-or-later
"""What the tests of this folder share: a network namespace of their own, jgfw and nft in it, and netlink messages for
what nft would not send."""

import os
import re
import socket
import struct
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
JGFW = os.environ.get("JGFW", os.path.join(HERE, "../../build/jgfw"))
SITES = os.path.join(HERE, "../golden/sites")
PROFILES = [f"{nics}-{size}{mux}" for nics in ("dual", "single") for size in ("small", "medium", "large")
            for mux in ("", "-mux")]
KINDS = ("external", "internal", "both")


# --- commands ---------------------------------------------------------------------------------------------------------


class Answer:
    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err

    def __repr__(self):
        return f"exit {self.code}\n{self.out[:3000]}{self.err[:2000]}"


def run(*words, text=None):
    done = subprocess.run(words, input=text, capture_output=True, text=True, errors="backslashreplace", check=False)
    return Answer(done.returncode, done.stdout, done.stderr)


def jgfw(*words):
    return run(JGFW, *words)


def nft(text):
    """Load @text; it must be taken."""
    answer = run("nft", "-f", "-", text=text)
    if answer.code:
        raise Refused(f"{text}\n{answer.err}")
    return answer


class Refused(Exception):
    """nft or the kernel does not take what a test wanted to do."""


def table():
    """The text of the table without what counts."""
    return run("nft", "-s", "list", "table", "inet", "jgfw").out


def canonical(text):
    """A listing whose order means nothing where it means nothing in the kernel."""
    blocks = []
    for block in re.split(r"\n\t\}\n", text):
        lines = block.strip("\n").split("\n")
        if lines and lines[0].startswith("table "):
            lines = lines[1:]
        body = "\n".join(lines)
        elements = re.search(r"elements = \{(.*?)\}", body, re.S)
        if elements:
            each = sorted(" ".join(e.split()) for e in elements[1].split(","))
            body = body[: elements.start()] + "elements " + ", ".join(each) + body[elements.end() :]
        blocks.append(body.strip())
    return sorted(blocks)


def generation():
    """How often the tables of this namespace were changed."""
    with netlink() as sock:
        sock.send(message(GETGEN, 0, b"", flags=1))
        data = sock.recv(65536)
    return struct.unpack(">I", attributes(data[20:])[1])[0]


def enter(*argv):
    """Go on in a network namespace of its own, which ends with this program, with the state in a folder of its own."""
    if os.environ.get("JGFW_TEST_NS") != str(os.getpid()):
        os.environ["JGFW_TEST_NS"] = str(os.getpid())
        os.execvp("unshare", ["unshare", "-n", sys.executable, "-B", *(argv or sys.argv)])
    folder = tempfile.TemporaryDirectory(prefix="jgfw-test-")
    os.environ["JGFW_STATE"] = os.path.join(folder.name, "state")
    return folder


def site_of_profile(profile, kind):
    """The site of tests/golden/run."""
    zones = {
        "dual-external": "wan: eth0, outward: eth1",
        "dual-internal": "inward: eth2, lan: [eth3, eth4]",
        "dual-both": "wan: eth0, outward: eth1, inward: eth2, lan: [eth3, eth4]",
        "single-external": "wan: eth0, dmz: eth1",
        "single-internal": "dmz: eth1, lan: [eth3, eth4]",
        "single-both": "wan: eth0, dmz: eth1, lan: [eth3, eth4]",
    }[f"{profile.split('-')[0]}-{kind}"]
    if profile.startswith("dual"):
        nics = ["outward: 192.0.2.10, inward: 192.0.2.74", "outward: 192.0.2.11, inward: 192.0.2.75"]
    else:
        nics = ["private: 192.0.2.10", "private: 192.0.2.11"]
    return f"""version: 1
gateway:
  zones: {{{zones}}}
deployments:
  - name: hq
    profile: {profile}
    edge:
      - {{name: e1, public: 203.0.113.10, {nics[0]}}}
      - {{name: e2, public: 203.0.113.11, {nics[1]}}}
    core: [10.10.0.20, 10.10.0.21]
    guest: [10.10.0.30]
"""


def golden_sites(folder):
    """All sites that the golden tests know, written to @folder: name to path."""
    sites = {}
    for name in sorted(os.listdir(SITES)):
        sites[name.removesuffix(".yaml")] = os.path.join(SITES, name)
    for profile in PROFILES:
        for kind in KINDS:
            path = os.path.join(folder, f"{profile}-{kind}.yaml")
            with open(path, "w", encoding="utf-8") as file:
                file.write(site_of_profile(profile, kind))
            sites[f"{profile}-{kind}"] = path
    return sites


# --- what came of it --------------------------------------------------------------------------------------------------


class Score:
    def __init__(self):
        self.passed = self.failed = 0
        self.skipped = []

    def check(self, good, name, detail=""):
        if good:
            self.passed += 1
        else:
            self.failed += 1
            print(f"FAIL {name}" + (f"\n{detail}" if detail else ""), flush=True)
        return good

    def skip(self, name):
        self.skipped.append(name)

    def end(self):
        if self.skipped:
            print("skipped, not in this kernel or nft:", ", ".join(self.skipped))
        skipped = f", {len(self.skipped)} skipped" if self.skipped else ""
        print(f"{self.passed} passed, {self.failed} failed{skipped}")
        sys.exit(bool(self.failed))


# --- netlink (linux/netfilter/nf_tables.h) ----------------------------------------------------------------------------

NETLINK_NETFILTER = 12
NFPROTO_INET = 1
BEGIN, END = 0x10, 0x11
NEWTABLE, DELTABLE = 0, 2
NEWCHAIN, DELCHAIN = 3, 5
NEWRULE, DELRULE = 6, 8
NEWSET, NEWSETELEM = 9, 12
GETGEN = 16
CREATE, APPEND, ACK = 0x400, 0x800, 4


def attribute(number, data):
    if isinstance(data, str):
        data = os.fsencode(data) + b"\0"
    elif isinstance(data, int):
        data = struct.pack(">I", data)
    elif isinstance(data, (list, tuple)):
        data, number = b"".join(data), number | 0x8000
    return struct.pack("=HH", 4 + len(data), number) + data + bytes(-len(data) % 4)


def attributes(data):
    found = {}
    while len(data) >= 4:
        size, number = struct.unpack("=HH", data[:4])
        found[number & 0x3FFF] = data[4:size]
        data = data[size + -size % 4 :]
    return found


def message(kind, family, body, flags=CREATE | 1, seq=1):
    """One of nf_tables' messages; @body: attributes."""
    header = struct.pack("=IHHII", 20 + len(body), 10 << 8 | kind, flags, seq, 0)
    return header + struct.pack(">BBH", family, 0, 0) + body


def expression(name, *parts):
    return attribute(1, [attribute(1, name), attribute(2, list(parts))])


def rule(chain, *expressions, family=NFPROTO_INET, name="jgfw", extra=b""):
    body = attribute(1, name) + attribute(2, chain) + attribute(4, list(expressions)) + extra
    return message(NEWRULE, family, body, flags=CREATE | APPEND | 1)


def comment(text):
    """User data of a rule (enum nftnl_udata_rule_types)."""
    return attribute(7, bytes([0, len(text) + 1]) + text + b"\0")


def netlink():
    sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER)
    sock.bind((0, 0))
    return sock


def transaction(*messages, sock=None):
    """Send @messages as one; they must be taken."""
    bounds = [struct.pack("=IHHII", 20, kind, 1, 0, 0) + struct.pack(">BBH", 0, 0, 10) for kind in (BEGIN, END)]
    own = sock or netlink()
    own.send(bounds[0] + b"".join(messages) + bounds[1])
    own.setblocking(False)
    try:
        while True:
            data = own.recv(65536)
            error = struct.unpack("=i", data[16:20])[0]
            if struct.unpack("=H", data[4:6])[0] == 2 and error:
                raise Refused(f"netlink: {os.strerror(-error)}")
    except BlockingIOError:
        pass
    finally:
        own.setblocking(True)
        if not sock:
            own.close()


# --- what happens in between ------------------------------------------------------------------------------------------


class Hook:
    """jgfw with a command that runs between its reading and its sending; see hook.c."""

    def __init__(self, folder):
        self.library, self.log = os.path.join(folder, "hook.so"), os.path.join(folder, "hook.log")
        words = [os.environ.get("CC", "cc"), "-shared", "-fPIC", "-O1", "-D_GNU_SOURCE", "-o", self.library, os.path.join(HERE, "hook.c")]
        subprocess.run([*words, "-ldl"], check=True)

    def jgfw(self, *words, hook=None, times=1):
        """An answer with the counts of transactions and of sets that were read."""
        env = {**os.environ, "LD_PRELOAD": self.library, "HOOK_LOG": self.log, "HOOK_TIMES": str(times)}
        env["ASAN_OPTIONS"] = "verify_asan_link_order=0"
        if hook:
            env["HOOK"] = hook
        with open(self.log, "w", encoding="utf-8"):
            pass
        done = subprocess.run([JGFW, *words], capture_output=True, text=True, env=env, check=False)
        answer = Answer(done.returncode, done.stdout, done.stderr)
        with open(self.log, encoding="utf-8") as log:
            lines = log.read().split("\n")
        answer.transactions, answer.sets = lines.count("transaction"), lines.count("elements")
        answer.hook_failed = "the hook failed" in lines
        return answer

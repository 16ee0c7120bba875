# SPDX-License-Identifier: GPL-2.0-or-later
"""What a case works with: it loads sites, sends packets, and holds what they met against the oracle."""

import json
import subprocess

from lab import LabError
from oracle import DROPPED, NOT_JUDGED, Oracle
from packets import ECHO_REPLY, GATEWAY, ICMP, TCP, Arrival, Packet
from sites import Network, to_yaml

SHOWN_FAILURES = 5
TRACE_VERDICTS = {0: "accept", 1: "drop", 5: "undecided"}  # by exit code


class CaseError(Exception):
    """A case cannot go on."""


class World:
    def __init__(self, lab, jgfw, rng):
        self.lab, self.rng = lab, rng
        self._jgfw = jgfw
        self.oracle = self.label = None
        self.failed = 0
        self.failures = []  # lines about the first few
        self._last_label = None

    def generate(self, site):
        """The ruleset that jgfw prints for the site."""
        text = to_yaml(site)
        command = [self._jgfw, "generate", "-s", "-"]
        done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
        if done.returncode:
            raise CaseError(f"jgfw generate: exit {done.returncode}\n{done.stderr.strip()}\n{text}")
        return done.stdout

    def trace(self, site, words, live=False):
        """What jgfw trace answers with --json for the packet in these words."""
        command = [self._jgfw, "trace", "-s", "-", "--json", *["--live"] * live, *words.split()]
        text = to_yaml(site)
        if live:
            done = self.lab.execute(*command, text=text)
        else:
            done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
        if done.returncode not in TRACE_VERDICTS:
            raise CaseError(f"jgfw trace '{words}': exit {done.returncode}\n{done.stderr.strip()}")
        answer = json.loads(done.stdout)
        self.expect(
            answer["verdict"] == TRACE_VERDICTS[done.returncode],
            f"trace '{words}' exits with {done.returncode} and says {answer['verdict']}",
        )
        return answer

    def load(self, site, publics="routed", ruleset=None, label="", over=False):
        """Load jgfw's ruleset for the site (or the given one), with the network and the oracle to it.

        With over it is loaded over the one before, whose flows go on.
        """
        self.label = f"{label} " * bool(label) + f"public addresses {publics}"
        network = Network(site, publics)
        self.oracle = Oracle(site, network)
        ruleset = self.generate(site) if ruleset is None else ruleset
        try:
            if over:
                self.lab.nft(ruleset)
            else:
                self.lab.connect(network)
                self.lab.load(ruleset)
        except LabError as error:
            raise CaseError(str(error)) from error
        return self.oracle

    def check(self, packets, replies=False):
        """Every packet fares as the oracle says; with replies, what arrived is also answered."""
        judged = [(packet, self.oracle.fate(packet)) for packet in dict.fromkeys(packets)]
        pending = [item for item in judged if item[1] is not NOT_JUDGED]
        while pending:
            batch, pending = disjoint(pending)
            self.lab.flush_flows()
            got = self.lab.send([packet for packet, _ in batch])
            wrong = self._compare(batch, got)
            if replies:
                self._check_replies([item for item in batch if item not in wrong])
            for packet, expected in wrong[:SHOWN_FAILURES]:
                self.lab.flush_flows()
                if self.lab.send([packet])[0] == expected:
                    self.fail(f"{packet}\n      alone it fares as expected; an earlier packet makes the difference")

    def check_dropped(self, packets):
        """Every packet is dropped. The caller knows; the oracle must know it too."""
        self._check_known(packets, DROPPED)

    def check_arrives(self, packet, arrival):
        """The packet arrives so. The caller knows; the oracle must know it too."""
        self._check_known([packet], (arrival,), replies=True)

    def fail(self, text):
        """Note a failure; the case goes on."""
        self.failed += 1
        if self.failed > SHOWN_FAILURES:
            return
        if self.label != self._last_label:
            self.failures.append(f"with {self.label}:")
            self._last_label = self.label
        self.failures.append(f"  {text}")

    def expect(self, condition, text):
        if not condition:
            self.fail(text)

    def _check_known(self, packets, fate, replies=False):
        for packet in packets:
            expected = self.oracle.fate(packet)
            if expected != fate:
                self.fail(f"{packet}\n      expected: {show(fate)}\n      the oracle says: {show(expected)}")
        self.check(packets, replies)

    def _compare(self, batch, got):
        wrong = []
        for (packet, expected), fate in zip(batch, got, strict=True):
            if fate != expected:
                wrong.append((packet, expected))
                self.fail(f"{packet}\n      expected: {show(expected)}\n      got:      {show(fate)}")
        return wrong

    def _check_replies(self, batch):
        """Answer what was delivered; each answer comes back as if nothing had been translated."""
        where = self.oracle.network.where
        answered = [
            (packet, fate[0])
            for packet, fate in batch
            if fate and fate[0].iface != GATEWAY and where(packet.src) != GATEWAY
        ]
        replies = [reply_to(packet, arrival, where) for packet, arrival in answered]
        self._compare(replies, self.lab.send([packet for packet, _ in replies]))
        handshakes = [
            (packet._replace(flags="A"), (arrival,))
            for packet, arrival in answered
            if packet.proto == TCP and packet.flags == "S"
        ]
        self._compare(handshakes, self.lab.send([packet for packet, _ in handshakes]))


def show(fate):
    if fate is NOT_JUDGED:
        return "not judged"
    return " and ".join(map(str, fate)) or "dropped"


def reply_to(packet, arrival, where):
    """The reply to a packet that arrived, and how it must come back: (packet, fate)."""
    if packet.proto == ICMP:
        reply = Packet(arrival.iface, ICMP, arrival.dst, arrival.src, arrival.sport, icmp=ECHO_REPLY)
        return reply, (Arrival(where(packet.src), packet.dst, packet.src, packet.sport, 0),)
    flags = "SA" if packet.flags == "S" else "A"
    reply = Packet(arrival.iface, packet.proto, arrival.dst, arrival.src, arrival.dport, arrival.sport, flags)
    return reply, (Arrival(where(packet.src), packet.dst, packet.src, packet.dport, packet.sport),)


def disjoint(judged):
    """Split (packet, fate) pairs: those that share no conntrack tuple with one before them, and the rest."""
    used, batch, rest = set(), [], []
    for packet, fate in judged:
        seen = {(packet.proto, packet.src, packet.sport, packet.dst, packet.dport)}
        seen.update((packet.proto, item.src, item.sport, item.dst, item.dport) for item in fate)
        seen.update([(proto, dst, dport, src, sport) for proto, src, sport, dst, dport in seen])
        if used.isdisjoint(seen):
            used |= seen
            batch.append((packet, fate))
        else:
            rest.append((packet, fate))
    return batch, rest

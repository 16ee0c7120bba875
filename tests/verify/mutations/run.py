#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Change generated rulesets, ask `jgfw verify` about each, and hold its answers against real packets.

A counterexample is sent into the changed ruleset, where it must fare as the prover found, and into the right one, where
it must fare as the rows want. Through what the prover calls equal go packets by the thousand, as the oracle says.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

sys.dont_write_bytecode = True
HERE = Path(__file__).resolve().parent
sys.path.append(str(HERE.parents[1] / "netns"))

import seed  # noqa: E402
from foreign import foreign_mutants  # noqa: E402
from lab import Lab, LabError  # noqa: E402
from mutants import Mutant, Mutator  # noqa: E402
from oracle import NOT_JUDGED, Oracle  # noqa: E402
from packets import GATEWAY  # noqa: E402
from places import places  # noqa: E402
from probes import random_packets, systematic  # noqa: E402
from replay import NotReplayed, Replayer, parse, same  # noqa: E402
from sites import Network, to_yaml  # noqa: E402
from world import disjoint, reply_to, show  # noqa: E402

RANDOM_PACKETS = 300
ALWAYS_AT = ("dual-small", "single-small")
ANSWERS = {0: "yes", 1: "no", 5: "unknown"}  # by exit code
BAD_INPUT = 3


class Failure(Exception):
    """A mutant of which the prover did not tell the truth."""


class Place:
    """A site in the lab: its ruleset, and packets of which the oracle knows what becomes of them."""

    def __init__(self, jgfw, lab, label, site, publics, rng):
        self.jgfw, self.lab, self.label, self.site = jgfw, lab, label, site
        self.directory = tempfile.TemporaryDirectory()
        self.path = Path(self.directory.name)
        (self.path / "site.yaml").write_text(to_yaml(site), encoding="ascii")
        self.text = self._run("generate", "-s", self.path / "site.yaml").stdout
        self.network = Network(site, publics)
        self.oracle = Oracle(site, self.network)
        lab.connect(self.network)
        self.replayer = Replayer(lab, self.oracle)
        self.zones = {name for names in self.oracle.zones.values() for name in names}
        self.batches = list(self._batches(rng))
        self.wanted = {}  # of witnesses: how they fare in the right ruleset

    def _run(self, *arguments):
        return subprocess.run([self.jgfw, *arguments], capture_output=True, text=True, check=False)

    def verify(self, text):
        """The prover's answer as an object; None where nft does not take the ruleset."""
        path = self.path / "mutant.nft"
        path.write_text(text, encoding="ascii")
        done = self._run("verify", "-s", self.path / "site.yaml", "--ruleset", path, "--json")
        if done.returncode == BAD_INPUT and '"bad-ruleset"' in done.stdout:
            return None
        if done.returncode not in ANSWERS:
            raise Failure(f"exit {done.returncode}: {done.stdout} {done.stderr}")
        answer = json.loads(done.stdout)
        if answer["answer"] != ANSWERS[done.returncode]:
            raise Failure(f"exit {done.returncode}, and it says {answer['answer']}")
        return answer

    def _batches(self, rng):
        packets = [*systematic(self.oracle), *random_packets(self.oracle, rng, RANDOM_PACKETS)]
        pending = [(packet, self.oracle.fate(packet)) for packet in dict.fromkeys(packets)]
        pending = [item for item in pending if item[1] is not NOT_JUDGED]
        while pending:
            batch, pending = disjoint(pending)
            where = self.network.where
            answered = [
                reply_to(packet, fate[0], where)
                for packet, fate in batch
                if fate and fate[0].iface != GATEWAY and where(packet.src) != GATEWAY
            ]
            yield batch, answered

    def compare(self, foreign):
        """Send all packets through what is loaded; (how many, the first that fared otherwise)."""
        sent = 0
        for batch, replies in self.batches:
            self.lab.flush_flows()
            for judged in (batch, replies):
                got = self.lab.send([packet for packet, _ in judged])
                sent += len(judged)
                for (packet, fate), other in zip(judged, got, strict=True):
                    if other != fate and not (foreign and self._is_theirs(packet, fate, other)):
                        self.lab.flush_flows()
                        return sent, f"{packet}\n      expected: {show(fate)}\n      got:      {show(other)}"
        return sent, None

    def _is_theirs(self, packet, fate, got):
        """Of what no row speaks of other people's tables may say more, and what they take in is theirs."""
        if fate:
            return self.oracle.unwanted(packet) == fate
        public = self.oracle.dedicated and packet.dst in self.oracle.publics
        return not public and all(item.iface == GATEWAY for item in got)

    def close(self):
        self.directory.cleanup()


class Figures:
    def __init__(self):
        self.counts, self.not_replayed, self.operators = Counter(), Counter(), Counter()


def judge(place, mutant, figures):
    """Ask about a mutant and test the answer; False where there is none, since nft refuses the mutant."""
    counts = figures.counts
    answer = place.verify(mutant.text)
    if answer is None:
        counts["refused by nft"] += 1
        return False
    counts[answer["answer"]] += 1
    figures.operators[mutant.operator, answer["answer"]] += 1
    if answer["answer"] == "unknown":
        if not mutant.strange:
            raise Failure(f"cannot decide, though all is understood: {undecided(answer)}")
        return True
    place.replayer.load(mutant.text)
    if answer["answer"] == "yes":
        sent, wrong = place.compare(mutant.foreign)
        counts["packets through equal ones"] += sent
        if wrong:
            raise Failure(f"FALSE EQUAL\n      {wrong}")
        return True
    findings = [item for item in answer["findings"] if item["answer"] == "no"]
    shown = [item for item in findings if "packet" in item]
    if not shown:
        raise Failure("no, and no packet shows it: " + ", ".join(item["name"] for item in findings))
    replayed = 0
    for finding in shown:
        replayed += show_it(place, mutant, finding, figures)
    counts["no, replayed"] += bool(replayed)
    counts["packets replayed"] += replayed
    return True


def undecided(answer):
    unknown = [item for item in answer["findings"] if item["answer"] == "unknown"]
    return "; ".join(f"{item['name']}: {item.get('packet', item.get('detail'))}" for item in unknown)


def show_it(place, mutant, finding, figures):
    """Send a counterexample; False where the lab cannot."""
    try:
        witness = parse(finding, place.zones)
        if witness.found is None:
            raise NotReplayed("nothing is said of it")
        got = place.replayer.replay(witness, mutant.text)
    except NotReplayed as reason:
        figures.not_replayed[str(reason)] += 1
        return False
    fits = same(witness.found, got, witness.packet)
    if not fits and mutant.chance:
        figures.not_replayed["not by chance, this time"] += 1
        return False
    if not fits:
        raise Failure(told(finding, "found", got))
    if witness.wanted is not None:
        place.wanted.setdefault(witness, (finding, mutant))
    return True


def told(finding, key, got):
    return f"{finding['name']}: {finding['packet']}\n      {key}: {finding[key]}\n      got: {show(got)}"


def check_wanted(place, figures):
    """The counterexamples fare in the right ruleset as the prover wants it."""
    place.replayer.load(place.text)
    for witness, (finding, mutant) in place.wanted.items():
        try:
            got = place.replayer.replay(witness, place.text)
        except NotReplayed:
            continue
        figures.counts["counterexamples that fare well in the right ruleset"] += 1
        if witness.state in ("established", "related") and witness.packet.dst in place.oracle.publics:
            continue  # what should pass there was translated before, which a packet alone cannot show
        if not same(witness.wanted, got, witness.packet):
            yield mutant, told(finding, "wanted", got)


def select(place, mutants, rng, share):
    """Of so many operators one mutant each, at random, and at two places those that found faults of the prover."""
    by_operator = {}
    for mutant in mutants:
        by_operator.setdefault(mutant.operator, []).append(mutant)
    operators = rng.sample(sorted(by_operator), min(share, len(by_operator)))
    always = [mutant for mutant in mutants if mutant.always and place.label in ALWAYS_AT]
    return [rng.choice(by_operator[operator]) for operator in operators] + always


def mutants_of(place, pattern):
    mutants = [Mutant("none", "the ruleset itself", place.text), *Mutator(place.text, place.site).all()]
    mutants += foreign_mutants(place.text, place.site)
    different = {mutant.text: mutant for mutant in reversed(mutants)}.values()
    return [mutant for mutant in reversed(different) if pattern in f"{mutant.operator} {mutant.what}"]


def attack(place, arguments, rng, figures):
    """Judge the mutants of a place; (passed, failed)."""
    passed = failed = 0
    mutants = mutants_of(place, arguments.operator)
    rng.shuffle(mutants)
    chosen = mutants[: arguments.max] if arguments.all else select(place, mutants, rng, arguments.share)
    for mutant in chosen:
        try:
            passed += judge(place, mutant, figures)
        except (Failure, LabError) as failure:
            failed += 1
            tell(place.label, mutant, failure, arguments)
    for mutant, failure in check_wanted(place, figures):
        failed += 1
        tell(place.label, mutant, failure, arguments)
    return passed, failed


def main():
    arguments = parse_arguments()
    started = time.monotonic()
    figures, passed, failed = Figures(), 0, 0
    print(f"seed {arguments.seed}", flush=True)
    with Lab() as lab:
        for label, site, publics in places():
            if arguments.pattern not in label:
                continue
            rng = seed.begin(arguments.seed, label)
            place = Place(arguments.jgfw, lab, label, site, publics, rng)
            counts = attack(place, arguments, rng, figures)
            passed, failed = passed + counts[0], failed + counts[1]
            place.close()
        print(f"{lab.sent} packets, {time.monotonic() - started:.0f} s")
    for name, count in sorted(figures.counts.items()):
        print(f"{count:8} {name}")
    for name, count in figures.not_replayed.most_common():
        print(f"{count:8} not replayed: {name}")
    if arguments.verbose:
        for (operator, answer), count in sorted(figures.operators.items()):
            print(f"{count:8} {operator}: {answer}")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


def tell(label, mutant, failure, arguments):
    print(f"FAIL {label}: {mutant.operator}: {mutant.what}\n    {failure}", flush=True)
    if arguments.keep:
        name = re.sub(r"\W+", "-", f"{label} {mutant.operator} {mutant.what}")[:120]
        (arguments.keep / f"{name}.nft").write_text(mutant.text, encoding="ascii")


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--all", action="store_true", help="all mutants: some hours")
    parser.add_argument("--max", type=int, help="with --all: so many of each site, at random")
    parser.add_argument("--share", type=int, default=4, help="mutants of each site, each of another kind")
    seed.add_option(parser, "what is at random")
    parser.add_argument("--jgfw", default=HERE.parents[2] / "build" / "jgfw", type=Path, metavar="PATH")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="where the mutants go that failed")
    parser.add_argument("-k", dest="pattern", default="", metavar="PATTERN", help="only sites with it in their name")
    parser.add_argument("-m", dest="operator", default="", metavar="PATTERN", help="only mutants with it")
    parser.add_argument("-v", dest="verbose", action="store_true", help="count answers by kind of mutant")
    return parser.parse_args()


if __name__ == "__main__":
    if os.geteuid() != 0:
        sys.exit("run.py needs root: it builds network namespaces")
    sys.exit(main())

#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Send packets through the rulesets that jgfw generates, in network namespaces, and judge what becomes of them."""

import argparse
import importlib
import inspect
import os
import sys
import time
import traceback
from pathlib import Path

sys.dont_write_bytecode = True

import seed  # noqa: E402
from lab import Lab, LabError  # noqa: E402
from sites import PROFILES  # noqa: E402
from world import CaseError, World  # noqa: E402

HERE = Path(__file__).resolve().parent
MODULES = sorted(path.stem for path in HERE.glob("cases_*.py"))


def main():
    arguments = parse_arguments()
    if os.geteuid() != 0:
        print("run.py needs root: it builds network namespaces", file=sys.stderr)
        return 1
    if not os.access(arguments.jgfw, os.X_OK):
        print(f"run.py: no program at {arguments.jgfw} (make builds it)", file=sys.stderr)
        return 1
    cases = select_cases(arguments)
    print(f"seed {arguments.seed}", flush=True)
    started = time.monotonic()
    passed = failed = 0
    with Lab() as lab:
        for name, function in cases:
            # A case's packets depend on the seed and on its name, not on which cases ran before it.
            world = World(lab, arguments.jgfw, seed.begin(arguments.seed, name))
            if run_case(name, function, world, arguments.verbose):
                passed += 1
            else:
                failed += 1
        print(f"{lab.sent} packets, {time.monotonic() - started:.0f} s")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--profile", choices=PROFILES, help="only the cases of this profile")
    seed.add_option(parser, "the random packets")
    parser.add_argument("--jgfw", default=HERE.parents[1] / "build" / "jgfw", type=Path, metavar="PATH")
    parser.add_argument("-k", dest="pattern", default="", metavar="PATTERN", help="only cases with it in their name")
    parser.add_argument("-v", dest="verbose", action="store_true", help="name the cases that pass, and their time")
    return parser.parse_args()


def select_cases(arguments):
    """(name, function of a World) of all cases wanted, in the order of the files."""
    selected = []
    for module in MODULES:
        for name, function in vars(importlib.import_module(module)).items():
            if name.startswith("test_"):
                selected += expand(f"{module.removeprefix('cases_')}.{name.removeprefix('test_')}", function)
    return [
        (name, function)
        for name, function in selected
        if arguments.pattern in name and (not arguments.profile or name.endswith(f"[{arguments.profile}]"))
    ]


def expand(name, function):
    """A case that takes a profile becomes one for each."""
    if "profile" not in inspect.signature(function).parameters:
        return [(name, function)]
    return [(f"{name}[{profile}]", lambda world, p=profile: function(world, p)) for profile in PROFILES]


def run_case(name, function, world, verbose):
    started = time.monotonic()
    try:
        function(world)
    except (CaseError, LabError) as error:
        world.fail(str(error))
    except Exception:
        world.fail(traceback.format_exc())
    if world.failed:
        print(f"FAIL {name}: {world.failed} failures", flush=True)
        for text in world.failures:
            print(f"    {text}")
    elif verbose:
        print(f"ok   {name} ({time.monotonic() - started:.1f} s)", flush=True)
    return not world.failed


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)

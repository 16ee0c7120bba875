# SPDX-License-Identifier: GPL-2.0-or-later
"""Where what tests draw at random begins: the same each time, unless --seed or SEED in the environment says otherwise."""

import os
import random


def add_option(parser, of):
    parser.add_argument("--seed", type=int, default=os.environ.get("SEED", "1"), help=f"of {of} (default: $SEED, or 1)")


def begin(seed, *names):
    """The dice of a test, or of the part of it that the names say. What they throw hangs on nothing else."""
    return random.Random(" ".join(map(str, (seed, *names))))

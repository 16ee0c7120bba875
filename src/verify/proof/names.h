/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of interfaces that packets are told apart by. */
#ifndef JGFW_VERIFY_PROOF_NAMES_H
#define JGFW_VERIFY_PROOF_NAMES_H

#include "jgfw/verify/proof/prove.h"

/** names_collect - names of interfaces, sorted: those that make a difference to the site or the
 * rules, and some for all others; strings belong to @arena or to the question */
void names_collect(const struct question *question, struct arena *arena, struct names *ret);

#endif

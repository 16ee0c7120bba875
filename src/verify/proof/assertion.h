/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the site asserts. */
#ifndef JGFW_VERIFY_PROOF_ASSERTION_H
#define JGFW_VERIFY_PROOF_ASSERTION_H

#include "prover.h"

/** prove_assertions - those of the site */
void prove_assertions(struct prover *p);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What must hold whatever the rows say. */
#ifndef JGFW_VERIFY_PROOF_PROPERTIES_H
#define JGFW_VERIFY_PROOF_PROPERTIES_H

#include "prover.h"

/** prove_properties - what must hold whatever the rows of a port model say */
void prove_properties(struct prover *p);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rows: each has a packet. */
#ifndef JGFW_VERIFY_PROOF_ROWS_H
#define JGFW_VERIFY_PROOF_ROWS_H

#include "prover.h"

/** prove_rows - has every row a packet that it lets through? */
void prove_rows(struct prover *p);

#endif

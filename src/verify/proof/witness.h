/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One packet out of many: the one that says most to a person. */
#ifndef JGFW_VERIFY_PROOF_WITNESS_H
#define JGFW_VERIFY_PROOF_WITNESS_H

#include "prover.h"

/** witness_find - a packet where @f is TERMINAL_YES, which it is somewhere, as people would think
 * of one; by variable */
void witness_find(struct prover *p, node f, uint32_t packet[VARS]);

/** witness_provided - what must be true of @packet besides what its words say, for @f to be
 * TERMINAL_YES; NULL for nothing */
const char *witness_provided(struct prover *p, node f, const uint32_t packet[VARS]);

/** witness_fate - the terminal of @found for @packet, by chance or not, that a comparison finds
 * different
 */
uint32_t witness_fate(struct prover *p, node comparison, node found, const uint32_t packet[VARS]);

/** witness_words - what a terminal means for a packet, in words */
const char *witness_words(struct prover *p, const struct scene *scene, uint32_t value,
			  const uint32_t packet[VARS]);

/** witness_make - @packet as it is written */
struct witness *witness_make(struct prover *p, const struct scene *scene,
			     const uint32_t packet[VARS]);

#endif

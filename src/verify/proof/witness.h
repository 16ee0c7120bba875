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

/** witness_fate - what becomes of @packet in @found, where @comparison says that it fares otherwise
 * than it should
 *
 * Where @found has free variables (a rate limit, say), one packet can fare in two ways, of which
 * one is right: a packet over a limit is dropped, one within it passes. This is the way that
 * differs.
 */
uint32_t witness_fate(struct prover *p, node comparison, node found, const uint32_t packet[VARS]);

/** witness_words - what a terminal means for a packet, in words */
const char *witness_words(struct prover *p, const struct scene *scene, uint32_t value,
			  const uint32_t packet[VARS]);

/** witness_make - @packet as it is written */
struct witness *witness_make(struct prover *p, const struct scene *scene,
			     const uint32_t packet[VARS]);

#endif

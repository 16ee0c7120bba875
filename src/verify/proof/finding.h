/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Answers of a proof, and comparisons that they are made of. */
#ifndef JGFW_VERIFY_PROOF_FINDING_H
#define JGFW_VERIFY_PROOF_FINDING_H

#include "prover.h"

/** finding_add - one more answer, to be completed by the caller; valid until the next */
struct finding *finding_add(struct prover *p, const char *name, const char *text);

/** finding_compare - take @comparison, whose terminals are those of enum comparison, into @finding
 *
 * Where packets differ, or are undecided, one of them becomes the witness; @wanted and @found say
 * in words what should become of it, and what does. For example, @wanted drops 10.0.0.1 and @found
 * accepts it: the comparison is DIFFERENT there, and the witness is a packet from 10.0.0.1.
 */
void finding_compare(struct prover *p, size_t finding, const struct scene *scene, node comparison,
		     node wanted, node found);

/** accepted - TERMINAL_YES where a function accepts, as it is or changed; undecided stays
 * TERMINAL_UNKNOWN
 */
node accepted(struct space *s, node f);

/** landing - TERMINAL_YES where @f accepts and @spots holds of the destination that it gives */
node landing(struct space *s, node f, node spots);

/** forbid - that @found holds of no packet of @condition, as a comparison */
node forbid(struct prover *p, node condition, node found);

#endif

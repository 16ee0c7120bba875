/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A proof under way, and what its parts do for each other. */
#ifndef JGFW_VERIFY_PROVER_H
#define JGFW_VERIFY_PROVER_H

#include "expected.h"
#include "jgfw/verify.h"
#include "pipeline.h"

/** struct prover - a proof under way */
struct prover {
	const struct question *question;
	const struct site *site;
	struct proof *proof;
	struct space space;
	struct symbolic symbolic;
	struct pipeline all, own; /* of all tables, and of jgfw's alone */
	bool has_own, has_others;
	struct expected expected;
	node fresh; /* what becomes of new IPv4 packets that are forwarded */
};

/** names_collect - names of interfaces, sorted: those that make a difference to the site or the
 * rules, and some for all others; strings belong to @arena or to the question */
void names_collect(const struct question *question, struct arena *arena, struct names *ret);

/** name_begins - is the interval from @lo to @hi, names of interfaces padded to IFNAMSIZ, that of
 * all names with one beginning? */
bool name_begins(const uint8_t *lo, const uint8_t *hi);

/** enum comparison - leaves of a comparison */
enum comparison {
	SAME,
	DIFFERENT,
	UNDECIDED, /* it hangs on what is not understood */
};

/** struct scene - where packets are compared */
struct scene {
	uint8_t nfproto;
	enum probe_state state;
	bool is_local, is_output;
};

/** finding_add - one more answer, to be completed by the caller; valid until the next */
struct finding *finding_add(struct prover *p, const char *name, const char *text);

/** finding_compare - take a comparison (leaves of enum comparison) into @finding: the first packet
 * that differs, or is undecided, becomes its witness, told by @wanted and @found */
void finding_compare(struct prover *p, size_t finding, const struct scene *scene, node comparison,
		     node wanted, node found);

/** accepted - LEAF_YES where a function accepts, as it is or changed; undecided stays LEAF_UNKNOWN
 */
node accepted(struct space *s, node f);

/** landing - LEAF_YES where @f accepts and @spots holds of the destination that it gives */
node landing(struct space *s, node f, node spots);

/** forbid - that @found holds of no packet of @condition, as a comparison */
node forbid(struct prover *p, node condition, node found);

/** prove_rows - has every row a packet that it lets through? */
void prove_rows(struct prover *p);

/** prove_properties - what must hold whatever the rows of a port model say */
void prove_properties(struct prover *p);

/** prove_assertions - those of the site */
void prove_assertions(struct prover *p);

/** witness_find - a packet where @f is LEAF_YES, which it is somewhere, as people would think of
 * one; by variable */
void witness_find(struct prover *p, node f, uint32_t packet[VARS]);

/** witness_provided - what must be true of @packet besides what its words say, for @f to be
 * LEAF_YES; NULL for nothing */
const char *witness_provided(struct prover *p, node f, const uint32_t packet[VARS]);

/** witness_fate - the leaf of @found for @packet, by chance or not, that a comparison finds
 * different
 */
uint32_t witness_fate(struct prover *p, node comparison, node found, const uint32_t packet[VARS]);

/** witness_words - what a leaf means for a packet, in words */
const char *witness_words(struct prover *p, const struct scene *scene, uint32_t value,
			  const uint32_t packet[VARS]);

/** witness_make - @packet as it is written */
struct witness *witness_make(struct prover *p, const struct scene *scene,
			     const uint32_t packet[VARS]);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kernel counted, and what around the ruleset can make it void. */
#ifndef JGFW_STATUS_COUNTS_H
#define JGFW_STATUS_COUNTS_H

#include "jgfw/kernel/kernel.h"
#include "jgfw/policy/expand.h"

/** struct tally - new flows that a row let through */
struct tally {
	const char *row, *deployment; /* deployment NULL: of all */
	uint64_t new_flows;
};

/** struct drops - packets that a rule dropped, by the rule's comment */
struct drops {
	const char *reason;
	uint64_t packets;
};

/** struct counts - in the order of the ruleset; strings belong to the rulesets */
struct counts {
	struct {
		VEC(struct tally);
	} rows;
	struct {
		VEC(struct drops);
	} drops;
};

/** counts_collect - what the rules of @now (NULL: none) counted that @wanted has too
 *
 * A row's rules stand behind the one for established flows: they see the first packet of each.
 */
void counts_collect(const struct ruleset *now, const struct ruleset *wanted, struct counts *ret);
void counts_free(struct counts *counts);

#endif

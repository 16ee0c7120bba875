/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A ruleset run on all packets at once: its expressions work on registers that hold fields instead
 * of values.
 */
#ifndef JGFW_VERIFY_ACTUAL_SYMBOLIC_H
#define JGFW_VERIFY_ACTUAL_SYMBOLIC_H

#include "jgfw/ruleset/ruleset.h"
#include "jgfw/verify/space/space.h"

/** enum status - what ct status says */
enum status {
	STATUS_ABSENT,	/* there is none: expressions that load it fail */
	STATUS_EMPTY,	/* of a new packet in front of nat */
	STATUS_NEW,	/* behind it: VAR_TRANSLATED tells */
	STATUS_UNKNOWN, /* of an older flow */
};

/** struct view - how packets stand at a hook */
struct view {
	uint8_t nfproto;
	uint32_t ct_state; /* CT_STATE_*: one of them */
	enum status status;
	bool has_iif, has_oif;
	bool source_unknown; /* it may have been translated meanwhile */
};

/** struct symbolic - rulesets under symbolic execution; zero but for @space where it begins */
struct symbolic {
	struct space *space;
	struct index lookups; /* conditions of sets and fields */
	struct index chains;  /* what chains do in a view */
};

void symbolic_free(struct symbolic *s);

/** symbolic_chain - what @chain does to the packets of @view: TERMINAL_ELSE where it ends, or
 * returns, without a verdict; TERMINAL_ACCEPT, TERMINAL_DROP, TERMINAL_UNKNOWN, or the outcome of a
 * translation
 *
 * The policy is left to the caller.
 */
node symbolic_chain(struct symbolic *s, const struct view *view, const struct chain *chain);

#endif

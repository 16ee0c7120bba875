/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rulesets as nf_tables messages. */
#ifndef JGFW_KERNEL_ENCODE_H
#define JGFW_KERNEL_ENCODE_H

#include "jgfw/buf.h"
#include "jgfw/change.h"
#include "jgfw/index.h"

/** struct about - what a message speaks of, for errors */
struct about {
	const struct set *set;
	const struct chain *chain;
	const struct rule *rule;
};

/** struct batch - the messages of one transaction, one behind the other, as sendmsg() takes them */
struct batch {
	struct buf bytes;
	uint32_t first, seq; /* of the first message, and of the next */
	uint32_t set_id;     /* of the next set */
	struct index ids;    /* from a set's address to its id, of those that come */
	struct about about;  /* of the next message */
	struct {
		VEC(struct about);
	} abouts; /* by message */
};

/** batch_begin - open a transaction, which is void where the generation is no longer @generation
 * (0: any will do); @seq numbers its messages */
void batch_begin(struct batch *batch, uint32_t seq, uint32_t generation);
/** batch_end - close it; nothing may be added behind */
void batch_end(struct batch *batch);
/** batch_free - release the messages */
void batch_free(struct batch *batch);

/** encode_ruleset - create the table of @rs with all that is in it
 *
 * The order is that of `nft -f`, so that the kernel gives the same handles.
 */
void encode_ruleset(struct batch *batch, const struct ruleset *rs);

/** enum stage - the transactions that a change takes where one would harm packets on their way
 *
 * All that packets can notice happens in STAGE_EDIT.
 */
enum stage {
	STAGE_BEFORE = 1, /* sets that no rule looks up yet */
	STAGE_EDIT = 2,
	STAGE_AFTER = 4, /* what no rule looks up any more goes */
};

typedef unsigned int stages; /* bits of enum stage */

/** change_stages - those that @change takes */
stages change_stages(const struct change *change);

/** encode_change - a stage of what makes @change->old into @change->new, where @apart are the
 * stages that have transactions of their own; the order is the one that the kernel accepts */
void encode_change(struct batch *batch, const struct change *change, enum stage stage,
		   stages apart);

/** encode_undo_before - what takes STAGE_BEFORE back */
void encode_undo_before(struct batch *batch, const struct change *change);

#endif

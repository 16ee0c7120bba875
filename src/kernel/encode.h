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
	size_t zeroed;	     /* where what is zeros behind the messages ends */
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

/** encode_change - what makes @change->old into @change->new
 *
 * What refers to a thing goes before it and comes behind it; else the order is that of `nft -f`, so
 * that the kernel gives the same handles.
 */
void encode_change(struct batch *batch, const struct change *change);

#endif

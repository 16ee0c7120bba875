/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages of one transaction, one behind the other. */
#ifndef JGFW_KERNEL_MESSAGE_H
#define JGFW_KERNEL_MESSAGE_H

#include "jgfw/base/buf.h"
#include "jgfw/base/index.h"
#include "jgfw/ruleset/ruleset.h"

#include <linux/netlink.h>

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

/** need - @p, which a library allocated, or the end of the program where it could not */
void *need(void *p) __attribute__((returns_nonnull));
/** need_set - the same for @r, which a library answers with where it copies what it is given */
void need_set(int r);

/** message_begin - a new message (NFT_MSG_*) at the end of @batch, with room for any; to be
 * ended before the next one begins */
struct nlmsghdr *message_begin(struct batch *batch, uint16_t type, uint16_t flags);
void message_end(struct batch *batch, const struct nlmsghdr *message);

/** batch_set_id - the id of @set within the transaction, a new one where @is_new; 0 for a set that
 * is there already */
uint32_t batch_set_id(struct batch *batch, const struct set *set, bool is_new);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nf_tables messages, as the kernel dumps them or as encode.h made them, back into a ruleset. */
#ifndef JGFW_KERNEL_DECODE_H
#define JGFW_KERNEL_DECODE_H

#include "jgfw/index.h"
#include "jgfw/ruleset.h"

#include <linux/netlink.h>

/** struct bounds - what was seen so far of a set whose intervals come as starts and ends */
struct bounds;

/** struct decoder - a table on its way from messages; zero but for @rs before the first one */
struct decoder {
	struct ruleset *rs;
	struct index chains; /* by name */
	struct index sets;   /* by the kernel's name, and by id within a transaction */
	struct {
		VEC(struct bounds *);
	} bounds;
};

/** decode_message - take one message (NFT_MSG_NEW*) of the table of @d; those of other tables are
 * passed over
 *
 * Chains must come before the rules and elements that jump to them, sets before their elements and
 * before the rules that look them up. What is not understood becomes EXPR_UNKNOWN, or is said in
 * the @odd of the thing it belongs to. Returns 0, or -EBADMSG where the message is malformed.
 */
int decode_message(struct decoder *d, const struct nlmsghdr *message);

/** decode_finish - when all messages were taken: intervals are closed, elements sorted, and what
 * belongs to @d is released; @d->rs is left to the caller */
void decode_finish(struct decoder *d);

/** decoder_find_set - the set @name, or NULL; @id counts where it is not 0 */
struct set *decoder_find_set(struct decoder *d, const char *name, uint32_t id);
/** decoder_find_chain - the chain @name, or NULL */
struct chain *decoder_find_chain(struct decoder *d, const char *name);

#endif

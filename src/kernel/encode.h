/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rulesets as nf_tables messages. */
#ifndef JGFW_KERNEL_ENCODE_H
#define JGFW_KERNEL_ENCODE_H

#include "jgfw/buf.h"
#include "jgfw/ruleset.h"

/** struct batch - the messages of one transaction, one behind the other, as sendmsg() takes them */
struct batch {
	struct buf bytes;
	uint32_t seq;	 /* of the next message */
	uint32_t set_id; /* of the next set */
};

/** batch_begin - open a transaction */
void batch_begin(struct batch *batch);
/** batch_end - close it; nothing may be added behind */
void batch_end(struct batch *batch);
/** batch_free - release the messages */
void batch_free(struct batch *batch);

/** encode_delete - delete the table of that name, which need not exist */
void encode_delete(struct batch *batch, const char *table);

/** encode_ruleset - create the table of @rs with all that is in it
 *
 * The order is that of `nft -f`, so that the kernel gives the same handles.
 */
void encode_ruleset(struct batch *batch, const struct ruleset *rs);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tables, chains and rules as messages. */
#ifndef JGFW_KERNEL_ENCODE_H
#define JGFW_KERNEL_ENCODE_H

#include "message.h"

/** encode_table - NFT_MSG_NEWTABLE or NFT_MSG_DELTABLE */
void encode_table(struct batch *batch, const struct table *table, uint16_t type, uint16_t flags);
/** encode_chain - create @chain, or (of a base chain that is there) set its policy */
void encode_chain(struct batch *batch, const struct table *table, const struct chain *chain);
/** encode_rule - a rule, behind the anonymous sets that it looks up; @before is the handle of the
 * one that it comes in front of, 0 puts it at the end; @counted (may be NULL) is what it begins
 * with */
void encode_rule(struct batch *batch, const struct table *table, const struct chain *chain,
		 const struct rule *rule, uint64_t before, const struct counter *counted);

#endif

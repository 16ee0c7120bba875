/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the encoders share. */
#ifndef JGFW_KERNEL_MESSAGES_H
#define JGFW_KERNEL_MESSAGES_H

#include "encode.h"

#include <linux/netlink.h>

/** need - @p, which a library allocated, or the end of the program where it could not */
void *need(void *p) __attribute__((returns_nonnull));
/** need_set - the same for @r, which a library answers with where it copies what it is given */
void need_set(int r);

/** message_begin - a new message (NFT_MSG_*) at the end of @batch, with room for any; to be
 * ended before the next one begins */
struct nlmsghdr *message_begin(struct batch *batch, uint16_t type, uint16_t flags);
void message_end(struct batch *batch, const struct nlmsghdr *message);

/** padded - @len up to a whole number of registers, or of attributes' words */
static inline uint32_t padded(size_t len)
{
	return (uint32_t)((len + 3) & ~(size_t)3);
}

enum {
	TYPE_BITS = 6, /* of a field's type in a concatenation's (nft's TYPE_BITS) */
};

/** wire_len - bytes of a concatenation in messages: fields are padded to registers, one alone is
 * not
 */
uint32_t wire_len(const enum datatype *types, size_t n);

/** copy_field - a field between messages and the ruleset, where every number is in network order;
 * in messages those of conntrack are in the machine's */
void copy_field(uint8_t *to, const uint8_t *from, enum datatype type);

/** set_name - the name that messages give @set; anonymous ones are named by the kernel */
const char *set_name(const struct set *set);

/** verdict_code - NF_* or NFT_*, as the kernel has it in 32 bits */
uint32_t verdict_code(enum verdict_kind kind);

/** encode_table - NFT_MSG_NEWTABLE or NFT_MSG_DELTABLE */
void encode_table(struct batch *batch, const struct table *table, uint16_t type, uint16_t flags);
/** encode_chain - create @chain, or (of a base chain that is there) set its policy */
void encode_chain(struct batch *batch, const struct table *table, const struct chain *chain);
/** encode_rule - a rule, behind the anonymous sets that it looks up; @before is the handle of the
 * one that it comes in front of, 0 puts it at the end; @counted (may be NULL) is what it begins
 * with */
void encode_rule(struct batch *batch, const struct table *table, const struct chain *chain,
		 const struct rule *rule, uint64_t before, const struct counter *counted);

/** encode_set - create @set, without its elements */
void encode_set(struct batch *batch, const struct table *table, const struct set *set);

/** struct elements - which elements of a set */
struct elements {
	const struct set *set;
	const uint32_t *at; /* indices, or NULL for all */
	size_t n;
	const struct counter *counters; /* by index, or NULL */
};

/** encode_elements - NFT_MSG_NEWSETELEM or NFT_MSG_DELSETELEM, in as many messages as it takes */
void encode_elements(struct batch *batch, const struct table *table, struct elements elements,
		     uint16_t type);

/** batch_set_id - the id of @set within the transaction, a new one where @is_new; 0 for a set that
 * is there already */
uint32_t batch_set_id(struct batch *batch, const struct set *set, bool is_new);

#endif

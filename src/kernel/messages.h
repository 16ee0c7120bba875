/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the encoders share. */
#ifndef JGFW_KERNEL_MESSAGES_H
#define JGFW_KERNEL_MESSAGES_H

#include "encode.h"

#include <linux/netlink.h>

/** need - @p, which a library allocated, or the end of the program where it could not */
void *need(void *p) __attribute__((returns_nonnull));

/** message_begin - a new message (NFT_MSG_*) at the end of @batch, with room for 64 KiB; to be
 * ended before the next one begins */
struct nlmsghdr *message_begin(struct batch *batch, uint16_t type, uint16_t flags);
void message_end(struct batch *batch, const struct nlmsghdr *message);

/** padded - @len up to a whole number of registers, or of attributes' words */
static inline uint32_t padded(size_t len)
{
	return (uint32_t)((len + 3) & ~(size_t)3);
}

/** is_vmap - does @set map to verdicts? */
bool is_vmap(const struct set *set);

/** set_name - the name that messages give @set; anonymous ones are named by the kernel */
const char *set_name(const struct set *set);

/** verdict_code - NF_* or NFT_*, as the kernel has it in 32 bits */
uint32_t verdict_code(enum verdict_kind kind);

/** encode_set - create @set, without its elements; @id is its name within the transaction */
void encode_set(struct batch *batch, const struct table *table, const struct set *set, uint32_t id);

/** encode_elements - all elements of @set, in as many messages as it takes */
void encode_elements(struct batch *batch, const struct table *table, const struct set *set,
		     uint32_t id);

#endif

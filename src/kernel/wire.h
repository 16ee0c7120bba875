/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Values as messages have them. */
#ifndef JGFW_KERNEL_WIRE_H
#define JGFW_KERNEL_WIRE_H

#include "jgfw/ruleset/ruleset.h"

enum {
	TYPE_BITS = 6, /* of a field's type in a concatenation's (nft's TYPE_BITS) */
};

/** padded - @len up to a whole number of registers, or of attributes' words */
static inline uint32_t padded(size_t len)
{
	return (uint32_t)((len + 3) & ~(size_t)3);
}

/** wire_len - bytes of a concatenation in messages: fields are padded to registers, one alone is
 * not
 */
uint32_t wire_len(const enum datatype *types, size_t n);

/** copy_field - a field between messages and the ruleset, where every number is in network order;
 * in messages those of conntrack are in the machine's */
void copy_field(uint8_t *to, const uint8_t *from, enum datatype type);

/** verdict_code - NF_* or NFT_*, as the kernel has it in 32 bits */
uint32_t verdict_code(enum verdict_kind kind);

#endif

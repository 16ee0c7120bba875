/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nf_tables messages, as the kernel dumps them or as encode.h made them, back into a ruleset. */
#ifndef JGFW_KERNEL_DECODE_H
#define JGFW_KERNEL_DECODE_H

#include "parse.h"

/** decode_message - take one message (NFT_MSG_NEW*) of the table of @d; those of other tables are
 * passed over
 *
 * Chains must come before the rules and elements that jump to them, sets before their elements and
 * before the rules that look them up. What is not understood becomes EXPR_UNKNOWN, or is said in
 * the @unsupported of the thing it belongs to. Returns 0, or -EBADMSG where the message is
 * malformed.
 */
int decode_message(struct decoder *d, const struct nlmsghdr *message);

#endif

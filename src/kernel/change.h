/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Changes as nf_tables messages. */
#ifndef JGFW_KERNEL_CHANGE_H
#define JGFW_KERNEL_CHANGE_H

#include "jgfw/ruleset/change.h"
#include "message.h"

/** encode_change - what makes @change->old into @change->new
 *
 * What refers to a thing goes before it and comes behind it; else the order is that of `nft -f`, so
 * that the kernel gives the same handles.
 */
void encode_change(struct batch *batch, const struct change *change);

#endif

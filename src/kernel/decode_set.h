/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sets and their elements from messages. */
#ifndef JGFW_KERNEL_DECODE_SET_H
#define JGFW_KERNEL_DECODE_SET_H

#include "parse.h"

/** decode_set - a new set; decode_elements() - elements of one */
int decode_set(struct decoder *d, const struct nlmsghdr *message);
int decode_elements(struct decoder *d, const struct nlmsghdr *message);

/** decode_finish - when all messages were taken: intervals are closed, elements sorted, and what
 * belongs to @d is released; @d->rs is left to the caller */
void decode_finish(struct decoder *d);

#endif

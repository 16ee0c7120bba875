/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sets and their elements as messages. */
#ifndef JGFW_KERNEL_SETS_H
#define JGFW_KERNEL_SETS_H

#include "message.h"

/** set_name - the name that messages give @set; anonymous ones are named by the kernel */
const char *set_name(const struct set *set);

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

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sources told apart by the large sets of addresses that they are in.
 *
 * Rules ask of most packets whether their source is in such a set, and then do something else for
 * each destination. A variable for the answer before the one for the address lets them share what
 * they say of the address: without it there would be a copy of the set for each destination.
 */
#ifndef JGFW_VERIFY_SPACE_SOURCES_H
#define JGFW_VERIFY_SPACE_SOURCES_H

#include "jgfw/base/addr.h"

/** struct sources - kinds of addresses, by number: each address is of one kind */
struct sources {
	struct range_vec *kinds; /* by number: the addresses of the kind, as a set */
	size_t n;
};

/** sources_make - kinds by which of the @n sets an address is in; to be freed by sources_free() */
void sources_make(const struct range_set *sets, size_t n, struct sources *ret);
void sources_free(struct sources *sources);

/** sources_first - the first address of @kind in @range; false where there is none */
bool sources_first(const struct sources *sources, uint32_t kind, struct range range, uint32_t *ret);

/** sources_kind - the kind of @addr, in host byte order */
uint32_t sources_kind(const struct sources *sources, uint32_t addr);

#endif

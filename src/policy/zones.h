/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Interfaces and zones, and the maps that lead by them. */
#ifndef JGFW_POLICY_ZONES_H
#define JGFW_POLICY_ZONES_H

#include "compiler.h"

/** zones_collect - list the interfaces of the site with their zones */
void zones_collect(struct compiler *c);

/** new_vmap - a verdict map named @stem@what; where its elements are all there, finish_vmap() ends
 * it (NULL is nothing) */
struct set *new_vmap(struct compiler *c, const char *stem, const char *what,
		     const enum datatype *key, size_t n_key);
void finish_vmap(struct compiler *c, struct set *vmap);

/** zones_pair_vmap - iifname . oifname vmap @..._zones to chains for the pairs of zones in @used,
 * named with @stem; NULL where no interfaces belong to any */
struct set *zones_pair_vmap(struct compiler *c, const char *stem, zone_bits used, fill_fn *fill);

/** zones_side_vmap - iifname vmap @..._zones to chains for the zones in @used; NULL as above */
struct set *zones_side_vmap(struct compiler *c, const char *stem, zone_bits used, fill_fn *fill);

#endif

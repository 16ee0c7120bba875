/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parts of the compiler: base chains (compile.c) lead by interfaces (zones.c) to rows (rows.c).
 */
#ifndef JGFW_POLICY_COMPILE_H
#define JGFW_POLICY_COMPILE_H

#include "group.h"

/** struct nic_zones - an interface of the gateway and the zones (bits) it belongs to */
struct nic_zones {
	const char *name;
	uint32_t zones;
};

/** zone_bits - a set of pairs of zones: bit FROM * ZONE_COUNT + TO; of sides: bit ZONE */
typedef uint32_t zone_bits;

static inline zone_bits pair_bit(enum zone from, enum zone to)
{
	return (zone_bits)1 << ((unsigned int)from * ZONE_COUNT + (unsigned int)to);
}

struct compiler {
	const struct site *site;
	struct ruleset *rs;
	struct groups groups;
	struct index chain_names;
	struct {
		VEC(struct nic_zones);
	} nics;
	struct set *own, *public;
	size_t n_rules;		  /* of groups */
	const struct chain *drop; /* where dropped packets are logged; NULL: just drop */
};

/** fill_fn - put rules for the zones @bits into @chain; chains it jumps to begin with @name */
typedef void fill_fn(struct compiler *c, struct chain *chain, const char *name, zone_bits bits);

/** fill_forward - all that may pass between one pair of zones, or several with the same interfaces
 */
fill_fn fill_forward;
/** fill_dnat - translations of destinations for what comes from one zone, or several */
fill_fn fill_dnat;
/** fill_snat - translations of sources between one pair of zones, or several */
fill_fn fill_snat;

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

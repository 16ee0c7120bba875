/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parts of the compiler: base chains (compile.c) lead by interfaces (zones.c) to rows (rows.c).
 */
#ifndef JGFW_POLICY_COMPILER_H
#define JGFW_POLICY_COMPILER_H

#include "group.h"
#include "jgfw/base/vec.h"
#include "jgfw/config/zone.h"

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

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From interfaces to the chains of their zones. */
#include "zones.h"

#include "compiler.h"

#include <string.h>

enum {
	LONGEST_NAME = 128, /* with a row's id it stays below nft's 255 */
};

/** struct zone_chain - the chain for all interfaces (or pairs of them) with the same @bits */
struct zone_chain {
	zone_bits bits;
	struct chain *chain;
};

struct zone_chains {
	VEC(struct zone_chain);
};

void zones_collect(struct compiler *c)
{
	for (int z = 0; z < ZONE_COUNT; z++)
		vec_each(nic, &c->site->zones[z]) {
			struct nic_zones *known = NULL;

			vec_each(n, &c->nics)
				if (!strcmp(n->name, nic->name))
					known = n;
			if (!known) {
				known = vec_push(&c->nics);
				*known = (struct nic_zones){nic->name, 0};
			}
			known->zones |= 1u << z;
		}
}

/* Which of the pairs of zones @used do the packets from @in to @out belong to? */
static zone_bits bits_between(const struct nic_zones *in, const struct nic_zones *out,
			      zone_bits used)
{
	zone_bits bits = 0;

	for (unsigned int from = 0; from < ZONE_COUNT; from++)
		for (unsigned int to = 0; to < ZONE_COUNT; to++)
			if (in->zones & 1u << from && out->zones & 1u << to &&
			    !(from == to && in == out))
				bits |= used & pair_bit((enum zone)from, (enum zone)to);
	return bits;
}

static void chain_name(struct buf *name, const char *stem, zone_bits bits, bool pairs)
{
	const char *separator = stem;

	for (unsigned int bit = 0; bit < (pairs ? ZONE_COUNT * ZONE_COUNT : ZONE_COUNT); bit++) {
		if (!(bits & 1u << bit))
			continue;
		buf_puts(name, separator);
		if (pairs)
			buf_printf(name, "%s_", zone_name((enum zone)(bit / ZONE_COUNT)));
		buf_puts(name, zone_name((enum zone)(bit % ZONE_COUNT)));
		separator = "_and_";
	}
	if (name->n > LONGEST_NAME) { /* many zones on one interface */
		name->n = 0;
		buf_printf(name, "%szones_%x", stem, bits);
	}
}

/* The chain for @bits, made and filled at its first use. */
static const struct chain *zone_chain(struct compiler *c, struct zone_chains *chains,
				      const char *stem, zone_bits bits, bool pairs, fill_fn *fill)
{
	struct buf name = {0};
	struct chain *chain;

	vec_each(known, chains)
		if (known->bits == bits)
			return known->chain;
	chain_name(&name, stem, bits, pairs);
	chain = arena_new(&c->rs->arena, struct chain);
	unique_name(&c->chain_names, &name);
	chain->name = arena_copy(&c->rs->arena, name.at, name.n);
	fill(c, chain, chain->name, bits);
	/* behind the chains that it jumps to */
	vec_add_in(&c->rs->arena, &c->rs->table.chains, chain);
	vec_add(chains, ((struct zone_chain){bits, chain}));
	buf_free(&name);
	return chain;
}

/* Verdict maps are named, so that a change is one of elements: the map of a rule that goes is empty
 * for packets that are on their way through it. */
struct set *new_vmap(struct compiler *c, const char *stem, const char *what,
		     const enum datatype *key, size_t n_key)
{
	static const enum datatype data[] = {TYPE_VERDICT};
	struct buf name = {0};
	struct set *vmap;

	buf_printf(&name, "%s%s", stem, what);
	vmap = ruleset_set(c->rs, unique_name(&c->groups.names, &name), key, n_key, data, 1);
	buf_free(&name);
	return vmap;
}

void finish_vmap(struct compiler *c, struct set *vmap)
{
	size_t a, b;

	if (!vmap)
		return;
	set_sort(c->rs, vmap, &a, &b);
	set_fit(vmap);
}

struct set *zones_pair_vmap(struct compiler *c, const char *stem, zone_bits used, fill_fn *fill)
{
	static const enum datatype key[] = {TYPE_IFNAME, TYPE_IFNAME};
	struct zone_chains chains = {0};
	struct set *vmap = NULL;

	vec_each(in, &c->nics)
		vec_each(out, &c->nics) {
			zone_bits bits = bits_between(in, out, used);
			const struct chain *chain;

			if (!bits)
				continue;
			chain = zone_chain(c, &chains, stem, bits, true, fill);
			if (!vmap)
				vmap = new_vmap(c, *stem ? stem : "forward_", "zones", key, 2);
			set_put(set_put(set_add(vmap, 0), value_ifname(in->name)),
				value_ifname(out->name));
			vmap->verdicts[vmap->n - 1] = (struct verdict){VERDICT_JUMP, chain};
		}
	vec_free(&chains);
	finish_vmap(c, vmap);
	return vmap;
}

struct set *zones_side_vmap(struct compiler *c, const char *stem, zone_bits used, fill_fn *fill)
{
	static const enum datatype key[] = {TYPE_IFNAME};
	struct zone_chains chains = {0};
	struct set *vmap = NULL;

	vec_each(nic, &c->nics) {
		const struct chain *chain;

		if (!(nic->zones & used))
			continue;
		chain = zone_chain(c, &chains, stem, nic->zones & used, false, fill);
		if (!vmap)
			vmap = new_vmap(c, stem, "zones", key, 1);
		set_put(set_add(vmap, 0), value_ifname(nic->name));
		vmap->verdicts[vmap->n - 1] = (struct verdict){VERDICT_JUMP, chain};
	}
	vec_free(&chains);
	finish_vmap(c, vmap);
	return vmap;
}

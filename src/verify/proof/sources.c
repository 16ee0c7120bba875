/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sets of addresses by which sources are told apart: the site's own, and the largest of the
 * rulesets. */
#include "sources.h"

#include "jgfw/claims/claim.h"

enum {
	MAX_SETS = 6, /* kinds double with each at worst */
	LARGE_SET = 2,
};

/** struct collecting - the sets, the largest first behind the site's */
struct collecting {
	struct range_vec sets[MAX_SETS];
	size_t n;
};

static bool holds_addresses(const struct set *set)
{
	return set->n_key == 1 && set->key[0] == TYPE_IPV4_ADDR && !set->n_data &&
	       set->n >= LARGE_SET;
}

static uint32_t address_at(const uint8_t *bytes)
{
	return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 |
	       bytes[3];
}

static void add_set(struct collecting *c, const struct set *set)
{
	struct range_vec all = {0};
	size_t at = c->n;

	if (!holds_addresses(set))
		return;
	for (size_t i = 0; i < set->n; i++) {
		const uint8_t *lo = set->bytes + i * set->stride;
		const uint8_t *hi = set->interval ? lo + set->key_len : lo;

		vec_add(&all, ((struct range){address_at(lo), address_at(hi)}));
	}
	range_normalize(&all);
	if (c->n < MAX_SETS)
		c->n++;
	else if (c->sets[--at].n < all.n)
		vec_free(&c->sets[at]);
	else {
		vec_free(&all);
		return;
	}
	for (; at > 1 && c->sets[at - 1].n < all.n; at--)
		c->sets[at] = c->sets[at - 1];
	c->sets[at] = all;
}

void sources_collect(const struct site *site, const struct ruleset *const *rulesets, size_t n,
		     struct sources *ret)
{
	struct collecting c = {.n = 1};
	struct range_set sets[MAX_SETS];

	if (site)
		site_own_addresses(site, &c.sets[0]);
	for (size_t i = 0; i < n; i++) {
		vec_each(set, &rulesets[i]->table.sets)
			add_set(&c, *set);
		vec_each(set, &rulesets[i]->anonymous)
			add_set(&c, *set);
	}
	for (size_t i = 0; i < c.n; i++)
		sets[i] = (struct range_set){c.sets[i].at, c.sets[i].n};
	sources_make(sets, c.n, ret);
	for (size_t i = 0; i < c.n; i++)
		vec_free(&c.sets[i]);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Interfaces: names that rules or the site speak of, and one for each kind that they do not. */
#include "names.h"

#include "jgfw/verify/space/space.h"

#include <stdlib.h>
#include <string.h>

/** struct spoken - what is spoken of: whole names, and beginnings that stand for many */
struct spoken {
	struct names names, beginnings;
	struct arena *arena;
};

/* Names that a rule compares interfaces with; a comparison of all bytes ends with a zero. */
static void listen_to_rule(const struct rule *rule, struct spoken *spoken)
{
	bool about_names = false;

	for (size_t i = 0; i < rule->n; i++) {
		const struct expr *e = &rule->at[i];
		const struct value *v = &e->cmp.value;
		size_t len;

		about_names |= e->kind == EXPR_META &&
			       (e->meta.key == META_IIFNAME || e->meta.key == META_OIFNAME);
		if (!about_names || e->kind != EXPR_CMP)
			continue;
		len = strnlen((const char *)v->bytes, v->len);
		vec_add(&spoken->names, arena_copy(spoken->arena, v->bytes, len));
		if (len == v->len && len < VALUE_MAX - 1)
			vec_add(&spoken->beginnings, arena_copy(spoken->arena, v->bytes, len));
	}
}

static void listen_to_set(const struct set *set, struct spoken *spoken)
{
	size_t at = 0;

	for (size_t f = 0; f < set->n_key; at += datatype_len(set->key[f++]))
		for (size_t i = 0; set->key[f] == TYPE_IFNAME && i < set->n; i++) {
			const uint8_t *lo = set->bytes + i * set->stride + at;
			size_t len = strnlen((const char *)lo, VALUE_MAX);

			vec_add(&spoken->names, arena_copy(spoken->arena, lo, len));
			if (set->interval && name_begins(lo, lo + set->key_len))
				vec_add(&spoken->beginnings, arena_copy(spoken->arena, lo, len));
		}
}

static void listen(const struct question *q, struct spoken *spoken)
{
	for (int z = 0; z < ZONE_COUNT; z++)
		vec_each(nic, &q->site->zones[z])
			vec_add(&spoken->names, nic->name);
	for (size_t i = 0; i < q->n_rulesets; i++) {
		const struct ruleset *rs = q->rulesets[i];

		vec_each(chain, &rs->table.chains)
			vec_each(rule, &(*chain)->rules)
				listen_to_rule(rule, spoken);
		vec_each(set, &rs->table.sets)
			listen_to_set(*set, spoken);
		vec_each(set, &rs->anonymous)
			listen_to_set(*set, spoken);
	}
}

/* Is @name none that is spoken of, but by @beginning? */
static bool is_new(const struct spoken *spoken, const char *name, const char *beginning)
{
	vec_each(known, &spoken->names)
		if (!strcmp(*known, name))
			return false;
	vec_each(known, &spoken->beginnings)
		if (strlen(*known) > strlen(beginning) && !strncmp(*known, name, strlen(*known)))
			return false;
	return true;
}

/* A name that begins so, and that nobody speaks of. */
static const char *other_name(const struct spoken *spoken, const char *beginning, const char *usual)
{
	const char *name = arena_printf(spoken->arena, "%s%s0", beginning, usual);

	for (unsigned int i = 1; !is_new(spoken, name, beginning); i++)
		name = arena_printf(spoken->arena, "%s%s%u", beginning, usual, i);
	return name;
}

static int name_order(const void *a, const void *b)
{
	const char *const *x = a, *const *y = b;

	return strcmp(*x, *y);
}

void names_collect(const struct question *question, struct arena *arena, struct names *ret)
{
	struct spoken spoken = {.arena = arena};
	size_t used = 0;

	listen(question, &spoken);
	vec_add(ret, other_name(&spoken, "", "other"));
	vec_each(beginning, &spoken.beginnings)
		vec_add(ret, other_name(&spoken, *beginning, ""));
	vec_each(name, &spoken.names)
		vec_add(ret, *name);
	qsort(ret->at, ret->n, sizeof(*ret->at), name_order);
	for (size_t i = 0; i < ret->n; i++)
		if (!used || strcmp(ret->at[used - 1], ret->at[i]) != 0)
			ret->at[used++] = ret->at[i];
	ret->n = used;
	vec_free(&spoken.names);
	vec_free(&spoken.beginnings);
}

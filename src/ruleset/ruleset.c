/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "jgfw/ruleset/ruleset.h"

#include "jgfw/base/sort.h"

#include <errno.h>
#include <net/if.h>
#include <string.h>

#include <linux/netfilter.h>

enum {
	JOIN_LOOKS = 32,
};

size_t datatype_len(enum datatype type)
{
	switch (type) {
	case TYPE_VERDICT:
		return 0;
	case TYPE_NFPROTO:
	case TYPE_INET_PROTO:
	case TYPE_ICMP_TYPE:
		return 1;
	case TYPE_INET_SERVICE:
		return 2;
	case TYPE_IPV4_ADDR:
	case TYPE_CT_STATE:
	case TYPE_CT_STATUS:
		return 4;
	case TYPE_IFNAME:
		return IFNAMSIZ;
	}
	return 0;
}

struct value value_u8(uint8_t v)
{
	return (struct value){1, {v}};
}

struct value value_u16(uint16_t v)
{
	return (struct value){2, {(uint8_t)(v >> 8), (uint8_t)v}};
}

struct value value_u32(uint32_t v)
{
	return (struct value){
		4, {(uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v}};
}

struct value value_ifname(const char *name)
{
	struct value v = {.len = IFNAMSIZ};

	memcpy(v.bytes, name, strnlen(name, IFNAMSIZ - 1));
	return v;
}

struct ruleset *ruleset_new(const char *table_name)
{
	struct ruleset *rs = mem_alloc(sizeof(*rs));

	rs->table.name = arena_copy(&rs->arena, table_name, strlen(table_name));
	rs->table.family = NFPROTO_INET;
	return rs;
}

static void set_release(struct set *set)
{
	free(set->bytes);
	free(set->origins);
	free(set->verdicts);
	free(set->counters);
}

void ruleset_free(struct ruleset *rs)
{
	if (!rs)
		return;
	vec_each(set, &rs->table.sets)
		set_release(*set);
	vec_each(set, &rs->anonymous)
		set_release(*set);
	vec_free(&rs->origins);
	arena_free(&rs->arena);
	free(rs);
}

bool note_same(const struct note *a, const struct note *b)
{
	if (!a->what || !b->what)
		return a->what == b->what;
	return a->len == b->len && !memcmp(a->bytes, b->bytes, a->len);
}

static const char *set_odd(const struct set *set)
{
	for (size_t i = 0; i < set->n; i++)
		if (set->origins[i] == ELEMENT_UNSUPPORTED)
			return "an element bears more than key, data and counter";
	return set->unsupported;
}

const char *ruleset_unsupported(const struct ruleset *rs)
{
	if (rs->table.unsupported)
		return rs->table.unsupported;
	vec_each(chain, &rs->table.chains) {
		if ((*chain)->unsupported)
			return (*chain)->unsupported;
		vec_each(rule, &(*chain)->rules)
			if (rule->unsupported)
				return rule->unsupported;
	}
	vec_each(set, &rs->table.sets)
		if (set_odd(*set))
			return set_odd(*set);
	vec_each(set, &rs->anonymous)
		if (set_odd(*set))
			return set_odd(*set);
	return NULL;
}

struct chain *ruleset_chain(struct ruleset *rs, const char *name)
{
	struct chain *chain = arena_new(&rs->arena, struct chain);

	chain->name = arena_copy(&rs->arena, name, strlen(name));
	vec_add_in(&rs->arena, &rs->table.chains, chain);
	return chain;
}

struct chain *ruleset_base_chain(struct ruleset *rs, const char *name, enum chain_type type,
				 enum hook hook, int32_t priority, bool policy_drop)
{
	struct chain *chain = ruleset_chain(rs, name);

	chain->is_base = true;
	chain->type = type;
	chain->hook = hook;
	chain->priority = priority;
	chain->policy_drop = policy_drop;
	return chain;
}

struct set *ruleset_set(struct ruleset *rs, const char *name, const enum datatype *key,
			size_t n_key, const enum datatype *data, size_t n_data)
{
	struct set *set = arena_new(&rs->arena, struct set);

	for (size_t i = 0; i < n_key; i++) {
		set->key[i] = key[i];
		set->key_len += datatype_len(key[i]);
	}
	for (size_t i = 0; i < n_data; i++) {
		set->data[i] = data[i];
		set->data_len += datatype_len(data[i]);
	}
	set->n_key = n_key;
	set->n_data = n_data;
	if (name) {
		set->name = arena_copy(&rs->arena, name, strlen(name));
		vec_add_in(&rs->arena, &rs->table.sets, set);
	} else {
		vec_add_in(&rs->arena, &rs->anonymous, set);
	}
	return set;
}

bool set_is_vmap(const struct set *set)
{
	return set->n_data && set->data[0] == TYPE_VERDICT;
}

uint8_t *set_add(struct set *set, uint32_t origin)
{
	bool vmap = set_is_vmap(set);
	uint8_t *element;

	set->stride = set->key_len * (set->interval ? 2 : 1) + set->data_len;
	if (set->n == set->cap) {
		set->cap = set->cap ? set->cap * 2 : 8;
		set->bytes = mem_resize(set->bytes, set->cap, set->stride);
		set->origins = mem_resize(set->origins, set->cap, sizeof(*set->origins));
		if (vmap)
			set->verdicts = mem_resize(set->verdicts, set->cap, sizeof(*set->verdicts));
		if (set->counter)
			set->counters = mem_resize(set->counters, set->cap, sizeof(*set->counters));
	}
	element = set->bytes + set->n * set->stride;
	memset(element, 0, set->stride);
	set->origins[set->n] = origin;
	if (vmap)
		set->verdicts[set->n] = (struct verdict){0};
	if (set->counters)
		set->counters[set->n] = (struct counter){0};
	set->n++;
	return element;
}

uint8_t *set_put(uint8_t *at, struct value v)
{
	memcpy(at, v.bytes, v.len);
	return at + v.len;
}

uint32_t origin_join(struct ruleset *rs, uint32_t a, uint32_t b)
{
	struct origin copy;
	size_t looked_at = 0;

	if (a == ELEMENT_UNSUPPORTED || b == ELEMENT_UNSUPPORTED)
		return ELEMENT_UNSUPPORTED;
	if (!a || !b)
		return a ? a : b;
	/* what comes twice comes soon: a long list is not searched for each that joins it */
	for (uint32_t i = a; i && looked_at < JOIN_LOOKS; i = rs->origins.at[i - 1].next) {
		if (i == b)
			return a;
		looked_at++;
	}
	/* b stays with others: what is put before a is a copy of it */
	for (uint32_t i = b; i; i = rs->origins.at[i - 1].next) {
		copy = rs->origins.at[i - 1];
		copy.next = a;
		vec_add(&rs->origins, copy);
		a = (uint32_t)rs->origins.n;
	}
	return a;
}

static int element_order(const void *a, const void *b, void *arg)
{
	const struct sort_item *x = a, *y = b;
	const struct set *set = arg;
	int rest = memcmp(set->bytes + x->index * set->stride, set->bytes + y->index * set->stride,
			  set->stride);

	return rest ? rest : x->index < y->index ? -1 : x->index > y->index;
}

/* The order of the elements: by their first bytes as numbers, then, where these are equal, by all.
 */
static struct sort_item *element_items(struct set *set)
{
	struct sort_item *items = mem_resize(NULL, set->n, sizeof(*items));

	for (size_t i = 0; i < set->n; i++) {
		items[i] = (struct sort_item){0, (uint32_t)i};
		for (size_t k = 0; k < sizeof(items->key) && k < set->stride; k++)
			items[i].key |= (uint64_t)set->bytes[i * set->stride + k] << (56 - 8 * k);
	}
	sort_items(items, set->n);
	for (size_t i = 0, n; i < set->n; i += n) {
		for (n = 1; i + n < set->n && items[i + n].key == items[i].key;)
			n++;
		if (n > 1)
			qsort_r(&items[i], n, sizeof(*items), element_order, set);
	}
	return items;
}

static bool is_sorted(const struct set *set)
{
	for (size_t i = 1; i < set->n; i++)
		if (memcmp(set->bytes + (i - 1) * set->stride, set->bytes + i * set->stride,
			   set->stride) >= 0)
			return false;
	return true;
}

static void permute(struct set *set, const struct sort_item *items)
{
	uint8_t *bytes = mem_resize(NULL, set->n, set->stride);
	uint32_t *origins = mem_resize(NULL, set->n, sizeof(*origins));
	struct verdict *verdicts =
		set->verdicts ? mem_resize(NULL, set->n, sizeof(*verdicts)) : NULL;
	struct counter *counters =
		set->counters ? mem_resize(NULL, set->n, sizeof(*counters)) : NULL;

	for (size_t i = 0; i < set->n; i++) {
		memcpy(bytes + i * set->stride, set->bytes + items[i].index * set->stride,
		       set->stride);
		origins[i] = set->origins[items[i].index];
		if (verdicts)
			verdicts[i] = set->verdicts[items[i].index];
		if (counters)
			counters[i] = set->counters[items[i].index];
	}
	set_release(set);
	set->bytes = bytes;
	set->origins = origins;
	set->verdicts = verdicts;
	set->counters = counters;
	set->cap = set->n;
}

static bool same_verdict(const struct set *set, size_t a, size_t b)
{
	return !set->verdicts || (set->verdicts[a].kind == set->verdicts[b].kind &&
				  set->verdicts[a].chain == set->verdicts[b].chain);
}

int set_sort(struct ruleset *rs, struct set *set, size_t *ret_a, size_t *ret_b)
{
	size_t key_len = set->stride - set->data_len;
	struct sort_item *items;
	size_t n = 0;

	if (set->n && !is_sorted(set)) {
		items = element_items(set);
		permute(set, items);
		free(items);
	}
	for (size_t i = 1; i < set->n; i++) {
		uint8_t *last = set->bytes + n * set->stride;
		const uint8_t *at = set->bytes + i * set->stride;
		bool same_key = !memcmp(last, at, key_len);

		if (same_key && !memcmp(last, at, set->stride) && same_verdict(set, n, i)) {
			set->origins[n] = origin_join(rs, set->origins[n], set->origins[i]);
			continue;
		}
		if (same_key) {
			*ret_a = n;
			*ret_b = i;
			return -EEXIST;
		}
		if (++n == i)
			continue;
		memmove(set->bytes + n * set->stride, at, set->stride);
		set->origins[n] = set->origins[i];
		if (set->verdicts)
			set->verdicts[n] = set->verdicts[i];
		if (set->counters)
			set->counters[n] = set->counters[i];
	}
	set->n = set->n ? n + 1 : 0;
	return 0;
}

bool table_is_ours(const struct table *table)
{
	return table->family == NFPROTO_INET && !strcmp(table->name, RULESET_TABLE);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Counters of elements that go, for those that come in their place. */
#include "counted.h"
#include "jgfw/base/index.h"

#include <ctype.h>
#include <string.h>

/** struct counted_element - counters of elements that go, each taken once */
struct counted_element {
	struct index names[2]; /* of all sets, in the old and the new ruleset */
	struct index first;    /* by stem of the set and bytes: index + 1 in the list */
	struct {
		VEC(struct {
			const struct counter *counter;
			size_t next; /* index + 1 */
		});
	} list;
	struct buf key;
};

/* Sets of one row are NAME, NAME_2, NAME_3: which is which may change. */
static size_t stem_len(const struct index *names, const char *name)
{
	size_t whole = strlen(name), n = whole;

	while (n && isdigit((unsigned char)name[n - 1]))
		n--;
	if (n < 2 || n == whole || name[n - 1] != '_' || !index_get(names, name, n - 1))
		return whole;
	return n - 1;
}

static void index_names(struct index *names, const struct ruleset *rs)
{
	vec_each(set, &rs->table.sets)
		*index_find(names, (*set)->name, strlen((*set)->name)) = *set;
}

static const uint8_t *bytes_of(const struct set *set, size_t i)
{
	return set->bytes + i * set->stride;
}

static void make_key(struct counted_element *c, bool is_new, const struct set *set, size_t i)
{
	c->key.n = 0;
	buf_add(&c->key, bytes_of(set, i), set->stride);
	buf_add(&c->key, set->name, stem_len(&c->names[is_new], set->name));
}

/* The element of @set, which is sorted, with the bytes at @bytes; @from is where to look, and moves
 * on. */
static bool find_on(const struct set *set, const uint8_t *bytes, size_t *from)
{
	while (*from < set->n && memcmp(bytes_of(set, *from), bytes, set->stride) < 0)
		++*from;
	return *from < set->n && !memcmp(bytes_of(set, *from), bytes, set->stride);
}

static void add_gone(struct counted_element *c, const struct set *old, const struct set *new)
{
	size_t at = 0;
	void **slot;

	if (!old || !old->name || !old->counters)
		return;
	for (size_t i = 0; i < old->n; i++) {
		if (!old->counters[i].packets ||
		    (new &&new->stride == old->stride &&find_on(new, bytes_of(old, i), &at)))
			continue;
		make_key(c, false, old, i);
		slot = index_find(&c->first, c->key.at, c->key.n);
		vec_push(&c->list);
		c->list.at[c->list.n - 1].counter = &old->counters[i];
		c->list.at[c->list.n - 1].next = (size_t)*slot;
		*slot = (void *)c->list.n;
	}
}

static const struct counter *take_gone(struct counted_element *c, const struct set *set, size_t i)
{
	void **slot;
	size_t first;

	make_key(c, true, set, i);
	first = (size_t)index_get(&c->first, c->key.at, c->key.n);
	if (!first)
		return NULL;
	slot = index_find(&c->first, c->key.at, c->key.n);
	*slot = (void *)c->list.at[first - 1].next;
	return c->list.at[first - 1].counter;
}

/* Elements that are there in both go on; the others take what one that goes had counted, or come
 * back with a count of their own. */
static void take_on(struct counted_element *c, struct set_change *change)
{
	const struct set *a = change->old, *b = change->new;
	size_t at = 0;

	if (!b || !b->counter || !b->n)
		return;
	change->counters = mem_alloc(b->n * sizeof(*change->counters));
	if (b->counters)
		memcpy(change->counters, b->counters, b->n * sizeof(*b->counters));
	for (size_t k = 0; k < b->n; k++) {
		const struct counter *gone;

		if (a && a->counters && a->stride == b->stride && find_on(a, bytes_of(b, k), &at)) {
			change->counters[k] = a->counters[at];
			continue;
		}
		gone = b->name ? take_gone(c, b, k) : NULL;
		if (gone)
			change->counters[k] = *gone;
	}
}

void change_take_on_element_counters(struct change *change)
{
	struct counted_element c = {0};

	if (change->old)
		index_names(&c.names[0], change->old);
	if (change->new)
		index_names(&c.names[1], change->new);
	/* the last first, so that each list has them in their order */
	for (size_t i = change->sets.n; i--;)
		add_gone(&c, change->sets.at[i].old, change->sets.at[i].new);
	vec_each(set, &change->sets)
		take_on(&c, set);
	index_free(&c.names[0]);
	index_free(&c.names[1]);
	index_free(&c.first);
	vec_free(&c.list);
	buf_free(&c.key);
}

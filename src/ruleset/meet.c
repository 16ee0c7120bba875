/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Elements that go and elements that come, as one packet may see them. */
#include "change.h"

#include "jgfw/index.h"

/* Each IPv4 address in the key of an element; NULL at the end. */
static const uint8_t *next_address(const struct set *set, size_t i, size_t *field, size_t *at)
{
	while (*field < set->n_key) {
		const uint8_t *place = set->bytes + i * set->stride + *at;
		enum datatype type = set->key[(*field)++];

		*at += datatype_len(type);
		if (type == TYPE_IPV4_ADDR)
			return place;
	}
	return NULL;
}

static bool has_address(const struct set *set)
{
	for (size_t i = 0; i < set->n_key; i++)
		if (set->key[i] == TYPE_IPV4_ADDR)
			return true;
	return false;
}

/** struct meeting - what comes: keys with their types, addresses, and sets of other kinds */
struct meeting {
	struct index keys, addresses;
	struct buf key;
	bool any; /* elements that any packet may want */
};

static void **meeting_slot(struct meeting *m, const struct set *set, uint32_t i)
{
	m->key.n = 0;
	buf_add(&m->key, set->key, set->n_key * sizeof(*set->key));
	buf_add(&m->key, set->bytes + i * set->stride, set->key_len);
	return index_find(&m->keys, m->key.at, m->key.n);
}

static void will_come(struct meeting *m, const struct set *set, uint32_t i)
{
	size_t field = 0, at = 0;

	*meeting_slot(m, set, i) = (void *)(uintptr_t)set;
	for (const uint8_t *a; (a = next_address(set, i, &field, &at));) {
		void **slot = index_find(&m->addresses, a, 4);

		*slot = *slot && *slot != set ? m : (void *)(uintptr_t)set;
	}
	m->any |= set->interval || !has_address(set);
}

/* May a packet want both the element that goes and one that comes in another place? */
static bool may_meet(struct meeting *m, const struct set *set, uint32_t i)
{
	size_t field = 0, at = 0;

	if (m->any || set->interval || !has_address(set) || *meeting_slot(m, set, i))
		return true;
	for (const uint8_t *a; (a = next_address(set, i, &field, &at));) {
		const void *in = *index_find(&m->addresses, a, 4);

		if (in && in != set)
			return true;
	}
	return false;
}

bool change_meets(const struct change *change)
{
	struct meeting m = {0};
	bool meet = false;

	vec_each(set, &change->sets)
		vec_each(i, &set->come)
			will_come(&m, set->new, *i);
	vec_each(set, &change->sets)
		for (size_t i = 0; i < set->gone.n && !meet; i++)
			meet = may_meet(&m, set->old, set->gone.at[i]);
	index_free(&m.keys);
	index_free(&m.addresses);
	buf_free(&m.key);
	return meet;
}

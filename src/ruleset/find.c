/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "find.h"

#include <string.h>

static size_t element_at(const struct finder *finder, size_t i)
{
	return finder->order ? finder->order[i] : i;
}

static const uint8_t *element_bytes(const struct set *set, size_t element)
{
	return set->bytes + element * set->stride;
}

/* Does the element contain the key, each field between its bounds? Bytes of a field are in network
 * order; an unknown byte leaves what follows it in its field open. */
static enum found element_has(const struct set *set, size_t element, const struct key *key)
{
	const uint8_t *lo = element_bytes(set, element);
	const uint8_t *hi = set->interval ? lo + set->key_len : lo;
	enum found found = FOUND_ONE;
	size_t at = 0;

	for (size_t f = 0; f < set->n_key; f++) {
		size_t len = datatype_len(set->key[f]), known = 0;

		while (known < len && !key->unknown[at + known])
			known++;
		if (memcmp(key->bytes + at, lo + at, known) < 0 ||
		    memcmp(key->bytes + at, hi + at, known) > 0)
			return FOUND_NONE;
		if (known < len)
			found = FOUND_PERHAPS;
		at += len;
	}
	return found;
}

static int part_order(const void *a, const void *b, void *arg)
{
	const uint32_t *x = a, *y = b;
	const struct finder *finder = arg;
	int order = memcmp(element_bytes(finder->set, *x) + finder->offset,
			   element_bytes(finder->set, *y) + finder->offset, finder->len);

	return order ? order : *x < *y ? -1 : *x > *y;
}

static void put_in_order(struct finder *finder)
{
	uint32_t n = (uint32_t)finder->set->n, i = 1;

	while (i < n && part_order(&(uint32_t){i - 1}, &(uint32_t){i}, finder) < 0)
		i++;
	if (i >= n)
		return;
	finder->order = mem_resize(NULL, n, sizeof(*finder->order));
	for (i = 0; i < n; i++)
		finder->order[i] = i;
	qsort_r(finder->order, n, sizeof(*finder->order), part_order, finder);
}

static bool field_is_exact(const struct set *set, size_t offset, size_t len)
{
	for (size_t i = 0; i < set->n; i++) {
		const uint8_t *lo = element_bytes(set, i) + offset;

		if (memcmp(lo, lo + set->key_len, len) != 0)
			return false;
	}
	return true;
}

static bool has_overlaps(const struct finder *finder)
{
	for (size_t i = 1; i < finder->set->n; i++) {
		const uint8_t *before = element_bytes(finder->set, element_at(finder, i - 1));
		const uint8_t *at = element_bytes(finder->set, element_at(finder, i));

		if (memcmp(before + finder->len, at, finder->len) >= 0)
			return true;
	}
	return false;
}

/* Of concatenated intervals: fields without any, as one side mostly is single addresses. */
static void choose_fields(struct finder *finder)
{
	const struct set *set = finder->set;
	size_t offset = 0;

	finder->len = 0;
	for (size_t f = 0; f < set->n_key; f++) {
		size_t len = datatype_len(set->key[f]);

		if (field_is_exact(set, offset, len)) {
			finder->offset = finder->len ? finder->offset : offset;
			finder->len += len;
		} else if (finder->len) {
			return;
		}
		offset += len;
	}
	if (finder->len)
		return;
	finder->kind = set->n_key == 1 ? FIND_INTERVAL : FIND_EACH;
	finder->len = set->key_len;
}

struct finder *finder_new(const struct set *set)
{
	struct finder *finder = mem_alloc(sizeof(*finder));

	*finder = (struct finder){.set = set, .kind = FIND_EXACT, .len = set->key_len};
	if (set->interval)
		choose_fields(finder);
	if (finder->kind == FIND_EACH)
		return finder;
	put_in_order(finder);
	if (finder->kind == FIND_INTERVAL && has_overlaps(finder))
		finder->kind = FIND_EACH;
	return finder;
}

void finder_free(struct finder *finder)
{
	if (!finder)
		return;
	free(finder->order);
	free(finder);
}

/* How many elements come before the key, by the first @len bytes of the part they are in order of;
 * those that are equal included where @behind. */
static size_t position(const struct finder *finder, const struct key *key, size_t len, bool behind)
{
	size_t lo = 0, hi = finder->set->n;

	while (lo < hi) {
		size_t middle = lo + (hi - lo) / 2;
		const uint8_t *at = element_bytes(finder->set, element_at(finder, middle));
		int order = memcmp(at + finder->offset, key->bytes + finder->offset, len);

		if (order < 0 || (behind && !order))
			lo = middle + 1;
		else
			hi = middle;
	}
	return lo;
}

/* So many bytes from the beginning of the part are known. */
static size_t known_len(const struct finder *finder, const struct key *key)
{
	size_t n = 0;

	while (n < finder->len && !key->unknown[finder->offset + n])
		n++;
	return n;
}

static enum found find_among(const struct finder *finder, size_t from, size_t to,
			     const struct key *key, size_t *ret_element)
{
	enum found found = FOUND_NONE;

	for (size_t i = from; i < to; i++) {
		size_t element = element_at(finder, i);
		enum found has = element_has(finder->set, element, key);

		if (has == FOUND_ONE) {
			*ret_element = element;
			return has;
		}
		if (has == FOUND_PERHAPS)
			found = has;
	}
	return found;
}

enum found finder_find(const struct finder *finder, const struct key *key, size_t *ret_element)
{
	size_t from = 0, to = finder->set->n, len = known_len(finder, key);

	if (finder->kind == FIND_EXACT) {
		from = position(finder, key, len, false);
		to = position(finder, key, len, true);
	} else if (finder->kind == FIND_INTERVAL && len == finder->len) {
		to = position(finder, key, len, true);
		from = to ? to - 1 : 0;
	}
	return find_among(finder, from, to, key, ret_element);
}

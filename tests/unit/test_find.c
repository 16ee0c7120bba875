/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Elements found by order are those found by looking at each. */
#include "unit.h"

#include "jgfw/ruleset/ruleset.h"
#include "ruleset/find.h"

#include <string.h>

/* Kinds of sets; a field is a port, by how its bounds are: exact, a range, either. */
static const struct {
	size_t n_key;
	bool interval;
	const char *fields;
	bool disjoint; /* of one field: as the kernel has it */
} kinds[] = {
	{1, false, "e", false},	 {2, false, "ee", false}, {3, false, "eee", false},
	{1, true, "e", false},	 {1, true, "r", true},	  {1, true, "r", false},
	{2, true, "er", false},	 {2, true, "re", false},  {2, true, "rr", false},
	{2, true, "ee", false},	 {3, true, "ree", false}, {3, true, "ere", false},
	{3, true, "eer", false},
};

enum {
	ELEMENTS = 200,
	NUMBERS = 60, /* few, so that there are hits */
};

static uint32_t next_number(uint32_t *state)
{
	*state = *state * 1664525 + 1013904223;
	return *state >> 16;
}

static void add_element(struct set *set, int kind, uint32_t *state, uint32_t i)
{
	uint8_t *lo = set_add(set, 0), *hi = lo + set->key_len;

	for (size_t f = 0; f < set->n_key; f++) {
		uint32_t from = next_number(state) % NUMBERS, to = from;

		if (kinds[kind].fields[f] == 'r')
			to += next_number(state) % 10;
		if (kinds[kind].disjoint) {
			from = i * 7 % ELEMENTS * 2;
			to = from + next_number(state) % 2;
		}
		lo = set_put(lo, value_u16((uint16_t)from));
		if (set->interval)
			hi = set_put(hi, value_u16((uint16_t)to));
	}
}

static struct set *random_set(struct ruleset *rs, int kind, uint32_t *state)
{
	static const enum datatype key[] = {TYPE_INET_SERVICE, TYPE_INET_SERVICE,
					    TYPE_INET_SERVICE};
	struct set *set = ruleset_set(rs, NULL, key, kinds[kind].n_key, NULL, 0);

	set->interval = kinds[kind].interval;
	for (uint32_t i = 0; i < ELEMENTS; i++)
		add_element(set, kind, state, i);
	return set;
}

static struct key random_key(const struct set *set, uint32_t *state)
{
	struct key key = {0};

	for (size_t f = 0; f < set->n_key; f++)
		set_put(key.bytes + 2 * f, value_u16((uint16_t)(next_number(state) % NUMBERS)));
	return key;
}

static bool has(const struct set *set, size_t i, const struct key *key)
{
	const uint8_t *lo = set->bytes + i * set->stride;
	const uint8_t *hi = set->interval ? lo + set->key_len : lo;

	for (size_t at = 0; at < set->key_len; at += 2)
		if (memcmp(key->bytes + at, lo + at, 2) < 0 ||
		    memcmp(key->bytes + at, hi + at, 2) > 0)
			return false;
	return true;
}

static bool any_has(const struct set *set, const struct key *key)
{
	for (size_t i = 0; i < set->n; i++)
		if (has(set, i, key))
			return true;
	return false;
}

START_TEST(find_finds_what_is_there)
{
	struct ruleset *rs = ruleset_new("t");
	uint32_t state = (uint32_t)_i;
	size_t hits = 0, a, b;

	for (int sorted = 0; sorted < 2; sorted++) {
		struct set *set = random_set(rs, _i, &state);
		struct finder *finder;

		if (sorted)
			ck_assert_int_eq(set_sort(rs, set, &a, &b), 0);
		finder = finder_new(set);
		for (int i = 0; i < 2000; i++) {
			struct key key = random_key(set, &state);
			enum found found = finder_find(finder, &key, &a);

			ck_assert_int_eq(found == FOUND_ONE, any_has(set, &key));
			if (found == FOUND_ONE)
				ck_assert(has(set, a, &key));
			hits += found == FOUND_ONE;
		}
		finder_free(finder);
	}
	ck_assert_uint_gt(hits, 0);
	ruleset_free(rs);
}
END_TEST

START_TEST(find_in_an_empty_set)
{
	static const enum datatype key[] = {TYPE_INET_SERVICE};
	struct ruleset *rs = ruleset_new("t");
	struct finder *finder = finder_new(ruleset_set(rs, NULL, key, 1, NULL, 0));
	struct key any = {0};
	size_t at;

	ck_assert_int_eq(finder_find(finder, &any, &at), FOUND_NONE);
	finder_free(finder);
	finder_free(NULL);
	ruleset_free(rs);
}
END_TEST

/* A key of which the second field is not known: the first one excludes, or does not. */
START_TEST(find_with_unknown_bytes)
{
	static const enum datatype type[] = {TYPE_INET_SERVICE, TYPE_INET_SERVICE};
	struct ruleset *rs = ruleset_new("t");
	struct set *set = ruleset_set(rs, NULL, type, 2, NULL, 0);
	struct key key = {.unknown = {false, false, true, true}};
	struct finder *finder;
	size_t at;

	for (uint16_t i = 10; i < 20; i++)
		set_put(set_put(set_add(set, 0), value_u16(i)), value_u16(1));
	finder = finder_new(set);
	set_put(key.bytes, value_u16(15));
	ck_assert_int_eq(finder_find(finder, &key, &at), FOUND_PERHAPS);
	set_put(key.bytes, value_u16(20));
	ck_assert_int_eq(finder_find(finder, &key, &at), FOUND_NONE);
	finder_free(finder);
	ruleset_free(rs);
}
END_TEST

Suite *find_suite(void)
{
	Suite *s = suite_create("find");
	TCase *tc = tcase_create("sets");

	add_table(tc, find_finds_what_is_there, kinds);
	tcase_add_test(tc, find_in_an_empty_set);
	tcase_add_test(tc, find_with_unknown_bytes);
	suite_add_tcase(s, tc);
	return s;
}

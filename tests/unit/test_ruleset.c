/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit.h"

#include "jgfw/ruleset/ruleset.h"

#include <errno.h>
#include <string.h>

static const enum datatype PORT[] = {TYPE_INET_SERVICE};
static const enum datatype ADDR[] = {TYPE_IPV4_ADDR};
static const enum datatype VERDICT[] = {TYPE_VERDICT};

static uint32_t origin(struct ruleset *rs, const char *row)
{
	vec_add(&rs->origins, ((struct origin){.row = row, .deployment = "hq"}));
	return (uint32_t)rs->origins.n;
}

/* The rows of a list of origins, in order of their names, as one string. */
static const char *origin_rows(struct ruleset *rs, uint32_t at)
{
	char *rows = arena_alloc(&rs->arena, 32), *end = rows;

	for (const char *c = "abcdefghijklmnopqrstuvwxyz"; *c; c++)
		for (uint32_t i = at; i; i = rs->origins.at[i - 1].next)
			if (*rs->origins.at[i - 1].row == *c)
				*end++ = *c;
	return rows;
}

static void add_port(struct set *set, uint16_t port, uint32_t from)
{
	set_put(set_add(set, from), value_u16(port));
}

static void add_pair(struct set *set, uint16_t port, uint32_t addr, uint32_t from)
{
	set_put(set_put(set_add(set, from), value_u16(port)), value_u32(addr));
}

START_TEST(values_are_in_network_order)
{
	struct value v = value_u16(0x1234);

	ck_assert_uint_eq(v.len, 2);
	ck_assert_mem_eq(v.bytes, "\x12\x34", 2);
	v = value_u32(0x01020304);
	ck_assert_uint_eq(v.len, 4);
	ck_assert_mem_eq(v.bytes, "\x01\x02\x03\x04", 4);
	v = value_u8(255);
	ck_assert_uint_eq(v.len, 1);
	ck_assert_uint_eq(v.bytes[0], 255);
}
END_TEST

START_TEST(value_ifname_is_padded_and_ends)
{
	static const char padded[16] = "eth0";
	struct value v = value_ifname("eth0");

	ck_assert_uint_eq(v.len, 16);
	ck_assert_mem_eq(v.bytes, padded, 16);
	v = value_ifname("abcdefghijklmnopqrst");
	ck_assert_mem_eq(v.bytes, "abcdefghijklmno\0", 16);
}
END_TEST

START_TEST(set_lengths_follow_the_types)
{
	static const enum datatype key[] = {TYPE_IPV4_ADDR, TYPE_INET_PROTO, TYPE_INET_SERVICE};
	static const enum datatype data[] = {TYPE_IPV4_ADDR, TYPE_INET_SERVICE};
	struct ruleset *rs = ruleset_new("t");
	struct set *map = ruleset_set(rs, "m", key, 3, data, 2);
	struct set *ranges = ruleset_set(rs, "r", key, 3, NULL, 0);

	set_add(map, 0);
	ck_assert_uint_eq(map->key_len, 7);
	ck_assert_uint_eq(map->data_len, 6);
	ck_assert_uint_eq(map->stride, 13);
	ranges->interval = true;
	set_add(ranges, 0);
	ck_assert_uint_eq(ranges->stride, 14);
	ruleset_free(rs);
}
END_TEST

START_TEST(named_sets_are_of_the_table)
{
	struct ruleset *rs = ruleset_new("t");
	struct set *named = ruleset_set(rs, "s", PORT, 1, NULL, 0);
	struct set *anonymous = ruleset_set(rs, NULL, PORT, 1, NULL, 0);

	ck_assert_str_eq(rs->table.name, "t");
	ck_assert_uint_eq(rs->table.sets.n, 1);
	ck_assert_ptr_eq(rs->table.sets.at[0], named);
	ck_assert_uint_eq(rs->anonymous.n, 1);
	ck_assert_ptr_eq(rs->anonymous.at[0], anonymous);
	ck_assert_ptr_null(anonymous->name);
	ruleset_free(rs);
}
END_TEST

START_TEST(sort_of_nothing)
{
	struct ruleset *rs = ruleset_new("t");
	struct set *set = ruleset_set(rs, "s", PORT, 1, NULL, 0);
	size_t a, b;

	ck_assert_int_eq(set_sort(rs, set, &a, &b), 0);
	ck_assert_uint_eq(set->n, 0);
	ruleset_free(rs);
}
END_TEST

START_TEST(sort_orders_as_numbers)
{
	static const uint16_t ports[] = {443, 80, 65535, 1, 256, 255};
	static const uint16_t sorted[] = {1, 80, 255, 256, 443, 65535};
	struct ruleset *rs = ruleset_new("t");
	struct set *set = ruleset_set(rs, "s", PORT, 1, NULL, 0);
	size_t a, b;

	for (size_t i = 0; i < ARRAY_SIZE(ports); i++)
		add_port(set, ports[i], 0);
	ck_assert_int_eq(set_sort(rs, set, &a, &b), 0);
	ck_assert_uint_eq(set->n, ARRAY_SIZE(sorted));
	for (size_t i = 0; i < set->n; i++)
		ck_assert_mem_eq(set->bytes + 2UL * i, value_u16(sorted[i]).bytes, 2);
	ruleset_free(rs);
}
END_TEST

START_TEST(sort_orders_by_all_bytes)
{
	static const enum datatype key[] = {TYPE_IFNAME, TYPE_INET_SERVICE};
	struct ruleset *rs = ruleset_new("t");
	struct set *set = ruleset_set(rs, "s", key, 2, NULL, 0);
	size_t a, b;

	/* alike in more than the first eight bytes */
	set_put(set_put(set_add(set, 0), value_ifname("interface-b")), value_u16(1));
	set_put(set_put(set_add(set, 0), value_ifname("interface-a")), value_u16(2));
	set_put(set_put(set_add(set, 0), value_ifname("interface-a")), value_u16(1));
	ck_assert_int_eq(set_sort(rs, set, &a, &b), 0);
	ck_assert_uint_eq(set->n, 3);
	ck_assert_mem_eq(set->bytes, "interface-a\0\0\0\0\0\0\1", 18);
	ck_assert_mem_eq(set->bytes + 18, "interface-a\0\0\0\0\0\0\2", 18);
	ck_assert_mem_eq(set->bytes + 36, "interface-b\0\0\0\0\0\0\1", 18);
	ruleset_free(rs);
}
END_TEST

START_TEST(sort_drops_equal_elements_and_joins_their_origins)
{
	struct ruleset *rs = ruleset_new("t");
	struct set *set = ruleset_set(rs, "s", PORT, 1, NULL, 0);
	uint32_t row_a = origin(rs, "a"), row_b = origin(rs, "b"), row_c = origin(rs, "c");
	size_t a, b;

	add_port(set, 443, row_a);
	add_port(set, 80, row_b);
	add_port(set, 443, row_c);
	add_port(set, 443, row_a);
	ck_assert_int_eq(set_sort(rs, set, &a, &b), 0);
	ck_assert_uint_eq(set->n, 2);
	ck_assert_mem_eq(set->bytes, "\0\x50\x01\xbb", 4);
	ck_assert_str_eq(origin_rows(rs, set->origins[0]), "b");
	ck_assert_str_eq(origin_rows(rs, set->origins[1]), "ac");
	ruleset_free(rs);
}
END_TEST

START_TEST(sort_keeps_data_with_its_key)
{
	struct ruleset *rs = ruleset_new("t");
	struct set *map = ruleset_set(rs, "m", PORT, 1, ADDR, 1);
	size_t a, b;

	add_pair(map, 2, 0x0a000002, 0);
	add_pair(map, 1, 0x0a000001, 0);
	add_pair(map, 2, 0x0a000002, 0);
	ck_assert_int_eq(set_sort(rs, map, &a, &b), 0);
	ck_assert_uint_eq(map->n, 2);
	ck_assert_mem_eq(map->bytes, "\0\1\x0a\0\0\1\0\2\x0a\0\0\2", 12);
	ruleset_free(rs);
}
END_TEST

START_TEST(sort_refuses_other_data_for_one_key)
{
	struct ruleset *rs = ruleset_new("t");
	struct set *map = ruleset_set(rs, "m", PORT, 1, ADDR, 1);
	size_t a = 0, b = 0;

	add_pair(map, 7, 0x0a000002, origin(rs, "a"));
	add_pair(map, 1, 0x0a000001, 0);
	add_pair(map, 7, 0x0a000001, origin(rs, "b"));
	ck_assert_int_eq(set_sort(rs, map, &a, &b), -EEXIST);
	ck_assert_mem_eq(map->bytes + a * map->stride, "\0\7\x0a\0\0\1", 6);
	ck_assert_mem_eq(map->bytes + b * map->stride, "\0\7\x0a\0\0\2", 6);
	ck_assert_str_eq(origin_rows(rs, map->origins[a]), "b");
	ck_assert_str_eq(origin_rows(rs, map->origins[b]), "a");
	ruleset_free(rs);
}
END_TEST

START_TEST(sort_keeps_verdicts_with_their_keys)
{
	struct ruleset *rs = ruleset_new("t");
	struct set *vmap = ruleset_set(rs, "v", PORT, 1, VERDICT, 1);
	struct chain *chain = ruleset_chain(rs, "c");
	size_t a, b;

	add_port(vmap, 2, 0);
	vmap->verdicts[0] = (struct verdict){VERDICT_GOTO, chain};
	add_port(vmap, 1, 0);
	vmap->verdicts[1] = (struct verdict){VERDICT_DROP, NULL};
	ck_assert_int_eq(set_sort(rs, vmap, &a, &b), 0);
	ck_assert_int_eq(vmap->verdicts[0].kind, VERDICT_DROP);
	ck_assert_int_eq(vmap->verdicts[1].kind, VERDICT_GOTO);
	ck_assert_ptr_eq(vmap->verdicts[1].chain, chain);
	ruleset_free(rs);
}
END_TEST

START_TEST(sort_refuses_other_verdicts_for_one_key)
{
	struct ruleset *rs = ruleset_new("t");
	struct set *vmap = ruleset_set(rs, "v", PORT, 1, VERDICT, 1);
	size_t a = 9, b = 9;

	add_port(vmap, 2, 0);
	vmap->verdicts[0] = (struct verdict){VERDICT_DROP, NULL};
	add_port(vmap, 2, 0);
	vmap->verdicts[1] = (struct verdict){VERDICT_ACCEPT, NULL};
	ck_assert_int_eq(set_sort(rs, vmap, &a, &b), -EEXIST);
	ck_assert_uint_eq(a, 0);
	ck_assert_uint_eq(b, 1);
	ruleset_free(rs);
}
END_TEST

START_TEST(sort_drops_equal_elements_of_a_verdict_map)
{
	struct ruleset *rs = ruleset_new("t");
	struct set *vmap = ruleset_set(rs, "v", PORT, 1, VERDICT, 1);
	struct chain *chain = ruleset_chain(rs, "c");
	size_t a, b;

	add_port(vmap, 2, origin(rs, "a"));
	vmap->verdicts[0] = (struct verdict){VERDICT_GOTO, chain};
	add_port(vmap, 2, origin(rs, "b"));
	vmap->verdicts[1] = (struct verdict){VERDICT_GOTO, chain};
	ck_assert_int_eq(set_sort(rs, vmap, &a, &b), 0);
	ck_assert_uint_eq(vmap->n, 1);
	ck_assert_str_eq(origin_rows(rs, vmap->origins[0]), "ab");
	ruleset_free(rs);
}
END_TEST

START_TEST(set_grows_behind_a_sort)
{
	struct ruleset *rs = ruleset_new("t");
	struct set *set = ruleset_set(rs, "s", PORT, 1, NULL, 0);
	size_t a, b;

	for (uint16_t i = 100; i > 0; i--)
		add_port(set, i, 0);
	ck_assert_int_eq(set_sort(rs, set, &a, &b), 0);
	add_port(set, 50, 0);
	add_port(set, 0, 0);
	ck_assert_int_eq(set_sort(rs, set, &a, &b), 0);
	ck_assert_uint_eq(set->n, 101);
	for (uint16_t i = 0; i <= 100; i++)
		ck_assert_mem_eq(set->bytes + 2UL * i, value_u16(i).bytes, 2);
	ruleset_free(rs);
}
END_TEST

START_TEST(origins_join)
{
	struct ruleset *rs = ruleset_new("t");
	uint32_t a = origin(rs, "a"), b = origin(rs, "b"), c = origin(rs, "c"), ab, abc;

	ck_assert_uint_eq(origin_join(rs, 0, 0), 0);
	ck_assert_uint_eq(origin_join(rs, a, 0), a);
	ck_assert_uint_eq(origin_join(rs, 0, a), a);
	ck_assert_str_eq(origin_rows(rs, origin_join(rs, a, a)), "a");
	ab = origin_join(rs, a, b);
	ck_assert_str_eq(origin_rows(rs, ab), "ab");
	abc = origin_join(rs, c, ab);
	ck_assert_str_eq(origin_rows(rs, abc), "abc");
	/* lists that others hold stay as they were */
	ck_assert_str_eq(origin_rows(rs, a), "a");
	ck_assert_str_eq(origin_rows(rs, b), "b");
	ck_assert_str_eq(origin_rows(rs, c), "c");
	ck_assert_str_eq(origin_rows(rs, ab), "ab");
	ruleset_free(rs);
}
END_TEST

/* A dump that sees the kernel rearrange a set tells elements twice. */
START_TEST(odd_elements_that_are_told_twice)
{
	struct ruleset *rs = ruleset_new("t");
	struct set *set = ruleset_set(rs, "s", PORT, 1, NULL, 0);
	size_t a, b;

	add_port(set, 443, ELEMENT_UNSUPPORTED);
	add_port(set, 443, ELEMENT_UNSUPPORTED);
	add_port(set, 80, origin(rs, "a"));
	add_port(set, 80, ELEMENT_UNSUPPORTED);
	ck_assert_int_eq(set_sort(rs, set, &a, &b), 0);
	ck_assert_uint_eq(set->n, 2);
	ck_assert_uint_eq(set->origins[0], ELEMENT_UNSUPPORTED);
	ck_assert_uint_eq(set->origins[1], ELEMENT_UNSUPPORTED);
	ruleset_free(rs);
}
END_TEST

Suite *ruleset_suite(void)
{
	Suite *s = suite_create("ruleset");
	TCase *tc = tcase_create("values");

	tcase_add_test(tc, values_are_in_network_order);
	tcase_add_test(tc, value_ifname_is_padded_and_ends);
	tcase_add_test(tc, set_lengths_follow_the_types);
	tcase_add_test(tc, named_sets_are_of_the_table);
	suite_add_tcase(s, tc);
	tc = tcase_create("sort");
	tcase_add_test(tc, sort_of_nothing);
	tcase_add_test(tc, sort_orders_as_numbers);
	tcase_add_test(tc, sort_orders_by_all_bytes);
	tcase_add_test(tc, sort_drops_equal_elements_and_joins_their_origins);
	tcase_add_test(tc, sort_keeps_data_with_its_key);
	tcase_add_test(tc, sort_refuses_other_data_for_one_key);
	tcase_add_test(tc, sort_keeps_verdicts_with_their_keys);
	tcase_add_test(tc, sort_refuses_other_verdicts_for_one_key);
	tcase_add_test(tc, sort_drops_equal_elements_of_a_verdict_map);
	tcase_add_test(tc, set_grows_behind_a_sort);
	tcase_add_test(tc, origins_join);
	tcase_add_test(tc, odd_elements_that_are_told_twice);
	suite_add_tcase(s, tc);
	return s;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit.h"

#include <errno.h>
#include <string.h>

static const struct {
	const char *text;
	int result;
	uint32_t addr;
} addresses[] = {
	{"0.0.0.0", 0, 0},
	{"255.255.255.255", 0, 0xffffffff},
	{"203.0.113.10", 0, 0xcb00710a},
	{"1.2.3.4", 0, 0x01020304},
	{"", -EINVAL, 0},
	{"1", -EINVAL, 0},
	{"1.2.3", -EINVAL, 0},
	{"1.2.3.", -EINVAL, 0},
	{"1.2.3.4.", -EINVAL, 0},
	{"1.2.3.4.5", -EINVAL, 0},
	{".1.2.3", -EINVAL, 0},
	{"1..2.3", -EINVAL, 0},
	{"1.2.3.256", -EINVAL, 0},
	{"1.2.3.1000", -EINVAL, 0},
	{"1.2.3.04", -EINVAL, 0},
	{"1.2.3.00", -EINVAL, 0},
	{"010.2.3.4", -EINVAL, 0},
	{"1.2.3.4 ", -EINVAL, 0},
	{" 1.2.3.4", -EINVAL, 0},
	{"1.2.3.+4", -EINVAL, 0},
	{"1.2.3.-4", -EINVAL, 0},
	{"1.2.3.0x4", -EINVAL, 0},
	{"1.2.3.4/32", -EINVAL, 0},
	{"1.2.3.4294967296", -EINVAL, 0},
	{"::1", -EINVAL, 0},
	{"localhost", -EINVAL, 0},
};

START_TEST(ipv4_parse_cases)
{
	uint32_t addr = 4711;

	ck_assert_int_eq(ipv4_parse(addresses[_i].text, &addr), addresses[_i].result);
	ck_assert_uint_eq(addr, addresses[_i].result ? 4711 : addresses[_i].addr);
}
END_TEST

static const struct {
	const char *text;
	int result;
	uint32_t lo, hi;
} networks[] = {
	{"10.0.0.0/8", 0, 0x0a000000, 0x0affffff},
	{"10.1.2.3", 0, 0x0a010203, 0x0a010203},
	{"10.1.2.3/32", 0, 0x0a010203, 0x0a010203},
	{"10.1.2.2/31", 0, 0x0a010202, 0x0a010203},
	{"0.0.0.0/0", 0, 0, UINT32_MAX},
	{"128.0.0.0/1", 0, 0x80000000, UINT32_MAX},
	{"255.255.255.255/32", 0, UINT32_MAX, UINT32_MAX},
	{"10.0.0.1/8", -EDOM, 0x0a000000, 0x0affffff},
	{"10.1.2.3/31", -EDOM, 0x0a010202, 0x0a010203},
	{"0.0.0.1/0", -EDOM, 0, UINT32_MAX},
	{"10.0.0.0/33", -EINVAL, 0, 0},
	{"10.0.0.0/", -EINVAL, 0, 0},
	{"10.0.0.0/08", -EINVAL, 0, 0},
	{"10.0.0.0/-1", -EINVAL, 0, 0},
	{"10.0.0.0/8/8", -EINVAL, 0, 0},
	{"10.0.0.0/255.0.0.0", -EINVAL, 0, 0},
	{"10.0.0/24", -EINVAL, 0, 0},
	{"/8", -EINVAL, 0, 0},
	{"", -EINVAL, 0, 0},
	{"255.255.255.2555", -EINVAL, 0, 0},
	{"1111111111111111111/8", -EINVAL, 0, 0},
	{"10.0.0.0-10.0.0.9", -EINVAL, 0, 0},
};

START_TEST(ipv4_net_parse_cases)
{
	struct range r = {1, 2};

	ck_assert_int_eq(ipv4_net_parse(networks[_i].text, &r), networks[_i].result);
	if (networks[_i].result != -EINVAL) {
		ck_assert_uint_eq(r.lo, networks[_i].lo);
		ck_assert_uint_eq(r.hi, networks[_i].hi);
	}
}
END_TEST

static const struct {
	const char *text;
	int result;
	uint32_t lo, hi;
} port_ranges[] = {
	{"1", 0, 1, 1},
	{"65535", 0, 65535, 65535},
	{"1-65535", 0, 1, 65535},
	{"80-80", 0, 80, 80},
	{"0", -ERANGE, 0, 0},
	{"65536", -ERANGE, 0, 0},
	{"0-5", -ERANGE, 0, 0},
	{"5-0", -ERANGE, 0, 0},
	{"5-65536", -ERANGE, 0, 0},
	{"65536-5", -ERANGE, 0, 0},
	{"4294967376", -ERANGE, 0, 0}, /* 2^32 + 80 */
	{"10000000000", -ERANGE, 0, 0},
	{"10000000000-80", -ERANGE, 0, 0},
	{"80-10000000000", -ERANGE, 0, 0},
	{"90-80", -EDOM, 0, 0},
	{"", -EINVAL, 0, 0},
	{"-", -EINVAL, 0, 0},
	{"80-", -EINVAL, 0, 0},
	{"-80", -EINVAL, 0, 0},
	{"080", -EINVAL, 0, 0},
	{"80-090", -EINVAL, 0, 0},
	{"80 - 90", -EINVAL, 0, 0},
	{"80--90", -EINVAL, 0, 0},
	{"80-90-100", -EINVAL, 0, 0},
	{"80:90", -EINVAL, 0, 0},
	{"80,90", -EINVAL, 0, 0},
	{"http", -EINVAL, 0, 0},
};

START_TEST(port_range_parse_cases)
{
	struct range r = {4711, 4712};

	ck_assert_int_eq(port_range_parse(port_ranges[_i].text, &r), port_ranges[_i].result);
	ck_assert_uint_eq(r.lo, port_ranges[_i].result ? 4711 : port_ranges[_i].lo);
	ck_assert_uint_eq(r.hi, port_ranges[_i].result ? 4712 : port_ranges[_i].hi);
}
END_TEST

static const struct {
	const char *text;
	bool is_private, is_host;
} kinds[] = {
	{"9.255.255.255", false, true},	  {"10.0.0.0", true, true},
	{"10.255.255.255", true, true},	  {"11.0.0.0", false, true},
	{"172.15.255.255", false, true},  {"172.16.0.0", true, true},
	{"172.31.255.255", true, true},	  {"172.32.0.0", false, true},
	{"192.167.255.255", false, true}, {"192.168.0.0", true, true},
	{"192.168.255.255", true, true},  {"192.169.0.0", false, true},
	{"0.0.0.0", false, false},	  {"0.255.255.255", false, false},
	{"1.0.0.0", false, true},	  {"127.0.0.1", false, false},
	{"126.255.255.255", false, true}, {"128.0.0.0", false, true},
	{"223.255.255.255", false, true}, {"224.0.0.1", false, false},
	{"240.0.0.1", false, false},	  {"255.255.255.255", false, false},
};

START_TEST(ipv4_kinds)
{
	uint32_t addr;

	ck_assert_int_eq(ipv4_parse(kinds[_i].text, &addr), 0);
	ck_assert_int_eq(ipv4_is_private(addr), kinds[_i].is_private);
	ck_assert_int_eq(ipv4_is_host(addr), kinds[_i].is_host);
}
END_TEST

static const struct {
	struct range range;
	int len;
} prefixes[] = {
	{{0, UINT32_MAX}, 0},
	{{0x80000000, UINT32_MAX}, 1},
	{{0x0a000000, 0x0affffff}, 8},
	{{0x0a010203, 0x0a010203}, 32},
	{{2, 3}, 31},
	{{1, 2}, -1}, /* two addresses of two networks */
	{{1, 3}, -1},
	{{0, 2}, -1},
	{{0, UINT32_MAX - 1}, -1},
};

START_TEST(ipv4_prefix_len_cases)
{
	ck_assert_int_eq(ipv4_prefix_len(prefixes[_i].range), prefixes[_i].len);
}
END_TEST

static const struct {
	struct range given[4];
	size_t n;
	struct range set[4];
	size_t n_set;
} normalizations[] = {
	{{{0, 0}}, 0, {{0, 0}}, 0},
	{{{5, 9}}, 1, {{5, 9}}, 1},
	{{{7, 8}, {1, 2}}, 2, {{1, 2}, {7, 8}}, 2}, /* sorted */
	{{{1, 5}, {3, 9}}, 2, {{1, 9}}, 1},	    /* overlap */
	{{{1, 5}, {6, 9}}, 2, {{1, 9}}, 1},	    /* touch */
	{{{1, 5}, {7, 9}}, 2, {{1, 5}, {7, 9}}, 2}, /* a gap of one */
	{{{1, 9}, {3, 4}}, 2, {{1, 9}}, 1},	    /* one within the other */
	{{{1, 9}, {3, 4}, {9, 12}}, 3, {{1, 12}}, 1},
	{{{5, 5}, {5, 5}, {5, 5}}, 3, {{5, 5}}, 1},
	{{{4, 4}, {2, 2}, {3, 3}, {1, 1}}, 4, {{1, 4}}, 1},
	{{{0, UINT32_MAX}, {5, 6}}, 2, {{0, UINT32_MAX}}, 1},
	{{{UINT32_MAX, UINT32_MAX}, {0, 0}}, 2, {{0, 0}, {UINT32_MAX, UINT32_MAX}}, 2},
	{{{UINT32_MAX, UINT32_MAX}, {UINT32_MAX - 1, UINT32_MAX - 1}},
	 2,
	 {{UINT32_MAX - 1, UINT32_MAX}},
	 1},
	{{{3, UINT32_MAX}, {UINT32_MAX, UINT32_MAX}, {1, 1}}, 3, {{1, 1}, {3, UINT32_MAX}}, 2},
	{{{UINT32_MAX - 2, UINT32_MAX - 2}, {UINT32_MAX, UINT32_MAX}},
	 2,
	 {{UINT32_MAX - 2, UINT32_MAX - 2}, {UINT32_MAX, UINT32_MAX}},
	 2},
};

START_TEST(range_normalize_cases)
{
	struct range_vec v = {0};

	for (size_t i = 0; i < normalizations[_i].n; i++)
		vec_add(&v, normalizations[_i].given[i]);
	range_normalize(&v);
	ck_assert_uint_eq(v.n, normalizations[_i].n_set);
	for (size_t i = 0; i < v.n; i++)
		ck_assert(range_equal(v.at[i], normalizations[_i].set[i]));
	vec_free(&v);
}
END_TEST

#define SET(...)                                                                                   \
	{                                                                                          \
		(const struct range[]){__VA_ARGS__},                                               \
			sizeof((const struct range[]){__VA_ARGS__}) / sizeof(struct range)         \
	}

static const struct {
	struct range_set a, b;
	bool overlap, equal;
} pairs[] = {
	{{0}, {0}, false, true},
	{SET({1, 2}), {0}, false, false},
	{SET({1, 2}), SET({1, 2}), true, true},
	{SET({1, 2}), SET({1, 3}), true, false},
	{SET({1, 2}), SET({3, 4}), false, false},
	{SET({1, 2}), SET({2, 2}), true, false},
	{SET({1, 2}, {9, 10}), SET({3, 8}), false, false},
	{SET({1, 2}, {9, 10}), SET({3, 8}, {10, 12}), true, false},
	{SET({1, 2}, {9, 10}), SET({1, 2}), true, false},
	{SET({1, 2}, {5, 6}, {9, 10}), SET({3, 4}, {7, 8}, {11, 12}), false, false},
	{SET({1, 2}, {5, 6}, {9, 10}), SET({3, 4}, {7, 9}), true, false},
	{SET({1, 100}), SET({3, 4}, {7, 9}), true, false},
	{SET({1, 2}, {4, 4}, {UINT32_MAX, UINT32_MAX}), SET({3, 3}, {UINT32_MAX, UINT32_MAX}), true,
	 false},
	{SET({0, UINT32_MAX}), SET({UINT32_MAX, UINT32_MAX}), true, false},
};

START_TEST(range_set_comparisons)
{
	ck_assert_int_eq(range_set_overlaps(pairs[_i].a, pairs[_i].b), pairs[_i].overlap);
	ck_assert_int_eq(range_set_overlaps(pairs[_i].b, pairs[_i].a), pairs[_i].overlap);
	ck_assert_int_eq(range_set_equal(pairs[_i].a, pairs[_i].b), pairs[_i].equal);
	ck_assert_int_eq(range_set_equal(pairs[_i].b, pairs[_i].a), pairs[_i].equal);
}
END_TEST

START_TEST(range_set_count_does_not_wrap)
{
	static const struct range all = {0, UINT32_MAX};
	static const struct range some[] = {{5, 5}, {10, 19}};

	ck_assert_uint_eq(range_set_count((struct range_set){0}), 0);
	ck_assert_uint_eq(range_set_count((struct range_set){&all, 1}), 1ull << 32);
	ck_assert_uint_eq(range_set_count((struct range_set){some, 2}), 11);
}
END_TEST

START_TEST(range_within_is_inclusive)
{
	ck_assert(range_within((struct range){1, 5}, (struct range){1, 5}));
	ck_assert(range_within((struct range){2, 4}, (struct range){1, 5}));
	ck_assert(!range_within((struct range){0, 4}, (struct range){1, 5}));
	ck_assert(!range_within((struct range){2, 6}, (struct range){1, 5}));
}
END_TEST

Suite *addr_suite(void)
{
	Suite *s = suite_create("addr");
	TCase *tc = tcase_create("parse");

	add_table(tc, ipv4_parse_cases, addresses);
	add_table(tc, ipv4_net_parse_cases, networks);
	add_table(tc, port_range_parse_cases, port_ranges);
	add_table(tc, ipv4_kinds, kinds);
	add_table(tc, ipv4_prefix_len_cases, prefixes);
	suite_add_tcase(s, tc);
	tc = tcase_create("ranges");
	add_table(tc, range_normalize_cases, normalizations);
	add_table(tc, range_set_comparisons, pairs);
	tcase_add_test(tc, range_set_count_does_not_wrap);
	tcase_add_test(tc, range_within_is_inclusive);
	suite_add_tcase(s, tc);
	return s;
}

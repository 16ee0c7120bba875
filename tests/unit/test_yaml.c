/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the YAML reader refuses, and where it says so. */
#include "unit.h"

#include "config/yaml.h"

#include <string.h>

/** struct thing - what the mapping of these tests decodes into */
struct thing {
	uint64_t number;
	bool flag;
	int choice;
	size_t items;
};

static void take_number(struct yaml *y, const struct node *value, void *object)
{
	yaml_uint(y, value, 1, 100, &((struct thing *)object)->number);
}

static void take_flag(struct yaml *y, const struct node *value, void *object)
{
	yaml_bool(y, value, &((struct thing *)object)->flag);
}

static void take_choice(struct yaml *y, const struct node *value, void *object)
{
	static const char *const choices[] = {"gateway", "hosts"};

	((struct thing *)object)->choice = yaml_choice(y, value, choices, 2, "scope");
}

static void take_item(struct yaml *y, const struct node *item, void *object)
{
	((struct thing *)object)->items += yaml_word(y, item, "an item");
}

static void take_items(struct yaml *y, const struct node *value, void *object)
{
	yaml_items(y, value, take_item, object, "a list of items");
}

static void take_any(struct yaml *y, const struct node *value, void *object)
{
	(void)object;
	yaml_skip(y, value);
}

static const struct yaml_field fields[] = {
	{"number", true, .decode = take_number},  {"flag", false, .decode = take_flag},
	{"choice", false, .decode = take_choice}, {"items", false, .decode = take_items},
	{"any", false, .decode = take_any},
};

static struct thing read_thing(struct source *s, struct diag *d)
{
	struct thing thing = {.choice = -1};
	struct arena arena = {0};
	struct yaml y;
	struct node root = yaml_open(&y, s, d, &arena);

	if (!y.failed)
		yaml_fields(&y, &root, fields, ARRAY_SIZE(fields), &thing, "a thing");
	yaml_close(&y);
	arena_free(&arena);
	return thing;
}

#define N "number: 5\n"

static const struct {
	const char *text, *slug;
	uint32_t line, column, len;
} refusals[] = {
	{N "any: &a 1\n", "yaml-anchor", 2, 6, 1},
	{N "any: &a [1]\n", "yaml-anchor", 2, 6, 1},
	{N "any: &a {b: 1}\n", "yaml-anchor", 2, 6, 1},
	{N "any: *a\n", "yaml-alias", 2, 6, 2},
	{N "? *a\n: 1\n", "yaml-alias", 2, 3, 2},
	{N "any: !!str 1\n", "yaml-tag", 2, 6, 1},
	{N "any: !x [1]\n", "yaml-tag", 2, 6, 1},
	{N "any: ! 1\n", "yaml-tag", 2, 6, 1},
	{"%YAML 1.1\n---\n" N, "yaml-tag", 1, 1, 1},
	{"%TAG !e! tag:example.org,2000:\n---\n" N, "yaml-tag", 1, 1, 1},
	{N "---\n" N, "yaml-documents", 2, 1, 3},
	{N "...\n---\n" N, "yaml-documents", 3, 1, 3},
	{N N, "duplicate-key", 2, 1, 6},
	{N "'number': 5\n", "duplicate-key", 2, 1, 8},
	{N "flga: true\n", "unknown-key", 2, 1, 4},
	{N "<<: {flag: true}\n", "unknown-key", 2, 1, 2},
	{N "[a]: 1\n", "wrong-type", 2, 1, 1},
	{N "'': 1\n", "wrong-type", 2, 1, 2},
	{"flag: true\n", "missing-key", 1, 1, 1},
	{"", "yaml-empty", 1, 1, 1},
	{"# nothing\n", "yaml-empty", 1, 1, 1},
	{"---\n", "wrong-type", 2, 1, 1},
	{"- 1\n", "wrong-type", 1, 1, 1},
	{"word\n", "wrong-type", 1, 1, 4},
	{"number:\n", "wrong-type", 1, 8, 1},
	{"number: [5]\n", "wrong-type", 1, 9, 1},
	{"number: 0\n", "bad-number", 1, 9, 1},
	{"number: 101\n", "bad-number", 1, 9, 3},
	{"number: 05\n", "bad-number", 1, 9, 2},
	{"number: 5.0\n", "bad-number", 1, 9, 3},
	{N "flag: yes\n", "wrong-type", 2, 7, 3},
	{N "flag: 'true'\n", "wrong-type", 2, 7, 6},
	{N "flag: True\n", "wrong-type", 2, 7, 4},
	{N "choice: host\n", "unknown-value", 2, 9, 4},
	{N "items: 1\n", "wrong-type", 2, 8, 1},
	{N "items: {a: 1}\n", "wrong-type", 2, 8, 1},
	{N "items: [[1]]\n", "wrong-type", 2, 9, 1},
	{N "items: [a, '']\n", "wrong-type", 2, 12, 2},
	{N "any: \"a\\0b\"\n", "yaml-encoding", 2, 6, 6},
	{N "any: \xff\n", "yaml-encoding", 2, 6, 1},
	{N "any: \xc3\xbc\xff\n", "yaml-encoding", 2, 7, 1}, /* columns count code points */
	{N "any: [1\n", "yaml-syntax", 3, 1, 1},
	{N "any: {a: 1\n", "yaml-syntax", 3, 1, 1},
	{N "\tany: 1\n", "yaml-syntax", 2, 1, 1},
	{N "any: 'open\n", "yaml-syntax", 3, 1, 1},
	{N "any: [[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]\n", "yaml-depth", 2, 21, 1},
};

START_TEST(yaml_refuses)
{
	struct source s = source_of(refusals[_i].text);
	struct diag d = {0};

	read_thing(&s, &d);
	ck_assert_uint_ge(d.n, 1);
	ck_assert_str_eq(d.messages[0]->slug, refusals[_i].slug);
	ck_assert_uint_eq(d.messages[0]->loc.line, refusals[_i].line);
	ck_assert_uint_eq(d.messages[0]->loc.column, refusals[_i].column);
	ck_assert_uint_eq(d.messages[0]->loc.len, refusals[_i].len);
	ck_assert_uint_eq(d.errors, 1);
	diag_free(&d);
}
END_TEST

START_TEST(yaml_reads_what_is_well_formed)
{
	struct source s = source_of("# a comment\n---\nnumber: 100\nflag: true\nchoice: 'hosts'\n"
				    "items: [a, \"b c\", 10]\nany: {a: [1, {b: 2}], c: }\n...\n");
	struct diag d = {0};
	struct thing thing = read_thing(&s, &d);

	assert_clean(&d);
	ck_assert_uint_eq(thing.number, 100);
	ck_assert(thing.flag);
	ck_assert_int_eq(thing.choice, 1);
	ck_assert_uint_eq(thing.items, 3);
	diag_free(&d);
}
END_TEST

START_TEST(yaml_goes_to_the_depth_it_names)
{
	struct source s = source_of(N "any: [[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]\n");
	struct diag d = {0};

	read_thing(&s, &d);
	assert_clean(&d);
	diag_free(&d);
}
END_TEST

START_TEST(yaml_of_many_brackets_ends_soon)
{
	struct buf text = {0};
	struct diag d = {0};
	struct source s;

	buf_puts(&text, "any: ");
	buf_pad(&text, '[', 1000000);
	s = source_of(buf_str(&text));
	read_thing(&s, &d);
	ck_assert_uint_eq(d.n, 1);
	ck_assert_str_eq(d.messages[0]->slug, "yaml-depth");
	buf_free(&text);
	diag_free(&d);
}
END_TEST

START_TEST(yaml_goes_on_behind_an_error)
{
	struct source s = source_of("number: x\nfalg: [1, {a: 2}]\nflag: maybe\nitems: [a, [], b]\n"
				    "choice: hosts\n");
	struct diag d = {0};
	struct thing thing = read_thing(&s, &d);

	ck_assert_uint_eq(d.errors, 4);
	ck_assert_uint_eq(thing.items, 2);
	ck_assert_int_eq(thing.choice, 1);
	diag_free(&d);
}
END_TEST

START_TEST(yaml_suggests_the_key_that_was_meant)
{
	struct source s = source_of(N "flga: true\ncompletely: 1\n");
	struct diag d = {0};

	read_thing(&s, &d);
	ck_assert_uint_eq(d.n, 2);
	ck_assert_str_eq(d.messages[0]->text,
			 "unknown key of a thing 'flga'; did you mean 'flag'?");
	ck_assert_str_eq(d.messages[1]->text, "unknown key of a thing 'completely'");
	diag_free(&d);
}
END_TEST

START_TEST(yaml_shows_both_places_of_a_duplicate)
{
	struct source s = source_of(N "flag: true\n" N);
	struct diag d = {0};

	read_thing(&s, &d);
	ck_assert_uint_eq(d.n, 1);
	ck_assert_uint_eq(d.messages[0]->loc.line, 3);
	ck_assert_ptr_nonnull(d.messages[0]->note);
	ck_assert_uint_eq(d.messages[0]->note->loc.line, 1);
	diag_free(&d);
}
END_TEST

START_TEST(yaml_keeps_the_first_of_a_duplicate)
{
	struct source s = source_of("number: 1\nnumber: 2\n");
	struct diag d = {0};

	ck_assert_uint_eq(read_thing(&s, &d).number, 1);
	diag_free(&d);
}
END_TEST

START_TEST(yaml_caret_behind_a_byte_order_mark)
{
	struct source s = source_of("\xef\xbb\xbf"
				    "nmber: 5\n");
	struct diag d = {0};
	struct buf out = {0};

	read_thing(&s, &d);
	d.n = 1;
	diag_render(&d, &out, false);
	ck_assert_ptr_nonnull(strstr(buf_str(&out), "\nnmber: 5\n^~~~~\n"));
	buf_free(&out);
	diag_free(&d);
}
END_TEST

START_TEST(yaml_refuses_what_is_too_large)
{
	char *text = mem_alloc((size_t)YAML_MAX_SIZE + 1);
	struct source s = {"big.yaml", text, (size_t)YAML_MAX_SIZE + 1};
	struct diag d = {0};

	memset(text, '#', s.len);
	read_thing(&s, &d);
	ck_assert_uint_eq(d.n, 1);
	ck_assert_str_eq(d.messages[0]->slug, "yaml-size");
	free(text);
	diag_free(&d);
}
END_TEST

Suite *yaml_suite(void)
{
	Suite *s = suite_create("yaml");
	TCase *tc = tcase_create("yaml");

	add_table(tc, yaml_refuses, refusals);
	tcase_add_test(tc, yaml_reads_what_is_well_formed);
	tcase_add_test(tc, yaml_goes_to_the_depth_it_names);
	tcase_add_test(tc, yaml_of_many_brackets_ends_soon);
	tcase_add_test(tc, yaml_goes_on_behind_an_error);
	tcase_add_test(tc, yaml_suggests_the_key_that_was_meant);
	tcase_add_test(tc, yaml_shows_both_places_of_a_duplicate);
	tcase_add_test(tc, yaml_keeps_the_first_of_a_duplicate);
	tcase_add_test(tc, yaml_caret_behind_a_byte_order_mark);
	tcase_add_test(tc, yaml_refuses_what_is_too_large);
	suite_add_tcase(s, tc);
	return s;
}

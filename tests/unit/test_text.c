/* SPDX-License-Identifier: GPL-2.0-or-later */
/* text.h and buf.h */
#include "unit.h"

#include "jgfw/base/buf.h"
#include "jgfw/base/json.h"
#include "jgfw/base/text.h"

#include <errno.h>
#include <string.h>

static const struct {
	const char *text;
	uint64_t max;
	int result;
	uint64_t value;
} numbers[] = {
	{"0", 0, 0, 0},
	{"1", 0, -ERANGE, 0},
	{"9", 9, 0, 9},
	{"10", 9, -ERANGE, 0},
	{"255", 255, 0, 255},
	{"256", 255, -ERANGE, 0},
	{"3", 2, -ERANGE, 0},
	{"18446744073709551615", UINT64_MAX, 0, UINT64_MAX},
	{"18446744073709551616", UINT64_MAX, -ERANGE, 0},
	{"99999999999999999999999", UINT64_MAX, -ERANGE, 0},
	{"", 10, -EINVAL, 0},
	{"00", 10, -EINVAL, 0},
	{"01", 10, -EINVAL, 0},
	{"+1", 10, -EINVAL, 0},
	{"-1", 10, -EINVAL, 0},
	{" 1", 10, -EINVAL, 0},
	{"1 ", 10, -EINVAL, 0},
	{"1x", 10, -EINVAL, 0},
	{"999x", 10, -EINVAL, 0}, /* malformed before it is too great */
	{"0x1", 10, -EINVAL, 0},
	{"1e1", 10, -EINVAL, 0},
	{"\xd9\xa1", 10, -EINVAL, 0}, /* ARABIC-INDIC DIGIT ONE */
};

START_TEST(text_uint_cases)
{
	uint64_t value = 4711;

	ck_assert_int_eq(text_uint(numbers[_i].text, numbers[_i].max, &value), numbers[_i].result);
	ck_assert_uint_eq(value, numbers[_i].result ? 4711 : numbers[_i].value);
}
END_TEST

static const char *const words[] = {"zones", "scope", "public_addresses", "log_drops", "x"};

static const struct {
	const char *text;
	int index;
} likenesses[] = {
	{"zones", 0},
	{"zone", 0},
	{"zoens", 0}, /* two neighbours swapped */
	{"zonse", 0},
	{"scoop", 1},
	{"public_adresses", 2},
	{"publicaddresses", 2},
	{"log-drops", 3},
	{"logdrops", 3},
	{"y", -1}, /* all of it is different */
	{"", -1},
	{"completely", -1},
	{"abcdefghijklmnopqrstuvwxyzabcdefg", -1}, /* longer than any word that is compared */
};

START_TEST(text_nearest_cases)
{
	ck_assert_int_eq(text_nearest(likenesses[_i].text, words, ARRAY_SIZE(words)),
			 likenesses[_i].index);
}
END_TEST

START_TEST(text_nearest_takes_the_nearest_then_the_first)
{
	static const char *const near[] = {"inwards", "inward", "onward"};

	ck_assert_int_eq(text_nearest("inwarb", near, 3), 1);
	ck_assert_int_eq(text_nearest("unward", near, 3), 1);
	ck_assert_int_eq(text_nearest("inward", NULL, 0), -1);
}
END_TEST

/* RFC 3629, section 4 */
static const struct {
	const char *bytes;
	size_t max, len;
} characters[] = {
	{"a", 1, 1},
	{"a", 0, 0},
	{"\x7f", 1, 1},
	{"\xc2\x80", 2, 2},
	{"\xdf\xbf", 2, 2},
	{"\xe0\xa0\x80", 3, 3},
	{"\xef\xbf\xbf", 3, 3},
	{"\xed\x9f\xbf", 3, 3},
	{"\xee\x80\x80", 3, 3},
	{"\xf0\x90\x80\x80", 4, 4},
	{"\xf4\x8f\xbf\xbf", 4, 4},
	{"\x80", 1, 0}, /* a continuation alone */
	{"\xbf", 1, 0},
	{"\xc0\x80", 2, 0}, /* overlong */
	{"\xc1\xbf", 2, 0},
	{"\xe0\x9f\xbf", 3, 0},
	{"\xf0\x8f\xbf\xbf", 4, 0},
	{"\xed\xa0\x80", 3, 0}, /* surrogates */
	{"\xed\xbf\xbf", 3, 0},
	{"\xf4\x90\x80\x80", 4, 0}, /* beyond U+10FFFF */
	{"\xf5\x80\x80\x80", 4, 0},
	{"\xff", 1, 0},
	{"\xfe", 1, 0},
	{"\xc2", 1, 0}, /* cut short by max */
	{"\xc2\x80", 1, 0},
	{"\xe2\x82\xac", 2, 0},
	{"\xf0\x9f\x98\x80", 3, 0},
	{"\xc2\x41", 2, 0}, /* no continuation where one must be */
	{"\xe2\x82\x41", 3, 0},
	{"\xe2\x41\xac", 3, 0},
	{"\xf0\x9f\x98\xc0", 4, 0},
};

START_TEST(utf8_len_cases)
{
	ck_assert_uint_eq(utf8_len(characters[_i].bytes, characters[_i].max), characters[_i].len);
}
END_TEST

/* NOLINTBEGIN(misc-misleading-bidirectional): some are to be refused for just that */
static const struct {
	const char *text;
	bool printable;
} texts[] = {
	{"", true},
	{"HQ Z\xc3\xbcrich \xe2\x82\xac \xf0\x9f\x98\x80", true},
	{"a\tb", false},
	{"a\nb", false},
	{"a\x1b[31m", false},
	{"a\x7f", false},
	{"a\xff", false},
	{"a\xc2\x80", false}, /* C1 */
	{"a\xc2\x9f", false},
	{"a\xc2\xa0", true},
	{"a\xe2\x80\xa7", true},
	{"a\xe2\x80\xa8", false}, /* line separator */
	{"a\xe2\x80\xa9", false}, /* paragraph separator */
	{"a\xe2\x80\xaa", false}, /* turns the direction of text */
	{"a\xe2\x80\xae", false},
	{"a\xe2\x80\xaf", true},
	{"a\xe2\x81\xa5", true},
	{"a\xe2\x81\xa6", false},
};
/* NOLINTEND(misc-misleading-bidirectional) */

START_TEST(text_is_printable_cases)
{
	ck_assert_int_eq(text_is_printable(texts[_i].text), texts[_i].printable);
}
END_TEST

START_TEST(buf_grows)
{
	struct buf b = {0};

	for (int i = 0; i < 1000; i++)
		buf_puts(&b, "0123456789");
	ck_assert_uint_eq(b.n, 10000);
	ck_assert_mem_eq(b.at + 9990, "0123456789", 10);
	buf_free(&b);
	ck_assert_ptr_null(b.at);
	ck_assert_uint_eq(b.n + b.cap, 0);
}
END_TEST

START_TEST(buf_of_nothing)
{
	struct buf b = {0};

	buf_add(&b, NULL, 0);
	buf_pad(&b, 'x', 0);
	buf_pad(&b, 'x', -3);
	ck_assert_str_eq(buf_str(&b), "");
	buf_free(&b);
}
END_TEST

START_TEST(buf_str_does_not_become_part_of_the_text)
{
	struct buf b = {0};

	buf_puts(&b, "ab");
	ck_assert_str_eq(buf_str(&b), "ab");
	buf_putc(&b, 'c');
	ck_assert_str_eq(buf_str(&b), "abc");
	buf_free(&b);
}
END_TEST

START_TEST(buf_printf_of_any_length)
{
	struct buf b = {0};

	buf_puts(&b, "<");
	buf_printf(&b, "%0300d", 5);
	buf_printf(&b, "%s", "");
	buf_printf(&b, "%c>", 'x');
	ck_assert_uint_eq(b.n, 303);
	ck_assert_str_eq(buf_str(&b) + 299, "05x>");
	buf_free(&b);
}
END_TEST

static const struct {
	uint64_t number;
	const char *text;
} decimals[] = {
	{0, "0"}, {9, "9"}, {10, "10"}, {65535, "65535"}, {UINT64_MAX, "18446744073709551615"},
};

START_TEST(buf_uint_cases)
{
	struct buf b = {0};

	buf_uint(&b, decimals[_i].number);
	ck_assert_str_eq(buf_str(&b), decimals[_i].text);
	buf_free(&b);
}
END_TEST

START_TEST(buf_ipv4_has_no_byte_order)
{
	struct buf b = {0};

	buf_ipv4(&b, 0xcb00710a);
	buf_putc(&b, ' ');
	buf_ipv4(&b, 0);
	buf_putc(&b, ' ');
	buf_ipv4(&b, UINT32_MAX);
	ck_assert_str_eq(buf_str(&b), "203.0.113.10 0.0.0.0 255.255.255.255");
	buf_free(&b);
}
END_TEST

/* RFC 8259, section 7 */
static const struct {
	const char *text, *json;
} strings[] = {
	{"", "\"\""},
	{"a b", "\"a b\""},
	{"\"", "\"\\\"\""},
	{"\\", "\"\\\\\""},
	{"a\nb", "\"a\\nb\""},
	{"\t", "\"\\u0009\""},
	{"\x01\x1f", "\"\\u0001\\u001f\""},
	{"\x7f", "\"\\u007f\""},
	{"Z\xc3\xbcrich", "\"Z\xc3\xbcrich\""},
	{"\xf0\x9f\x98\x80", "\"\xf0\x9f\x98\x80\""},
	{"a\xff"
	 "b",
	 "\"a\\ufffdb\""},
	{"\xc3", "\"\\ufffd\""}, /* the string ends within a character */
	{"\xe2\x82", "\"\\ufffd\\ufffd\""},
	{"\xc3\"", "\"\\ufffd\\\"\""}, /* the quote is not swallowed */
	{"\xed\xa0\x80", "\"\\ufffd\\ufffd\\ufffd\""},
};

START_TEST(json_sets_commas)
{
	struct buf out = {0};
	struct json j = {.out = &out};

	json_object(&j, NULL);
	json_list(&j, "none");
	json_end(&j);
	json_list(&j, "rows");
	for (unsigned int i = 0; i < 2; i++) {
		json_object(&j, NULL);
		json_uint(&j, "n", i);
		json_end(&j);
	}
	json_string(&j, NULL, "a\"b");
	json_end(&j);
	json_bool(&j, "yes", true);
	json_string(&j, "missing", NULL);
	buf_puts(json_raw(&j, "raw"), "[1]");
	json_object(&j, "last");
	json_end(&j);
	json_end(&j);
	ck_assert_str_eq(buf_str(&out),
			 "{\"none\":[],\"rows\":[{\"n\":0},{\"n\":1},\"a\\\"b\"],\"yes\":true,"
			 "\"missing\":null,\"raw\":[1],\"last\":{}}");
	buf_free(&out);
}
END_TEST

START_TEST(buf_json_string_cases)
{
	struct buf b = {0};

	buf_json_string(&b, strings[_i].text);
	ck_assert_str_eq(buf_str(&b), strings[_i].json);
	buf_free(&b);
}
END_TEST

START_TEST(what_terminals_obey_is_hidden)
{
	static const char before[] = "a\x1b[1m\n\xc3\xa4\xc2\x9b\xff",
			  after[] = "a?[1m\n\xc3\xa4???";
	char text[sizeof(before)];

	memcpy(text, before, sizeof(text));
	text_hide_unprintable(text, sizeof(text) - 1, true);
	ck_assert_str_eq(text, after);
	text_hide_unprintable(text, sizeof(text) - 1, false);
	ck_assert_str_eq(text, "a?[1m?\xc3\xa4???");
}
END_TEST

Suite *text_suite(void)
{
	Suite *s = suite_create("text");
	TCase *tc = tcase_create("text");

	add_table(tc, text_uint_cases, numbers);
	add_table(tc, text_nearest_cases, likenesses);
	tcase_add_test(tc, text_nearest_takes_the_nearest_then_the_first);
	add_table(tc, utf8_len_cases, characters);
	add_table(tc, text_is_printable_cases, texts);
	tcase_add_test(tc, what_terminals_obey_is_hidden);
	suite_add_tcase(s, tc);
	tc = tcase_create("buf");
	tcase_add_test(tc, buf_grows);
	tcase_add_test(tc, buf_of_nothing);
	tcase_add_test(tc, buf_str_does_not_become_part_of_the_text);
	tcase_add_test(tc, buf_printf_of_any_length);
	add_table(tc, buf_uint_cases, decimals);
	tcase_add_test(tc, buf_ipv4_has_no_byte_order);
	tcase_add_test(tc, json_sets_commas);
	add_table(tc, buf_json_string_cases, strings);
	suite_add_tcase(s, tc);
	return s;
}

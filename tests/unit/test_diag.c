/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit.h"

#include "jgfw/base/text.h"

#include <string.h>

/* One error at a place in a text, as it is rendered behind its first line. */
static const struct {
	const char *text;
	uint32_t line, column, len;
	const char *excerpt;
} excerpts[] = {
	{"key: value\n", 1, 6, 5, "key: value\n     ^~~~~\n"},
	{"key: value\n", 1, 6, 1, "key: value\n     ^\n"},
	{"key: value", 1, 1, 3, "key: value\n^~~\n"}, /* no newline at the end */
	{"a\nbc\nd\n", 2, 2, 1, "bc\n ^\n"},
	{"a\r\nbc\r\nd\r\n", 2, 2, 1, "bc\n ^\n"},
	{"a\rbc\rd", 2, 2, 1, "bc\n ^\n"},
	{"a\xc2\x85"
	 "bc",
	 2, 1, 1, "bc\n^\n"}, /* YAML 1.1: next line */
	{"a\xe2\x80\xa8"
	 "bc\xe2\x80\xa9"
	 "d",
	 3, 1, 1, "d\n^\n"},		/* separators */
	{"a\n\nb", 2, 1, 1, "\n^\n"},	/* an empty line */
	{"a\n", 2, 1, 1, "\n^\n"},	/* at the end of the file */
	{"a\n", 7, 1, 1, "\n^\n"},	/* beyond it */
	{"ab\n", 1, 9, 1, "ab\n  ^\n"}, /* beyond the line's end: under its end */
	{"ab\n", 1, 2, 9, "ab\n ^\n"},	/* tildes end with the line */
	{"", 1, 1, 1, "\n^\n"},
	{"\tx: y", 1, 2, 1, "        x: y\n        ^\n"},
	{"ab\tx: y", 1, 4, 1, "ab      x: y\n        ^\n"}, /* to the next stop */
	{"a\tb\tc", 1, 3, 3, "a       b       c\n        ^~~~~~~~~\n"},
	{"\xc3\xbc: \xe2\x82\xac x", 1, 6, 1, "\xc3\xbc: \xe2\x82\xac x\n     ^\n"},
	{"\xf0\x9f\x98\x80 x", 1, 1, 3, "\xf0\x9f\x98\x80 x\n^~~\n"},
	{"a\xff"
	 "bc",
	 1, 4, 1, "a?bc\n   ^\n"},		       /* not UTF-8 */
	{"a\x1b[31mb", 1, 7, 1, "a?[31mb\n      ^\n"}, /* no escape reaches the terminal */
	{"a\xc2\x9b"
	 "b",
	 1, 3, 1, "a?b\n  ^\n"},
	{"\xef\xbb\xbf"
	 "key: x",
	 1, 1, 3, "key: x\n^~~\n"}, /* a byte order mark */
};

START_TEST(diag_excerpts)
{
	struct source s = source_of(excerpts[_i].text);
	struct diag d = {0};
	struct buf out = {0}, expected = {0};

	diag_error(&d, (struct loc){&s, excerpts[_i].line, excerpts[_i].column, excerpts[_i].len},
		   "slug", "text");
	diag_render(&d, &out, false);
	buf_printf(&expected, "test.yaml:%u:%u: error: text [slug]\n%s", excerpts[_i].line,
		   excerpts[_i].column, excerpts[_i].excerpt);
	ck_assert_str_eq(buf_str(&out), buf_str(&expected));
	buf_free(&out);
	buf_free(&expected);
	diag_free(&d);
}
END_TEST

/* Of a line of 1000 columns, what stands above the caret and how long the two lines are. */
static const struct {
	uint32_t column;
	const char *begin, *end;
} long_lines[] = {
	{1, "0123456789", " ..."}, {120, "0123456789", " ..."},	 {121, "... ", " ..."},
	{500, "... ", " ..."},	   {1000, "... ", "0123456789"},
};

START_TEST(diag_shows_the_part_of_a_long_line_around_the_caret)
{
	struct buf text = {0}, out = {0};
	struct diag d = {0};
	struct source s;
	const char *line, *caret;
	size_t len;

	for (int i = 0; i < 100; i++)
		buf_puts(&text, "0123456789");
	s = source_of(buf_str(&text));
	diag_error(&d, (struct loc){&s, 1, long_lines[_i].column, 1}, "slug", "text");
	diag_render(&d, &out, false);
	line = strchr(buf_str(&out), '\n') + 1;
	caret = strchr(line, '\n') + 1;
	len = (size_t)(caret - line) - 1;
	ck_assert_uint_le(len, 160 + 2 * strlen("... "));
	ck_assert(!strncmp(line, long_lines[_i].begin, strlen(long_lines[_i].begin)));
	ck_assert(!strncmp(line + len - strlen(long_lines[_i].end), long_lines[_i].end,
			   strlen(long_lines[_i].end)));
	/* column 1 is a 0, column 2 a 1 ... */
	ck_assert_int_eq(line[strcspn(caret, "^")], '0' + (int)((long_lines[_i].column - 1) % 10));
	ck_assert_str_eq(caret + strcspn(caret, "^"), "^\n");
	buf_free(&text);
	buf_free(&out);
	diag_free(&d);
}
END_TEST

START_TEST(diag_without_a_place)
{
	struct source s = source_of("x");
	struct diag d = {0};
	struct buf out = {0};

	diag_error(&d, (struct loc){0}, "a", "nowhere");
	diag_error(&d, (struct loc){.source = &s}, "b", "the file as a whole");
	diag_render(&d, &out, false);
	ck_assert_str_eq(buf_str(&out), "jgfw: error: nowhere [a]\n"
					"test.yaml: error: the file as a whole [b]\n");
	buf_free(&out);
	diag_free(&d);
}
END_TEST

START_TEST(diag_colours_words_and_caret_only)
{
	struct source s = source_of("ab");
	struct diag d = {0};
	struct buf out = {0};

	diag_warn(&d, (struct loc){&s, 1, 1, 2}, "slug", "text");
	diag_render(&d, &out, true);
	ck_assert_str_eq(buf_str(&out), "test.yaml:1:1: \033[1;35mwarning:\033[0m text [slug]\n"
					"ab\n\033[1;35m^~\033[0m\n");
	buf_free(&out);
	diag_free(&d);
}
END_TEST

START_TEST(diag_notes_follow_their_message)
{
	struct source s = source_of("ab\ncd\n");
	struct diag d = {0};
	struct buf out = {0};

	diag_error(&d, (struct loc){&s, 2, 1, 1}, "second", "two");
	diag_note(&d, (struct loc){&s, 1, 2, 1}, "here");
	diag_note(&d, (struct loc){0}, "and so");
	diag_error(&d, (struct loc){&s, 1, 1, 1}, "first", "one");
	diag_sort(&d);
	diag_render(&d, &out, false);
	ck_assert_str_eq(buf_str(&out), "test.yaml:1:1: error: one [first]\nab\n^\n"
					"test.yaml:2:1: error: two [second]\ncd\n^\n"
					"test.yaml:1:2: note: here\nab\n ^\n"
					"jgfw: note: and so\n");
	buf_free(&out);
	diag_free(&d);
}
END_TEST

START_TEST(diag_note_without_a_message_is_nothing)
{
	struct diag d = {0};

	diag_note(&d, (struct loc){0}, "of nothing");
	ck_assert_uint_eq(d.n, 0);
	diag_free(&d);
}
END_TEST

START_TEST(diag_sorts_by_file_line_column_then_age)
{
	struct source a = {"a.yaml", "", 0}, b = {"b.yaml", "", 0};
	static const char *const expected[] = {"0", "1", "2", "3", "4", "5"};
	struct diag d = {0};

	diag_error(&d, (struct loc){&b, 1, 1, 1}, "5", "x");
	diag_error(&d, (struct loc){&a, 2, 2, 1}, "3", "x");
	diag_error(&d, (struct loc){&a, 2, 2, 1}, "4", "x");
	diag_error(&d, (struct loc){&a, 2, 1, 1}, "2", "x");
	diag_warn(&d, (struct loc){&a, 1, 9, 1}, "1", "x");
	diag_error(&d, (struct loc){0}, "0", "x");
	diag_sort(&d);
	ck_assert_uint_eq(d.n, ARRAY_SIZE(expected));
	for (size_t i = 0; i < d.n; i++)
		ck_assert_str_eq(d.messages[i]->slug, expected[i]);
	diag_free(&d);
}
END_TEST

START_TEST(diag_keeps_twenty_errors_and_counts_the_rest)
{
	struct diag d = {0};
	struct buf out = {0};

	for (int i = 1; i <= 23; i++) {
		diag_error(&d, (struct loc){0}, "slug", "number %d", i);
		diag_note(&d, (struct loc){0}, "note %d", i);
	}
	ck_assert_uint_eq(d.n, 20);
	ck_assert_uint_eq(d.errors, 23);
	diag_render(&d, &out, false);
	ck_assert_ptr_nonnull(strstr(buf_str(&out), "jgfw: error: number 20 [slug]\n"
						    "jgfw: note: note 20\n"
						    "jgfw: 3 more errors are not shown\n"));
	ck_assert_ptr_null(strstr(buf_str(&out), "number 21"));
	ck_assert_ptr_null(strstr(buf_str(&out), "note 21"));
	buf_free(&out);
	diag_free(&d);
}
END_TEST

START_TEST(diag_with_twenty_errors_shows_them_all)
{
	struct diag d = {0};
	struct buf out = {0};

	for (int i = 1; i <= 20; i++)
		diag_error(&d, (struct loc){0}, "slug", "number %d", i);
	diag_render(&d, &out, false);
	ck_assert_ptr_null(strstr(buf_str(&out), "more errors"));
	buf_free(&out);
	diag_free(&d);
}
END_TEST

START_TEST(diag_keeps_notes_of_errors_behind_many_warnings)
{
	struct diag d = {0};

	for (int i = 0; i <= DIAG_MAX_WARNINGS; i++)
		diag_warn(&d, (struct loc){0}, "warning", "number %d", i);
	diag_error(&d, (struct loc){0}, "error", "claimed twice");
	diag_note(&d, (struct loc){0}, "claimed here first");
	ck_assert_uint_eq(d.n, DIAG_MAX_WARNINGS + 1);
	ck_assert_ptr_nonnull(d.messages[d.n - 1]->note);
	ck_assert_str_eq(d.messages[d.n - 1]->note->text, "claimed here first");
	diag_free(&d);
}
END_TEST

START_TEST(diag_does_not_read_formats_in_arguments)
{
	struct diag d = {0};

	diag_error(&d, (struct loc){0}, "slug", "%s", "%s%n%d");
	ck_assert_str_eq(d.messages[0]->text, "%s%n%d");
	diag_free(&d);
}
END_TEST

START_TEST(diag_json_tells_errors_and_warnings_apart)
{
	struct source s = {"a\"b.yaml", "x", 1};
	struct diag d = {0};
	struct buf out = {0};

	diag_error(&d, (struct loc){&s, 3, 7, 1}, "one", "'\\' and\n\"this\"");
	diag_note(&d, (struct loc){0}, "and here");
	diag_warn(&d, (struct loc){0}, "two", "nowhere");
	diag_error(&d, (struct loc){0}, "three", "\xff");
	diag_render_json(&d, &out, DIAG_ERROR);
	ck_assert_str_eq(
		buf_str(&out),
		"[{\"file\":\"a\\\"b.yaml\",\"line\":3,\"column\":7,\"slug\":\"one\","
		"\"text\":\"'\\\\' and?\\\"this\\\"\","
		"\"notes\":[{\"file\":null,\"line\":0,\"column\":0,\"text\":\"and here\"}]},"
		"{\"file\":null,\"line\":0,\"column\":0,\"slug\":\"three\","
		"\"text\":\"?\"}]");
	buf_free(&out);
	diag_render_json(&d, &out, DIAG_WARNING);
	ck_assert_str_eq(buf_str(&out), "[{\"file\":null,\"line\":0,\"column\":0,\"slug\":\"two\","
					"\"text\":\"nowhere\"}]");
	buf_free(&out);
	diag_free(&d);
}
END_TEST

START_TEST(diag_json_of_nothing)
{
	struct diag d = {0};
	struct buf out = {0};

	diag_render_json(&d, &out, DIAG_ERROR);
	ck_assert_str_eq(buf_str(&out), "[]");
	buf_free(&out);
}
END_TEST

/* What is said of a word stands behind it, so both ends are told; no code point is cut. */
START_TEST(diag_tells_both_ends_of_a_long_text)
{
	struct diag d = {0};
	char word[5001];
	const char *text;

	for (size_t i = 0; i < sizeof(word) - 1; i += 2)
		memcpy(word + i, "\xc3\xbc", 2);
	word[sizeof(word) - 1] = '\0';
	for (int i = 0; i < 4;
	     i++) { /* where the text is cut depends on what is before and behind */
		diag_error(&d, (struct loc){0}, "x", "%.*s'%s' is no word%.*s", i & 1, "a", word,
			   i >> 1, "!");
		text = d.messages[i]->text;
		ck_assert_uint_lt(strlen(text), 1010);
		ck_assert(text_is_printable(text));
		ck_assert(!strchr(text, '?'));
		ck_assert(strstr(text, "\xc3\xbc ... \xc3\xbc"));
		ck_assert(strstr(text, "\xc3\xbc' is no word"));
	}
	diag_free(&d);
}
END_TEST

/* Where what is cut out is no longer than what tells of the cut. */
START_TEST(diag_of_a_text_that_is_hardly_too_long)
{
	struct diag d = {0};

	for (int len = 990; len < 1010; len++) {
		const char *text;

		diag_error(&d, (struct loc){0}, "x", "%0*d!", len - 1, 1);
		text = d.messages[len - 990]->text;
		ck_assert_uint_eq(strlen(text), len <= 1005 ? (size_t)len : 1005);
		ck_assert_str_eq(text + strlen(text) - 3, "01!");
		ck_assert_int_eq(!strstr(text, " ... "), len <= 1005);
	}
	diag_free(&d);
}
END_TEST

Suite *diag_suite(void)
{
	Suite *s = suite_create("diag");
	TCase *tc = tcase_create("render");

	add_table(tc, diag_excerpts, excerpts);
	add_table(tc, diag_shows_the_part_of_a_long_line_around_the_caret, long_lines);
	tcase_add_test(tc, diag_without_a_place);
	tcase_add_test(tc, diag_colours_words_and_caret_only);
	tcase_add_test(tc, diag_json_tells_errors_and_warnings_apart);
	tcase_add_test(tc, diag_json_of_nothing);
	suite_add_tcase(s, tc);
	tc = tcase_create("collect");
	tcase_add_test(tc, diag_notes_follow_their_message);
	tcase_add_test(tc, diag_note_without_a_message_is_nothing);
	tcase_add_test(tc, diag_sorts_by_file_line_column_then_age);
	tcase_add_test(tc, diag_keeps_twenty_errors_and_counts_the_rest);
	tcase_add_test(tc, diag_with_twenty_errors_shows_them_all);
	tcase_add_test(tc, diag_keeps_notes_of_errors_behind_many_warnings);
	tcase_add_test(tc, diag_does_not_read_formats_in_arguments);
	tcase_add_test(tc, diag_of_a_text_that_is_hardly_too_long);
	tcase_add_test(tc, diag_tells_both_ends_of_a_long_text);
	suite_add_tcase(s, tc);
	return s;
}

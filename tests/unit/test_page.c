/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The page of a report with an answer of verify; and program.h, by which it gets its picture. */
#include "unit.h"

#include "jgfw/base/program.h"
#include "jgfw/report/report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	LONG_MS = 30 * 1000,
	SHORT_MS = 200,
};

static int run(const char *const *argv, const char *input, size_t max, unsigned int timeout_ms,
	       struct buf *ret)
{
	struct buf in = {0};
	int r;

	buf_puts(&in, input);
	r = program_filter(argv, &in, max, timeout_ms, ret);
	buf_free(&in);
	return r;
}

START_TEST(program_gets_its_input_and_gives_its_output)
{
	struct buf out = {0};

	ck_assert_int_eq(
		run((const char *const[]){"tr", "a-c", "A-C", NULL}, "abcd\n", 5, LONG_MS, &out),
		0);
	ck_assert_str_eq(buf_str(&out), "ABCd\n");
	buf_free(&out);
}
END_TEST

START_TEST(program_takes_more_than_a_pipe_holds)
{
	struct buf in = {0}, out = {0};

	buf_pad(&in, 'x', 1 << 20);
	ck_assert_int_eq(
		program_filter((const char *const[]){"cat", NULL}, &in, in.n, LONG_MS, &out), 0);
	ck_assert_uint_eq(out.n, in.n);
	ck_assert_mem_eq(out.at, in.at, in.n);
	buf_free(&in);
	buf_free(&out);
}
END_TEST

START_TEST(program_need_not_read)
{
	struct buf in = {0}, out = {0};

	buf_pad(&in, 'x', 1 << 20);
	ck_assert_int_eq(
		program_filter((const char *const[]){"echo", "-", NULL}, &in, 100, LONG_MS, &out),
		0);
	ck_assert_str_eq(buf_str(&out), "-\n");
	buf_free(&in);
	buf_free(&out);
}
END_TEST

static const struct {
	const char *argv[5];
	int result;
} failures[] = {
	{{"jgfw-no-such-program"}, -ENOENT},
	{{"false"}, -EPROTO},
	{{"sh", "-c", "kill -SEGV $$"}, -EPROTO},
	{{"sh", "-c", "echo partly; exit 1"}, -EPROTO},
	{{"yes"}, -EFBIG},
	{{"sleep", "60"}, -ETIME},
	{{"sh", "-c", "exec >&-; exec sleep 60"}, -ETIME}, /* its output has ended, it has not */
};

START_TEST(program_failures)
{
	struct buf out = {0};

	ck_assert_int_eq(run(failures[_i].argv, "", 1000,
			     failures[_i].result == -ETIME ? SHORT_MS : LONG_MS, &out),
			 failures[_i].result);
	ck_assert_ptr_null(out.at);
}
END_TEST

/* The page of the dual NIC site, without pictures: their bytes are of the dot that is installed. */
static void make_page(const struct report_proof *proof, struct buf *ret)
{
	struct loaded l;

	ck_assert_int_eq(setenv("PATH", "/nonexistent", 1), 0);
	load_policy(DUAL, &l);
	assert_clean(&l.diag);
	report_site(l.policy, REPORT_HTML, proof, ret, &l.diag);
	ck_assert_uint_eq(message_count(&l.diag, "no-picture"), 1);
	loaded_free(&l);
}

START_TEST(page_without_proof_has_no_word_of_it)
{
	struct buf page = {0};

	make_page(NULL, &page);
	ck_assert_ptr_null(strstr(buf_str(&page), "<aside"));
	buf_free(&page);
}
END_TEST

START_TEST(page_tells_the_proof)
{
	struct report_proof proof = {.mark = REPORT_NO,
				     .headline = "refuted: 1 of 3 </h2><script>\"&'"};
	struct buf page = {0};

	vec_add(&proof.lines, ((struct report_proof_line){REPORT_OK, "allow a > b", NULL}));
	vec_add(&proof.lines,
		((struct report_proof_line){REPORT_NO, "deny <wan>", "packet in=a\nrule <7>\n"}));
	vec_add(&proof.lines, ((struct report_proof_line){REPORT_UNDECIDED, "x -> y", NULL}));
	make_page(&proof, &page);
	vec_free(&proof.lines);
	ck_assert_ptr_nonnull(
		strstr(buf_str(&page),
		       "<aside class=\"proof no\" aria-labelledby=\":proof\">\n<h2 id=\":proof\">"
		       "<span class=\"no\" role=\"img\" aria-label=\"refuted\">✗</span> "
		       "refuted: 1 of 3 &lt;/h2&gt;&lt;script&gt;&quot;&amp;&#39;</h2>\n<ul>\n"
		       "<li><span class=\"ok\" role=\"img\" aria-label=\"proved\">✓</span> "
		       "<div>allow a &gt; b</div></li>\n"
		       "<li><span class=\"no\" role=\"img\" aria-label=\"refuted\">✗</span> "
		       "<div>deny &lt;wan&gt;<pre>packet in=a\nrule &lt;7&gt;\n</pre></div></li>\n"
		       "<li><span class=\"undecided\" role=\"img\" "
		       "aria-label=\"undecided\">?</span> "
		       "<div>x → y</div></li>\n</ul>\n</aside>\n"));
	buf_free(&page);
}
END_TEST

START_TEST(page_of_a_proof_in_one_line)
{
	struct report_proof proof = {.mark = REPORT_OK, .headline = "proved: all of it"};
	struct buf page = {0};

	make_page(&proof, &page);
	ck_assert_ptr_nonnull(strstr(buf_str(&page), "</span> proved: all of it</h2>\n</aside>\n"));
	buf_free(&page);
}
END_TEST

Suite *page_suite(void)
{
	Suite *s = suite_create("page");
	TCase *tc = tcase_create("program");

	tcase_add_test(tc, program_gets_its_input_and_gives_its_output);
	tcase_add_test(tc, program_takes_more_than_a_pipe_holds);
	tcase_add_test(tc, program_need_not_read);
	add_table(tc, program_failures, failures);
	suite_add_tcase(s, tc);
	tc = tcase_create("proof");
	tcase_add_test(tc, page_without_proof_has_no_word_of_it);
	tcase_add_test(tc, page_tells_the_proof);
	tcase_add_test(tc, page_of_a_proof_in_one_line);
	suite_add_tcase(s, tc);
	return s;
}

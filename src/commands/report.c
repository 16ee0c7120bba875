/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "jgfw/report/report.h"
#include "command.h"
#include "jgfw/policy/compile.h"
#include "jgfw/verify/proof/prove.h"
#include "verify_view.h"

static const char *shown_by(const struct question *q, const struct finding *f, struct arena *arena)
{
	struct buf text = {0};
	const char *ret;

	if (!f->witness)
		return f->detail;
	verify_witness(q, f, 0, &text);
	ret = arena_copy(arena, text.at, text.n);
	buf_free(&text);
	return ret;
}

/* A proof as a page tells it: a line for each answer, and what shows it. */
static void tell(const struct question *q, struct proof *proof, struct report_proof *ret)
{
	static const enum report_mark marks[] = {[ANSWER_YES] = REPORT_OK,
						 [ANSWER_NO] = REPORT_NO,
						 [ANSWER_UNKNOWN] = REPORT_UNDECIDED};

	ret->mark = marks[proof_answer(proof)];
	ret->headline = verify_headline(proof);
	vec_each(f, &proof->findings)
		vec_add(&ret->lines, ((struct report_proof_line){marks[f->answer], f->text,
								 shown_by(q, f, &proof->arena)}));
}

static void report_page(struct job *job, struct buf *out)
{
	struct ruleset *rs = policy_compile(job->policy, &job->diag);
	const struct ruleset *all[] = {rs};
	struct question question = {.site = job->site, .rulesets = all, .n_rulesets = 1};
	struct report_proof told = {0};
	struct proof proof = {0};

	if (rs) {
		verify(&question, &proof);
		tell(&question, &proof, &told);
	}
	report_site(job->policy, REPORT_HTML, rs ? &told : NULL, out, &job->diag);
	vec_free(&told.lines);
	proof_free(&proof);
	ruleset_free(rs);
}

static enum exit_code run(const struct command *self, int argc, char **argv)
{
	struct job job = {0};
	struct buf out = {0};
	enum exit_code code, written;
	int format = REPORT_TEXT;

	if (!options_parse(self, argc, argv, OPTION_SITE | OPTION_FORMAT | OPTION_JSON, 0,
			   &job.options, &code))
		return code;
	if (job.options.format)
		format = report_format_parse(job.options.format);
	if (job.options.json)
		format = REPORT_JSON;
	if (format < 0)
		return usage_error(self, "unknown format '%s': text, md, csv, json, dot or html",
				   job.options.format);
	code = job_read(&job);
	diag_sort(&job.diag);
	if (format == REPORT_JSON)
		open_json(&job, &out);
	if (format == REPORT_JSON && !code)
		buf_putc(&out, ',');
	if (!code && format == REPORT_HTML)
		report_page(&job, &out);
	else if (!code)
		report_site(job.policy, (enum report_format)format, NULL, &out, &job.diag);
	if (format == REPORT_JSON)
		buf_puts(&out, "}\n");
	written = write_out(&out);
	buf_free(&out);
	return job_end(&job, told(code, written));
}

const struct command command_report = {
	.name = "report",
	.synopsis = "[-s SITE | --example] [-f text|md|csv|json|dot|html | --json]",
	.summary = "Print the port table of this site, for people.",
	.help = "  -s, --site SITE    the site file; - is standard input\n"
		"  --example          the built-in example\n"
		"  -f, --format F     text (default), md, csv, json; dot, a picture for Graphviz;\n"
		"                     html, a page with that picture, drawn by the program dot\n"
		"  --json             the same as -f json\n",
	.run = run,
};

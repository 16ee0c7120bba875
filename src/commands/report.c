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
	enum report_format format;
	struct json j;

	if (!options_parse(self, argc, argv, &job.options, &code))
		return code;
	format = job.options.json ? REPORT_JSON : (enum report_format)job.options.format;
	code = job_read(&job);
	diag_sort(&job.diag);
	if (format == REPORT_JSON)
		open_json(&job, &out, &j);
	if (!code && format == REPORT_HTML)
		report_page(&job, &out);
	else if (!code)
		report_site(job.policy, format, NULL,
			    format == REPORT_JSON ? json_raw(&j, NULL) : &out, &job.diag);
	if (format == REPORT_JSON)
		close_json(&j);
	written = write_out(&out);
	buf_free(&out);
	return job_end(&job, told(code, written));
}

const struct command command_report = {
	.name = "report",
	.takes = TAKES(OPTION_SITE, OPTION_OR, OPTION_EXAMPLE, OPTION_FORMAT, OPTION_JSON),
	.summary = "Print the port table of this site, for people.",
	.run = run,
};

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "command.h"

#include "jgfw/kernel/tables.h"
#include "jgfw/status/warnings.h"
#include "jgfw/verify/proof/prove.h"
#include "verify_view.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

static enum exit_code code_of(enum answer answer)
{
	static const enum exit_code codes[] = {
		[ANSWER_YES] = EXIT_DONE, [ANSWER_NO] = EXIT_NO, [ANSWER_UNKNOWN] = EXIT_UNDECIDED};

	return codes[answer];
}

/* The rulesets that the options name. */
static enum exit_code collect(struct job *job, struct tables *tables, bool *ret_legacy)
{
	struct ruleset *rs;
	enum exit_code code;
	int r;

	if (!job->options.live && !job->options.ruleset) {
		code = job_compile(job, &rs);
		if (!code)
			vec_add(tables, rs);
		return code;
	}
	code = job_read(job);
	if (code)
		return code;
	if (job->options.live) {
		warn_interfaces(job->site, &job->diag);
		*ret_legacy = tables_legacy();
		return tables_read(tables, &job->diag) ? EXIT_SYSTEM : EXIT_DONE;
	}
	r = tables_of_text(job->options.ruleset, tables, &job->diag);
	return r == -EINVAL ? EXIT_INPUT : r ? EXIT_SYSTEM : EXIT_DONE;
}

static enum exit_code run(const struct command *self, int argc, char **argv)
{
	struct job job = {0};
	struct tables tables = {0};
	struct question question;
	struct proof proof = {0};
	struct buf out = {0};
	struct json j;
	enum exit_code code, written;
	bool legacy = false;

	if (!options_parse(self, argc, argv, &job.options, &code))
		return code;
	code = collect(&job, &tables, &legacy);
	question = (struct question){.site = job.site,
				     .rulesets = (const struct ruleset *const *)tables.at,
				     .n_rulesets = tables.n,
				     .legacy = legacy};
	diag_sort(&job.diag);
	if (job.options.json)
		open_json(&job, &out, &j);
	if (!code) {
		verify(&question, &proof);
		code = code_of(proof_answer(&proof));
		if (job.options.json)
			verify_json(&question, &proof, &j);
		else
			verify_text(&question, &proof, wants_color(STDOUT_FILENO), &out);
	}
	if (job.options.json)
		close_json(&j);
	written = write_out(&out);
	buf_free(&out);
	proof_free(&proof);
	tables_free(&tables);
	return job_end(&job, told(code, written));
}

const struct command command_verify = {
	.name = "verify",
	.takes = TAKES(OPTION_SITE, OPTION_OR, OPTION_EXAMPLE, OPTION_LIVE, OPTION_OR,
		       OPTION_RULESET, OPTION_JSON),
	.summary = "Prove over every packet that the ruleset does what the port table says.",
	.notes = "0: proved, 1: a packet shows the contrary, 5: it could not be decided.\n",
	.run = run,
};

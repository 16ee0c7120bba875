/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What must be so before anything is sent. */
#include "command.h"

#include "jgfw/verify/proof/prove.h"

static void tell(struct job *job, const struct finding *f)
{
	const struct witness *w = f->witness;
	bool asserted = f->loc.source;
	struct buf packet = {0};
	struct probe probe;

	diag_error(&job->diag, f->loc, asserted ? "false-assertion" : "not-proved", "%s: %s",
		   f->answer == ANSWER_NO ? "NOT proved" : "cannot decide", f->text);
	if (w) {
		probe = w->probe;
		probe.out = w->oif;
		probe_format(&probe, &packet);
		diag_note(&job->diag, (struct loc){0}, "%s: %s", buf_str(&packet), w->found);
		buf_free(&packet);
	} else if (f->detail) {
		diag_note(&job->diag, (struct loc){0}, "%s", f->detail);
	}
}

enum exit_code job_prove(struct job *job, const struct ruleset *rs, bool everything)
{
	static const enum exit_code codes[] = {
		[ANSWER_YES] = EXIT_DONE, [ANSWER_NO] = EXIT_NO, [ANSWER_UNKNOWN] = EXIT_UNDECIDED};
	struct question question = {.site = job->site,
				    .rulesets = &rs,
				    .n_rulesets = 1,
				    .assertions_only = !everything};
	struct proof proof;
	enum exit_code code;

	if (!everything && !site_has_assertions(job->site))
		return EXIT_DONE;
	verify(&question, &proof);
	vec_each(f, &proof.findings)
		if (f->answer != ANSWER_YES)
			tell(job, f);
	code = codes[proof_answer(&proof)];
	proof_free(&proof);
	return code;
}

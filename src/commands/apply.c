/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "command.h"
#include "jgfw/kernel.h"
#include <stdio.h>

static enum exit_code load(struct job *job)
{
	struct ruleset *rs = policy_compile(job->policy, &job->diag), *old = NULL;
	struct kernel *kernel;
	enum exit_code code = EXIT_SYSTEM;
	struct change change;
	uint32_t gen;

	if (!rs)
		return EXIT_INPUT;
	kernel = kernel_open(&job->diag);
	if (kernel && !kernel_read(kernel, 1, RULESET_TABLE, true, &old, &gen, &job->diag)) {
		change_between(old, rs, &change);
		fprintf(stderr, "whole %s sets %zu chains %zu\n", change.whole, change.sets.n, change.chains.n);
		vec_each(c, &change.chains) fprintf(stderr, "chain %s: %zu edits\n", (c->new ? c->new : c->old)->name, c->rules.n);
		vec_each(c, &change.sets) fprintf(stderr, "set %s: odd %s size %d %d renew %d %zu %zu\n", (c->new ? c->new : c->old)->name, c->old ? c->old->odd : 0, c->old ? c->old->size : 0, c->new ? c->new->size : 0, c->renew, c->gone.n, c->come.n);
		if (change_is_empty(&change) || !kernel_change(kernel, &change, gen, false, &job->diag))
			code = EXIT_DONE;
		change_free(&change);
	}
	kernel_close(kernel);
	ruleset_free(rs);
	ruleset_free(old);
	return code;
}

static enum exit_code run(const struct command *self, int argc, char **argv)
{
	struct job job = {0};
	enum exit_code code;

	if (!options_parse(self, argc, argv, OPTION_SITE, 0, &job.options, &code))
		return code;
	if (job.options.example)
		return usage_error(self, "the example is to be read, not to be loaded");
	code = job_read(&job);
	if (!code)
		code = load(&job);
	return job_end(&job, code);
}

const struct command command_apply = {
	.name = "apply",
	.synopsis = "[-s SITE]",
	.summary = "Load the ruleset into the kernel through netlink, in one transaction.",
	.help = "  -s, --site SITE    the site file; - is standard input\n",
	.run = run,
};

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "command.h"
#include "jgfw/kernel.h"

static enum exit_code load(struct job *job)
{
	struct ruleset *rs = policy_compile(job->policy, &job->diag);
	struct kernel *kernel;
	enum exit_code code = EXIT_SYSTEM;

	if (!rs)
		return EXIT_INPUT;
	kernel = kernel_open(&job->diag);
	if (kernel && !kernel_replace(kernel, rs, &job->diag))
		code = EXIT_DONE;
	kernel_close(kernel);
	ruleset_free(rs);
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

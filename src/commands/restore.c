/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "command.h"
#include "jgfw/apply.h"

static enum exit_code run(const struct command *self, int argc, char **argv)
{
	struct job job = {0};
	enum exit_code code;

	if (!options_parse(self, argc, argv, OPTION_STATE, 0, &job.options, &code))
		return code;
	return job_end(&job,
		       apply_restore(job.options.state_dir, &job.diag) ? EXIT_SYSTEM : EXIT_DONE);
}

const struct command command_restore = {
	.name = "restore",
	.synopsis = "[--state DIR]",
	.summary = "At boot: load the last confirmed ruleset, or else forward nothing.",
	.help = STATE_HELP,
	.run = run,
};

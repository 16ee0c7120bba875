/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "command.h"

#include "jgfw/apply/apply.h"

/* Without the memory to restore anything there is enough to close. */
static void close_at_last(void *arg)
{
	struct job job = {0};

	(void)arg;
	if (!apply_has_changed()) /* else it is restored */
		apply_close(&job.diag);
	job_end(&job, EXIT_SYSTEM);
}

static enum exit_code run(const struct command *self, int argc, char **argv)
{
	struct job job = {0};
	enum exit_code code;

	if (!options_parse(self, argc, argv, &job.options, &code))
		return code;
	mem_at_exhaustion(close_at_last, NULL);
	if (apply_restore(job.options.state_dir, &job.diag))
		code = EXIT_SYSTEM;
	mem_at_exhaustion(NULL, NULL); /* what it came to stays */
	return job_end(&job, code);
}

const struct command command_restore = {
	.name = "restore",
	.takes = TAKES(OPTION_STATE),
	.summary = "At boot: load the last confirmed ruleset, or else forward nothing.",
	.run = run,
};

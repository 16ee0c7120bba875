/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "command.h"
#include "jgfw/kernel.h"

static enum exit_code run(const struct command *self, int argc, char **argv)
{
	struct job job = {0};
	struct kernel *kernel;
	enum exit_code code;

	if (!options_parse(self, argc, argv, 0, 0, &job.options, &code))
		return code;
	code = EXIT_SYSTEM;
	kernel = kernel_open(&job.diag);
	if (kernel && !false)
		code = EXIT_DONE;
	kernel_close(kernel);
	return job_end(&job, code);
}

const struct command command_remove = {
	.name = "remove",
	.synopsis = "",
	.summary = "Take the table out of the kernel.",
	.help = "",
	.run = run,
};

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "command.h"

#include "jgfw/apply/apply.h"

static enum exit_code run(const struct command *self, int argc, char **argv)
{
	struct job job = {0};
	struct buf out = {0};
	struct json j;
	struct apply_result result = {0};
	enum exit_code code, written;

	if (!options_parse(self, argc, argv, &job.options, &code))
		return code;
	apply_confine(job.options.state_dir);
	if (apply_ruleset(NULL, &(struct apply_options){.state_dir = job.options.state_dir},
			  &result, &job.diag))
		code = EXIT_SYSTEM;
	if (job.options.json) {
		open_json(&job, &out, &j);
		json_bool(&j, "changed", result.changed);
		close_json(&j);
	} else if (!code) {
		buf_puts(&out, result.changed ? "removed\n" : "unchanged: there is no table\n");
	}
	written = write_out(&out);
	buf_free(&out);
	return job_end(&job, told(code, written));
}

const struct command command_remove = {
	.name = "remove",
	.takes = TAKES(OPTION_STATE, OPTION_JSON),
	.summary = "Take the table out of the kernel, for the next boot too.",
	.run = run,
};

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "command.h"
#include "jgfw/report.h"

#include <string.h>

/* All profiles, or the one of that name; errors of the data go to job->diag. */
static void tell(struct job *job, const char *only, struct buf *out)
{
	struct names names = {0};
	const char *separator = "";
	bool json = job->options.json;

	if (only) {
		const struct profile *profile =
			library_profile(job->library, only, (struct loc){0}, &job->diag);

		if (profile)
			report_profile(profile, json ? REPORT_JSON : REPORT_TEXT, out);
		return;
	}
	library_profile_names(job->library, &names);
	if (json)
		buf_puts(out, "\"profiles\":[");
	vec_each(name, &names) {
		const struct profile *profile =
			library_profile(job->library, *name, (struct loc){0}, &job->diag);

		if (!profile)
			continue;
		if (json) {
			buf_printf(out, "%s{\"name\":", separator);
			buf_json_string(out, profile->name.text);
			buf_puts(out, ",\"title\":");
			buf_json_string(out, profile->title);
			buf_putc(out, '}');
			separator = ",";
		} else {
			buf_puts(out, profile->name.text);
			buf_pad(out, ' ', 20 - (long)strlen(profile->name.text));
			buf_printf(out, " %s\n", profile->title);
		}
	}
	if (json)
		buf_putc(out, ']');
	vec_free(&names);
}

static enum exit_code run(const struct command *self, int argc, char **argv)
{
	struct job job = {0};
	struct buf out = {0}, body = {0};
	enum exit_code code, written;

	if (!options_parse(self, argc, argv, OPTION_JSON, 1, &job.options, &code))
		return code;
	code = job_library(&job);
	if (!code) {
		tell(&job, job.options.n_args ? job.options.args[0] : NULL, &body);
		code = job.diag.errors ? EXIT_INPUT : EXIT_DONE;
	}
	if (job.options.json)
		open_json(&job, &out);
	if (job.options.json && !code)
		buf_putc(&out, ',');
	if (!code)
		buf_add(&out, body.at, body.n);
	if (job.options.json)
		buf_puts(&out, "}\n");
	written = write_out(&out);
	buf_free(&body);
	buf_free(&out);
	return job_end(&job, code ? code : written);
}

const struct command command_profiles = {
	.name = "profiles",
	.synopsis = "[NAME] [--json]",
	.summary = "List the profiles; of one, print its rows with all ports filled in.",
	.help = "  --json             answer with a JSON object\n",
	.run = run,
};

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "command.h"

#include "jgfw/report/report.h"

#include <string.h>

/* One of a list: NAME and its title. */
static void tell_item(const char *name, const char *title, bool as_json, struct json *j)
{
	if (!as_json) {
		buf_puts(j->out, name);
		buf_pad(j->out, ' ', 20 - (long)strlen(name));
		buf_printf(j->out, " %s\n", title);
		return;
	}
	json_object(j, NULL);
	json_string(j, "name", name);
	json_string(j, "title", title);
	json_end(j);
}

static void tell_profiles(struct job *job, struct json *j)
{
	struct names names = {0};
	bool json = job->options.json;

	library_profile_names(job->library, &names, &job->diag);
	if (json)
		json_list(j, "profiles");
	vec_each(name, &names) {
		const struct profile *profile =
			library_profile(job->library, *name, (struct loc){0}, &job->diag);

		if (profile)
			tell_item(*name, profile->title, json, j);
	}
	if (json)
		json_end(j);
	vec_free(&names);
}

static void tell_add_ons(struct job *job, struct json *j)
{
	struct names names = {0};
	bool json = job->options.json;

	library_add_ons(job->library, &names, &job->diag);
	if (json)
		json_list(j, "add_ons");
	else if (names.n)
		buf_puts(j->out, "\nAdd-ons, which a site names in 'with':\n\n");
	vec_each(name, &names) {
		const struct word word = {.text = *name};
		const struct model *model = library_add_on(job->library, &word, &job->diag);

		if (model)
			tell_item(*name, model->title, json, j);
	}
	if (json)
		json_end(j);
	vec_free(&names);
}

/* The rows of the profile args[0] with the add-ons behind it. */
static void tell_one(struct job *job, struct buf *out)
{
	const struct options *o = &job->options;
	const struct profile *profile =
		library_profile(job->library, o->args[0], (struct loc){0}, &job->diag);
	struct words with = {0};

	for (int i = 1; i < o->n_args; i++)
		vec_add(&with, ((struct word){.text = o->args[i]}));
	if (profile && with.n)
		profile = library_profile_with(job->library, profile, &with, (struct loc){0},
					       &job->diag);
	if (profile)
		report_profile(profile, o->json ? REPORT_JSON : REPORT_TEXT, out);
	vec_free(&with);
}

static enum exit_code run(const struct command *self, int argc, char **argv)
{
	struct job job = {0};
	struct buf out = {0}, body = {0};
	struct json j;
	enum exit_code code, written;

	if (!options_parse(self, argc, argv, &job.options, &code))
		return code;
	code = job_library(&job);
	if (!code && job.options.n_args)
		tell_one(&job, &body);
	if (!code && !job.options.n_args) {
		struct json members = {.out = &body};

		tell_profiles(&job, &members);
		tell_add_ons(&job, &members);
	}
	if (!code)
		code = job.diag.errors ? EXIT_INPUT : EXIT_DONE;
	if (job.options.json)
		open_json(&job, &out, &j);
	if (!code)
		buf_add(job.options.json ? json_raw(&j, NULL) : &out, body.at, body.n);
	if (job.options.json)
		close_json(&j);
	written = write_out(&out);
	buf_free(&body);
	buf_free(&out);
	return job_end(&job, told(code, written));
}

const struct command command_profiles = {
	.name = "profiles",
	.takes = TAKES(OPTION_JSON),
	.arguments = "[NAME [ADD-ON ...]]",
	.max_args = 1 + MODEL_MAX_ADD_ONS,
	.summary =
		"List the profiles and add-ons; of one, print its rows with all ports filled in.",
	.run = run,
};

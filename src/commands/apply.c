/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "jgfw/apply/apply.h"
#include "command.h"
#include "jgfw/status/warnings.h"

#include <stdio.h>

static void tell(const struct job *job, const struct apply_result *result, struct buf *out)
{
	const struct options *o = &job->options;
	const struct site *site = job->site;
	size_t n = site->deployments.n;

	if (o->dry_run && result->changed)
		buf_printf(out, "would apply %zu change%s; the kernel accepts %s\n",
			   result->changes, result->changes == 1 ? "" : "s",
			   result->changes == 1 ? "it" : "them");
	else if (o->dry_run)
		buf_puts(out, "would change nothing\n");
	else if (!result->changed)
		buf_puts(out, "unchanged\n");
	else
		buf_printf(out, "applied: %zu deployment%s\n", n, n == 1 ? "" : "s");
	if (o->flush_flows && !o->dry_run)
		buf_printf(out, "%zu established flow%s ended\n", result->flows_ended,
			   result->flows_ended == 1 ? "" : "s");
	if (result->waits)
		buf_printf(out, "run 'jgfw confirm' within %u s, or the previous ruleset returns\n",
			   o->confirm_s);
	else if (o->confirm_s && !o->dry_run)
		buf_puts(out, "no apply is pending\n");
}

static void tell_json(const struct job *job, const struct apply_result *result, struct buf *out)
{
	struct json j;

	open_json(job, out, &j);
	json_bool(&j, "changed", result->changed);
	json_bool(&j, "waits", result->waits);
	if (result->waits)
		json_uint(&j, "confirm_seconds", job->options.confirm_s);
	if (job->options.flush_flows)
		json_uint(&j, "flows_ended", result->flows_ended);
	close_json(&j);
}

static enum exit_code run(const struct command *self, int argc, char **argv)
{
	struct job job = {0};
	struct buf out = {0};
	struct ruleset *rs = NULL;
	struct apply_result result = {0};
	struct apply_options how;
	enum exit_code code, written;

	if (!options_parse(self, argc, argv, &job.options, &code))
		return code;
	if (job.options.example)
		return usage_error(self, "the example is to be read, not to be loaded");
	how = (struct apply_options){.state_dir = job.options.state_dir,
				     .dry_run = job.options.dry_run,
				     .confirm_s = job.options.confirm_s,
				     .flush_flows = job.options.flush_flows};
	code = job_compile(&job, &rs);
	if (!code)
		warn_interfaces(job.site, &job.diag);
	if (!code)
		code = job_prove(&job, rs, job.options.verify);
	if (!how.confirm_s) /* the guard is a program to be started */
		apply_confine(how.state_dir);
	if (!code && apply_ruleset(rs, &how, &result, &job.diag))
		code = EXIT_SYSTEM;
	diag_sort(&job.diag);
	if (job.options.json)
		tell_json(&job, &result, &out);
	else if (!code)
		tell(&job, &result, &out);
	written = write_out(&out);
	buf_free(&out);
	ruleset_free(rs);
	return job_end(&job, told(code, written));
}

const struct command command_apply = {
	.name = "apply",
	.takes = TAKES(OPTION_SITE, OPTION_DRY_RUN, OPTION_CONFIRM, OPTION_FLUSH_FLOWS,
		       OPTION_VERIFY, OPTION_STATE, OPTION_JSON, OPTION_SECRET, OPTION_EXAMPLE),
	.summary = "Load the ruleset into the kernel through netlink, in one transaction.",
	.run = run,
};

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "command.h"

#include "jgfw/policy/compile.h"
#include "jgfw/policy/expand.h"
#include "jgfw/report/report.h"
#include "jgfw/report/state.h"
#include "jgfw/ruleset/ruleset.h"

#include <netinet/in.h>

/* Every row and what became of it. */
static void tell_rows(const struct policy *policy, struct buf *out)
{
	vec_each(flow, &policy->flows) {
		buf_printf(out, "%s: %s: ", flow->dep->name.text, flow->row->id.text);
		if (flow->row->proto == PROTO_TCP_UDP && flow->proto)
			buf_puts(out, flow->proto == IPPROTO_TCP ? "tcp " : "udp ");
		report_state(policy->site, flow, out);
		buf_putc(out, '\n');
	}
}

static enum exit_code run(const struct command *self, int argc, char **argv)
{
	struct job job = {0};
	struct buf out = {0};
	struct ruleset *rs = NULL;
	struct json j;
	enum exit_code code, written;

	if (!options_parse(self, argc, argv, &job.options, &code))
		return code;
	code = job_read(&job);
	if (!code) {
		rs = policy_compile(job.policy, &job.diag);
		code = rs ? EXIT_DONE : EXIT_INPUT;
	}
	diag_sort(&job.diag);
	if (job.options.json) {
		open_json(&job, &out, &j);
		close_json(&j);
	} else if (job.options.verbose && !code) {
		tell_rows(job.policy, &out);
	}
	written = write_out(&out);
	buf_free(&out);
	ruleset_free(rs);
	return job_end(&job, told(code, written));
}

const struct command command_check = {
	.name = "check",
	.takes = TAKES(OPTION_SITE, OPTION_OR, OPTION_EXAMPLE, OPTION_VERBOSE, OPTION_JSON),
	.summary = "Validate the site; warnings and errors go to stderr.",
	.run = run,
};

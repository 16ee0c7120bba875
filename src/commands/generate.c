/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "command.h"

#include "jgfw/base/file.h"
#include "jgfw/emit/ruleset.h"
#include "jgfw/policy/compile.h"
#include "jgfw/ruleset/ruleset.h"

#include <string.h>

/* 0.9.8 has no concatenated data of maps; 1.0.0 loads texts, but not all that it lists of them. */
#define NFT_NEEDED "1.0.2"

enum {
	NAMED_DEPLOYMENTS = 8, /* in the heading */
};

/* The first lines of the text: what it is, and for whom. */
static const char *heading(const struct job *job, struct arena *arena)
{
	const struct site *site = job->site;
	struct buf text = {0};
	char *copy;
	size_t n = site->deployments.n;

	if (job->options.example)
		buf_puts(&text, "The built-in example with documentation addresses: to read and "
				"to try, not for a gateway in service.\n");
	buf_printf(&text, "Made by jgfw for %zu deployment%s:", n, n == 1 ? "" : "s");
	for (size_t i = 0; i < n && i < NAMED_DEPLOYMENTS; i++)
		buf_printf(&text, "%s %s (%s)", i ? "," : "", site->deployments.at[i]->name.text,
			   site->deployments.at[i]->profile->name.text);
	buf_printf(&text, "%s.\n", n > NAMED_DEPLOYMENTS ? ", ..." : "");
	buf_puts(&text,
		 "It replaces the table inet jgfw as a whole and touches nothing else.\n"
		 "It needs nft " NFT_NEEDED " or later, or 'jgfw apply', which needs none.\n");
	copy = arena_copy(arena, text.at, text.n);
	buf_free(&text);
	return copy;
}

static enum exit_code deliver(const struct job *job, const struct buf *text)
{
	int r;

	if (!job->options.output || !strcmp(job->options.output, "-"))
		return write_out(text);
	r = file_replace(job->options.output, text->at, text->n);
	if (r)
		complain("cannot write %s: %s", job->options.output, strerror(-r));
	return r ? EXIT_SYSTEM : EXIT_DONE;
}

static enum exit_code run(const struct command *self, int argc, char **argv)
{
	struct job job = {0};
	struct buf text = {0};
	struct ruleset *rs = NULL;
	enum exit_code code;

	if (!options_parse(self, argc, argv, &job.options, &code))
		return code;
	code = job_read(&job);
	if (!code) {
		rs = policy_compile(job.policy, &job.diag);
		code = rs ? EXIT_DONE : EXIT_INPUT;
	}
	if (!code) {
		rs->heading = heading(&job, &rs->arena);
		if (emit_ruleset(rs, &text)) {
			complain("bug: the ruleset has a rule without words");
			code = EXIT_BUG;
		}
	}
	if (!code)
		code = deliver(&job, &text);
	ruleset_free(rs);
	buf_free(&text);
	return job_end(&job, code);
}

const struct command command_generate = {
	.name = "generate",
	.takes = TAKES(OPTION_SITE, OPTION_OR, OPTION_EXAMPLE, OPTION_OUTPUT),
	.summary = "Print the ruleset as text that `nft -f` loads.",
	.run = run,
};

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "command.h"

#include "jgfw/apply/apply.h"
#include "jgfw/emit/change.h"
#include "jgfw/kernel/read.h"

#include <string.h>

/** struct listing - a change on its way to stdout */
struct listing {
	const struct ruleset *rs; /* whose origins count */
	bool as_json;
	struct buf out;
	struct json json; /* in it */
};

static void text_item(struct listing *l, const char *text, const struct origin *origin)
{
	buf_puts(&l->out, text);
	if (origin && origin->loc.source)
		buf_printf(&l->out, " # %s:%u%s%s%s%s", origin->loc.source->name, origin->loc.line,
			   origin->deployment ? ": " : "",
			   origin->deployment ? origin->deployment : "", origin->row ? " " : "",
			   origin->row ? origin->row : "");
	buf_putc(&l->out, '\n');
}

static void json_item(struct json *j, const char *text, const struct origin *origin)
{
	json_object(j, NULL);
	json_string(j, "text", text);
	if (origin && origin->loc.source) {
		json_string(j, "file", origin->loc.source->name);
		json_uint(j, "line", origin->loc.line);
	}
	if (origin && origin->deployment)
		json_string(j, "deployment", origin->deployment);
	if (origin && origin->row)
		json_string(j, "row", origin->row);
	json_end(j);
}

static void take_item(const char *text, uint32_t origin, void *data)
{
	struct listing *l = data;
	const struct origin *from = origin && l->rs && origin <= l->rs->origins.n
					    ? &l->rs->origins.at[origin - 1]
					    : NULL;

	if (l->as_json)
		json_item(&l->json, text, from);
	else
		text_item(l, text, from);
}

static enum exit_code compare(struct job *job, const struct ruleset *new, struct listing *l)
{
	struct kernel *kernel = kernel_open(&job->diag);
	struct ruleset *old = NULL;
	struct change change;
	uint32_t generation;
	enum exit_code code = EXIT_SYSTEM;

	if (kernel && !kernel_read(kernel, NFPROTO_INET, RULESET_TABLE, READ_ALL, &old, &generation,
				   &job->diag)) {
		change_between(old, new, &change);
		emit_change(&change, take_item, l);
		code = change_is_empty(&change) ? EXIT_DONE : EXIT_NO;
		change_free(&change);
	}
	ruleset_free(old);
	kernel_close(kernel);
	return code;
}

static enum exit_code run(const struct command *self, int argc, char **argv)
{
	struct job job = {0};
	struct listing l = {0};
	struct buf out = {0};
	struct ruleset *rs = NULL;
	struct json j;
	enum exit_code code, written;

	if (!options_parse(self, argc, argv, &job.options, &code))
		return code;
	code = job_compile(&job, &rs);
	if (!code)
		apply_confine(job.options.state_dir);
	if (!code && apply_expire(job.options.state_dir, NULL, &job.diag))
		code = EXIT_SYSTEM;
	l.rs = rs;
	l.as_json = job.options.json;
	l.json.out = &l.out;
	if (l.as_json)
		json_list(&l.json, NULL);
	if (!code)
		code = compare(&job, rs, &l);
	if (job.options.json) {
		diag_sort(&job.diag);
		json_end(&l.json);
		open_json(&job, &out, &j);
		json_bool(&j, "changed", code == EXIT_NO);
		buf_add(json_raw(&j, "changes"), l.out.at, l.out.n);
		close_json(&j);
	}
	written = write_out(job.options.json ? &out : &l.out);
	buf_free(&l.out);
	buf_free(&out);
	ruleset_free(rs);
	return job_end(&job, told(code, written));
}

const struct command command_diff = {
	.name = "diff",
	.takes = TAKES(OPTION_SITE, OPTION_OR, OPTION_EXAMPLE, OPTION_STATE, OPTION_JSON),
	.summary = "Print what apply would change in the kernel, in nft's words; 1 where there is "
		   "a difference.",
	.run = run,
};

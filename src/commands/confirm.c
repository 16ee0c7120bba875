/* SPDX-License-Identifier: GPL-2.0-or-later */
/* confirm and rollback: the last word on an apply that waits. */
#include "command.h"

#include "jgfw/apply/apply.h"

#include <time.h>
#include <unistd.h>

enum {
	GUARD_TRIES = 3600, /* without memory */
};

static const char *words(enum pending pending)
{
	switch (pending) {
	case PENDING_NONE:
		return "no apply is pending";
	case PENDING_KEPT:
		return "confirmed";
	case PENDING_TAKEN_BACK:
		return "the previous ruleset is back";
	case PENDING_TOO_LATE:
		return "too late: the previous ruleset is already back";
	}
	return "";
}

static enum exit_code code_of(enum pending pending)
{
	switch (pending) {
	case PENDING_NONE:
		return EXIT_NO;
	case PENDING_KEPT:
	case PENDING_TAKEN_BACK:
		return EXIT_DONE;
	case PENDING_TOO_LATE:
		return EXIT_UNDECIDED;
	}
	return EXIT_BUG;
}

typedef int decide_fn(const char *state_dir, enum pending *ret, struct diag *diag);

static enum exit_code decide(struct job *job, decide_fn *fn)
{
	struct buf out = {0};
	struct json j;
	enum pending pending = PENDING_NONE;
	enum exit_code code, written;

	apply_confine(job->options.state_dir);
	if (fn(job->options.state_dir, &pending, &job->diag))
		code = EXIT_SYSTEM;
	else /* a guard that finds nothing to do has done well */
		code = job->options.guard ? EXIT_DONE : code_of(pending);
	if (job->options.json) {
		open_json(job, &out, &j);
		json_bool(&j, "changed", pending == PENDING_KEPT || pending == PENDING_TAKEN_BACK);
		close_json(&j);
	} else if (code != EXIT_SYSTEM) {
		buf_printf(&out, "%s\n", words(pending));
	}
	written = write_out(&out);
	buf_free(&out);
	return job_end(job, told(code, written));
}

/** struct guard - a guard that memory does not stop */
struct guard {
	struct options options;
	int tries;
};

/* There may be memory again a second later. */
static void guard_on(void *arg)
{
	struct guard *guard = arg;
	struct job job = {.options = guard->options};

	if (++guard->tries > GUARD_TRIES)
		return;
	nanosleep(&(struct timespec){.tv_sec = 1}, NULL);
	close_range(STDERR_FILENO + 1, ~0u, 0); /* the lock, too */
	mem_at_exhaustion(guard_on, guard);
	_exit((int)decide(&job, apply_guard));
}

static enum exit_code run_confirm(const struct command *self, int argc, char **argv)
{
	struct job job = {0};
	enum exit_code code;

	if (!options_parse(self, argc, argv, &job.options, &code))
		return code;
	return decide(&job, apply_confirm);
}

static enum exit_code run_rollback(const struct command *self, int argc, char **argv)
{
	struct job job = {0};
	struct guard guard;
	enum exit_code code;

	if (!options_parse(self, argc, argv, &job.options, &code))
		return code;
	if (!job.options.guard)
		return decide(&job, apply_rollback);
	guard = (struct guard){.options = job.options};
	mem_at_exhaustion(guard_on, &guard);
	code = decide(&job, apply_guard);
	mem_at_exhaustion(NULL, NULL);
	return code;
}

const struct command command_confirm = {
	.name = "confirm",
	.takes = TAKES(OPTION_STATE, OPTION_JSON),
	.summary = "Confirm a pending apply: keep its ruleset.",
	.run = run_confirm,
};

const struct command command_rollback = {
	.name = "rollback",
	.takes = TAKES(OPTION_GUARD, OPTION_STATE, OPTION_JSON),
	.summary = "Undo a pending apply: the previous ruleset returns.",
	.run = run_rollback,
};

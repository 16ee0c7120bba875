/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What commands share: reading the site, printing how it went. */
#ifndef JGFW_COMMAND_H
#define JGFW_COMMAND_H

#include "jgfw/base/json.h"
#include "jgfw/config/library.h"
#include "jgfw/config/site.h"
#include "jgfw/ruleset/ruleset.h"
#include "options.h"

/** enum exit_code - the contract with scripts */
enum exit_code {
	EXIT_DONE = 0,
	EXIT_NO = 1,
	EXIT_USAGE = 2,
	EXIT_INPUT = 3,
	EXIT_SYSTEM = 4, /* kernel, privilege or I/O */
	EXIT_UNDECIDED = 5,
	EXIT_BUG = 70,
};

/** struct command - an entry of the table in main.c */
struct command {
	const char *name;
	const enum option_id *takes; /* its options, in the order of its usage line */
	const char *arguments;	     /* of its usage line; NULL where it takes none */
	int max_args;
	const char *summary;
	const char *notes; /* what its help says after the options, or NULL */
	enum exit_code (*run)(const struct command *self, int argc, char **argv);
};

/** TAKES - the options of a command, as initialisers of its list */
#define TAKES(...) ((const enum option_id[]){__VA_ARGS__ __VA_OPT__(, ) OPTION_END})

extern const struct command command_apply, command_check, command_confirm, command_diff,
	command_generate, command_init, command_profiles, command_remove, command_report,
	command_restore, command_rollback, command_status, command_trace, command_verify;

/** options_parse - read the options and arguments of @self
 *
 * Returns false where the command is already over, with its exit code in @ret_code: after --help,
 * or after a usage error that was printed. Else @ret_code is EXIT_DONE.
 */
bool options_parse(const struct command *self, int argc, char **argv, struct options *ret_options,
		   enum exit_code *ret_code);

/** usage_error - print it, and the usage line of @self; EXIT_USAGE */
enum exit_code usage_error(const struct command *self, const char *fmt, ...) PRINTF_LIKE(2, 3);

/** struct job - a site on its way to whatever the command wants of it */
struct job {
	struct options options;
	struct diag diag;
	struct source source;
	char *text;
	struct library *library;
	struct site *site;
	struct policy *policy;
};

/** job_library - open the port models and profiles; EXIT_DONE, or EXIT_SYSTEM where the folder of
 * --data is none */
enum exit_code job_library(struct job *job);

/** job_read - read, check and expand the site that the options name
 *
 * Returns EXIT_DONE, or another code, after which job_end() still must be called.
 */
enum exit_code job_read(struct job *job);

/** job_compile - job_read(), and the ruleset of it in @ret, owned by the caller; codes as above */
enum exit_code job_compile(struct job *job, struct ruleset **ret);

/** job_prove - prove the assertions of the site, or all with @everything, of its ruleset @rs
 *
 * Returns EXIT_DONE, or EXIT_NO or EXIT_UNDECIDED after errors that tell what is not so.
 */
enum exit_code job_prove(struct job *job, const struct ruleset *rs, bool everything);

/** job_end - tell all diagnostics on stderr and release everything; gives back @code */
enum exit_code job_end(struct job *job, enum exit_code code);

/** wants_color - are colours for @fd: a terminal, and no NO_COLOR? */
bool wants_color(int fd);

/** write_out - data to stdout; EXIT_SYSTEM after a failure that was told */
enum exit_code write_out(const struct buf *data);

/** told - the exit code where what @code is about was written with @written: an error stays, and an
 * answer that was lost is none */
static inline enum exit_code told(enum exit_code code, enum exit_code written)
{
	bool is_answer = code == EXIT_DONE || code == EXIT_NO || code == EXIT_UNDECIDED;

	return is_answer && written ? written : code;
}

/** open_json - begin in @out the object that a command answers with --json: its schema, warnings
 * and errors; @ret goes on with it */
void open_json(const struct job *job, struct buf *out, struct json *ret);

/** close_json - end that object */
void close_json(struct json *j);

/** complain - "jgfw: ..." on stderr */
void complain(const char *fmt, ...) PRINTF_LIKE(1, 2);

#endif

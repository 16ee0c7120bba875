/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Options of all commands in one table, from which they are parsed and explained. */
#ifndef JGFW_COMMANDS_OPTIONS_H
#define JGFW_COMMANDS_OPTIONS_H

#include "jgfw/base/buf.h"

#include <stdbool.h>
#include <stddef.h>

/** enum option_id - the rows of the table, and what may stand between them in a command's list */
enum option_id {
	OPTION_END,    /* of the list */
	OPTION_OR,     /* the option before it and the one after it exclude each other */
	OPTION_SECRET, /* the option after it is taken, but not offered */
	OPTION_SITE,
	OPTION_EXAMPLE,
	OPTION_OUTPUT,
	OPTION_FORMAT,
	OPTION_VERBOSE,
	OPTION_DRY_RUN,
	OPTION_CONFIRM,
	OPTION_FLUSH_FLOWS,
	OPTION_VERIFY,
	OPTION_LIVE,
	OPTION_RULESET,
	OPTION_GUARD,
	OPTION_PROMETHEUS,
	OPTION_STATE,
	OPTION_JSON,
	OPTION_DATA, /* of all commands, as the next one */
	OPTION_HELP,
	OPTION_VERSION, /* of no command */
	OPTION_COUNT,
};

/** struct options - what was given; strings are borrowed from the command line */
struct options {
	const char *site;
	const char *data_dir;
	const char *output;
	const char *state_dir;
	const char *ruleset;
	unsigned int format;	/* enum report_format */
	unsigned int confirm_s; /* 0: not given */
	bool example, json, verbose, dry_run, flush_flows, prometheus, guard, live, verify;
	bool help;
	char **args; /* what is left */
	int n_args;
};

/** options_read - read @argv, whose first word is passed over, by the list @takes
 *
 * Options and arguments may stand in any order; @argv is sorted so that arguments are last. After
 * --help nothing more is read. Returns false after appending to @error what is wrong.
 */
bool options_read(const enum option_id *takes, int argc, char **argv, struct options *ret_options,
		  struct buf *error);

/** options_command - the index in @argv of the command, after the options in front of it; @argc
 * where there is none. --help, -h and --version end the search, as commands do. */
int options_command(int argc, char **argv);

/** options_usage - append the options of @takes as a usage line has them */
void options_usage(const enum option_id *takes, struct buf *out);

/** options_help - append a line, or more, for each option of @takes, up to OPTION_END */
void options_help(const enum option_id *takes, struct buf *out);

#endif

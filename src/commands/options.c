/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "options.h"

#include "jgfw/base/text.h"
#include "jgfw/report/report.h"

#include <ctype.h>
#include <getopt.h>
#include <string.h>

enum {
	CONFIRM_MAX_S = 24 * 60 * 60,
	LONG_ID = 256,	  /* of an option, to getopt(): more than any character */
	HELP_COLUMN = 21, /* characters */
};

enum option_kind {
	OPTION_IS_FLAG,	   /* bool */
	OPTION_IS_TEXT,	   /* const char * */
	OPTION_IS_NAME,	   /* the same, not empty */
	OPTION_IS_SECONDS, /* unsigned int */
	OPTION_IS_FORMAT,  /* unsigned int, an index of formats */
};

struct option_row {
	const char *name;
	char letter; /* 0 where it has none */
	enum option_kind kind;
	size_t member;	      /* of struct options */
	const char *argument; /* NULL for a flag */
	const char *help;
};

static const char *const formats[] = {
	[REPORT_TEXT] = "text", [REPORT_MARKDOWN] = "md", [REPORT_CSV] = "csv",
	[REPORT_JSON] = "json", [REPORT_DOT] = "dot",	  [REPORT_HTML] = "html",
};

#define IN(member) offsetof(struct options, member)

static const struct option_row table[OPTION_COUNT] = {
	[OPTION_SITE] = {"site", 's', OPTION_IS_NAME, IN(site), "SITE",
			 "the site file; - is standard input"},
	[OPTION_EXAMPLE] = {"example", 0, OPTION_IS_FLAG, IN(example), NULL,
			    "the built-in example"},
	[OPTION_OUTPUT] = {"output", 'o', OPTION_IS_NAME, IN(output), "FILE",
			   "replace FILE with the text, or leave it as it was"},
	[OPTION_FORMAT] = {"format", 'f', OPTION_IS_FORMAT, IN(format), "F",
			   "text (default), md, csv, json; dot, a picture for Graphviz;\n"
			   "html, a page with that picture, drawn by the program dot"},
	[OPTION_VERBOSE] = {"verbose", 'v', OPTION_IS_FLAG, IN(verbose), NULL,
			    "print for each row whether it is in force here"},
	[OPTION_DRY_RUN] = {"dry-run", 0, OPTION_IS_FLAG, IN(dry_run), NULL,
			    "let the kernel judge it, and change nothing"},
	[OPTION_CONFIRM] = {"confirm", 0, OPTION_IS_SECONDS, IN(confirm_s), "SECONDS",
			    "go back to the previous ruleset unless 'jgfw confirm' comes in time"},
	[OPTION_FLUSH_FLOWS] = {"flush-flows", 0, OPTION_IS_FLAG, IN(flush_flows), NULL,
				"end established flows that the new ruleset would not let begin"},
	[OPTION_VERIFY] = {"verify", 0, OPTION_IS_FLAG, IN(verify), NULL,
			   "prove it first, as 'jgfw verify' does"},
	[OPTION_LIVE] = {"live", 0, OPTION_IS_FLAG, IN(live), NULL,
			 "what the kernel holds, tables of others included"},
	[OPTION_RULESET] = {"ruleset", 0, OPTION_IS_NAME, IN(ruleset), "FILE",
			    "what nft would load from FILE"},
	[OPTION_GUARD] = {"guard", 0, OPTION_IS_FLAG, IN(guard), NULL,
			  "wait until its time is over, or it was confirmed"},
	[OPTION_PROMETHEUS] = {"prometheus", 0, OPTION_IS_FLAG, IN(prometheus), NULL,
			       "answer in Prometheus' text format"},
	[OPTION_STATE] = {"state", 0, OPTION_IS_TEXT, IN(state_dir), "DIR",
			  "where the state lies (default /var/lib/jgfw and /run/jgfw)"},
	[OPTION_JSON] = {"json", 0, OPTION_IS_FLAG, IN(json), NULL, "answer with a JSON object"},
	[OPTION_DATA] = {"data", 0, OPTION_IS_NAME, IN(data_dir), "DIR",
			 "look for port models and profiles in DIR first"},
	[OPTION_HELP] = {"help", 'h', OPTION_IS_FLAG, IN(help), NULL,
			 "this text; after a command, its options"},
	[OPTION_VERSION] = {"version", 0, OPTION_IS_FLAG, 0, NULL, "the version"},
};

/** struct getopts - rows of the table, as getopt_long() wants them */
struct getopts {
	struct option longs[OPTION_COUNT + 1];
	char shorts[2 * OPTION_COUNT + 3];
	size_t n, n_shorts;
};

static void add_getopt(struct getopts *g, enum option_id id)
{
	const struct option_row *row = &table[id];

	if (!row->name)
		return;
	g->longs[g->n++] =
		(struct option){row->name, row->argument ? required_argument : no_argument, NULL,
				LONG_ID + (int)id};
	if (!row->letter)
		return;
	g->shorts[g->n_shorts++] = row->letter;
	if (row->argument)
		g->shorts[g->n_shorts++] = ':';
}

/* The row that getopt_long() named by @c. */
static enum option_id id_of(int c)
{
	int id = OPTION_END;

	if (c >= LONG_ID)
		return (enum option_id)(c - LONG_ID);
	while (++id < OPTION_COUNT && table[id].letter != c)
		;
	return (enum option_id)id;
}

/* A long option that is none of @g. What another command takes is no slip of the finger. */
static void refuse_name(const struct getopts *g, const char *given, struct buf *error)
{
	const char *names[OPTION_COUNT];
	struct buf text = {0};
	const char *name;
	int near;

	buf_add(&text, given, strcspn(given, "="));
	name = buf_str(&text) + strlen("--");
	buf_printf(error, "no option '--%s' here", name);
	for (size_t i = 0; i < g->n; i++)
		names[i] = g->longs[i].name;
	near = text_nearest(name, names, g->n);
	for (size_t i = 0; i < OPTION_COUNT; i++)
		if (table[i].name && !strcmp(table[i].name, name))
			near = -1;
	if (near >= 0)
		buf_printf(error, "; did you mean '--%s'?", names[near]);
	buf_free(&text);
}

/* getopt_long() answered @c, with @given as the last word that it looked at. */
static void refuse(const struct getopts *g, int c, const char *given, struct buf *error)
{
	if (c == ':') {
		buf_printf(error, "'%s' needs a value", given);
	} else if (optopt >= LONG_ID) {
		buf_printf(error, "'--%s' takes no value", table[id_of(optopt)].name);
	} else if (optopt && isascii(optopt) && isprint(optopt)) {
		buf_printf(error, "no option '-%c' here", optopt);
	} else if (optopt) {
		buf_puts(error, "no option of such a letter here");
	} else {
		refuse_name(g, given, error);
	}
}

static void list_formats(const char *separator, const char *last, struct buf *out)
{
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++)
		buf_printf(out, "%s%s",
			   !i				 ? ""
			   : i + 1 < ARRAY_SIZE(formats) ? separator
							 : last,
			   formats[i]);
}

static bool take_format(const char *value, unsigned int *ret_format, struct buf *error)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(formats); i++)
		if (!strcmp(value, formats[i])) {
			*ret_format = i;
			return true;
		}
	buf_printf(error, "unknown format '%s': ", value);
	list_formats(", ", " or ", error);
	return false;
}

/* Put the value @value of @row into @o. */
static bool take(const struct option_row *row, const char *value, struct options *o,
		 struct buf *error)
{
	void *member = (char *)o + row->member;
	uint64_t number;

	switch (row->kind) {
	case OPTION_IS_FLAG:
		*(bool *)member = true;
		return true;
	case OPTION_IS_NAME:
		if (!*value) {
			buf_printf(error, "'--%s' needs a value", row->name);
			return false;
		}
		*(const char **)member = value;
		return true;
	case OPTION_IS_TEXT:
		*(const char **)member = value;
		return true;
	case OPTION_IS_SECONDS:
		if (text_uint(value, CONFIRM_MAX_S, &number) || !number) {
			buf_printf(error, "'%s' is not a number of seconds from 1 to %d", value,
				   CONFIRM_MAX_S);
			return false;
		}
		*(unsigned int *)member = (unsigned int)number;
		return true;
	case OPTION_IS_FORMAT:
		return take_format(value, member, error);
	}
	return false;
}

/* Are two options given that exclude each other? */
static bool exclude(const enum option_id *takes, const bool *given, struct buf *error)
{
	for (size_t i = 1; takes[0] && takes[i]; i++)
		if (takes[i] == OPTION_OR && given[takes[i - 1]] && given[takes[i + 1]]) {
			buf_printf(error, "--%s and --%s exclude each other",
				   table[takes[i - 1]].name, table[takes[i + 1]].name);
			return true;
		}
	return false;
}

bool options_read(const enum option_id *takes, int argc, char **argv, struct options *ret_options,
		  struct buf *error)
{
	struct options *o = ret_options;
	struct getopts g = {.shorts = ":", .n_shorts = 1};
	bool given[OPTION_COUNT] = {0};
	int c;

	*o = (struct options){0};
	for (size_t i = 0; takes[i]; i++)
		add_getopt(&g, takes[i]);
	add_getopt(&g, OPTION_DATA);
	add_getopt(&g, OPTION_HELP);
	opterr = 0;
	optind = 0; /* GNU's way to begin anew */
	while (!o->help && (c = getopt_long(argc, argv, g.shorts, g.longs, NULL)) != -1) {
		if (c == '?' || c == ':') {
			refuse(&g, c, argv[optind - 1], error);
			return false;
		}
		if (!take(&table[id_of(c)], optarg, o, error))
			return false;
		given[id_of(c)] = true;
	}
	o->args = argv + optind;
	o->n_args = argc - optind;
	return o->help || !exclude(takes, given, error);
}

int options_command(int argc, char **argv)
{
	struct getopts g = {.shorts = "+:", .n_shorts = 2};
	enum option_id id = OPTION_END;
	int at;

	for (int i = 0; i < OPTION_COUNT; i++)
		add_getopt(&g, (enum option_id)i);
	opterr = 0;
	optind = 0;
	do {
		int c;

		at = optind ? optind : 1;
		c = getopt_long(argc, argv, g.shorts, g.longs, NULL);
		if (c == -1)
			return optind;
		id = c == '?' || c == ':' ? OPTION_END : id_of(c);
	} while (id != OPTION_HELP && id != OPTION_VERSION);
	return at;
}

void options_usage(const enum option_id *takes, struct buf *out)
{
	for (size_t i = 0; takes[i]; i++) {
		const struct option_row *row = &table[takes[i]];

		if (takes[i] == OPTION_SECRET)
			i++;
		if (!row->name)
			continue;
		buf_puts(out, i && takes[i - 1] == OPTION_OR ? " | " : " [");
		if (row->letter)
			buf_printf(out, "-%c", row->letter);
		else
			buf_printf(out, "--%s", row->name);
		if (row->kind == OPTION_IS_FORMAT) {
			buf_putc(out, ' ');
			list_formats("|", "|", out);
		} else if (row->argument) {
			buf_printf(out, " %s", row->argument);
		}
		buf_puts(out, takes[i + 1] == OPTION_OR ? "" : "]");
	}
}

static void help_on(const struct option_row *row, struct buf *out)
{
	size_t begin = out->n;

	buf_puts(out, "  ");
	if (row->letter)
		buf_printf(out, "-%c, ", row->letter);
	buf_printf(out, "--%s%s%s", row->name, row->argument ? " " : "",
		   row->argument ? row->argument : "");
	for (const char *line = row->help, *end; line; line = end ? end + 1 : NULL) {
		end = strchr(line, '\n');
		buf_pad(out, ' ', HELP_COLUMN - (long)(out->n - begin));
		buf_add(out, line, end ? (size_t)(end - line) : strlen(line));
		buf_putc(out, '\n');
		begin = out->n;
	}
}

void options_help(const enum option_id *takes, struct buf *out)
{
	for (size_t i = 0; takes[i]; i++) {
		if (takes[i] == OPTION_SECRET)
			i++;
		else if (table[takes[i]].name)
			help_on(&table[takes[i]], out);
	}
}

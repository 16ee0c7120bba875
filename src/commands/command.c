/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "command.h"

#include "jgfw/base/data.h"
#include "jgfw/base/file.h"
#include "jgfw/base/text.h"
#include "jgfw/kernel/interface.h"
#include "jgfw/kernel/kernel.h"
#include "jgfw/policy/compile.h"
#include "jgfw/policy/expand.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEFAULT_SITE "/etc/jgfw/site.yaml"
#define EXAMPLE_SITE "examples/example.yaml"

enum {
	SITE_MAX_SIZE = 64 * 1024 * 1024,
	CONFIRM_MAX_S = 24 * 60 * 60,
};

enum long_option {
	LONG_DATA = 256,
	LONG_EXAMPLE,
	LONG_JSON,
	LONG_STATE,
	LONG_DRY_RUN,
	LONG_CONFIRM,
	LONG_FLUSH_FLOWS,
	LONG_PROMETHEUS,
	LONG_GUARD,
	LONG_LIVE,
	LONG_RULESET,
	LONG_VERIFY,
};

void complain(const char *fmt, ...)
{
	va_list ap;

	fputs("jgfw: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}

enum exit_code usage_error(const struct command *self, const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "jgfw %s: ", self->name);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, "\nusage: jgfw %s%s%s\n", self->name, *self->synopsis ? " " : "",
		self->synopsis);
	return EXIT_USAGE;
}

/* The full help of a command, on stdout. */
static enum exit_code command_usage(const struct command *self)
{
	struct buf out = {0};
	enum exit_code code;

	buf_printf(&out,
		   "usage: jgfw %s%s%s\n\n%s\n\n%s"
		   "  --data DIR         look for port models and profiles in DIR first\n"
		   "  -h, --help         this text\n",
		   self->name, *self->synopsis ? " " : "", self->synopsis, self->summary,
		   self->help);
	code = write_out(&out);
	buf_free(&out);
	return code;
}

/* Which of the options a command must accept for @c to be one of its own. */
static unsigned int bit_of(int c)
{
	switch (c) {
	case 's':
	case LONG_EXAMPLE:
		return OPTION_SITE;
	case 'o':
		return OPTION_OUTPUT;
	case 'f':
		return OPTION_FORMAT;
	case 'v':
		return OPTION_VERBOSE;
	case LONG_JSON:
		return OPTION_JSON;
	case LONG_STATE:
		return OPTION_STATE;
	case LONG_DRY_RUN:
	case LONG_CONFIRM:
	case LONG_FLUSH_FLOWS:
	case LONG_VERIFY:
		return OPTION_APPLY;
	case LONG_PROMETHEUS:
		return OPTION_PROMETHEUS;
	case LONG_GUARD:
		return OPTION_GUARD;
	case LONG_LIVE:
		return OPTION_LIVE;
	case LONG_RULESET:
		return OPTION_RULESET;
	default:
		return 0;
	}
}

/* False where the value is none of this option's. */
static bool take_option(struct options *o, int c)
{
	uint64_t number;

	switch (c) {
	case 's':
		o->site = optarg;
		break;
	case 'o':
		o->output = optarg;
		break;
	case 'f':
		o->format = optarg;
		break;
	case 'v':
		o->verbose = true;
		break;
	case LONG_DATA:
		o->data_dir = optarg;
		break;
	case LONG_EXAMPLE:
		o->example = true;
		break;
	case LONG_JSON:
		o->json = true;
		break;
	case LONG_STATE:
		o->state_dir = optarg;
		break;
	case LONG_DRY_RUN:
		o->dry_run = true;
		break;
	case LONG_FLUSH_FLOWS:
		o->flush_flows = true;
		break;
	case LONG_PROMETHEUS:
		o->prometheus = true;
		break;
	case LONG_GUARD:
		o->guard = true;
		break;
	case LONG_LIVE:
		o->live = true;
		break;
	case LONG_RULESET:
		o->ruleset = optarg;
		break;
	case LONG_VERIFY:
		o->verify = true;
		break;
	case LONG_CONFIRM:
		if (text_uint(optarg, CONFIRM_MAX_S, &number) || !number)
			return false;
		o->confirm_s = (unsigned int)number;
		break;
	}
	return true;
}

static const struct option longs[] = {
	{"site", required_argument, NULL, 's'},
	{"output", required_argument, NULL, 'o'},
	{"format", required_argument, NULL, 'f'},
	{"verbose", no_argument, NULL, 'v'},
	{"help", no_argument, NULL, 'h'},
	{"data", required_argument, NULL, LONG_DATA},
	{"example", no_argument, NULL, LONG_EXAMPLE},
	{"json", no_argument, NULL, LONG_JSON},
	{"state", required_argument, NULL, LONG_STATE},
	{"dry-run", no_argument, NULL, LONG_DRY_RUN},
	{"confirm", required_argument, NULL, LONG_CONFIRM},
	{"flush-flows", no_argument, NULL, LONG_FLUSH_FLOWS},
	{"prometheus", no_argument, NULL, LONG_PROMETHEUS},
	{"guard", no_argument, NULL, LONG_GUARD},
	{"live", no_argument, NULL, LONG_LIVE},
	{"ruleset", required_argument, NULL, LONG_RULESET},
	{"verify", no_argument, NULL, LONG_VERIFY},
	{0},
};

/* How @c, which getopt_long() gave for @given, is wrong here; EXIT_DONE where it is not. */
static enum exit_code refuse_option(const struct command *self, int c, unsigned int accepted,
				    const char *given)
{
	char name[] = {'-', (char)(c == '?' ? optopt : c), '\0'};

	if (c == ':')
		return usage_error(self, "'%s' needs a value", given);
	if (c != '?' && !(bit_of(c) & ~accepted))
		return EXIT_DONE;
	/* a long option, or one that came with its value, is named as it was given */
	return usage_error(self, "no option '%s' here",
			   given[0] == '-' && given[1] == '-' ? given : name);
}

bool options_parse(const struct command *self, int argc, char **argv, unsigned int accepted,
		   int max_args, struct options *ret_options, enum exit_code *ret_code)
{
	struct options *o = ret_options;
	int c;

	*o = (struct options){0};
	*ret_code = EXIT_DONE;
	opterr = 0;
	optind = 1;
	while ((c = getopt_long(argc, argv, ":s:o:f:vh", longs, NULL)) != -1) {
		const char *given = optind > 0 && optind <= argc ? argv[optind - 1] : "";

		if (c == 'h') {
			*ret_code = command_usage(self);
			return false;
		}
		*ret_code = refuse_option(self, c, accepted, given);
		if (*ret_code)
			return false;
		if (!take_option(o, c)) {
			*ret_code = usage_error(self, "'%s' is no number of seconds from 1 to %d",
						optarg, CONFIRM_MAX_S);
			return false;
		}
	}
	if (o->site && !*o->site) {
		*ret_code = usage_error(self, "'-s' needs a value");
		return false;
	}
	o->args = argv + optind;
	o->n_args = argc - optind;
	if (o->n_args > max_args) {
		*ret_code = usage_error(self, "unexpected argument '%s'", o->args[max_args]);
		return false;
	}
	if (o->example && o->site) {
		*ret_code = usage_error(self, "--example and --site exclude each other");
		return false;
	}
	return true;
}

enum exit_code write_out(const struct buf *data)
{
	int r = file_write_all(STDOUT_FILENO, data->at, data->n);

	if (r)
		complain("cannot write: %s", strerror(-r));
	return r ? EXIT_SYSTEM : EXIT_DONE;
}

/* The site file's text: of the options, the environment, the default place. */
static enum exit_code read_site(struct job *job)
{
	const struct data_file *example = data_find(EXAMPLE_SITE);
	const char *path = job->options.site;
	struct loc nowhere = {0};
	bool named = path;
	size_t len;
	int r;

	if (job->options.example) {
		job->source = (struct source){EXAMPLE_SITE, example->text,
					      (size_t)(example->end - example->text)};
		return EXIT_DONE;
	}
	if (!path)
		path = getenv("JGFW_SITE");
	if (path && *path)
		named = true;
	else
		path = DEFAULT_SITE;
	r = file_read(path, SITE_MAX_SIZE, &job->text, &len);
	if (!r) {
		job->source = (struct source){strcmp(path, "-") ? path : "<stdin>", job->text, len};
		return EXIT_DONE;
	}
	if (r == -ENOENT && !named)
		diag_error(&job->diag, nowhere, "no-site",
			   "there is no %s, and neither -s nor JGFW_SITE names another site; "
			   "'jgfw init PROFILE' writes one to start from, --example takes the "
			   "built-in one",
			   DEFAULT_SITE);
	else if (r == -EFBIG)
		diag_error(&job->diag, nowhere, "yaml-size", "%s is larger than %d MiB", path,
			   SITE_MAX_SIZE / (1024 * 1024));
	else
		diag_error(&job->diag, nowhere, "unreadable", "cannot read %s: %s", path,
			   strerror(-r));
	return r == -EFBIG ? EXIT_INPUT : EXIT_SYSTEM;
}

enum exit_code job_library(struct job *job)
{
	const char *dir = job->options.data_dir;
	struct stat st;

	if (dir && stat(dir, &st) && errno != ENOENT && errno != ENOTDIR) {
		diag_error(&job->diag, (struct loc){0}, "unreadable", "cannot read %s (--data): %s",
			   dir, strerror(errno));
		return EXIT_SYSTEM;
	}
	if (dir && (stat(dir, &st) || !S_ISDIR(st.st_mode))) {
		diag_error(&job->diag, (struct loc){0}, "unreadable", "no folder %s (--data)", dir);
		return EXIT_SYSTEM;
	}
	job->library = library_new(dir);
	return EXIT_DONE;
}

enum exit_code job_read(struct job *job)
{
	enum exit_code code = job_library(job);

	if (!code)
		code = read_site(job);
	if (code)
		return code;
	job->site = site_load(&job->source, job->library, &job->diag);
	if (!job->site)
		return EXIT_INPUT;
	job->policy = policy_expand(job->site, &job->diag);
	return job->policy ? EXIT_DONE : EXIT_INPUT;
}

enum exit_code job_compile(struct job *job, struct ruleset **ret)
{
	enum exit_code code = job_read(job);

	*ret = code ? NULL : policy_compile(job->policy, &job->diag);
	return code ? code : *ret ? EXIT_DONE : EXIT_INPUT;
}

void job_warn_missing(struct job *job)
{
	for (int z = 0; z < ZONE_COUNT; z++)
		vec_each(nic, &job->site->zones[z])
			kernel_warn_interface(nic->name, nic->loc, &job->diag);
}

bool wants_color(int fd)
{
	const char *no_color = getenv("NO_COLOR");

	return isatty(fd) && !(no_color && *no_color);
}

enum exit_code job_end(struct job *job, enum exit_code code)
{
	struct buf text = {0};

	diag_sort(&job->diag);
	diag_render(&job->diag, &text, wants_color(STDERR_FILENO));
	file_write_all(STDERR_FILENO, text.at, text.n);
	buf_free(&text);
	policy_free(job->policy);
	site_free(job->site);
	library_free(job->library);
	diag_free(&job->diag);
	free(job->text);
	return code;
}

void open_json(const struct job *job, struct buf *out)
{
	buf_puts(out, "{\"schema\":1,\"warnings\":");
	diag_render_json(&job->diag, out, DIAG_WARNING);
	buf_puts(out, ",\"errors\":");
	diag_render_json(&job->diag, out, DIAG_ERROR);
}

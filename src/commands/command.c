/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "command.h"

#include "jgfw/base/data.h"
#include "jgfw/base/file.h"
#include "jgfw/policy/compile.h"
#include "jgfw/policy/expand.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEFAULT_SITE "/etc/jgfw/site.yaml"
#define EXAMPLE_SITE "examples/example.yaml"

enum {
	SITE_MAX_SIZE = 64 * 1024 * 1024,
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

static void usage_line(const struct command *self, struct buf *out)
{
	buf_printf(out, "usage: jgfw %s", self->name);
	options_usage(self->takes, out);
	buf_printf(out, "%s%s\n", self->arguments ? " " : "",
		   self->arguments ? self->arguments : "");
}

enum exit_code usage_error(const struct command *self, const char *fmt, ...)
{
	struct buf usage = {0};
	va_list ap;

	fprintf(stderr, "jgfw %s: ", self->name);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	usage_line(self, &usage);
	fprintf(stderr, "\n%s", buf_str(&usage));
	buf_free(&usage);
	return EXIT_USAGE;
}

/* The full help of a command, on stdout. */
static enum exit_code command_help(const struct command *self)
{
	struct buf out = {0};
	enum exit_code code;

	usage_line(self, &out);
	buf_printf(&out, "\n%s\n\n", self->summary);
	options_help(self->takes, &out);
	options_help(TAKES(OPTION_DATA, OPTION_HELP), &out);
	if (self->notes)
		buf_printf(&out, "\n%s", self->notes);
	code = write_out(&out);
	buf_free(&out);
	return code;
}

bool options_parse(const struct command *self, int argc, char **argv, struct options *ret_options,
		   enum exit_code *ret_code)
{
	struct options *o = ret_options;
	struct buf error = {0};

	*ret_code = EXIT_DONE;
	if (!options_read(self->takes, argc, argv, o, &error))
		*ret_code = usage_error(self, "%s", buf_str(&error));
	else if (o->help)
		*ret_code = command_help(self);
	else if (o->n_args > self->max_args)
		*ret_code = usage_error(self, "unexpected argument '%s'", o->args[self->max_args]);
	buf_free(&error);
	return !*ret_code && !o->help;
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

void open_json(const struct job *job, struct buf *out, struct json *ret)
{
	*ret = (struct json){.out = out};
	json_object(ret, NULL);
	json_uint(ret, "schema", 1);
	diag_render_json(&job->diag, json_raw(ret, "warnings"), DIAG_WARNING);
	diag_render_json(&job->diag, json_raw(ret, "errors"), DIAG_ERROR);
}

void close_json(struct json *j)
{
	json_end(j);
	buf_putc(j->out, '\n');
}

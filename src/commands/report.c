/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "jgfw/report.h"
#include "command.h"

static enum exit_code run(const struct command *self, int argc, char **argv)
{
	struct job job = {0};
	struct buf out = {0};
	enum exit_code code, written;
	int format = REPORT_TEXT;

	if (!options_parse(self, argc, argv, OPTION_SITE | OPTION_FORMAT | OPTION_JSON, 0,
			   &job.options, &code))
		return code;
	if (job.options.format)
		format = report_format_parse(job.options.format);
	if (job.options.json)
		format = REPORT_JSON;
	if (format < 0)
		return usage_error(self, "unknown format '%s': text, md, csv or json",
				   job.options.format);
	code = job_read(&job);
	diag_sort(&job.diag);
	if (format == REPORT_JSON)
		open_json(&job, &out);
	if (format == REPORT_JSON && !code)
		buf_putc(&out, ',');
	if (!code)
		report_site(job.policy, (enum report_format)format, &out);
	if (format == REPORT_JSON)
		buf_puts(&out, "}\n");
	written = write_out(&out);
	buf_free(&out);
	return job_end(&job, code ? code : written);
}

const struct command command_report = {
	.name = "report",
	.synopsis = "[-s SITE | --example] [-f text|md|csv|json | --json]",
	.summary = "Print the port table of this site, for people.",
	.help = "  -s, --site SITE    the site file; - is standard input\n"
		"  --example          the built-in example\n"
		"  -f, --format F     text (default), md, csv or json\n"
		"  --json             the same as -f json\n",
	.run = run,
};

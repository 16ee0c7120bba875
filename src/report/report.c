/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "jgfw/report/report.h"

#include "dot.h"
#include "line.h"
#include "page.h"
#include "table.h"

#include <string.h>

enum {
	WRAP_COLUMN = 40, /* of purposes, in tables for people */
};

/* --- tables --------------------------------------------------------------------------------- */

/* Append @text, broken between words at WRAP_COLUMN where @wrapped. */
static void wrap(const char *text, bool wrapped, struct buf *out)
{
	size_t column = 0;

	while (*text) {
		size_t len = strcspn(text, " ");

		if (wrapped && column && column + 1 + len > WRAP_COLUMN) {
			buf_putc(out, '\n');
			column = 0;
		} else if (column) {
			buf_putc(out, ' ');
			column++;
		}
		buf_add(out, text, len);
		column += len;
		text += len;
		text += strspn(text, " ");
	}
}

/* The cells of a line, its condition told below its purpose. */
static void add_cells(struct table_text *table, struct line *line, const enum column *shown,
		      size_t n, bool wrapped)
{
	for (size_t i = 0; i < n; i++) {
		struct buf purpose = {0};

		if (shown[i] != PURPOSE) {
			table_cell(table, buf_str(&line->fields[shown[i]]));
			continue;
		}
		wrap(buf_str(&line->fields[PURPOSE]), wrapped, &purpose);
		if (line->fields[CONDITION].n) {
			struct buf condition = {0};

			buf_printf(&condition, "(%s)", buf_str(&line->fields[CONDITION]));
			buf_putc(&purpose, '\n');
			wrap(buf_str(&condition), wrapped, &purpose);
			buf_free(&condition);
		}
		table_cell(table, buf_str(&purpose));
		buf_free(&purpose);
	}
}

/* The flows from @begin to @end, those that are @on this gateway or those that are not. */
static void section(const struct policy *policy, size_t begin, size_t end, bool on,
		    enum report_format format, struct buf *out)
{
	static const enum column in_force[] = {ROW,	 PURPOSE,     SOURCE, SOURCE_PORTS,
					       PROTOCOL, DESTINATION, PORTS,  TRANSLATION,
					       NOTES,	 REFERENCE};
	static const enum column elsewhere[] = {ROW,	  PURPOSE,     SOURCE, SOURCE_PORTS,
						PROTOCOL, DESTINATION, PORTS,  STATE,
						NOTES,	  REFERENCE};
	const enum column *shown = on ? in_force : elsewhere;
	const char *heads[ARRAY_SIZE(in_force)];
	struct table_text table = {.heads = heads, .columns = ARRAY_SIZE(heads)};

	for (size_t i = 0; i < ARRAY_SIZE(heads); i++)
		heads[i] = line_heads[shown[i]];
	for (size_t i = begin; i < end; i++) {
		const struct flow *flow = &policy->flows.at[i];
		struct line line;

		if (line_on_gateway(flow) != on)
			continue;
		line_flow(&line, policy->site, flow);
		add_cells(&table, &line, shown, ARRAY_SIZE(heads), format == REPORT_TEXT);
		line_free(&line);
	}
	if (table.cells.n) {
		const char *title = on ? "In force" : "Not on this gateway";

		buf_printf(out, format == REPORT_TEXT ? "%s:\n\n" : "### %s\n\n", title);
		if (format == REPORT_TEXT)
			table_text(&table, out);
		else
			table_markdown(&table, out);
		buf_putc(out, '\n');
	}
	table_free(&table);
}

static void tell_footnotes(const struct model *model, enum report_format format, struct buf *out)
{
	vec_each(note, &model->footnotes) {
		buf_printf(out, format == REPORT_TEXT ? "[%u] " : "- \\[%u\\] ", note->number);
		if (format == REPORT_TEXT)
			buf_puts(out, note->text);
		else
			markdown_escape(note->text, out);
		buf_putc(out, '\n');
	}
	if (model->footnotes.n)
		buf_putc(out, '\n');
	buf_puts(out, "Source: ");
	if (format == REPORT_TEXT)
		buf_puts(out, model->citation);
	else
		markdown_escape(model->citation, out);
	buf_puts(out, "\n");
}

static void report_documents(const struct policy *policy, enum report_format format,
			     struct buf *out)
{
	bool text = format == REPORT_TEXT;

	for (size_t begin = 0, end; begin < policy->flows.n; begin = end) {
		const struct deployment *dep = policy->flows.at[begin].dep;

		end = line_deployment_end(policy, begin);
		if (begin)
			buf_putc(out, '\n');
		buf_puts(out, text ? "Deployment " : "## Deployment ");
		if (text)
			buf_puts(out, dep->name.text);
		else
			markdown_escape(dep->name.text, out);
		buf_printf(out, ": %s (%s)\n\n", dep->profile->name.text, dep->profile->title);
		section(policy, begin, end, true, format, out);
		section(policy, begin, end, false, format, out);
		tell_footnotes(dep->model, format, out);
	}
}

static void report_csv(const struct policy *policy, struct buf *out)
{
	struct table_text table = {.heads = line_heads, .columns = COLUMNS};

	vec_each(flow, &policy->flows) {
		struct line line;

		line_flow(&line, policy->site, flow);
		for (size_t i = 0; i < COLUMNS; i++)
			table_cell(&table, buf_str(&line.fields[i]));
		line_free(&line);
	}
	table_csv(&table, false, out);
	table_free(&table);
}

/* --- JSON ----------------------------------------------------------------------------------- */

static const char *const json_keys[COLUMNS] = {
	"deployment", "id",	     "purpose", "from",	     "sport",	  "proto",   "to",
	"dport",      "translation", "state",	"condition", "footnotes", "citation"};

static void json_line(struct line *line, struct buf *out)
{
	buf_putc(out, '{');
	for (size_t i = 0; i < COLUMNS; i++) {
		const char *text = buf_str(&line->fields[i]);

		if (i)
			buf_putc(out, ',');
		buf_json_string(out, json_keys[i]);
		buf_putc(out, ':');
		if (!strchr(text, '\n')) {
			buf_json_string(out, text);
			continue;
		}
		for (const char *separator = "["; text; separator = ",") {
			struct buf one = {0};

			buf_add(&one, text, strcspn(text, "\n"));
			buf_puts(out, separator);
			buf_json_string(out, buf_str(&one));
			buf_free(&one);
			text = strchr(text, '\n');
			text = text ? text + 1 : NULL;
		}
		buf_putc(out, ']');
	}
	buf_putc(out, '}');
}

static void report_json(const struct policy *policy, struct buf *out)
{
	const char *separator = "";

	buf_puts(out, "\"rows\":[");
	vec_each(flow, &policy->flows) {
		struct line line;

		buf_puts(out, separator);
		line_flow(&line, policy->site, flow);
		json_line(&line, out);
		line_free(&line);
		separator = ",\n";
	}
	buf_putc(out, ']');
}

void report_site(const struct policy *policy, enum report_format format,
		 const struct report_proof *proof, struct buf *out, struct diag *diag)
{
	switch (format) {
	case REPORT_TEXT:
	case REPORT_MARKDOWN:
		report_documents(policy, format, out);
		return;
	case REPORT_CSV:
		report_csv(policy, out);
		return;
	case REPORT_JSON:
		report_json(policy, out);
		return;
	case REPORT_DOT:
		dot_site(policy, out);
		return;
	case REPORT_HTML:
		page_site(policy, proof, out, diag);
		return;
	}
}

/* --- profiles ------------------------------------------------------------------------------- */

void report_profile(const struct profile *profile, enum report_format format, struct buf *out)
{
	static const char *const heads[] = {"Row",	    "Purpose",	     "From",
					    "Source ports", "Protocol",	     "To",
					    "Ports",	    "Translated to", "Notes"};
	static const enum column shown[] = {ROW,	  PURPOSE,     SOURCE,
					    SOURCE_PORTS, PROTOCOL,    DESTINATION,
					    PORTS,	  TRANSLATION, NOTES};
	const struct deployment dep = {.ports = profile->resolved, .model = profile->model};
	struct table_text table = {.heads = heads, .columns = ARRAY_SIZE(heads)};
	const char *separator = "";
	struct arena arena = {0};

	if (format == REPORT_JSON) {
		buf_puts(out, "\"profile\":");
		buf_json_string(out, profile->name.text);
		buf_puts(out, ",\"rows\":[");
	} else {
		buf_printf(out, "%s: %s\n\n", profile->name.text, profile->title);
	}
	vec_each(row, &profile->model->rows) {
		struct line line = {0};
		struct buf translate = {0};

		line_row(&line, row);
		if (row->never)
			buf_printf(&line.fields[CONDITION], "%snever in force: %s",
				   row->condition ? "; " : "", row->never);
		line_ports(&line.fields[SOURCE_PORTS], row_ports(&dep, &row->sport, &arena), "");
		line_ports(&line.fields[PORTS], row_ports(&dep, &row->dport, &arena), "");
		line_ports(&translate, row_ports(&dep, &row->translate, &arena), "");
		buf_puts(&line.fields[SOURCE], row->from.text ? row->from.text : "");
		buf_puts(&line.fields[DESTINATION], row->to.text);
		buf_puts(&line.fields[TRANSLATION], buf_str(&translate));
		if (format == REPORT_JSON) {
			buf_puts(out, separator);
			json_line(&line, out);
			separator = ",\n";
		} else {
			add_cells(&table, &line, shown, ARRAY_SIZE(shown), true);
		}
		buf_free(&translate);
		line_free(&line);
	}
	if (format == REPORT_JSON) {
		buf_putc(out, ']');
	} else {
		table_text(&table, out);
		buf_putc(out, '\n');
		tell_footnotes(profile->model, REPORT_TEXT, out);
	}
	table_free(&table);
	arena_free(&arena);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "jgfw/report.h"

#include "jgfw/icmp.h"
#include "table.h"

#include <netinet/in.h>
#include <string.h>

/** enum column - what a report tells of a row */
enum column {
	DEPLOYMENT,
	ROW,
	PURPOSE,
	SOURCE,
	SOURCE_PORTS,
	PROTOCOL,
	DESTINATION,
	PORTS,
	TRANSLATION,
	STATE,
	CONDITION,
	NOTES,
	REFERENCE,
	COLUMNS,
};

static const char *const columns[COLUMNS] = {
	[DEPLOYMENT] = "Deployment",	 [ROW] = "Row",
	[PURPOSE] = "Purpose",		 [SOURCE] = "Source",
	[SOURCE_PORTS] = "Source ports", [PROTOCOL] = "Protocol",
	[DESTINATION] = "Destination",	 [PORTS] = "Ports",
	[TRANSLATION] = "Translation",	 [STATE] = "State",
	[CONDITION] = "Condition",	 [NOTES] = "Notes",
	[REFERENCE] = "Reference",
};

enum {
	WRAP_COLUMN = 40, /* of purposes, in tables for people */
};

/** struct line - a row of the report, as text; lines of a field are divided by newlines */
struct line {
	struct buf fields[COLUMNS];
};

static void line_free(struct line *line)
{
	for (size_t i = 0; i < COLUMNS; i++)
		buf_free(&line->fields[i]);
}

int report_format_parse(const char *name)
{
	static const char *const names[] = {
		[REPORT_TEXT] = "text",
		[REPORT_MARKDOWN] = "md",
		[REPORT_CSV] = "csv",
		[REPORT_JSON] = "json",
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcmp(name, names[i]))
			return (int)i;
	return -1;
}

void report_state(const struct site *site, const struct flow *flow, struct buf *out)
{
	switch (flow->state) {
	case FLOW_IN_FORCE:
		buf_printf(out, "in force, %s to %s", zone_name(flow->from), zone_name(flow->to));
		return;
	case FLOW_OMITTED:
		buf_puts(out, "omitted by the site");
		return;
	case FLOW_TRANSLATION:
		buf_printf(out, "is the translation of %s", flow->row->translation_of.text);
		return;
	case FLOW_NO_ZONE:
		buf_puts(out, "not on this gateway: no zone ");
		if (!site->zones[flow->from].n && flow->from != flow->missing)
			buf_printf(out, "%s, no zone ", zone_name(flow->from));
		buf_puts(out, zone_name(flow->missing));
		return;
	case FLOW_ONE_INTERFACE:
		buf_printf(out,
			   "not on this gateway: %s has one interface, both ends are behind it",
			   zone_name(flow->from));
		return;
	}
}

static void tell_range(struct buf *out, struct range r)
{
	int prefix = ipv4_prefix_len(r);

	buf_ipv4(out, r.lo);
	if (prefix >= 0 && prefix < 32)
		buf_printf(out, "/%d", prefix);
}

static void tell_party(struct buf *out, const struct word *end, const struct party *party,
		       enum zone zone, bool public)
{
	const char *word = end->text;

	buf_puts(out, word);
	if (party->kind == PARTY_ANY && strcmp(word, zone_name(zone)))
		buf_printf(out, " (%s)", zone_name(zone));
	if (party->kind == PARTY_RANGE && !strchr(word, ':')) {
		buf_printf(out, " (%s:", zone_name(zone));
		tell_range(out, party->range);
		buf_putc(out, ')');
	}
	for (size_t i = 0; party->kind == PARTY_MACHINES && i < party->n; i++) {
		uint32_t addr = public ? party->at[i].public : party->at[i].addr;

		buf_putc(out, '\n');
		if (addr)
			buf_ipv4(out, addr);
		else
			buf_puts(out, "(not given)");
	}
}

static void tell_destination_nat(struct buf *out, const struct flow *flow)
{
	for (size_t i = 0; i < flow->dst.n; i++) {
		const struct machine *m = &flow->dst.at[i];

		if (!m->addr || !m->public || !machine_translated(flow, m))
			continue;
		if (out->n)
			buf_putc(out, '\n');
		buf_puts(out, "to ");
		buf_ipv4(out, m->public);
		if (flow->translate)
			buf_printf(out, ":%u", flow->dport.at[0].lo);
		buf_puts(out, " -> ");
		buf_ipv4(out, m->addr);
		if (flow->translate)
			buf_printf(out, ":%u", flow->translate);
	}
}

static void tell_translation(struct buf *out, const struct flow *flow)
{
	if (flow->dnat)
		tell_destination_nat(out, flow);
	for (size_t i = 0; flow->snat == SOURCE_PUBLIC && i < flow->src.n; i++) {
		const struct machine *m = &flow->src.at[i];

		if (!m->addr || !m->public || m->addr == m->public)
			continue;
		if (out->n)
			buf_putc(out, '\n');
		buf_puts(out, "from ");
		buf_ipv4(out, m->addr);
		buf_puts(out, " -> ");
		buf_ipv4(out, m->public);
	}
	if (flow->edges_among)
		buf_puts(out, out->n ? "\nof an Expressway-E: from its public address"
				     : "of an Expressway-E: from its public address");
	if (flow->snat == SOURCE_GATEWAY)
		buf_puts(out, out->n ? "\nfrom the gateway's own address"
				     : "from the gateway's own address");
}

static void tell_notes(struct buf *out, const struct row *row)
{
	for (size_t i = 0; i < ARRAY_SIZE(row->footnotes) && row->footnotes[i]; i++)
		buf_printf(out, "%s[%u]", i ? " " : "", row->footnotes[i]);
}

static void tell_ports(struct buf *out, struct range_set ports, const char *none)
{
	if (!ports.n)
		buf_puts(out, none);
	for (size_t i = 0; i < ports.n; i++) {
		if (i)
			buf_puts(out, ", ");
		buf_uint(out, ports.at[i].lo);
		if (ports.at[i].lo != ports.at[i].hi)
			buf_printf(out, "-%u", ports.at[i].hi);
	}
}

static void tell_row(struct line *line, const struct row *row)
{
	buf_puts(&line->fields[ROW], row->id.text);
	buf_puts(&line->fields[PURPOSE], row->purpose.text);
	buf_puts(&line->fields[PROTOCOL], proto_name(row->proto));
	if (row->condition)
		buf_puts(&line->fields[CONDITION], row->condition);
	tell_notes(&line->fields[NOTES], row);
	buf_puts(&line->fields[REFERENCE], row->citation ? row->citation : "the site's own row");
	if (row->proto == PROTO_ICMP && icmp_type_name(row->icmp_type))
		buf_puts(&line->fields[PORTS], icmp_type_name(row->icmp_type));
	else if (row->proto == PROTO_ICMP)
		buf_printf(&line->fields[PORTS], "type %u", row->icmp_type);
}

static void tell_flow(struct line *line, const struct site *site, const struct flow *flow)
{
	const struct row *row = flow->row;

	*line = (struct line){0};
	tell_row(line, row);
	buf_puts(&line->fields[DEPLOYMENT], flow->dep->name.text);
	if (row->proto == PROTO_TCP_UDP) /* a flow for each */
		line->fields[PROTOCOL].n = 0;
	if (row->proto == PROTO_TCP_UDP)
		buf_puts(&line->fields[PROTOCOL], flow->proto == IPPROTO_TCP ? "tcp" : "udp");
	report_state(site, flow, &line->fields[STATE]);
	if (row->proto != PROTO_ICMP)
		tell_ports(&line->fields[PORTS], flow->dport, "");
	if (flow->state == FLOW_TRANSLATION)
		buf_printf(&line->fields[TRANSLATION], "is that of %s", row->translation_of.text);
	if (flow->state == FLOW_TRANSLATION || flow->state == FLOW_OMITTED) {
		tell_party(&line->fields[DESTINATION], &row->to, &flow->dst, row->to_end.zone,
			   false);
		return;
	}
	tell_party(&line->fields[SOURCE], &row->from, &flow->src, flow->from,
		   row->from_end.kind == END_PUBLIC);
	if (row->proto != PROTO_ICMP)
		tell_ports(&line->fields[SOURCE_PORTS], flow->sport, "any");
	tell_party(&line->fields[DESTINATION], &row->to, &flow->dst, flow->to, flow->dnat);
	tell_translation(&line->fields[TRANSLATION], flow);
}

/* --- tables --------------------------------------------------------------------------------- */

static bool on_gateway(const struct flow *flow)
{
	return flow->state == FLOW_IN_FORCE || flow->state == FLOW_TRANSLATION;
}

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
		heads[i] = columns[shown[i]];
	for (size_t i = begin; i < end; i++) {
		const struct flow *flow = &policy->flows.at[i];
		struct line line;

		if (on_gateway(flow) != on)
			continue;
		tell_flow(&line, policy->site, flow);
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

		for (end = begin; end < policy->flows.n && policy->flows.at[end].dep == dep;)
			end++;
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
	struct table_text table = {.heads = columns, .columns = COLUMNS};

	vec_each(flow, &policy->flows) {
		struct line line;

		tell_flow(&line, policy->site, flow);
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
		tell_flow(&line, policy->site, flow);
		json_line(&line, out);
		line_free(&line);
		separator = ",\n";
	}
	buf_putc(out, ']');
}

void report_site(const struct policy *policy, enum report_format format, struct buf *out)
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

		tell_row(&line, row);
		tell_ports(&line.fields[SOURCE_PORTS], row_ports(&dep, &row->sport, &arena), "");
		tell_ports(&line.fields[PORTS], row_ports(&dep, &row->dport, &arena), "");
		tell_ports(&translate, row_ports(&dep, &row->translate, &arena), "");
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

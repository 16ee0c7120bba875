/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The page is HTML and well-formed XML at once: tags are closed, attributes quoted, and neither
 * page.js nor page.css has an ampersand or opens a tag. All that is not written here goes through
 * xml_escape(), as an id through xml_id(), comes from dot, or is a word that the parser holds to
 * letters, digits and "_-.", as rows have. The policy in its head lets nothing run or load but
 * page.css and page.js.
 */
#include "page.h"

#include "jgfw/base/data.h"
#include "jgfw/base/diag.h"
#include "jgfw/config/site.h"
#include "jgfw/config/zone.h"
#include "jgfw/policy/expand.h"
#include "line.h"
#include "picture.h"
#include "xml.h"

#include <string.h>

#if !defined(PAGE_CSS_SHA256) || !defined(PAGE_JS_SHA256)
#error "the hashes of page.css and page.js are given by the Makefile"
#endif

enum {
	PICTURES_MAX = 24, /* deployments with a picture, the first ones */
};

struct page {
	const struct policy *policy;
	struct buf *out;
	struct diag *diag;
	const char *why_not; /* there was no picture, as was told last */
};

static void put_file(const char *path, struct buf *out)
{
	const struct data_file *file = data_find(path);

	buf_add(out, file->text, (size_t)(file->end - file->text));
}

/* --- tables --------------------------------------------------------------------------------- */

/* Text whose lines stay lines; "->" is an arrow. */
static void put_lines(const char *text, struct buf *out)
{
	while (*text) {
		size_t len = strcspn(text, "\n");
		const char *arrow = memmem(text, len, " -> ", 4);
		struct buf part = {0};

		if (arrow)
			len = (size_t)(arrow - text);
		buf_add(&part, text, len);
		xml_escape(buf_str(&part), out);
		buf_free(&part);
		text += len;
		if (arrow) {
			buf_puts(out, " → ");
			text += 4;
		} else if (*text) {
			buf_puts(out, "<br />\n");
			text++;
		}
	}
}

/* The purpose, with its footnotes, and below it the condition and where it is written. */
static void put_purpose(const struct flow *flow, struct line *line, struct buf *out)
{
	const uint32_t *notes = flow->row->footnotes;

	buf_puts(out, "<td>");
	xml_escape(buf_str(&line->fields[PURPOSE]), out);
	for (size_t i = 0; i < ARRAY_SIZE(flow->row->footnotes) && notes[i]; i++) {
		buf_puts(out, " <a class=\"note\" href=\"#");
		xml_id(flow->dep->name.text, out);
		buf_printf(out, ":note%u\">[%u]</a>", notes[i], notes[i]);
	}
	if (line->fields[CONDITION].n) {
		buf_puts(out, " <small>");
		xml_escape(buf_str(&line->fields[CONDITION]), out);
		buf_puts(out, "</small>");
	}
	buf_puts(out, " <small>");
	xml_escape(buf_str(&line->fields[REFERENCE]), out);
	buf_puts(out, "</small></td>");
}

static void put_row(const struct page *page, const struct flow *flow, const enum column *shown,
		    size_t n)
{
	struct buf *out = page->out;
	struct line line;

	line_flow(&line, page->policy->site, flow);
	buf_puts(out, "<tr><th scope=\"row\">");
	xml_escape(buf_str(&line.fields[ROW]), out);
	buf_puts(out, "</th>");
	for (size_t i = 0; i < n; i++) {
		if (shown[i] == PURPOSE) {
			put_purpose(flow, &line, out);
			continue;
		}
		buf_puts(out, "<td>");
		put_lines(buf_str(&line.fields[shown[i]]), out);
		buf_puts(out, "</td>");
	}
	buf_puts(out, "</tr>\n");
	line_free(&line);
}

/* The flows from @begin to @end that are @on this gateway, or that are not. */
static void put_table(const struct page *page, size_t begin, size_t end, bool on)
{
	static const enum column in_force[] = {PURPOSE,	    SOURCE, SOURCE_PORTS, PROTOCOL,
					       DESTINATION, PORTS,  TRANSLATION};
	static const enum column elsewhere[] = {PURPOSE,     SOURCE, SOURCE_PORTS, PROTOCOL,
						DESTINATION, PORTS,  STATE};
	const enum column *shown = on ? in_force : elsewhere;
	struct buf *out = page->out;
	size_t n = 0;

	for (size_t i = begin; i < end; i++)
		n += line_on_gateway(&page->policy->flows.at[i]) == on;
	if (!n)
		return;
	buf_printf(out,
		   "<div class=\"wide\">\n<table "
		   "class=\"%s\">\n<caption><h3>%s</h3></caption>\n<thead><tr>"
		   "<th scope=\"col\">%s</th>",
		   on ? "on" : "off", on ? "In force" : "Not on this gateway", line_heads[ROW]);
	for (size_t i = 0; i < ARRAY_SIZE(in_force); i++)
		buf_printf(out, "<th scope=\"col\">%s</th>",
			   shown[i] == STATE ? "Why not" : line_heads[shown[i]]);
	buf_puts(out, "</tr></thead>\n<tbody>\n");
	for (size_t i = begin; i < end; i++)
		if (line_on_gateway(&page->policy->flows.at[i]) == on)
			put_row(page, &page->policy->flows.at[i], shown, ARRAY_SIZE(in_force));
	buf_puts(out, "</tbody>\n</table>\n</div>\n");
}

/* --- deployments ---------------------------------------------------------------------------- */

static void put_missing_picture(struct page *page, const char *why_not)
{
	if (page->why_not != why_not)
		diag_warn(page->diag, (struct loc){0}, "no-picture", "no picture: %s", why_not);
	page->why_not = why_not;
	buf_printf(page->out, "<p class=\"missing\">There is no picture: %s.</p>\n", why_not);
}

/* What the arrows that are drawn mean. */
static void put_legend(const char *svg, struct buf *out)
{
	static const struct {
		const char *drawn, *words;
	} legend[] = {
		{"class=\"edge translated\"",
		 " <span class=\"translated\">Blue</span>: translated on the way."},
		{"class=\"edge reflected\"", " <span class=\"reflected\">Dashed</span>: sent from "
					     "inside to a public address, reflected."},
		{"class=\"edge same\"", " Dotted: NICs of the same machines."},
	};

	buf_puts(out, "<figcaption>Arrows point from the machine that opens a flow to the one that "
		      "answers.");
	for (size_t i = 0; i < ARRAY_SIZE(legend); i++)
		if (strstr(svg, legend[i].drawn))
			buf_puts(out, legend[i].words);
	buf_puts(out, "</figcaption>\n");
}

static void put_picture(struct page *page, size_t begin, size_t end)
{
	static const char tag[] = "<svg ";
	const char *name = page->policy->flows.at[begin].dep->name.text, *why_not;
	struct buf *out = page->out, svg = {0};

	why_not = picture_svg(page->policy, begin, end, &svg);
	if (why_not) {
		put_missing_picture(page, why_not);
		return;
	}
	buf_puts(out, "<figure>\n<div class=\"wide\" tabindex=\"0\" role=\"group\" "
		      "aria-label=\"picture of ");
	xml_escape(name, out);
	buf_printf(out,
		   "\">\n%srole=\"img\" "
		   "aria-label=\"Flows between the zones; the table has them all.\" ",
		   tag);
	buf_add(out, svg.at + strlen(tag), svg.n - strlen(tag));
	buf_puts(out, "\n</div>\n");
	put_legend(buf_str(&svg), out);
	buf_puts(out, "</figure>\n");
	buf_free(&svg);
}

static void put_notes(const struct deployment *dep, struct buf *out)
{
	buf_puts(out, "<footer>\n");
	vec_each(note, &dep->model->footnotes) {
		buf_puts(out, "<p id=\"");
		xml_id(dep->name.text, out);
		buf_printf(out, ":note%u\">[%u] ", note->number, note->number);
		xml_escape(note->text, out);
		buf_puts(out, "</p>\n");
	}
	buf_puts(out, "<p>Source: ");
	xml_escape(dep->model->citation, out);
	buf_puts(out, "</p>\n</footer>\n");
}

static void put_deployment(struct page *page, size_t index, size_t begin, size_t end)
{
	const struct deployment *dep = page->policy->flows.at[begin].dep;
	struct buf *out = page->out;

	buf_puts(out, "<section id=\"");
	xml_id(dep->name.text, out);
	buf_puts(out, ":\">\n<h2>");
	xml_escape(dep->name.text, out);
	buf_puts(out, "</h2>\n<p class=\"profile\"><b>");
	xml_escape(dep->profile->name.text, out);
	buf_puts(out, "</b> ");
	xml_escape(dep->profile->title, out);
	buf_puts(out, "</p>\n");
	if (index < PICTURES_MAX)
		put_picture(page, begin, end);
	put_table(page, begin, end, true);
	put_table(page, begin, end, false);
	put_notes(dep, out);
	buf_puts(out, "</section>\n");
}

/* --- the head of the page ------------------------------------------------------------------- */

static void put_head(const struct page *page)
{
	const struct site *site = page->policy->site;
	struct buf *out = page->out;

	buf_puts(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\" />\n"
		      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
		      "style-src 'sha256-" PAGE_CSS_SHA256 "'; script-src 'sha256-" PAGE_JS_SHA256
		      "'; base-uri 'none'; form-action 'none'\" />\n"
		      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\" />\n"
		      "<meta name=\"color-scheme\" content=\"light dark\" />\n"
		      "<meta name=\"referrer\" content=\"no-referrer\" />\n");
	buf_puts(out, "<title>");
	if (site->deployments.n == 1)
		xml_escape(site->deployments.at[0]->name.text, out);
	else
		buf_printf(out, "%zu deployments", site->deployments.n);
	buf_puts(out, ": ports and translations</title>\n<style>");
	put_file("src/report/page.css", out);
	buf_puts(out, "</style>\n</head>\n");
}

static void put_zones(const struct site *site, struct buf *out)
{
	buf_puts(out, "<dl>\n");
	for (int zone = 0; zone < ZONE_COUNT; zone++) {
		const char *separator = "";

		if (!site->zones[zone].n)
			continue;
		buf_printf(out, "<dt>%s</dt><dd>", zone_name((enum zone)zone));
		vec_each(interface, &site->zones[zone]) {
			buf_puts(out, separator);
			xml_escape(interface->name, out);
			separator = ", ";
		}
		buf_puts(out, "</dd>\n");
	}
	buf_puts(out, "</dl>\n");
}

static void put_summary(const struct page *page)
{
	const struct site *site = page->policy->site;
	size_t in_force = 0, elsewhere = 0;
	struct buf *out = page->out;

	vec_each(flow, &page->policy->flows) {
		in_force += flow->state == FLOW_IN_FORCE;
		elsewhere += !line_on_gateway(flow);
	}
	buf_puts(out, "<header>\n<h1>Ports and translations</h1>\n");
	put_zones(site, out);
	buf_printf(out, "<p>%zu flow%s in force", in_force, in_force == 1 ? "" : "s");
	if (elsewhere)
		buf_printf(out, ", %zu not on this gateway", elsewhere);
	buf_printf(out, ". %s %s</p>\n",
		   site->judge_hosts_only ? "Of the traffic from or to the addresses of the "
					    "deployments, what no row allows is dropped."
					  : "What no row allows is not forwarded.",
		   site->public_shared ? "The gateway uses the public addresses too."
				       : "What no row wants of a public address is dropped.");
	if (site->deployments.n > PICTURES_MAX)
		buf_printf(out,
			   "<p class=\"missing\">The first %d deployments have a picture; "
			   "<code>jgfw report -f dot</code> draws all.</p>\n",
			   PICTURES_MAX);
	buf_puts(out, "</header>\n");
}

static void put_mark(enum report_mark mark, struct buf *out)
{
	static const char *const marks[] = {
		[REPORT_OK] = "<span class=\"ok\" role=\"img\" aria-label=\"proved\">✓</span> ",
		[REPORT_NO] = "<span class=\"no\" role=\"img\" aria-label=\"refuted\">✗</span> ",
		[REPORT_UNDECIDED] =
			"<span class=\"undecided\" role=\"img\" aria-label=\"undecided\">?</span> ",
	};

	buf_puts(out, marks[mark]);
}

static void put_proof(const struct report_proof *proof, struct buf *out)
{
	static const char *const classes[] = {
		[REPORT_OK] = "ok",
		[REPORT_NO] = "no",
		[REPORT_UNDECIDED] = "undecided",
	};

	buf_printf(out, "<aside class=\"proof %s\" aria-labelledby=\":proof\">\n<h2 id=\":proof\">",
		   classes[proof->mark]);
	put_mark(proof->mark, out);
	xml_escape(proof->headline, out);
	buf_puts(out, "</h2>\n");
	if (proof->lines.n)
		buf_puts(out, "<ul>\n");
	vec_each(line, &proof->lines) {
		buf_puts(out, "<li>");
		put_mark(line->mark, out);
		buf_puts(out, "<div>");
		put_lines(line->text, out);
		if (line->shown_by) {
			buf_puts(out, "<pre>");
			xml_escape(line->shown_by, out);
			buf_puts(out, "</pre>");
		}
		buf_puts(out, "</div></li>\n");
	}
	if (proof->lines.n)
		buf_puts(out, "</ul>\n");
	buf_puts(out, "</aside>\n");
}

static void put_contents(const struct site *site, struct buf *out)
{
	if (site->deployments.n < 2)
		return;
	buf_puts(out, "<nav aria-label=\"Deployments\">\n<ul>\n");
	vec_each(dep, &site->deployments) {
		buf_puts(out, "<li><a href=\"#");
		xml_id((*dep)->name.text, out);
		buf_puts(out, ":\">");
		xml_escape((*dep)->name.text, out);
		buf_puts(out, "</a></li>\n");
	}
	buf_puts(out, "</ul>\n</nav>\n");
}

void page_site(const struct policy *policy, const struct report_proof *proof, struct buf *out,
	       struct diag *diag)
{
	struct page page = {.policy = policy, .out = out, .diag = diag};
	size_t index = 0;

	put_head(&page);
	buf_puts(out, "<body>\n");
	put_summary(&page);
	if (proof)
		put_proof(proof, out);
	put_contents(policy->site, out);
	/* shown by the script, without which it is of no use */
	buf_puts(out,
		 "<div id=\":filter\" role=\"search\" hidden=\"hidden\">\n"
		 "<label for=\":words\">Filter the rows</label>\n"
		 "<input id=\":words\" type=\"search\" autocomplete=\"off\" spellcheck=\"false\" "
		 "placeholder=\"an address, a port, a row …\" />\n"
		 "<output id=\":count\" for=\":words\"></output>\n</div>\n<main>\n");
	for (size_t begin = 0, end; begin < policy->flows.n; begin = end) {
		end = line_deployment_end(policy, begin);
		put_deployment(&page, index++, begin, end);
	}
	buf_puts(out, "</main>\n<script>");
	put_file("src/report/page.js", out);
	buf_puts(out, "</script>\n</body>\n</html>\n");
}

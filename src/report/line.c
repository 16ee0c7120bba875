/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "line.h"

#include "jgfw/base/icmp.h"
#include "jgfw/config/model.h"
#include "jgfw/config/site.h"
#include "jgfw/config/zone.h"
#include "jgfw/policy/expand.h"
#include "jgfw/report/report.h"
#include "jgfw/report/state.h"

#include <netinet/in.h>
#include <string.h>

const char *const line_heads[COLUMNS] = {
	[DEPLOYMENT] = "Deployment",	 [ROW] = "Row",
	[PURPOSE] = "Purpose",		 [SOURCE] = "Source",
	[SOURCE_PORTS] = "Source ports", [PROTOCOL] = "Protocol",
	[DESTINATION] = "Destination",	 [PORTS] = "Ports",
	[TRANSLATION] = "Translation",	 [STATE] = "State",
	[CONDITION] = "Condition",	 [NOTES] = "Notes",
	[REFERENCE] = "Reference",
};

void line_free(struct line *line)
{
	for (size_t i = 0; i < COLUMNS; i++)
		buf_free(&line->fields[i]);
}

bool line_on_gateway(const struct flow *flow)
{
	return flow->state == FLOW_IN_FORCE || flow->state == FLOW_TRANSLATION;
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

void line_ports(struct buf *out, struct range_set ports, const char *none)
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

void line_row(struct line *line, const struct row *row)
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

void line_flow(struct line *line, const struct site *site, const struct flow *flow)
{
	const struct row *row = flow->row;

	*line = (struct line){0};
	line_row(line, row);
	buf_puts(&line->fields[DEPLOYMENT], flow->dep->name.text);
	if (row->proto == PROTO_TCP_UDP) /* a flow for each */
		line->fields[PROTOCOL].n = 0;
	if (row->proto == PROTO_TCP_UDP)
		buf_puts(&line->fields[PROTOCOL], flow->proto == IPPROTO_TCP ? "tcp" : "udp");
	report_state(site, flow, &line->fields[STATE]);
	if (row->proto != PROTO_ICMP)
		line_ports(&line->fields[PORTS], flow->dport, "");
	if (flow->state == FLOW_TRANSLATION)
		buf_printf(&line->fields[TRANSLATION], "is that of %s", row->translation_of.text);
	if (flow->state == FLOW_TRANSLATION || flow->state == FLOW_OMITTED) {
		tell_party(&line->fields[DESTINATION], &row->to, &flow->dst, row->to_end.zone,
			   row->to_end.kind == END_PUBLIC);
		return;
	}
	tell_party(&line->fields[SOURCE], &row->from, &flow->src, flow->from,
		   row->from_end.kind == END_PUBLIC);
	if (row->proto != PROTO_ICMP)
		line_ports(&line->fields[SOURCE_PORTS], flow->sport, "any");
	tell_party(&line->fields[DESTINATION], &row->to, &flow->dst, flow->to, flow->dnat);
	tell_translation(&line->fields[TRANSLATION], flow);
}

size_t line_deployment_end(const struct policy *policy, size_t begin)
{
	size_t end = begin;

	while (end < policy->flows.n && policy->flows.at[end].dep == policy->flows.at[begin].dep)
		end++;
	return end;
}

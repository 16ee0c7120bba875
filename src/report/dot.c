/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Texts of others stand in HTML-like labels only, by way of label(), or as ids, by way of xml_id():
 * how Graphviz reads escapes in quoted strings depends on the attribute and on its version.
 *
 * Zones are clusters; a node is a role, a NIC of the Expressway-E or a network, with its addresses;
 * an edge is all flows from one node to another that fare alike, a line for each. Colours are for
 * paper and other programs: the page has its own, by the classes.
 */
#include "dot.h"

#include "jgfw/config/model.h"
#include "jgfw/config/site.h"
#include "jgfw/config/zone.h"
#include "jgfw/policy/expand.h"
#include "line.h"
#include "xml.h"

#include <string.h>

enum {
	NODE_MAX_ADDRESSES = 12, /* of a role; more are counted */
};

enum graph_node_kind {
	NODE_NIC,
	NODE_ROLE,
	NODE_RANGE,
};

/** struct graph_node - one end of flows */
struct graph_node {
	enum graph_node_kind kind;
	enum zone zone;
	unsigned int index; /* of the NIC or role in the model */
	struct range range; /* NODE_RANGE */
};

enum fate {
	FATE_PLAIN,
	FATE_TRANSLATED,
	FATE_REFLECTED, /* sent from inside to a public address */
};

static const struct {
	const char *class, *style;
} fates[] = {
	[FATE_PLAIN] = {"plain", "color=\"#3d4650\""},
	[FATE_TRANSLATED] = {"translated", "color=\"#1f5fbf\""},
	[FATE_REFLECTED] = {"reflected", "color=\"#7a3fa0\" style=dashed"},
};

/** struct graph_edge - flows between the same nodes that fare alike */
struct graph_edge {
	size_t from, to;
	enum fate fate;
	struct {
		VEC(const struct flow *);
	} flows;
};

/** struct picture - what is drawn of one deployment */
struct picture {
	const struct policy *policy;
	const struct deployment *dep;
	struct {
		VEC(struct graph_node);
	} nodes;
	struct {
		VEC(struct graph_edge);
	} edges;
};

/* --- from flows to a graph ------------------------------------------------------------------ */

/* Flows tell addresses; which NIC or role they are of, the deployment does. */
static struct graph_node node_of(const struct deployment *dep, const struct party *party,
				 enum zone zone)
{
	struct graph_node node = {.kind = NODE_RANGE, .zone = zone, .range = IPV4_ALL};

	if (party->kind == PARTY_RANGE)
		node.range = party->range;
	if (party->kind != PARTY_MACHINES)
		return node;
	node.kind = party->is_edge ? NODE_NIC : NODE_ROLE;
	for (unsigned int i = 0; party->is_edge && i < dep->model->n_nics; i++)
		vec_each(peer, &dep->edge)
			if (peer->nics[i].addr == party->at[0].addr)
				node.index = i;
	for (unsigned int i = 0; !party->is_edge && i < dep->model->n_roles; i++)
		if (dep->roles[i].n && dep->roles[i].at[0].addr == party->at[0].addr)
			node.index = i;
	return node;
}

static size_t add_node(struct picture *p, struct graph_node node)
{
	for (size_t i = 0; i < p->nodes.n; i++) {
		const struct graph_node *known = &p->nodes.at[i];

		if (known->kind == node.kind && known->zone == node.zone &&
		    known->index == node.index && range_equal(known->range, node.range))
			return i;
	}
	vec_add(&p->nodes, node);
	return p->nodes.n - 1;
}

/* Is any address or port of its packets changed on their way to the destination? */
static bool is_translated(const struct flow *flow)
{
	for (size_t i = 0; flow->dnat && i < flow->dst.n; i++)
		if (machine_translated(flow, &flow->dst.at[i]))
			return true;
	return false;
}

static bool source_is_public(const struct flow *flow)
{
	for (size_t i = 0; flow->snat == SOURCE_PUBLIC && i < flow->src.n; i++)
		if (flow->src.at[i].addr != flow->src.at[i].public)
			return true;
	return false;
}

static enum fate fate_of(const struct flow *flow)
{
	if (flow->dnat && flow->from != ZONE_WAN)
		return FATE_REFLECTED;
	return is_translated(flow) || source_is_public(flow) || flow->edges_among ? FATE_TRANSLATED
										  : FATE_PLAIN;
}

static void add_flow(struct picture *p, const struct flow *flow)
{
	size_t from = add_node(p, node_of(p->dep, &flow->src, flow->from));
	size_t to = add_node(p, node_of(p->dep, &flow->dst, flow->to));
	enum fate fate = fate_of(flow);

	vec_each(edge, &p->edges)
		if (edge->from == from && edge->to == to && edge->fate == fate) {
			vec_add(&edge->flows, flow);
			return;
		}
	vec_add(&p->edges, ((struct graph_edge){.from = from, .to = to, .fate = fate}));
	vec_add(&p->edges.at[p->edges.n - 1].flows, flow);
}

static void picture_make(struct picture *p, const struct policy *policy, size_t begin, size_t end)
{
	*p = (struct picture){.policy = policy, .dep = policy->flows.at[begin].dep};
	for (size_t i = begin; i < end; i++)
		if (policy->flows.at[i].state == FLOW_IN_FORCE)
			add_flow(p, &policy->flows.at[i]);
}

static void picture_free(struct picture *p)
{
	vec_each(edge, &p->edges)
		vec_free(&edge->flows);
	vec_free(&p->edges);
	vec_free(&p->nodes);
}

/* --- words ---------------------------------------------------------------------------------- */

/* Append @s to an HTML-like label, where escapes such as \N mean something, too. */
static void label(const char *s, struct buf *out)
{
	struct buf text = {0};

	for (; *s; s++)
		buf_add(&text, *s == '\\' ? "\\\\" : s, *s == '\\' ? 2 : 1);
	xml_escape(buf_str(&text), out);
	buf_free(&text);
}

static void tell_range(struct range range, struct buf *out)
{
	buf_ipv4(out, range.lo);
	if (range.lo != range.hi)
		buf_printf(out, "/%d", ipv4_prefix_len(range));
}

/* As a site would write it; ids have no spaces, so it is no other node's name. */
static void node_name(const struct picture *p, const struct graph_node *node, struct buf *out)
{
	const struct model *model = p->dep->model;

	buf_putc(out, '"');
	xml_id(p->dep->name.text, out);
	buf_putc(out, ' ');
	switch (node->kind) {
	case NODE_NIC:
		buf_printf(out, "edge.%s\"", model->nics[node->index].name.text);
		return;
	case NODE_ROLE:
		buf_printf(out, "%s\"", model->roles[node->index].name.text);
		return;
	case NODE_RANGE:
		buf_printf(out, "%s:", zone_name(node->zone));
		tell_range(node->range, out);
		buf_putc(out, '"');
		return;
	}
}

static void open_table(struct buf *out)
{
	buf_puts(out, "<table border=\"0\" cellborder=\"0\" cellspacing=\"0\" "
		      "cellpadding=\"2\">");
}

/* A line of a node: a peer's name, its addresses from the outside in. */
static void nic_line(const struct picture *p, const struct edge_peer *peer, unsigned int nic,
		     struct buf *out)
{
	uint32_t addr = peer->nics[nic].addr, public = peer->public.addr;

	buf_printf(out, "<tr><td align=\"left\">%s</td><td align=\"left\">", peer->name.text);
	if (nic == p->dep->model->behind && public && public != addr) {
		buf_ipv4(out, public);
		buf_puts(out, " → ");
	}
	if (addr)
		buf_ipv4(out, addr);
	else
		buf_puts(out, "not given");
	buf_puts(out, "</td></tr>");
}

static void nic_label(const struct picture *p, unsigned int nic, struct buf *out)
{
	const struct model *model = p->dep->model;

	open_table(out);
	buf_puts(out, "<tr><td colspan=\"2\"><b>");
	label(model->edge_label, out);
	buf_puts(out, "</b></td></tr><tr><td colspan=\"2\">");
	label(model->nics[nic].label, out);
	buf_puts(out, "</td></tr>");
	vec_each(peer, &p->dep->edge)
		nic_line(p, peer, nic, out);
	buf_puts(out, "</table>");
}

static void role_label(const struct picture *p, unsigned int role, struct buf *out)
{
	const struct hosts *hosts = &p->dep->roles[role];

	open_table(out);
	buf_puts(out, "<tr><td><b>");
	label(p->dep->model->roles[role].label, out);
	buf_puts(out, "</b></td></tr>");
	for (size_t i = 0; i < hosts->n && i < NODE_MAX_ADDRESSES; i++) {
		buf_puts(out, "<tr><td>");
		buf_ipv4(out, hosts->at[i].addr);
		buf_puts(out, "</td></tr>");
	}
	if (hosts->n > NODE_MAX_ADDRESSES)
		buf_printf(out, "<tr><td>and %zu more</td></tr>", hosts->n - NODE_MAX_ADDRESSES);
	buf_puts(out, "</table>");
}

static void node_label(const struct picture *p, const struct graph_node *node, struct buf *out)
{
	switch (node->kind) {
	case NODE_NIC:
		nic_label(p, node->index, out);
		return;
	case NODE_ROLE:
		role_label(p, node->index, out);
		return;
	case NODE_RANGE:
		if (range_equal(node->range, IPV4_ALL))
			buf_puts(out, "any address");
		else
			tell_range(node->range, out);
		return;
	}
}

/* Which one of several peers a flow is of; NULL where it is of all. */
static const char *peer_of(const struct picture *p, const struct party *party)
{
	if (!party->is_edge || party->n == p->dep->edge.n)
		return NULL;
	vec_each(peer, &p->dep->edge)
		for (size_t i = 0; i < p->dep->model->n_nics; i++)
			if (peer->nics[i].addr == party->at[0].addr)
				return peer->name.text;
	return NULL;
}

/* The ports, where they are translated as in public:PORT → outward:PORT. */
static void tell_ports(const struct picture *p, const struct flow *flow, struct line *line,
		       struct buf *out)
{
	const struct model *model = p->dep->model;
	const char *ports = buf_str(&line->fields[PORTS]), *peer = peer_of(p, &flow->dst);
	bool translated = is_translated(flow);

	if (peer)
		buf_printf(out, "%s%s", peer, translated ? "." : ":");
	if (!translated) {
		buf_puts(out, ports);
		return;
	}
	buf_printf(out, "public:%s → %s", ports, model->nics[model->behind].name.text);
	if (flow->translate)
		buf_printf(out, ":%u", flow->translate);
}

static void tell_source(const struct picture *p, const struct flow *flow, struct buf *out)
{
	const char *peer = peer_of(p, &flow->src);

	if (source_is_public(flow))
		buf_printf(out, "%s → public", peer ? peer : "source");
	else if (flow->snat == SOURCE_GATEWAY)
		buf_puts(out, "source → gateway");
	else if (flow->edges_among)
		buf_printf(out, "source of an %s → public", p->dep->model->edge_label);
	else if (peer)
		buf_printf(out, "from %s", peer);
}

static void cell(const char *text, struct buf *out)
{
	buf_puts(out, "<td align=\"left\">");
	label(text, out);
	buf_puts(out, "</td>");
}

/* Its row, protocol, ports and translations: a line of an edge's table. */
static void edge_line(const struct picture *p, const struct flow *flow, struct buf *out)
{
	struct buf fate = {0}, source = {0};
	struct line line;

	line_flow(&line, p->policy->site, flow);
	tell_ports(p, flow, &line, &fate);
	tell_source(p, flow, &source);
	if (source.n)
		buf_printf(&fate, "; %s", buf_str(&source));
	buf_puts(out, "<tr>");
	cell(buf_str(&line.fields[ROW]), out);
	cell(buf_str(&line.fields[PROTOCOL]), out);
	cell(buf_str(&fate), out);
	buf_puts(out, "</tr>");
	line_free(&line);
	buf_free(&fate);
	buf_free(&source);
}

/* --- from a graph to text ------------------------------------------------------------------- */

static void draw_node(const struct picture *p, size_t i, struct buf *out)
{
	buf_puts(out, "\t\t");
	node_name(p, &p->nodes.at[i], out);
	buf_puts(out, " [id=\"");
	xml_id(p->dep->name.text, out);
	buf_printf(out, ":node%zu\" label=<", i + 1);
	node_label(p, &p->nodes.at[i], out);
	buf_puts(out, ">]\n");
}

static void draw_zone(const struct picture *p, enum zone zone, struct buf *out)
{
	const char *separator = ": ";
	size_t n = 0;

	for (size_t i = 0; i < p->nodes.n; i++)
		n += p->nodes.at[i].zone == zone;
	if (!n)
		return;
	buf_puts(out, "\tsubgraph \"cluster ");
	xml_id(p->dep->name.text, out);
	buf_printf(out, " %s\" {\n\t\tgraph [id=\"", zone_name(zone));
	xml_id(p->dep->name.text, out);
	buf_printf(out, ":%s\" label=<%s", zone_name(zone), zone_name(zone));
	vec_each(interface, &p->policy->site->zones[zone]) {
		buf_puts(out, separator);
		label(interface->name, out);
		separator = ", ";
	}
	buf_puts(out, "> labeljust=l style=\"rounded,filled\" color=\"#eef1f4\"]\n");
	for (size_t i = 0; i < p->nodes.n; i++)
		if (p->nodes.at[i].zone == zone)
			draw_node(p, i, out);
	buf_puts(out, "\t}\n");
}

/* The NICs of the same machines, in the order of their zones. */
static void join_nics(const struct picture *p, struct buf *out)
{
	const struct graph_node *last = NULL;

	for (int zone = 0; zone < ZONE_COUNT; zone++)
		vec_each(node, &p->nodes) {
			if (node->kind != NODE_NIC || node->zone != (enum zone)zone)
				continue;
			if (last) {
				buf_putc(out, '\t');
				node_name(p, last, out);
				buf_puts(out, " -> ");
				node_name(p, node, out);
				buf_puts(out, " [dir=none style=dotted color=\"#6b7480\" "
					      "class=same tooltip=\"the same machines\"");
				buf_puts(out, " id=\"");
				xml_id(p->dep->name.text, out);
				buf_printf(out, ":same%td\"]\n", node - p->nodes.at);
			}
			last = node;
		}
}

/* Zones stand in their order from left to right, whichever way the flows go. */
static void draw_edge(const struct picture *p, const struct graph_edge *edge, struct buf *out)
{
	const struct graph_node *from = &p->nodes.at[edge->from], *to = &p->nodes.at[edge->to];
	bool back = from->zone > to->zone || (from->zone == to->zone && edge->from > edge->to);

	buf_putc(out, '\t');
	node_name(p, back ? to : from, out);
	buf_puts(out, " -> ");
	node_name(p, back ? from : to, out);
	buf_puts(out, " [id=\"");
	xml_id(p->dep->name.text, out);
	buf_printf(out, ":edge%td\" class=%s %s%s tooltip=\"", edge - p->edges.at + 1,
		   fates[edge->fate].class, fates[edge->fate].style, back ? " dir=back" : "");
	/* without one it would be the names of the nodes, the wrong way round for dir=back */
	vec_each(flow, &edge->flows)
		buf_printf(out, "%s%s", flow == edge->flows.at ? "" : ", ", (*flow)->row->id.text);
	buf_puts(out, "\"\n\t\tlabel=<");
	open_table(out);
	vec_each(flow, &edge->flows) {
		buf_puts(out, "\n\t\t\t");
		edge_line(p, *flow, out);
	}
	buf_puts(out, "</table>>]\n");
}

static void draw_deployment(const struct policy *policy, size_t begin, size_t end, struct buf *out)
{
	struct picture p;

	picture_make(&p, policy, begin, end);
	for (int zone = 0; zone < ZONE_COUNT; zone++)
		draw_zone(&p, (enum zone)zone, out);
	join_nics(&p, out);
	vec_each(edge, &p.edges)
		draw_edge(&p, edge, out);
	picture_free(&p);
}

static void open_graph(const char *name, struct buf *out)
{
	buf_puts(out, "digraph \"");
	xml_id(name, out);
	buf_puts(out,
		 "\" {\n"
		 "\tgraph [charset=\"UTF-8\" rankdir=LR ranksep=0.4 nodesep=0.3 "
		 "fontname=\"Helvetica\" fontsize=11]\n"
		 "\tnode [shape=box style=\"rounded,filled\" color=\"#8b95a1\" "
		 "fillcolor=\"#ffffff\" fontname=\"Helvetica\" fontsize=11 margin=\"0.12,0.05\"]\n"
		 "\tedge [fontname=\"Helvetica\" fontsize=10 arrowsize=0.7]\n");
}

void dot_deployment(const struct policy *policy, size_t begin, size_t end, struct buf *out)
{
	const char *name = policy->flows.at[begin].dep->name.text;

	open_graph(name, out);
	buf_puts(out, "\tgraph [id=\"");
	xml_id(name, out);
	buf_puts(out, ":picture\" bgcolor=transparent]\n");
	draw_deployment(policy, begin, end, out);
	buf_puts(out, "}\n");
}

/* A deployment's frame: its name, and what is not drawn. */
static void open_frame(const struct policy *policy, size_t begin, size_t end, struct buf *out)
{
	const struct deployment *dep = policy->flows.at[begin].dep;
	const char *separator = "<br align=\"left\"/>Not in force here: ", *last = "";

	buf_puts(out, "subgraph \"cluster ");
	xml_id(dep->name.text, out);
	buf_puts(out, "\" {\n\tgraph [labeljust=l color=\"#8b95a1\" label=<");
	label(dep->name.text, out);
	buf_puts(out, ": ");
	label(dep->profile->title, out);
	for (size_t i = begin; i < end; i++) {
		const struct flow *flow = &policy->flows.at[i];

		if (line_on_gateway(flow) || !strcmp(flow->row->id.text, last))
			continue;
		last = flow->row->id.text;
		buf_printf(out, "%s%s", separator, last);
		separator = ", ";
	}
	buf_puts(out, "<br align=\"left\"/>>]\n");
}

void dot_site(const struct policy *policy, struct buf *out)
{
	open_graph("jgfw", out);
	buf_puts(out, "\tgraph [label=<Arrows point from the machine that opens a flow to the one "
		      "that answers. Blue: "
		      "translated. Dashed: sent from inside to a public address, reflected. "
		      "Dotted: NICs of the same machines.> labeljust=l]\n");
	for (size_t begin = 0, end; begin < policy->flows.n; begin = end) {
		end = line_deployment_end(policy, begin);
		open_frame(policy, begin, end, out);
		draw_deployment(policy, begin, end, out);
		buf_puts(out, "}\n");
	}
	buf_puts(out, "}\n");
}

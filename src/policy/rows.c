/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules of rows, in the chains of zones. */
#include "rows.h"

#include "compiler.h"
#include "zones.h"

#include <netinet/in.h>
#include <string.h>

enum {
	SITE_MAX_RULES = 400000,
	SHORT_COMMENT = 100, /* bytes; a list of rows is cut before it */
	LONG_NAME = 150,     /* of a chain; no more ids are put behind it */
};

static void row_comment(struct builder *b, const struct row *row)
{
	struct buf text = {0};

	buf_printf(&text, "%s: %s", row->id.text, row->purpose.text);
	rule_comment(b, buf_str(&text));
	buf_free(&text);
}

static void group_comment(struct builder *b, const struct group *group)
{
	struct buf text = {0};
	bool more = false;

	if (group->kind != GROUP_DNAT_PORTS) {
		row_comment(b, group->like->row);
		return;
	}
	vec_each(row, &group->rows) {
		more = text.n + strlen((*row)->id.text) > SHORT_COMMENT;
		if (more)
			break;
		buf_printf(&text, "%s%s", text.n ? ", " : "", (*row)->id.text);
	}
	if (more || group->more_rows)
		buf_puts(&text, " and more");
	rule_comment(b, buf_str(&text));
	buf_free(&text);
}

/* May @group have one more rule? They are many only where deployments have rows or ports of their
 * own, and lists of ports that overlap multiply them. */
static bool take_rule(struct compiler *c, const struct group *group)
{
	const struct flow *flow = group->like;

	if (c->n_rules++ == SITE_MAX_RULES)
		diag_error(c->groups.diag,
			   flow->row->of_site ? flow->row->loc : flow->dep->name.loc, "too-many",
			   "the rows, with their ports, make more than %d rules", SITE_MAX_RULES);
	return c->n_rules <= SITE_MAX_RULES;
}

static struct builder group_rule(struct compiler *c, struct chain *chain, const struct group *group)
{
	struct builder b = rule_begin(c->rs, chain);

	b.rule->origin = group->flows.at[0] + 1;
	return b;
}

static bool is_one_port(struct range_set ports)
{
	return ports.n == 1 && ports.at[0].lo == ports.at[0].hi;
}

/* Protocol and ports of a group, as far as they are not known before: tcp dport ..., icmp type ...
 */
static void match_ports(struct builder *b, const struct group *group, struct range_set dport)
{
	const struct flow *flow = group->like;

	if (flow->proto == IPPROTO_ICMP) {
		rule_ipv4(b);
		rule_l4proto(b, IPPROTO_ICMP);
		rule_match(b, FIELD_ICMP_TYPE, value_u8(flow->row->icmp_type));
		return;
	}
	rule_l4proto(b, flow->proto);
	/* two ports next to each other nft reads as one field, and tells in the order of the header
	 */
	if (is_one_port(flow->sport) && is_one_port(dport)) {
		rule_ports(b, FIELD_SPORT, flow->sport, false);
		rule_ports(b, FIELD_DPORT, dport, false);
		return;
	}
	rule_ports(b, FIELD_DPORT, dport, false);
	if (flow->sport.n)
		rule_ports(b, FIELD_SPORT, flow->sport, false);
}

/* Addresses, then accept; what was translated must bear the mark of it. */
static void finish_accept(struct compiler *c, struct builder *b, struct group *group)
{
	struct set *set = groups_set(&c->groups, group);
	enum field fields[4];

	if (group->translated)
		rule_ct_status(b, CT_STATUS_DNAT);
	if (set)
		rule_lookup(b, fields, group_fields(group, fields), set, false);
	else
		rule_ipv4(b);
	rule_counter(b);
	rule_verdict(b, VERDICT_ACCEPT, NULL);
	row_comment(b, group->like->row);
}

/** struct exact - a port by itself and a group that accepts it */
struct exact {
	uint8_t proto;
	uint16_t port;
	uint32_t group; /* index in the chain's groups */
};

struct chain_groups {
	VEC(struct group *);
};

static int exact_order(const void *a, const void *b)
{
	const struct exact *x = a, *y = b;

	if (x->proto != y->proto)
		return x->proto < y->proto ? -1 : 1;
	if (x->port != y->port)
		return x->port < y->port ? -1 : 1;
	return x->group < y->group ? -1 : x->group > y->group;
}

/** struct port_run - the @n entries with one protocol and port */
struct port_run {
	const struct exact *at;
	size_t n;
};

/* In the order of the table. */
static int run_order(const void *a, const void *b)
{
	const struct port_run *x = a, *y = b;

	if (x->at->group != y->at->group)
		return x->at->group < y->at->group ? -1 : 1;
	return exact_order(x->at, y->at);
}

/** struct dispatch - from protocol and port to the chain of the rows that want it */
struct dispatch {
	struct {
		VEC(struct exact);
	} exact;
	struct {
		VEC(struct port_run);
	} runs;
	struct index chains; /* by list of groups */
};

/* The chain of the groups of @n entries at @at, which have the same protocol and port. */
static const struct chain *row_chain(struct compiler *c, struct dispatch *d, const char *prefix,
				     const struct chain_groups *groups, const struct exact *at,
				     size_t n)
{
	struct buf key = {0}, name = {0};
	struct chain *chain;
	void **slot;

	for (size_t i = 0; i < n; i++)
		buf_add(&key, &at[i].group, sizeof(at[i].group));
	slot = index_find(&d->chains, key.at, key.n);
	chain = *slot;
	if (!chain) {
		const char *last = "";

		buf_puts(&name, prefix);
		for (size_t i = 0; i < n; i++) {
			const char *id = groups->at[at[i].group]->like->row->id.text;

			if (strcmp(id, last) && name.n < LONG_NAME)
				buf_printf(&name, "_%s", id);
			last = id;
		}
		chain = ruleset_chain(c->rs, unique_name(&c->chain_names, &name));
		*slot = chain;
		for (size_t i = 0; i < n; i++) {
			struct group *group = groups->at[at[i].group];
			struct builder b;

			if (!take_rule(c, group))
				break;
			b = group_rule(c, chain, group);
			if (group->like->sport.n)
				rule_ports(&b, FIELD_SPORT, group->like->sport, false);
			finish_accept(c, &b, group);
		}
	}
	buf_free(&key);
	buf_free(&name);
	return chain;
}

/* meta l4proto . th dport vmap @..._ports for all ports that stand alone. */
static struct set *make_vmap(struct compiler *c, const char *prefix,
			     const struct chain_groups *groups)
{
	static const enum datatype key[] = {TYPE_INET_PROTO, TYPE_INET_SERVICE};
	struct dispatch d = {0};
	struct set *vmap = NULL;
	struct range one;

	for (size_t g = 0; g < groups->n; g++) {
		const struct flow *flow = groups->at[g]->like;
		struct range_set dport = flow_dport(flow, &one);

		for (size_t i = 0; i < dport.n; i++)
			if (dport.at[i].lo == dport.at[i].hi)
				vec_add(&d.exact,
					((struct exact){flow->proto, (uint16_t)dport.at[i].lo,
							(uint32_t)g}));
	}
	if (d.exact.n) {
		qsort(d.exact.at, d.exact.n, sizeof(*d.exact.at), exact_order);
		vmap = new_vmap(c, prefix, "_ports", key, 2);
	}
	for (size_t i = 0, n; i < d.exact.n; i += n) {
		const struct exact *e = &d.exact.at[i];

		for (n = 1; i + n < d.exact.n && e[n].proto == e->proto && e[n].port == e->port;)
			n++;
		vec_add(&d.runs, ((struct port_run){e, n}));
	}
	if (d.runs.n)
		qsort(d.runs.at, d.runs.n, sizeof(*d.runs.at), run_order);
	vec_each(run, &d.runs) {
		const struct chain *chain = row_chain(c, &d, prefix, groups, run->at, run->n);

		set_put(set_put(set_add(vmap, 0), value_u8(run->at->proto)),
			value_u16(run->at->port));
		vmap->verdicts[vmap->n - 1] = (struct verdict){VERDICT_JUMP, chain};
	}
	finish_vmap(c, vmap);
	vec_free(&d.runs);
	vec_free(&d.exact);
	index_free(&d.chains);
	return vmap;
}

/* The ports of a group that are ranges, for a rule of their own. */
static struct range_set only_ranges(struct compiler *c, const struct flow *flow)
{
	struct range one;
	struct range_set dport = flow_dport(flow, &one), out = {0};
	struct range *copy = arena_array(&c->rs->arena, dport.n, struct range);

	for (size_t i = 0; i < dport.n; i++)
		if (dport.at[i].lo != dport.at[i].hi)
			copy[out.n++] = dport.at[i];
	out.at = copy;
	return out;
}

void fill_forward(struct compiler *c, struct chain *chain, const char *name, zone_bits bits)
{
	static const enum field fields[] = {FIELD_L4PROTO, FIELD_DPORT};
	struct chain_groups groups = {0};
	struct set *vmap;

	vec_each(it, &c->groups.all)
		if ((*it)->kind == GROUP_ACCEPT &&
		    bits & pair_bit((*it)->like->from, (*it)->like->to))
			vec_add(&groups, *it);
	vmap = make_vmap(c, name, &groups);
	if (vmap) {
		struct builder b = rule_begin(c->rs, chain);

		rule_lookup(&b, fields, 2, vmap, false);
	}
	vec_each(it, &groups) {
		struct group *group = *it;
		struct range_set ranges = only_ranges(c, group->like);
		struct builder b;

		if (group->like->proto != IPPROTO_ICMP && !ranges.n)
			continue;
		if (!take_rule(c, group))
			break;
		b = group_rule(c, chain, group);
		match_ports(&b, group, ranges);
		finish_accept(c, &b, group);
	}
	vec_free(&groups);
}

void fill_dnat(struct compiler *c, struct chain *chain, const char *name, zone_bits bits)
{
	(void)name;
	vec_each(it, &c->groups.all) {
		struct group *group = *it;
		enum field fields[4];
		struct builder b;

		if ((group->kind != GROUP_DNAT && group->kind != GROUP_DNAT_PORTS) ||
		    !(bits & 1u << group->like->from))
			continue;
		if (!take_rule(c, group))
			break;
		b = group_rule(c, chain, group);
		if (group->kind == GROUP_DNAT)
			match_ports(&b, group, group->like->dport);
		else if (group->like->sport.n)
			rule_ports(&b, FIELD_SPORT, group->like->sport, false);
		rule_nat_map(&b, NAT_DNAT, fields, group_fields(group, fields),
			     groups_set(&c->groups, group));
		group_comment(&b, group);
	}
}

static void snat_rule(struct compiler *c, struct chain *chain, struct group *group)
{
	enum field fields[4];
	struct range one;
	struct builder b = group_rule(c, chain, group);
	size_t n = group_fields(group, fields);

	match_ports(&b, group, flow_dport(group->like, &one));
	if (group->translated)
		rule_ct_status(&b, CT_STATUS_DNAT);
	if (group->kind == GROUP_SNAT) {
		rule_nat_map(&b, NAT_SNAT, fields, n, groups_set(&c->groups, group));
	} else {
		rule_lookup(&b, fields, n, groups_set(&c->groups, group), false);
		rule_masquerade(&b);
	}
	row_comment(&b, group->like->row);
}

void fill_snat(struct compiler *c, struct chain *chain, const char *name, zone_bits bits)
{
	/* an Expressway-E bears its own public address, whoever else is masqueraded */
	static const enum group_kind order[] = {GROUP_SNAT, GROUP_MASQUERADE};

	(void)name;
	for (size_t i = 0; i < ARRAY_SIZE(order); i++)
		vec_each(it, &c->groups.all)
			if ((*it)->kind == order[i] &&
			    bits & pair_bit((*it)->like->from, (*it)->like->to) &&
			    take_rule(c, *it))
				snat_rule(c, chain, *it);
}

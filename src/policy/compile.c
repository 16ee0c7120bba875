/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Flows to a ruleset whose number of rules depends on the port models only.
 *
 * Every chain of a hook leads by the interfaces of a packet to a chain of the zones, there by
 * protocol and port to the rows, and there a lookup of the addresses decides.
 */
#include "group.h"

#include <netinet/in.h>
#include <string.h>

#include <linux/netfilter_ipv4.h>

enum {
	DROP_LOGS_PER_SECOND = 10,
	DROP_LOGS_BURST = 20,
	SHORT_COMMENT = 100, /* bytes; a list of rows is cut behind it */
};

#define DROP_LOG_PREFIX "jgfw drop "

/** struct nic_zones - an interface of the gateway and the zones (bits) it belongs to */
struct nic_zones {
	const char *name;
	uint32_t zones;
};

/* A set of pairs of zones: bit FROM * ZONE_COUNT + TO; of sides: bit ZONE. */
typedef uint32_t zone_bits;

static zone_bits pair_bit(enum zone from, enum zone to)
{
	return (zone_bits)1 << ((unsigned int)from * ZONE_COUNT + (unsigned int)to);
}

struct compiler {
	const struct site *site;
	struct ruleset *rs;
	struct groups groups;
	struct {
		VEC(struct nic_zones);
	} nics;
	struct set *own, *public;
	const struct chain *drop; /* where dropped packets are logged; NULL: just drop */
};

/** struct zone_chain - the chain for all interfaces (or pairs of them) with the same @bits */
struct zone_chain {
	zone_bits bits;
	struct chain *chain;
};

struct zone_chains {
	VEC(struct zone_chain);
};

/* --- addresses ------------------------------------------------------------------------------ */

static void add_own(struct set *set, const struct host *host)
{
	if (host->addr)
		set_put(set_add(set, 0), value_u32(host->addr));
}

static struct set *address_set(struct compiler *c, const char *name)
{
	static const enum datatype key[] = {TYPE_IPV4_ADDR};

	return ruleset_set(c->rs, name, key, 1, NULL, 0);
}

/* The sets of the deployments' own addresses: all of them, and the public ones. */
static void make_address_sets(struct compiler *c)
{
	size_t a, b;

	c->public = address_set(c, "public");
	c->own = address_set(c, "own");
	vec_each(it, &c->site->deployments) {
		const struct deployment *dep = *it;

		vec_each(peer, &dep->edge) {
			add_own(c->public, &peer->public);
			add_own(c->own, &peer->public);
			for (size_t i = 0; i < dep->model->n_nics; i++)
				add_own(c->own, &peer->nics[i]);
		}
		for (size_t i = 0; i < dep->model->n_roles; i++)
			if (dep->model->roles[i].zone != ZONE_WAN)
				vec_each(host, &dep->roles[i])
					add_own(c->own, host);
	}
	set_sort(c->rs, c->public, &a, &b);
	set_sort(c->rs, c->own, &a, &b);
	set_fit(c->public);
	set_fit(c->own);
}

/* --- small rules ---------------------------------------------------------------------------- */

static void finish_drop(struct compiler *c, struct builder *b, const char *comment)
{
	rule_counter(b);
	if (c->drop)
		rule_verdict(b, VERDICT_GOTO, c->drop);
	else
		rule_verdict(b, VERDICT_DROP, NULL);
	rule_comment(b, comment);
}

/* iifname or oifname one of a zone's interfaces. */
static void match_zone(struct compiler *c, struct builder *b, enum field field, enum zone zone)
{
	static const enum datatype key[] = {TYPE_IFNAME};
	const struct interfaces *nics = &c->site->zones[zone];
	struct set *set;

	if (nics->n == 1) {
		rule_match(b, field, value_ifname(nics->at[0].name));
		return;
	}
	set = ruleset_set(c->rs, NULL, key, 1, NULL, 0);
	vec_each(nic, nics)
		set_put(set_add(set, 0), value_ifname(nic->name));
	rule_lookup(b, &field, 1, set, false);
}

static void make_drop_chain(struct compiler *c)
{
	struct chain *chain;
	struct builder b;

	if (!c->site->log_drops)
		return;
	chain = ruleset_chain(c->rs, "log_and_drop");
	b = rule_begin(c->rs, chain);
	rule_limit_log(&b, DROP_LOGS_PER_SECOND, DROP_LOGS_BURST, DROP_LOG_PREFIX);
	b = rule_begin(c->rs, chain);
	rule_verdict(&b, VERDICT_DROP, NULL);
	c->drop = chain;
}

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
	size_t left = group->rows.n;

	if (group->kind != GROUP_DNAT_PORTS) {
		row_comment(b, group->like->row);
		return;
	}
	vec_each(row, &group->rows) {
		if (text.n > SHORT_COMMENT) {
			buf_printf(&text, " and %zu more", left);
			break;
		}
		buf_printf(&text, "%s%s", text.n ? ", " : "", (*row)->id.text);
		left--;
	}
	rule_comment(b, buf_str(&text));
	buf_free(&text);
}

/* --- rows ----------------------------------------------------------------------------------- */

static struct builder group_rule(struct compiler *c, struct chain *chain, const struct group *group)
{
	struct builder b = rule_begin(c->rs, chain);

	b.rule->origin = group->flows.at[0] + 1;
	return b;
}

/* Protocol and ports of a group, as far as they are not known before: tcp dport ..., icmp type ... */
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

/** struct run - the @n entries with one protocol and port */
struct run {
	const struct exact *at;
	size_t n;
};

/* In the order of the table. */
static int run_order(const void *a, const void *b)
{
	const struct run *x = a, *y = b;

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
		VEC(struct run);
	} runs;
	struct index chains;	 /* by list of groups */
	struct index names;	 /* of chains */
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
		void **taken;

		buf_puts(&name, prefix);
		for (size_t i = 0; i < n; i++) {
			const char *id = groups->at[at[i].group]->like->row->id.text;

			if (strcmp(id, last) && name.n < SHORT_COMMENT)
				buf_printf(&name, "_%s", id);
			last = id;
		}
		taken = index_find(&d->names, name.at, name.n);
		*taken = (void *)((uintptr_t)*taken + 1);
		if ((uintptr_t)*taken > 1)
			buf_printf(&name, "__%ju", (uintmax_t)(uintptr_t)*taken);
		chain = ruleset_chain(c->rs, buf_str(&name));
		*slot = chain;
		for (size_t i = 0; i < n; i++) {
			struct group *group = groups->at[at[i].group];
			struct builder b = group_rule(c, chain, group);

			if (group->like->sport.n)
				rule_ports(&b, FIELD_SPORT, group->like->sport, false);
			finish_accept(c, &b, group);
		}
	}
	buf_free(&key);
	buf_free(&name);
	return chain;
}

/* meta l4proto . th dport vmap { ... } for all ports that stand alone. */
static struct set *make_vmap(struct compiler *c, const char *prefix,
			     const struct chain_groups *groups)
{
	static const enum datatype key[] = {TYPE_INET_PROTO, TYPE_INET_SERVICE};
	static const enum datatype data[] = {TYPE_VERDICT};
	struct dispatch d = {0};
	struct set *vmap = NULL;
	struct range one;

	for (size_t g = 0; g < groups->n; g++) {
		const struct flow *flow = groups->at[g]->like;
		struct range_set dport = flow_dport(flow, &one);

		for (size_t i = 0; i < dport.n; i++)
			if (dport.at[i].lo == dport.at[i].hi)
				vec_add(&d.exact, ((struct exact){flow->proto,
								  (uint16_t)dport.at[i].lo,
								  (uint32_t)g}));
	}
	if (d.exact.n) {
		qsort(d.exact.at, d.exact.n, sizeof(*d.exact.at), exact_order);
		vmap = ruleset_set(c->rs, NULL, key, 2, data, 1);
	}
	for (size_t i = 0, n; i < d.exact.n; i += n) {
		const struct exact *e = &d.exact.at[i];

		for (n = 1; i + n < d.exact.n && e[n].proto == e->proto && e[n].port == e->port;)
			n++;
		vec_add(&d.runs, ((struct run){e, n}));
	}
	if (d.runs.n)
		qsort(d.runs.at, d.runs.n, sizeof(*d.runs.at), run_order);
	vec_each(run, &d.runs) {
		const struct chain *chain = row_chain(c, &d, prefix, groups, run->at, run->n);

		set_put(set_put(set_add(vmap, 0), value_u8(run->at->proto)),
			value_u16(run->at->port));
		vmap->verdicts[vmap->n - 1] = (struct verdict){VERDICT_JUMP, chain};
	}
	vec_free(&d.runs);
	vec_free(&d.exact);
	index_free(&d.chains);
	index_free(&d.names);
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

/* All that may pass between one pair of zones, or several pairs with the same interfaces. */
static void fill_forward(struct compiler *c, struct chain *chain, const char *name, zone_bits bits)
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
		b = group_rule(c, chain, group);
		match_ports(&b, group, ranges);
		finish_accept(c, &b, group);
	}
	vec_free(&groups);
}

static void fill_dnat(struct compiler *c, struct chain *chain, const char *name, zone_bits bits)
{
	(void)name;
	vec_each(it, &c->groups.all) {
		struct group *group = *it;
		enum field fields[4];
		struct builder b;

		if ((group->kind != GROUP_DNAT && group->kind != GROUP_DNAT_PORTS) ||
		    !(bits & 1u << group->like->from))
			continue;
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

static void fill_snat(struct compiler *c, struct chain *chain, const char *name, zone_bits bits)
{
	(void)name;
	vec_each(it, &c->groups.all) {
		struct group *group = *it;
		enum field fields[4];
		struct range one;
		struct builder b;
		size_t n;

		if ((group->kind != GROUP_SNAT && group->kind != GROUP_MASQUERADE) ||
		    !(bits & pair_bit(group->like->from, group->like->to)))
			continue;
		b = group_rule(c, chain, group);
		match_ports(&b, group, flow_dport(group->like, &one));
		if (group->translated)
			rule_ct_status(&b, CT_STATUS_DNAT);
		n = group_fields(group, fields);
		if (group->kind == GROUP_SNAT) {
			rule_nat_map(&b, NAT_SNAT, fields, n, groups_set(&c->groups, group));
		} else {
			rule_lookup(&b, fields, n, groups_set(&c->groups, group), false);
			rule_masquerade(&b);
		}
		row_comment(&b, group->like->row);
	}
}

/* --- interfaces ----------------------------------------------------------------------------- */

static void collect_nics(struct compiler *c)
{
	for (int z = 0; z < ZONE_COUNT; z++)
		vec_each(nic, &c->site->zones[z]) {
			struct nic_zones *known = NULL;

			vec_each(n, &c->nics)
				if (!strcmp(n->name, nic->name))
					known = n;
			if (!known) {
				known = vec_push(&c->nics);
				*known = (struct nic_zones){nic->name, 0};
			}
			known->zones |= 1u << z;
		}
}

/* Which of the pairs of zones @used do the packets from @in to @out belong to? */
static zone_bits bits_between(const struct nic_zones *in, const struct nic_zones *out,
			      zone_bits used)
{
	zone_bits bits = 0;

	for (unsigned int from = 0; from < ZONE_COUNT; from++)
		for (unsigned int to = 0; to < ZONE_COUNT; to++)
			if (in->zones & 1u << from && out->zones & 1u << to &&
			    !(from == to && in == out))
				bits |= used & pair_bit((enum zone)from, (enum zone)to);
	return bits;
}

static void chain_name(struct buf *name, const char *stem, zone_bits bits, bool pairs)
{
	const char *separator = stem;

	for (unsigned int bit = 0; bit < (pairs ? ZONE_COUNT * ZONE_COUNT : ZONE_COUNT); bit++) {
		if (!(bits & 1u << bit))
			continue;
		buf_puts(name, separator);
		if (pairs)
			buf_printf(name, "%s_", zone_name((enum zone)(bit / ZONE_COUNT)));
		buf_puts(name, zone_name((enum zone)(bit % ZONE_COUNT)));
		separator = "_and_";
	}
}

typedef void fill_fn(struct compiler *c, struct chain *chain, const char *name, zone_bits bits);

/* The chain for @bits, made and filled at its first use. */
static const struct chain *zone_chain(struct compiler *c, struct zone_chains *chains,
				      const char *stem, zone_bits bits, bool pairs, fill_fn *fill)
{
	struct buf name = {0};
	struct chain *chain;

	vec_each(known, chains)
		if (known->bits == bits)
			return known->chain;
	chain_name(&name, stem, bits, pairs);
	chain = arena_new(&c->rs->arena, struct chain);
	chain->name = arena_copy(&c->rs->arena, name.at, name.n);
	fill(c, chain, chain->name, bits);
	/* behind the chains that it jumps to */
	vec_add_in(&c->rs->arena, &c->rs->table.chains, chain);
	vec_add(chains, ((struct zone_chain){bits, chain}));
	buf_free(&name);
	return chain;
}

/* iifname . oifname vmap { ... } for the pairs of zones in @used; NULL where there are none. */
static struct set *pair_vmap(struct compiler *c, const char *stem, zone_bits used, fill_fn *fill)
{
	static const enum datatype key[] = {TYPE_IFNAME, TYPE_IFNAME};
	static const enum datatype data[] = {TYPE_VERDICT};
	struct zone_chains chains = {0};
	struct set *vmap = NULL;

	vec_each(in, &c->nics)
		vec_each(out, &c->nics) {
			zone_bits bits = bits_between(in, out, used);
			const struct chain *chain;

			if (!bits)
				continue;
			chain = zone_chain(c, &chains, stem, bits, true, fill);
			if (!vmap)
				vmap = ruleset_set(c->rs, NULL, key, 2, data, 1);
			set_put(set_put(set_add(vmap, 0), value_ifname(in->name)),
				value_ifname(out->name));
			vmap->verdicts[vmap->n - 1] = (struct verdict){VERDICT_JUMP, chain};
		}
	vec_free(&chains);
	return vmap;
}

static zone_bits used_pairs(const struct compiler *c, enum group_kind kind, enum group_kind or)
{
	zone_bits used = 0;

	vec_each(group, &c->groups.all)
		if ((*group)->kind == kind || (*group)->kind == or)
			used |= pair_bit((*group)->like->from, (*group)->like->to);
	return used;
}

/* --- base chains ---------------------------------------------------------------------------- */

/* Does the site let an Expressway-E open flows to the internet? Their replies come to its public
 * address, on any port. */
static bool opens_to_wan(const struct compiler *c)
{
	vec_each(group, &c->groups.all)
		if ((*group)->kind == GROUP_SNAT && (*group)->like->to == ZONE_WAN)
			return true;
	vec_each(group, &c->groups.all)
		if ((*group)->kind == GROUP_ACCEPT && (*group)->like->to == ZONE_WAN &&
		    ((*group)->like->src.is_edge || (*group)->src != PARTY_MACHINES))
			return true;
	return false;
}

/* An early drop of what no row can want, to keep scans cheap: by port first, which costs the packets
 * of established flows next to nothing. */
static void make_raw(struct compiler *c)
{
	static const enum datatype protos[] = {TYPE_INET_PROTO};
	static const enum field proto = FIELD_L4PROTO, daddr = FIELD_IP_DADDR;
	struct range_vec ports = {0};
	struct set *set;
	struct builder b;
	struct chain *chain;

	vec_each(group, &c->groups.all) {
		const struct flow *flow = (*group)->like;

		if (flow->from != ZONE_WAN || flow->proto == IPPROTO_ICMP)
			continue;
		vec_each(i, &(*group)->flows) {
			const struct range_set dport = c->groups.policy->flows.at[*i].dport;

			for (size_t k = 0; k < dport.n; k++)
				if (!ports.n || !range_equal(ports.at[ports.n - 1], dport.at[k]))
					vec_add(&ports, dport.at[k]);
		}
	}
	range_normalize(&ports);
	if (ports.n && !c->site->public_shared && c->site->zones[ZONE_WAN].n && c->public->n &&
	    !opens_to_wan(c)) {
		chain = ruleset_base_chain(c->rs, "raw", CHAIN_FILTER, HOOK_PREROUTING,
					   NF_IP_PRI_RAW, false);
		b = rule_begin(c->rs, chain);
		rule_ports(&b, FIELD_DPORT, (struct range_set){ports.at, ports.n}, true);
		set = ruleset_set(c->rs, NULL, protos, 1, NULL, 0);
		set_put(set_add(set, 0), value_u8(IPPROTO_TCP));
		set_put(set_add(set, 0), value_u8(IPPROTO_UDP));
		rule_lookup(&b, &proto, 1, set, false);
		match_zone(c, &b, FIELD_IIFNAME, ZONE_WAN);
		rule_lookup(&b, &daddr, 1, c->public, false);
		finish_drop(c, &b, "a port that no row wants");
	}
	vec_free(&ports);
}

static void make_prerouting(struct compiler *c)
{
	static const enum datatype key[] = {TYPE_IFNAME};
	static const enum datatype data[] = {TYPE_VERDICT};
	static const enum field iifname = FIELD_IIFNAME;
	struct zone_chains chains = {0};
	zone_bits used = 0;
	struct set *vmap;
	struct builder b;
	struct chain *base;

	vec_each(group, &c->groups.all)
		if ((*group)->kind == GROUP_DNAT || (*group)->kind == GROUP_DNAT_PORTS)
			used |= 1u << (*group)->like->from;
	if (!used)
		return;
	vmap = ruleset_set(c->rs, NULL, key, 1, data, 1);
	vec_each(nic, &c->nics) {
		const struct chain *chain;

		if (!(nic->zones & used))
			continue;
		chain = zone_chain(c, &chains, "dnat_", nic->zones & used, false, fill_dnat);
		set_put(set_add(vmap, 0), value_ifname(nic->name));
		vmap->verdicts[vmap->n - 1] = (struct verdict){VERDICT_JUMP, chain};
	}
	base = ruleset_base_chain(c->rs, "prerouting", CHAIN_NAT, HOOK_PREROUTING,
				  NF_IP_PRI_NAT_DST, false);
	b = rule_begin(c->rs, base);
	rule_lookup(&b, &iifname, 1, vmap, false);
	vec_free(&chains);
}

/* Packets from wan with a source that only stands inside; what is established is not looked at. */
static void drop_spoofed(struct compiler *c, struct chain *chain, bool established_passed)
{
	static const enum field saddr = FIELD_IP_SADDR;
	struct builder b;

	if (!c->site->zones[ZONE_WAN].n)
		return;
	b = rule_begin(c->rs, chain);
	if (!established_passed)
		rule_ct_state(&b, CT_STATE_INVALID | CT_STATE_NEW | CT_STATE_UNTRACKED);
	match_zone(c, &b, FIELD_IIFNAME, ZONE_WAN);
	rule_lookup(&b, &saddr, 1, c->own, false);
	finish_drop(c, &b, "own addresses do not come from wan");
}

/* What is for the gateway itself. The drop by address stands here and not in a nat chain, which
 * SYN/ACK, FIN and RST skip. */
static void make_input(struct compiler *c)
{
	static const enum field daddr = FIELD_IP_DADDR;
	bool dedicated = !c->site->public_shared && c->public->n;
	struct chain *base;
	struct builder b;

	if (!dedicated && !c->site->zones[ZONE_WAN].n)
		return;
	base = ruleset_base_chain(c->rs, "input", CHAIN_FILTER, HOOK_INPUT, NF_IP_PRI_FILTER,
				  false);
	if (dedicated) {
		b = rule_begin(c->rs, base);
		rule_lookup(&b, &daddr, 1, c->public, false);
		finish_drop(c, &b, "public addresses are not the gateway's");
	}
	drop_spoofed(c, base, false);
}

static void drop_own(struct compiler *c, struct chain *chain, enum field field, bool invalid,
		     const char *comment)
{
	struct builder b = rule_begin(c->rs, chain);

	if (invalid)
		rule_ct_state(&b, CT_STATE_INVALID);
	rule_lookup(&b, &field, 1, c->own, false);
	finish_drop(c, &b, comment);
}

static void drop_invalid(struct compiler *c, struct chain *chain)
{
	struct builder b;

	if (c->site->judge_hosts_only) {
		drop_own(c, chain, FIELD_IP_SADDR, true, "invalid");
		drop_own(c, chain, FIELD_IP_DADDR, true, "invalid");
		return;
	}
	b = rule_begin(c->rs, chain);
	rule_ct_state(&b, CT_STATE_INVALID);
	finish_drop(c, &b, "invalid");
}

/* Base chains end with an explicit drop: the policy of a new chain holds a moment after its hook. */
static void make_last_drop(struct compiler *c, struct chain *chain)
{
	struct builder b;

	if (c->site->judge_hosts_only) {
		drop_own(c, chain, FIELD_IP_SADDR, false, "no row allows it");
		drop_own(c, chain, FIELD_IP_DADDR, false, "no row allows it");
		return;
	}
	if (c->drop) {
		b = rule_begin(c->rs, chain);
		rule_limit_log(&b, DROP_LOGS_PER_SECOND, DROP_LOGS_BURST, DROP_LOG_PREFIX);
	}
	b = rule_begin(c->rs, chain);
	rule_counter(&b);
	rule_verdict(&b, VERDICT_DROP, NULL);
	rule_comment(&b, "no row allows it");
}

static void make_forward(struct compiler *c)
{
	static const enum field nics[] = {FIELD_IIFNAME, FIELD_OIFNAME};
	bool gateway = !c->site->judge_hosts_only;
	zone_bits used = used_pairs(c, GROUP_ACCEPT, GROUP_ACCEPT);
	struct set *vmap = pair_vmap(c, "", used, fill_forward);
	struct chain *base = ruleset_base_chain(c->rs, "forward", CHAIN_FILTER, HOOK_FORWARD,
						NF_IP_PRI_FILTER, gateway);
	struct builder b;

	if (gateway) {
		b = rule_begin(c->rs, base);
		rule_nfproto(&b, NFPROTO_IPV6);
		finish_drop(c, &b, "IPv6 is closed");
	}
	b = rule_begin(c->rs, base);
	rule_ct_state(&b, CT_STATE_ESTABLISHED | CT_STATE_RELATED);
	rule_verdict(&b, VERDICT_ACCEPT, NULL);
	drop_invalid(c, base);
	drop_spoofed(c, base, true);
	if (vmap) {
		b = rule_begin(c->rs, base);
		rule_lookup(&b, nics, 2, vmap, false);
	}
	make_last_drop(c, base);
}

static void make_postrouting(struct compiler *c)
{
	static const enum field nics[] = {FIELD_IIFNAME, FIELD_OIFNAME};
	zone_bits used = used_pairs(c, GROUP_SNAT, GROUP_MASQUERADE);
	struct set *vmap = pair_vmap(c, "snat_", used, fill_snat);
	struct builder b;

	if (!vmap)
		return;
	b = rule_begin(c->rs, ruleset_base_chain(c->rs, "postrouting", CHAIN_NAT,
						 HOOK_POSTROUTING, NF_IP_PRI_NAT_SRC, false));
	rule_lookup(&b, nics, 2, vmap, false);
}

static void make_origins(struct ruleset *rs, const struct policy *policy)
{
	vec_each(flow, &policy->flows)
		vec_add(&rs->origins,
			((struct origin){flow->row->id.text, flow->dep->name.text,
					 flow->row->of_site ? flow->row->loc
							    : flow->dep->name.loc,
					 0}));
}

struct ruleset *policy_compile(const struct policy *policy, struct diag *diag)
{
	struct compiler c = {.site = policy->site, .rs = ruleset_new("jgfw")};
	unsigned int before = diag->errors;

	make_origins(c.rs, policy);
	groups_make(&c.groups, policy, c.rs, diag);
	collect_nics(&c);
	make_address_sets(&c);
	make_drop_chain(&c);
	make_raw(&c);
	make_prerouting(&c);
	make_input(&c);
	make_forward(&c);
	make_postrouting(&c);
	groups_free(&c.groups);
	vec_free(&c.nics);
	if (diag->errors == before)
		return c.rs;
	ruleset_free(c.rs);
	return NULL;
}

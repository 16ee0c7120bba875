/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Flows to a ruleset whose number of rules depends on the port models only.
 *
 * Every chain of a hook leads by the interfaces of a packet to a chain of the zones, there by
 * protocol and port to the rows, and there a lookup of the addresses decides.
 */
#include "jgfw/policy/compile.h"

#include "compiler.h"
#include "rows.h"
#include "zones.h"

#include <netinet/in.h>
#include <string.h>

#include <linux/netfilter_ipv4.h>

enum {
	DROP_LOGS_PER_SECOND = 10,
	DROP_LOGS_BURST = 20,
};

#define DROP_LOG_PREFIX "jgfw drop "

/* --- addresses ------------------------------------------------------------------------------ */

static void add_own(struct set *set, const struct host *host, uint32_t origin)
{
	if (host->addr)
		set_put(set_add(set, origin), value_u32(host->addr));
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
		uint32_t origin;

		vec_add(&c->rs->origins, ((struct origin){NULL, dep->name.text, dep->name.loc, 0}));
		origin = (uint32_t)c->rs->origins.n;
		vec_each(peer, &dep->edge) {
			add_own(c->public, &peer->public, origin);
			add_own(c->own, &peer->public, origin);
			for (size_t i = 0; i < dep->model->n_nics; i++)
				add_own(c->own, &peer->nics[i], origin);
		}
		for (size_t i = 0; i < dep->model->n_roles; i++)
			if (role_is_own(&dep->model->roles[i]))
				vec_each(host, &dep->roles[i])
					add_own(c->own, host, origin);
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
		    ((*group)->like->src.is_edge || (*group)->like->src.kind != PARTY_MACHINES))
			return true;
	return false;
}

/* The ports that rows want of wan. */
static void collect_wan_ports(const struct compiler *c, struct range_vec *ports)
{
	struct index known = {0}; /* deployments with the same profile have the same, by address */

	vec_each(group, &c->groups.all) {
		const struct flow *like = (*group)->like;

		if (like->from != ZONE_WAN || like->proto == IPPROTO_ICMP)
			continue;
		vec_each(i, &(*group)->flows) {
			const struct range_set dport = c->groups.policy->flows.at[*i].dport;
			void **slot = index_find(&known, &dport.at, sizeof(dport.at));

			for (size_t k = 0; k < dport.n && !*slot; k++)
				vec_add(ports, dport.at[k]);
			*slot = &known;
		}
	}
	index_free(&known);
	range_normalize(ports);
}

/* An early drop of what no row can want, to keep scans cheap: by port first, which costs the
 * packets of established flows next to nothing. */
static void make_raw(struct compiler *c)
{
	static const enum datatype protos[] = {TYPE_INET_PROTO};
	static const enum field proto = FIELD_L4PROTO, daddr = FIELD_IP_DADDR;
	struct range_vec ports = {0};
	struct set *set;
	struct builder b;
	struct chain *chain;

	collect_wan_ports(c, &ports);
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
	static const enum field iifname = FIELD_IIFNAME;
	zone_bits used = 0;
	struct set *vmap;
	struct builder b;

	vec_each(group, &c->groups.all)
		if ((*group)->kind == GROUP_DNAT || (*group)->kind == GROUP_DNAT_PORTS)
			used |= 1u << (*group)->like->from;
	vmap = zones_side_vmap(c, "dnat_", used, fill_dnat);
	if (!vmap)
		return;
	b = rule_begin(c->rs, ruleset_base_chain(c->rs, "prerouting", CHAIN_NAT, HOOK_PREROUTING,
						 NF_IP_PRI_NAT_DST, false));
	rule_lookup(&b, &iifname, 1, vmap, false);
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

/* Base chains end with an explicit drop: the policy of a new chain holds a moment after its hook.
 */
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

static zone_bits used_pairs(const struct compiler *c, enum group_kind kind, enum group_kind or)
{
	zone_bits used = 0;

	vec_each(group, &c->groups.all)
		if ((*group)->kind == kind || (*group)->kind == or)
			used |= pair_bit((*group)->like->from, (*group)->like->to);
	return used;
}

static void make_forward(struct compiler *c)
{
	static const enum field nics[] = {FIELD_IIFNAME, FIELD_OIFNAME};
	bool gateway = !c->site->judge_hosts_only;
	zone_bits used = used_pairs(c, GROUP_ACCEPT, GROUP_ACCEPT);
	struct set *vmap = zones_pair_vmap(c, "", used, fill_forward);
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
	struct set *vmap = zones_pair_vmap(c, "snat_", used, fill_snat);
	struct builder b;

	if (!vmap)
		return;
	b = rule_begin(c->rs, ruleset_base_chain(c->rs, "postrouting", CHAIN_NAT, HOOK_POSTROUTING,
						 NF_IP_PRI_NAT_SRC, false));
	rule_lookup(&b, nics, 2, vmap, false);
}

static void make_origins(struct ruleset *rs, const struct policy *policy)
{
	vec_reserve(&rs->origins, policy->flows.n + policy->site->deployments.n);
	vec_each(flow, &policy->flows)
		vec_add(&rs->origins,
			((struct origin){flow->row->id.text, flow->dep->name.text,
					 flow->row->of_site ? flow->row->loc : flow->dep->name.loc,
					 0}));
}

struct ruleset *policy_compile(const struct policy *policy, struct diag *diag)
{
	static const char *const base_chains[] = {"raw",     "prerouting",  "input",
						  "forward", "postrouting", "log_and_drop"};
	struct compiler c = {.site = policy->site, .rs = ruleset_new(RULESET_TABLE)};
	unsigned int before = diag->errors;

	for (size_t i = 0; i < ARRAY_SIZE(base_chains); i++)
		*index_find(&c.chain_names, base_chains[i], strlen(base_chains[i])) = (void *)1;
	make_origins(c.rs, policy);
	groups_make(&c.groups, policy, c.rs, diag);
	zones_collect(&c);
	make_address_sets(&c);
	make_drop_chain(&c);
	make_raw(&c);
	make_prerouting(&c);
	make_input(&c);
	make_forward(&c);
	make_postrouting(&c);
	groups_free(&c.groups);
	index_free(&c.chain_names);
	vec_free(&c.nics);
	if (diag->errors == before)
		return c.rs;
	ruleset_free(c.rs);
	return NULL;
}

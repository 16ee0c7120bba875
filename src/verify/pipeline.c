/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pipeline.h"

#include "tracer.h"

#include <linux/netfilter.h>
#include <linux/netfilter_ipv4.h>

enum {
	FIRST = INT32_MIN,
	LAST = INT32_MAX,
};

/* --- base chains ---------------------------------------------------------------------------- */

/* The kernel puts a chain in front of those with its priority that were there before. */
#define ADD_CHAIN(list, chain)                                                                     \
	do {                                                                                       \
		size_t at = (list)->n;                                                             \
		vec_add(list, chain);                                                              \
		for (; at && (chain)->priority <= (list)->at[at - 1]->priority; at--)              \
			(list)->at[at] = (list)->at[at - 1];                                       \
		(list)->at[at] = (chain);                                                          \
	} while (0)

void pipeline_init(struct pipeline *p, struct symbolic *symbolic,
		   const struct ruleset *const *rulesets, size_t n, bool own_only)
{
	*p = (struct pipeline){.symbolic = symbolic};
	for (size_t i = 0; i < n; i++) {
		const struct table *table = &rulesets[i]->table;

		if (table->dormant || (own_only && !table_is_ours(table)))
			continue;
		vec_each(chain, &table->chains) {
			if (!(*chain)->is_base)
				continue;
			if (table->family == NFPROTO_INET || table->family == NFPROTO_IPV4)
				ADD_CHAIN(&p->chains, *chain);
			if (table->family == NFPROTO_INET || table->family == NFPROTO_IPV6)
				ADD_CHAIN(&p->chains6, *chain);
		}
	}
}

void pipeline_free(struct pipeline *p)
{
	vec_free(&p->chains);
	vec_free(&p->chains6);
}

const struct chain *pipeline_unclear(const struct pipeline *p)
{
	vec_each(chain, &p->chains)
		if ((*chain)->type == CHAIN_FILTER && (*chain)->rules.n &&
		    (((*chain)->hook == HOOK_PREROUTING &&
		      (*chain)->priority == NF_IP_PRI_NAT_DST) ||
		     ((*chain)->hook == HOOK_POSTROUTING &&
		      (*chain)->priority == NF_IP_PRI_NAT_SRC)))
			return *chain;
	return NULL;
}

/* --- hooks ---------------------------------------------------------------------------------- */

/** struct stretch_of - a hook between two priorities, both included */
struct stretch_of {
	enum hook hook;
	int32_t from, to;
	bool nat;
};

/* The next chain goes on with what this one lets pass. */
static node passed(uint32_t value, void *arg)
{
	const struct chain *chain = arg;

	if (value == LEAF_ELSE && chain->policy_drop)
		return leaf(LEAF_DROP);
	return leaf(value == LEAF_ACCEPT ? LEAF_ELSE : value);
}

static node with_policy(struct space *s, node f, const struct chain *chain)
{
	return diagram_map(s->d, f, passed, (void *)(uintptr_t)chain);
}

static node run_stretch(const struct pipeline *p, const struct stretch_of *x,
			const struct view *view)
{
	const struct chain *const *chains = p->chains.at;
	size_t n = p->chains.n;
	struct space *s = p->symbolic->space;
	node f = leaf(LEAF_ELSE);

	if (view->nfproto == NFPROTO_IPV6) {
		chains = p->chains6.at;
		n = p->chains6.n;
	}
	for (size_t i = 0; i < n && (f == leaf(LEAF_ELSE) || !is_leaf(f)); i++)
		if (chains[i]->hook == x->hook && (chains[i]->type == CHAIN_NAT) == x->nat &&
		    chains[i]->priority >= x->from && chains[i]->priority <= x->to)
			f = seq(s, f,
				with_policy(s, symbolic_chain(p->symbolic, view, chains[i]),
					    chains[i]));
	return f;
}

static node filters(const struct pipeline *p, const struct view *view, enum hook hook, int32_t from,
		    int32_t to)
{
	return run_stretch(p, &(struct stretch_of){hook, from, to, false}, view);
}

static node nat(const struct pipeline *p, const struct view *view, enum hook hook)
{
	return run_stretch(p, &(struct stretch_of){hook, FIRST, LAST, true}, view);
}

static bool is_tracked(uint32_t ct_state)
{
	return !(ct_state & (CT_STATE_INVALID | CT_STATE_UNTRACKED));
}

static struct view view_of(uint8_t nfproto, uint32_t ct_state, enum status status)
{
	return (struct view){.nfproto = nfproto,
			     .ct_state = ct_state,
			     .status = is_tracked(ct_state) ? status : STATUS_ABSENT,
			     .has_iif = true};
}

/* In front of nat, and of connection tracking, where nothing has a state. */
static node arrive(const struct pipeline *p, uint8_t nfproto, uint32_t ct_state, enum hook hook,
		   enum status status)
{
	struct view view = view_of(nfproto, ct_state, status), early = view;

	if (hook == HOOK_OUTPUT) {
		view.has_iif = early.has_iif = false;
		view.has_oif = early.has_oif = true;
	}
	if (ct_state != CT_STATE_UNTRACKED)
		early.ct_state = CT_STATE_INVALID;
	early.status = STATUS_ABSENT;
	return seq(p->symbolic->space, filters(p, &early, hook, FIRST, NF_IP_PRI_CONNTRACK - 1),
		   filters(p, &view, hook, NF_IP_PRI_CONNTRACK, NF_IP_PRI_NAT_DST - 1));
}

node pipeline_arrival(const struct pipeline *p, uint8_t nfproto, uint32_t ct_state)
{
	return arrive(p, nfproto, ct_state, HOOK_PREROUTING, STATUS_UNKNOWN);
}

/* Behind nat of the destination. */
static node pass(const struct pipeline *p, const struct view *view, bool local)
{
	struct space *s = p->symbolic->space;
	struct view there = *view, late;
	node f = filters(p, view, HOOK_PREROUTING, NF_IP_PRI_NAT_DST, LAST);

	if (local)
		return seq(s, f, filters(p, view, HOOK_INPUT, FIRST, LAST));
	there.has_oif = true;
	late = there;
	late.source_unknown = true;
	f = seq(s, f, filters(p, &there, HOOK_FORWARD, FIRST, LAST));
	f = seq(s, f, filters(p, &there, HOOK_POSTROUTING, FIRST, NF_IP_PRI_NAT_SRC - 1));
	f = seq(s, f, filters(p, &late, HOOK_POSTROUTING, NF_IP_PRI_NAT_SRC, LAST));
	if (view->ct_state == CT_STATE_NEW)
		f = seq(s, f, nat(p, &there, HOOK_POSTROUTING));
	return f;
}

node pipeline_passage(const struct pipeline *p, uint8_t nfproto, uint32_t ct_state, bool local)
{
	struct view view = view_of(nfproto, ct_state, STATUS_UNKNOWN);

	return pass(p, &view, local);
}

/* A new packet, or one without a flow. */
static node run(const struct pipeline *p, uint8_t nfproto, uint32_t ct_state, bool local)
{
	struct space *s = p->symbolic->space;
	struct view before = view_of(nfproto, ct_state, STATUS_EMPTY);
	struct view behind = view_of(nfproto, ct_state, STATUS_NEW);
	node first = arrive(p, nfproto, ct_state, HOOK_PREROUTING, STATUS_EMPTY);
	node then = replace_leaf(s, pass(p, &behind, local), LEAF_ELSE, LEAF_ACCEPT);

	if (ct_state != CT_STATE_NEW)
		return seq(s, first, then);
	first = settle_destination(s, seq(s, first, nat(p, &before, HOOK_PREROUTING)));
	return compose(s, first, settle_source(s, then));
}

node pipeline_forward(const struct pipeline *p, uint8_t nfproto, uint32_t ct_state)
{
	return run(p, nfproto, ct_state, false);
}

node pipeline_local(const struct pipeline *p, uint8_t nfproto, uint32_t ct_state)
{
	return run(p, nfproto, ct_state, true);
}

node pipeline_output(const struct pipeline *p, uint8_t nfproto, uint32_t ct_state)
{
	struct space *s = p->symbolic->space;
	struct view view = view_of(nfproto, ct_state, STATUS_EMPTY);
	struct view late;
	node f = arrive(p, nfproto, ct_state, HOOK_OUTPUT, STATUS_EMPTY);

	view.has_iif = false;
	view.has_oif = true;
	if (ct_state == CT_STATE_NEW)
		f = seq(s, f, nat(p, &view, HOOK_OUTPUT));
	view.status = is_tracked(ct_state) ? STATUS_UNKNOWN : STATUS_ABSENT;
	late = view;
	late.source_unknown = true;
	f = seq(s, f, filters(p, &view, HOOK_OUTPUT, NF_IP_PRI_NAT_DST, LAST));
	f = seq(s, f, filters(p, &view, HOOK_POSTROUTING, FIRST, NF_IP_PRI_NAT_SRC - 1));
	f = seq(s, f, filters(p, &late, HOOK_POSTROUTING, NF_IP_PRI_NAT_SRC, LAST));
	if (ct_state == CT_STATE_NEW)
		f = seq(s, f, nat(p, &view, HOOK_POSTROUTING));
	return replace_leaf(s, f, LEAF_ELSE, LEAF_ACCEPT);
}

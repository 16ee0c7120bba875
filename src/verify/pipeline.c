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
static void add_base(struct bases *list, struct base base)
{
	size_t at = list->n;

	vec_add(list, base);
	for (; at && base.chain->priority <= list->at[at - 1].chain->priority; at--)
		list->at[at] = list->at[at - 1];
	list->at[at] = base;
}

/* Do two of nat see the same packets by turns? A table that was there first may have got its chain
 * later than another. */
static bool has_rivals(const struct bases *list, enum hook hook)
{
	for (size_t i = 1; i < list->n; i++)
		for (size_t k = 0; k < i; k++) {
			const struct base *a = &list->at[i], *b = &list->at[k];

			if (a->table != b->table && a->chain->type == CHAIN_NAT &&
			    b->chain->type == CHAIN_NAT && a->chain->hook == hook &&
			    b->chain->hook == hook && a->chain->priority == b->chain->priority)
				return true;
		}
	return false;
}

/* Of hooks with the same priority the last one that was registered comes first, and when the kernel
 * did so with its own is not known. */
static bool is_unclear(const struct chain *chain)
{
	if (chain->type != CHAIN_FILTER || !chain->rules.n)
		return false;
	if (chain->hook == HOOK_POSTROUTING)
		return chain->priority == NF_IP_PRI_NAT_SRC;
	return (chain->hook == HOOK_PREROUTING || chain->hook == HOOK_OUTPUT) &&
	       (chain->priority == NF_IP_PRI_NAT_DST || chain->priority == NF_IP_PRI_CONNTRACK);
}

void pipeline_init(struct pipeline *p, struct symbolic *symbolic,
		   const struct ruleset *const *rulesets, size_t n, bool own_only)
{
	*p = (struct pipeline){.symbolic = symbolic, .in_front = leaf(LEAF_YES)};
	for (size_t i = 0; i < n; i++) {
		const struct table *table = &rulesets[i]->table;

		if (table->dormant || (own_only && !table_is_ours(table)))
			continue;
		vec_each(chain, &table->chains) {
			if (!(*chain)->is_base)
				continue;
			if (table->family == NFPROTO_INET || table->family == NFPROTO_IPV4)
				add_base(&p->chains, (struct base){*chain, table});
			if (table->family == NFPROTO_INET || table->family == NFPROTO_IPV6)
				add_base(&p->chains6, (struct base){*chain, table});
			if (is_unclear(*chain) && p->in_front == leaf(LEAF_YES))
				p->in_front = space_doubt(symbolic->space, DOUBT_UNKNOWN);
		}
	}
	for (size_t i = 0; i < ARRAY_SIZE(p->in_order); i++)
		p->in_order[i] = has_rivals(&p->chains, (enum hook)i) ||
						 has_rivals(&p->chains6, (enum hook)i)
					 ? space_doubt(symbolic->space, DOUBT_UNKNOWN)
					 : leaf(LEAF_YES);
}

void pipeline_free(struct pipeline *p)
{
	vec_free(&p->chains);
	vec_free(&p->chains6);
}

const struct chain *pipeline_unclear(const struct pipeline *p)
{
	vec_each(base, &p->chains)
		if (is_unclear(base->chain) && base->chain->hook != HOOK_OUTPUT)
			return base->chain;
	return NULL;
}

/* --- hooks ---------------------------------------------------------------------------------- */

/** struct stretch_of - a hook between two priorities, both included; where two stretches meet in
 * one, chains of that priority belong to both, but run once */
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

/* One chain for the packets that the others of the stretch leave; @f is what becomes of the rest.
 */
static node run_base(const struct pipeline *p, const struct stretch_of *x, const struct view *view,
		     const struct chain *chain, node f)
{
	struct space *s = p->symbolic->space;
	node g;

	if (chain->hook != x->hook || (chain->type == CHAIN_NAT) != x->nat ||
	    chain->priority < x->from || chain->priority > x->to ||
	    (is_leaf(f) && f != leaf(LEAF_ELSE)))
		return f;
	g = with_policy(s, symbolic_chain(p->symbolic, view, chain), chain);
	if (!x->nat && is_unclear(chain)) /* here, or in the stretch beside this one */
		g = guard(s, chain->priority == x->from ? negation(s, p->in_front) : p->in_front,
			  g);
	return seq(s, f, g);
}

/* The chains of nat, where those of one priority come the other way round. */
static node run_reversed(const struct pipeline *p, const struct bases *bases,
			 const struct stretch_of *x, const struct view *view)
{
	node f = leaf(LEAF_ELSE);

	for (size_t i = 0, n; i < bases->n; i += n) {
		int32_t priority = bases->at[i].chain->priority;

		for (n = 1; i + n < bases->n && bases->at[i + n].chain->priority == priority;)
			n++;
		for (size_t k = n; k--;)
			f = run_base(p, x, view, bases->at[i + k].chain, f);
	}
	return f;
}

static node run_stretch(const struct pipeline *p, const struct stretch_of *x,
			const struct view *view)
{
	const struct bases *bases = view->nfproto == NFPROTO_IPV6 ? &p->chains6 : &p->chains;
	struct space *s = p->symbolic->space;
	node f = leaf(LEAF_ELSE);

	vec_each(base, bases)
		f = run_base(p, x, view, base->chain, f);
	if (!x->nat || p->in_order[x->hook] == leaf(LEAF_YES))
		return f;
	return seq(s, guard(s, p->in_order[x->hook], f),
		   guard(s, negation(s, p->in_order[x->hook]), run_reversed(p, bases, x, view)));
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
	return seq(p->symbolic->space, filters(p, &early, hook, FIRST, NF_IP_PRI_CONNTRACK),
		   filters(p, &view, hook, NF_IP_PRI_CONNTRACK, NF_IP_PRI_NAT_DST));
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

	if (local) {
		f = seq(s, f, filters(p, view, HOOK_INPUT, FIRST, LAST));
		return view->ct_state == CT_STATE_NEW ? seq(s, f, nat(p, view, HOOK_INPUT)) : f;
	}
	there.has_oif = true;
	late = there;
	late.source_unknown = true;
	if (late.status == STATUS_NEW) /* it may bear the marks of a translated source, too */
		late.status = STATUS_UNKNOWN;
	f = seq(s, f, filters(p, &there, HOOK_FORWARD, FIRST, LAST));
	f = seq(s, f, filters(p, &there, HOOK_POSTROUTING, FIRST, NF_IP_PRI_NAT_SRC));
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
	f = seq(s, f, filters(p, &view, HOOK_POSTROUTING, FIRST, NF_IP_PRI_NAT_SRC));
	f = seq(s, f, filters(p, &late, HOOK_POSTROUTING, NF_IP_PRI_NAT_SRC, LAST));
	if (ct_state == CT_STATE_NEW)
		f = seq(s, f, nat(p, &view, HOOK_POSTROUTING));
	return replace_leaf(s, f, LEAF_ELSE, LEAF_ACCEPT);
}

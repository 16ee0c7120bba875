/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "jgfw/verify/actual/pipeline.h"

#include "jgfw/ruleset/run.h"
#include "jgfw/verify/space/compose.h"

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

void pipeline_init(struct pipeline *p, struct symbolic *symbolic,
		   const struct ruleset *const *rulesets, size_t n, bool own_only)
{
	*p = (struct pipeline){.symbolic = symbolic, .in_front = terminal(TERMINAL_YES)};
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
			if (chain_is_unclear(*chain) && p->in_front == terminal(TERMINAL_YES))
				p->in_front = space_free_variable(symbolic->space, FREE_UNKNOWN);
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
	vec_each(base, &p->chains)
		if (chain_is_unclear(base->chain))
			return base->chain;
	vec_each(base, &p->chains6)
		if (chain_is_unclear(base->chain))
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

	if (value == TERMINAL_ELSE && chain->policy_drop)
		return terminal(TERMINAL_DROP);
	return terminal(value == TERMINAL_ACCEPT ? TERMINAL_ELSE : value);
}

static node with_policy(struct space *s, node f, const struct chain *chain)
{
	return diagram_map_terminals(s->d, f, passed, (void *)(uintptr_t)chain);
}

static bool rival_fn(node a, node b, void *arg, node *ret)
{
	(void)arg;
	*ret = terminal(TERMINAL_UNKNOWN);
	if (a == terminal(TERMINAL_ELSE) || a == b)
		*ret = b;
	else if (b == terminal(TERMINAL_ELSE))
		*ret = a;
	else
		return is_terminal(a) && is_terminal(b);
	return true;
}

/* Two chains of nat with one priority, in different tables: the first that finds a translation has
 * it, and which is first no dump tells, as tables are older than their chains. */
static node rivals(struct space *s, node f, node g)
{
	return diagram_apply(s->d, diagram_op(s->d), rival_fn, NULL, f, g);
}

static bool is_in(const struct stretch_of *x, const struct chain *chain)
{
	return chain->hook == x->hook && (chain->type == CHAIN_NAT) == x->nat &&
	       chain->priority >= x->from && chain->priority <= x->to;
}

/* What one chain does; one whose place is unclear runs here, or in the stretch beside this one. */
static node run_base(const struct pipeline *p, const struct stretch_of *x, const struct view *view,
		     const struct chain *chain)
{
	struct space *s = p->symbolic->space;
	node f = with_policy(s, symbolic_chain(p->symbolic, view, chain), chain);

	if (!chain_is_unclear(chain))
		return f;
	return guard(s, chain->priority == x->from ? negation(s, p->in_front) : p->in_front, f);
}

static node run_stretch(const struct pipeline *p, const struct stretch_of *x,
			const struct view *view)
{
	const struct bases *bases = view->nfproto == NFPROTO_IPV6 ? &p->chains6 : &p->chains;
	struct space *s = p->symbolic->space;
	node before = terminal(TERMINAL_ELSE),
	     same = terminal(TERMINAL_ELSE); /* same: of the last priority */
	const struct base *first = NULL;     /* of that priority */
	bool mixed = false;		     /* they are of different tables */

	vec_each(base, bases) {
		node f;

		if (!is_in(x, base->chain))
			continue;
		f = run_base(p, x, view, base->chain);
		if (first && base->chain->priority == first->chain->priority) {
			mixed |= base->table != first->table;
			same = x->nat && mixed ? rivals(s, same, f) : seq(s, same, f);
			continue;
		}
		before = seq(s, before, same);
		if (is_terminal(before) && before != terminal(TERMINAL_ELSE))
			return before;
		same = f;
		first = base;
		mixed = false;
	}
	return seq(s, before, same);
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

/* At the last hook, input or postrouting: filters in front of nat of the source, those behind it,
 * to which the source is unknown, and nat. */
static node leave(const struct pipeline *p, const struct view *view, enum hook hook)
{
	struct space *s = p->symbolic->space;
	struct view late = *view;
	node f = filters(p, view, hook, FIRST, NF_IP_PRI_NAT_SRC);

	late.source_unknown = true;
	f = seq(s, f, filters(p, &late, hook, NF_IP_PRI_NAT_SRC, LAST));
	if (view->ct_state == CT_STATE_NEW)
		f = seq(s, f, nat(p, view, hook));
	return f;
}

/* Behind nat of the destination. */
static node pass(const struct pipeline *p, const struct view *view, bool local)
{
	struct space *s = p->symbolic->space;
	struct view there = *view;
	node f = filters(p, view, HOOK_PREROUTING, NF_IP_PRI_NAT_DST, LAST);

	if (local)
		return seq(s, f, leave(p, view, HOOK_INPUT));
	there.has_oif = true;
	f = seq(s, f, filters(p, &there, HOOK_FORWARD, FIRST, LAST));
	return seq(s, f, leave(p, &there, HOOK_POSTROUTING));
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
	node then = replace_terminal(s, pass(p, &behind, local), TERMINAL_ELSE, TERMINAL_ACCEPT);

	if (ct_state != CT_STATE_NEW)
		return seq(s, first, then);
	first = simplify_destination(s, seq(s, first, nat(p, &before, HOOK_PREROUTING)));
	return compose(s, first, simplify_source(s, then));
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
	node f = arrive(p, nfproto, ct_state, HOOK_OUTPUT, STATUS_EMPTY);

	view.has_iif = false;
	view.has_oif = true;
	if (ct_state == CT_STATE_NEW)
		f = seq(s, f, nat(p, &view, HOOK_OUTPUT));
	view.status = is_tracked(ct_state) ? STATUS_UNKNOWN : STATUS_ABSENT;
	f = seq(s, f, filters(p, &view, HOOK_OUTPUT, NF_IP_PRI_NAT_DST, LAST));
	f = seq(s, f, leave(p, &view, HOOK_POSTROUTING));
	return replace_terminal(s, f, TERMINAL_ELSE, TERMINAL_ACCEPT);
}

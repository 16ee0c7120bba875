/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rows that want different things of the same packets. */
#include "conflict.h"

#include "jgfw/base/addr.h"
#include "jgfw/base/diag.h"
#include "jgfw/base/mem.h"
#include "jgfw/base/sort.h"
#include "jgfw/base/vec.h"
#include "jgfw/config/site.h"
#include "jgfw/policy/expand.h"

#include <netinet/in.h>

enum {
	SITE_MAX_PAIRS = 100000000, /* of flows that are compared */
};

/* The address that packets to @m bear when they are sent. */
static uint32_t sent_to(const struct flow *flow, const struct machine *m)
{
	return flow->dnat ? m->public : m->addr;
}

static bool parties_overlap(const struct party *a, const struct party *b)
{
	if (a->kind == PARTY_ANY || b->kind == PARTY_ANY)
		return true;
	if (a->kind == PARTY_RANGE && b->kind == PARTY_RANGE)
		return range_overlap(a->range, b->range);
	for (size_t i = 0; i < (a->kind == PARTY_RANGE ? 1 : a->n); i++)
		for (size_t k = 0; k < (b->kind == PARTY_RANGE ? 1 : b->n); k++) {
			struct range x = a->range, y = b->range;

			if (a->kind == PARTY_MACHINES)
				x = (struct range){a->at[i].addr, a->at[i].addr};
			if (b->kind == PARTY_MACHINES)
				y = (struct range){b->at[k].addr, b->at[k].addr};
			if (range_overlap(x, y))
				return true;
		}
	return false;
}

static bool ports_overlap(struct range_set a, struct range_set b)
{
	return !a.n || !b.n || range_set_overlaps(a, b);
}

/* Are there only Expressway-E without static NAT among the sources? */
static bool all_plain(const struct party *party)
{
	for (size_t i = 0; i < party->n; i++)
		if (party->at[i].addr != party->at[i].public)
			return false;
	return true;
}

/* What becomes of the source of a packet of @flow that @other wants too. */
static enum source_nat source_of(const struct flow *flow, const struct flow *other)
{
	enum source_nat source =
		flow->edges_among && other->src.is_edge ? SOURCE_PUBLIC : flow->snat;

	if (source == SOURCE_PUBLIC && flow->src.is_edge && all_plain(&flow->src))
		return SOURCE_KEEPS;
	return source;
}

/* Untranslated destinations, whole zones and networks among them: only the source can differ. */
static bool sources_differ(const struct policy *policy, const struct flow *a, const struct flow *b)
{
	return !a->dnat && !b->dnat && policy->meet[a->to][b->to] &&
	       source_of(a, b) != source_of(b, a) && parties_overlap(&a->dst, &b->dst);
}

/* The port that packets of @flow become, 0 where it stays. */
static uint16_t port_change(const struct flow *flow)
{
	return flow->translate == flow->dport.at[0].lo ? 0 : flow->translate;
}

/* @network allows packets as they are that @machines, without static NAT, sends to another port. */
static bool port_differs(const struct policy *policy, const struct flow *network,
			 const struct flow *machines)
{
	if (network->dst.kind == PARTY_MACHINES || machines->dst.kind != PARTY_MACHINES ||
	    !machines->dnat || !machines->translate || !port_change(machines) ||
	    !policy->meet[network->to][machines->to])
		return false;
	for (size_t i = 0; i < machines->dst.n; i++) {
		uint32_t addr = machines->dst.at[i].addr;

		if (addr == machines->dst.at[i].public &&
		    (network->dst.kind == PARTY_ANY ||
		     range_within((struct range){addr, addr}, network->dst.range)))
			return true;
	}
	return false;
}

/* Would a packet that both want go to different places, or leave with different sources? */
static bool differ(const struct policy *policy, const struct flow *a, const struct flow *b)
{
	if (a->dst.kind != PARTY_MACHINES || b->dst.kind != PARTY_MACHINES)
		return port_differs(policy, a, b) || port_differs(policy, b, a) ||
		       sources_differ(policy, a, b);
	for (size_t i = 0; i < a->dst.n; i++)
		for (size_t k = 0; k < b->dst.n; k++) {
			if (sent_to(a, &a->dst.at[i]) != sent_to(b, &b->dst.at[k]))
				continue;
			if (a->dst.at[i].addr != b->dst.at[k].addr ||
			    (a->translate ? port_change(a) : 0) !=
				    (b->translate ? port_change(b) : 0) ||
			    source_of(a, b) != source_of(b, a))
				return true;
		}
	return false;
}

static void check_flows(const struct policy *policy, const struct flow *a, const struct flow *b,
			struct diag *diag)
{
	if (!policy->meet[a->from][b->from] ||
	    (a->proto == IPPROTO_ICMP && a->row->icmp_type != b->row->icmp_type) ||
	    !ports_overlap(a->sport, b->sport) || !ports_overlap(a->dport, b->dport) ||
	    !differ(policy, a, b) || !parties_overlap(&a->src, &b->src))
		return;
	diag_error(diag, b->row->of_site ? b->row->loc : b->dep->name.loc, "row-conflict",
		   "row '%s' of '%s' and row '%s' of '%s' translate the same packets differently",
		   b->row->id.text, b->dep->name.text, a->row->id.text, a->dep->name.text);
	diag_note(diag, a->row->loc, "row '%s' is here", a->row->id.text);
}

/** struct hull - protocol and ports of a flow in force, from the lowest to the highest */
struct hull {
	uint32_t lo, hi; /* protocol << 16 | port */
	uint32_t flow;
};

/** struct span - the hulls of a deployment's flows, by lowest port */
struct span {
	const struct deployment *dep;
	const struct hull *at;
	size_t n;
};

struct conflicts {
	const struct policy *policy;
	struct diag *diag;
	struct hull *hulls;
	struct {
		VEC(struct span);
	} spans;
	struct {
		VEC(struct sort_item);
	} sharers;   /* public addresses, and the span whose each is */
	size_t left; /* pairs that may still be compared */
};

static int hull_order(const void *a, const void *b)
{
	const struct hull *x = a, *y = b;

	if (x->lo != y->lo)
		return x->lo < y->lo ? -1 : 1;
	return x->flow < y->flow ? -1 : 1;
}

static struct hull hull_of(const struct flow *flow, uint32_t index)
{
	uint32_t proto = (uint32_t)flow->proto << 16;

	if (!flow->dport.n)
		return (struct hull){proto, proto | UINT16_MAX, index};
	return (struct hull){proto | flow->dport.at[0].lo,
			     proto | flow->dport.at[flow->dport.n - 1].hi, index};
}

static void check_pair(struct conflicts *c, uint32_t x, uint32_t y)
{
	const struct flow *a = &c->policy->flows.at[x < y ? x : y];
	const struct flow *b = &c->policy->flows.at[x < y ? y : x];
	/* some machines are as quickly compared as one */
	size_t cost = 1 + (size_t)a->src.n * b->src.n / 64 + (size_t)a->dst.n * b->dst.n / 64;

	if (!c->left)
		return;
	check_flows(c->policy, a, b, c->diag);
	c->left -= cost < c->left ? cost : c->left;
	if (!c->left)
		diag_error(c->diag, b->dep->name.loc, "too-many",
			   "more than %d pairs of flows with the same ports", SITE_MAX_PAIRS);
}

/* The hulls of @b that begin within those of @a; at the same port only where @same. */
static void check_within(struct conflicts *c, const struct span *a, const struct span *b, bool same)
{
	for (size_t i = 0, first = 0; i < a->n && c->left; i++) {
		const struct hull *x = &a->at[i];

		while (first < b->n && b->at[first].lo < x->lo + !same)
			first++;
		for (size_t k = a == b ? i + 1 : first; k < b->n && b->at[k].lo <= x->hi; k++)
			check_pair(c, x->flow, b->at[k].flow);
	}
}

/* Two deployments that share several Expressway-E are compared at the lowest address. */
static bool share_lower(const struct deployment *a, const struct deployment *b, uint64_t addr)
{
	vec_each(p, &a->edge)
		vec_each(q, &b->edge)
			if (p->public.addr && p->public.addr < addr &&
			    p->public.addr == q->public.addr)
				return true;
	return false;
}

static void check_sharers(struct conflicts *c)
{
	const struct sort_item *at = c->sharers.at;

	for (size_t i = 1, first = 0; i < c->sharers.n; i++) {
		if (at[i].key != at[first].key)
			first = i;
		for (size_t k = first; k < i; k++) {
			const struct span *a = &c->spans.at[at[k].index];
			const struct span *b = &c->spans.at[at[i].index];

			if (share_lower(a->dep, b->dep, at[i].key))
				continue;
			check_within(c, a, b, true);
			check_within(c, b, a, false);
		}
	}
}

void policy_check_conflicts(const struct policy *policy, struct diag *diag)
{
	struct conflicts c = {.policy = policy, .diag = diag, .left = SITE_MAX_PAIRS};
	size_t n = 0;

	c.hulls = mem_resize(NULL, policy->flows.n, sizeof(*c.hulls));
	for (size_t i = 0; i < policy->flows.n;) {
		const struct deployment *dep = policy->flows.at[i].dep;
		struct span span = {dep, &c.hulls[n], 0};

		for (; i < policy->flows.n && policy->flows.at[i].dep == dep; i++)
			if (policy->flows.at[i].state == FLOW_IN_FORCE)
				c.hulls[n++] = hull_of(&policy->flows.at[i], (uint32_t)i);
		span.n = (size_t)(&c.hulls[n] - span.at);
		qsort(&c.hulls[n - span.n], span.n, sizeof(*c.hulls), hull_order);
		check_within(&c, &span, &span, true);
		vec_each(peer, &dep->edge)
			if (peer->public.addr)
				vec_add(&c.sharers, ((struct sort_item){peer->public.addr,
									(uint32_t)c.spans.n}));
		vec_add(&c.spans, span);
	}
	sort_items(c.sharers.at, c.sharers.n);
	check_sharers(&c);
	free(c.hulls);
	vec_free(&c.spans);
	vec_free(&c.sharers);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rows that want different things of the same packets. */
#include "policy.h"

#include "jgfw/index.h"
#include "jgfw/sort.h"

#include <netinet/in.h>

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
	if (a->state != FLOW_IN_FORCE || b->state != FLOW_IN_FORCE ||
	    !policy->meet[a->from][b->from] || a->proto != b->proto ||
	    (a->proto == IPPROTO_ICMP && a->row->icmp_type != b->row->icmp_type) ||
	    !ports_overlap(a->sport, b->sport) || !ports_overlap(a->dport, b->dport) ||
	    !differ(policy, a, b) || !parties_overlap(&a->src, &b->src))
		return;
	diag_error(diag, b->row->of_site ? b->row->loc : b->dep->name.loc, "row-conflict",
		   "row '%s' of '%s' and row '%s' of '%s' translate the same packets differently",
		   b->row->id.text, b->dep->name.text, a->row->id.text, a->dep->name.text);
	diag_note(diag, a->row->loc, "row '%s' is here", a->row->id.text);
}

struct span {
	size_t begin, end; /* of a deployment's flows */
};

static void check_spans(const struct policy *policy, struct span a, struct span b,
			struct diag *diag)
{
	for (size_t i = a.begin; i < a.end; i++)
		for (size_t k = a.begin == b.begin ? i + 1 : b.begin; k < b.end; k++)
			check_flows(policy, &policy->flows.at[i], &policy->flows.at[k], diag);
}

void policy_check_conflicts(const struct policy *policy, struct diag *diag)
{
	struct {
		VEC(struct span);
	} spans = {0};
	struct {
		VEC(struct sort_item);
	} sharers = {0}; /* public addresses, and the span whose each is */
	struct index pairs = {0};

	for (size_t i = 0; i < policy->flows.n;) {
		const struct deployment *dep = policy->flows.at[i].dep;
		struct span span = {i, i};

		while (span.end < policy->flows.n && policy->flows.at[span.end].dep == dep)
			span.end++;
		check_spans(policy, span, span, diag);
		vec_each(peer, &dep->edge)
			if (peer->public.addr)
				vec_add(&sharers,
					((struct sort_item){peer->public.addr, (uint32_t)spans.n}));
		vec_add(&spans, span);
		i = span.end;
	}
	/* deployments that share an Expressway-E, each with each, once */
	sort_items(sharers.at, sharers.n);
	for (size_t i = 1, first = 0; i < sharers.n; i++) {
		if (sharers.at[i].key != sharers.at[first].key)
			first = i;
		for (size_t k = first; k < i; k++) {
			const uint32_t pair[] = {sharers.at[k].index, sharers.at[i].index};
			void **seen = index_find(&pairs, pair, sizeof(pair));

			if (!*seen)
				check_spans(policy, spans.at[pair[0]], spans.at[pair[1]], diag);
			*seen = &pairs;
		}
	}
	index_free(&pairs);
	vec_free(&spans);
	vec_free(&sharers);
}

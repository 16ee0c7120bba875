/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packets of flows that exist: what the kernel would remember of them. */
#include "known.h"

#include "jgfw/base/icmp.h"
#include "tracer.h"
#include "walk.h"

#include <netinet/in.h>
#include <string.h>

#include <linux/netfilter.h>

enum {
	/* linux/netfilter/nf_conntrack_common.h: of flows that were answered */
	CT_STATUS_SEEN_REPLY = 1 << 1,
	CT_STATUS_CONFIRMED = 1 << 3,
	CT_STATUS_ANSWERED = CT_STATUS_SEEN_REPLY | CT_STATUS_CONFIRMED,
};

/* What is left of the status that a flow began with; others of its bits come with time. */
static void remember_status(struct packet *p, uint32_t status)
{
	p->ct_status = status | CT_STATUS_ANSWERED;
	p->ct_status_unknown = ~(uint32_t)(CT_STATUS_ANSWERED | CT_STATUS_SNAT | CT_STATUS_DNAT);
}

/* What a flow's packets of the other direction are translated to: back to what it was sent as. */
void flow_turn_around(const struct packet *sent, const struct packet *arrived, struct run *reply)
{
	if (ends_differ(sent->saddr, sent->sport, arrived->saddr, arrived->sport) ||
	    arrived->saddr_unknown)
		reply->dnat = (struct translation){
			.is_set = true, .has_port = true, .addr = sent->saddr, .port = sent->sport};
	if (ends_differ(sent->daddr, sent->dport, arrived->daddr, arrived->dport))
		reply->snat = (struct translation){
			.is_set = true, .has_port = true, .addr = sent->daddr, .port = sent->dport};
	remember_status(&reply->packet, arrived->ct_status);
}

/* An established flow is translated as the rules would translate it now. */
static void remember_opening(struct tracer *t, struct run *run)
{
	struct run opening = {.packet = run->packet};
	enum run_fate fate;

	opening.packet.ct_state = CT_STATE_NEW;
	fate = tracer_pass_silently(t, &opening);
	run->dnat = opening.dnat;
	run->snat = opening.snat;
	remember_status(&run->packet, opening.packet.ct_status);
	if (fate == RUN_DROP)
		tracer_note(t, "no rule would let such a flow begin now; %s is taken as given",
			    probe_state_name(t->trace->probe.state));
}

/* An error of ICMP is translated as the flow that it tells of: to a public address, as one to it.
 */
static void remember_error(struct tracer *t, struct run *run)
{
	vec_each(dep, &t->gw->site->deployments)
		vec_each(peer, &(*dep)->edge) {
			uint32_t behind = peer->nics[(*dep)->model->behind].addr;

			if (peer->public.addr != run->packet.daddr || !behind || run->dnat.is_set)
				continue;
			run->dnat = (struct translation){.is_set = true, .addr = behind};
			tracer_note(t, "it is taken to be about a flow that is translated to %s",
				    tracer_dotted(t, behind));
		}
}

/* Was the flow that @opening begins answered by @reply? */
static bool answers(const struct run *reply, const struct run *opening)
{
	const struct packet *a = &reply->packet, *b = &opening->packet;

	return a->saddr == b->daddr && a->daddr == b->saddr && !b->saddr_unknown &&
	       (!proto_has_ports(a->l4proto) || (a->sport == b->dport && a->dport == b->sport));
}

/* Try whether a flow from @saddr to @daddr : @dport is what @run answers, and remember it. */
static bool try_origin(struct tracer *t, struct run *run, uint32_t saddr, uint32_t daddr,
		       uint16_t dport)
{
	const struct way out = t->out;
	struct way from;

	if (way_find(t->gw, saddr, &t->trace->arena, &from, t->diag) || !from.oifs.n)
		return false;
	t->out = way_by(run->packet.iif, &t->trace->arena);
	for (size_t i = 0; i < from.oifs.n; i++) {
		struct run opening = {.packet = run->packet};
		struct packet sent;
		enum run_fate fate;

		opening.packet.iif = from.oifs.at[i];
		opening.packet.saddr = saddr;
		opening.packet.sport = run->packet.dport;
		opening.packet.daddr = daddr;
		opening.packet.dport = dport;
		opening.packet.icmp_type = icmp_other_direction(run->packet.icmp_type);
		opening.packet.ct_state = CT_STATE_NEW;
		sent = opening.packet;
		fate = tracer_pass_silently(t, &opening);
		if (fate != RUN_ACCEPT || !answers(run, &opening))
			continue;
		t->out = out;
		flow_turn_around(&sent, &opening.packet, run);
		return true;
	}
	t->out = out;
	return false;
}

/* Rows that translate a port to the one that the reply comes from. */
static bool try_rows(struct tracer *t, struct run *run, uint32_t saddr,
		     const struct deployment *dep, const struct rows *rows, uint32_t public)
{
	struct arena *arena = &t->trace->arena;

	vec_each(row, rows) {
		struct range_set to = row_ports(dep, &row->translate, arena);
		struct range_set dport = row_ports(dep, &row->dport, arena);

		if (to.n && dport.n && to.at[0].lo == run->packet.sport &&
		    try_origin(t, run, saddr, public, (uint16_t)dport.at[0].lo))
			return true;
	}
	return false;
}

/* Flows to a public address that lead to where the reply comes from. */
static bool try_publics(struct tracer *t, struct run *run, uint32_t saddr)
{
	const struct packet *p = &run->packet;

	vec_each(dep, &t->gw->site->deployments)
		vec_each(peer, &(*dep)->edge) {
			uint32_t public = peer->public.addr;

			if (peer->nics[(*dep)->model->behind].addr == p->saddr &&
			    (try_origin(t, run, saddr, public, p->sport) ||
			     try_rows(t, run, saddr, *dep, &(*dep)->model->rows, public) ||
			     try_rows(t, run, saddr, *dep, &(*dep)->rows, public)))
				return true;
		}
	return false;
}

/* Which flow would the packet be the reply of? */
static void remember_answered(struct tracer *t, struct run *run)
{
	const struct packet *p = &run->packet;

	if (p->nfproto != NFPROTO_IPV4 || try_origin(t, run, p->daddr, p->saddr, p->sport) ||
	    try_publics(t, run, p->daddr))
		return;
	/* an Expressway-E that opened it with its public address */
	vec_each(dep, &t->gw->site->deployments)
		vec_each(peer, &(*dep)->edge)
			for (size_t i = 0; i < (*dep)->model->n_nics; i++)
				if (peer->public.addr == p->daddr && peer->nics[i].addr &&
				    (try_origin(t, run, peer->nics[i].addr, p->saddr, p->sport) ||
				     try_publics(t, run, peer->nics[i].addr)))
					return;
	tracer_note(t,
		    "no flow that the rules would let begin now is answered by it; state=reply is "
		    "taken as given");
}

void flow_remember(struct tracer *t, struct run *run)
{
	switch (t->trace->probe.state) {
	case STATE_NEW:
	case STATE_INVALID:
	case STATE_UNTRACKED:
		break;
	case STATE_ESTABLISHED:
		remember_opening(t, run);
		break;
	case STATE_RELATED:
		if (run->packet.nfproto == NFPROTO_IPV4 && run->packet.l4proto == IPPROTO_ICMP)
			remember_error(t, run);
		else
			remember_opening(t, run);
		break;
	case STATE_REPLY:
		remember_answered(t, run);
		break;
	}
	if (t->trace->probe.state != STATE_NEW && !run->packet.ct_status)
		run->packet.ct_status_unknown = UINT32_MAX;
}

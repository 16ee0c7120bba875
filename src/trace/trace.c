/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "jgfw/trace/trace.h"

#include "jgfw/base/icmp.h"
#include "known.h"
#include "tracer.h"
#include "walk.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include <linux/netfilter.h>

/* --- packets -------------------------------------------------------------------------------- */

static struct packet packet_of(const struct probe *probe)
{
	static const uint32_t states[] = {
		[STATE_NEW] = CT_STATE_NEW,	      [STATE_ESTABLISHED] = CT_STATE_ESTABLISHED,
		[STATE_REPLY] = CT_STATE_ESTABLISHED, [STATE_RELATED] = CT_STATE_RELATED,
		[STATE_INVALID] = CT_STATE_INVALID,   [STATE_UNTRACKED] = CT_STATE_UNTRACKED,
	};

	return (struct packet){
		.iif = probe->in,
		.nfproto = probe->nfproto,
		.l4proto = probe->l4proto,
		.saddr = probe->src.addr,
		.daddr = probe->dst.addr,
		.sport = probe->src.port,
		.dport = probe->dst.port,
		.icmp_type = probe->icmp_type,
		.ct_state = states[probe->state],
	};
}

/* --- what is missing in the question -------------------------------------------------------- */

static int no_interface(struct tracer *t, struct loc loc, const char *name)
{
	diag_error(t->diag, loc, "bad-packet",
		   "'%s' is no zone of this gateway's, and no interface of its zones", name);
	return -EINVAL;
}

/* in= as an interface. */
static int find_in(struct tracer *t)
{
	struct probe *p = &t->trace->probe;
	struct way way = {0};
	int zone, r;

	if (p->in && site_has_interface(t->gw->site, p->in))
		return 0;
	zone = p->in ? zone_by_name(t->gw->site, p->in) : -1;
	if (zone >= 0) {
		way = way_of_zone(t->gw->site, (enum zone)zone, &t->trace->arena);
	} else if (p->in) {
		for (int z = 0; z < ZONE_COUNT; z++)
			if (!strcmp(zone_name((enum zone)z), p->in))
				return no_interface(t, p->in_loc, p->in);
		tracer_note(t, "%s is no interface of this site's zones", p->in);
		return 0;
	} else if (p->nfproto == NFPROTO_IPV4) {
		r = way_find(t->gw, p->src.addr, &t->trace->arena, &way, t->diag);
		if (r)
			return r;
	}
	if (!way.oifs.n || way.guessed) {
		diag_error(t->diag, p->src.loc, "bad-packet",
			   "which interface this comes in by is not known: say in=INTERFACE");
		return -EINVAL;
	}
	if (!p->in)
		tracer_note(t, "in=%s: the way to the source", way.oifs.at[0]);
	else if (way.oifs.n > 1)
		tracer_note(t, "%s has %zu interfaces; in=%s is taken", p->in, way.oifs.n,
			    way.oifs.at[0]);
	p->in = way.oifs.at[0];
	return 0;
}

static int find_out(struct tracer *t)
{
	struct probe *p = &t->trace->probe;
	int zone;

	t->out = (struct way){.kind = HOP_OUT, .zone = -1};
	if (!p->out)
		return 0;
	zone = site_has_interface(t->gw->site, p->out) ? -1 : zone_by_name(t->gw->site, p->out);
	if (zone >= 0) {
		t->out = way_of_zone(t->gw->site, (enum zone)zone, &t->trace->arena);
		return 0;
	}
	for (int z = 0; z < ZONE_COUNT; z++)
		if (!strcmp(zone_name((enum zone)z), p->out) &&
		    !site_has_interface(t->gw->site, p->out))
			return no_interface(t, p->out_loc, p->out);
	t->out = way_by(p->out, &t->trace->arena);
	return 0;
}

/* A source port that the nearest row allows. */
static void find_source_port(struct tracer *t)
{
	struct probe *p = &t->trace->probe;
	struct sighting seen = {t->gw->site, p, p->in, NULL};
	struct near near;

	if (!p->has_ports || p->src.has_port)
		return;
	near_find(&seen, &t->trace->arena, &near);
	p->src.port = USUAL_SOURCE_PORT;
	if (near.sport.n) {
		bool usual = false;

		for (size_t i = 0; i < near.sport.n; i++)
			usual |= near.sport.at[i].lo <= USUAL_SOURCE_PORT &&
				 near.sport.at[i].hi >= USUAL_SOURCE_PORT;
		if (!usual)
			p->src.port = (uint16_t)near.sport.at[0].lo;
	}
	p->src.has_port = true;
	if (near.row && near.sport.n)
		tracer_note(t, "source port %u is taken, which %s of %s allows", p->src.port,
			    near.row->id.text, near.dep->name.text);
	else
		tracer_note(t, "source port %u is taken", p->src.port);
}

static void find_state(struct tracer *t)
{
	struct probe *p = &t->trace->probe;

	if (p->has_state || p->l4proto != IPPROTO_ICMP || icmp_type_opens_flow(p->icmp_type))
		return;
	p->state = STATE_INVALID;
	tracer_note(t,
		    "this type of ICMP opens no flow: without state=related or state=reply it is "
		    "invalid");
}

/* --- the packet and its reply --------------------------------------------------------------- */

static void tell_way(struct tracer *t, const struct run *run)
{
	struct trace *trace = t->trace;

	trace->arrived = run->packet;
	trace->arrived.oif = t->local ? NULL : t->oif;
	trace->local = t->local;
	if (run->dnat.is_set &&
	    ends_differ(trace->sent.daddr, trace->sent.dport, run->packet.daddr, run->packet.dport))
		trace->dnat = run->dnat;
	if (run->snat.is_set &&
	    (run->packet.saddr_unknown || ends_differ(trace->sent.saddr, trace->sent.sport,
						      run->packet.saddr, run->packet.sport)))
		trace->snat = run->snat;
}

static void send_reply(struct tracer *t)
{
	struct trace *trace = t->trace;
	const struct packet *there = &trace->arrived;
	struct run run = {.packet = *there};
	struct packet *p = &run.packet;

	p->iif = there->oif;
	p->oif = NULL;
	p->saddr = there->daddr;
	p->sport = there->dport;
	p->daddr = there->saddr;
	p->dport = there->sport;
	p->saddr_unknown = false;
	p->daddr_unknown = there->saddr_unknown;
	p->icmp_type = icmp_other_direction(there->icmp_type);
	p->ct_state = CT_STATE_ESTABLISHED;
	flow_turn_around(&trace->sent, there, &run);
	trace->reply.told = true;
	trace->reply.probe = trace->probe;
	trace->reply.probe.in = p->iif;
	trace->reply.probe.out = NULL;
	trace->reply.probe.state = STATE_REPLY;
	trace->reply.probe.icmp_type = p->icmp_type;
	trace->reply.probe.src.addr = p->saddr;
	trace->reply.probe.src.port = p->sport;
	trace->reply.probe.dst.addr = p->daddr;
	trace->reply.probe.dst.port = p->dport;
	t->steps = &trace->reply.steps;
	t->reason = NULL;
	t->out = way_by(trace->sent.iif, &trace->arena);
	trace->reply.fate = tracer_pass(t, &run);
	trace->reply.reason = t->reason;
	trace->reply.arrived = run.packet;
	trace->reply.arrived.oif = trace->sent.iif;
}

static void find_nearest(struct tracer *t)
{
	struct trace *trace = t->trace;
	/* where an untranslated packet is for the gateway, no interface is to be told */
	const char *oif = trace->dnat.is_set || trace->local ? NULL : t->oif;
	struct sighting seen = {t->gw->site, &trace->probe, trace->probe.in, oif};
	struct way way;

	if (!oif && !trace->dnat.is_set && trace->probe.out)
		seen.oif = t->out.oifs.n ? t->out.oifs.at[0] : NULL;
	else if (!oif && !trace->local && !trace->dnat.is_set &&
		 trace->probe.nfproto == NFPROTO_IPV4 &&
		 !way_find(t->gw, trace->probe.dst.addr, &trace->arena, &way, t->diag) &&
		 way.oifs.n && !way.guessed)
		seen.oif = way.oifs.at[0];
	near_find(&seen, &trace->arena, &trace->nearest);
}

static int go(struct tracer *t)
{
	struct trace *trace = t->trace;
	struct sighting seen = {t->gw->site, &trace->probe, NULL, NULL};
	struct run run = {0};
	int r = find_in(t);

	if (!r)
		r = find_out(t);
	if (r)
		return r;
	find_source_port(t);
	find_state(t);
	seen.iif = trace->probe.in;
	near_matches(&seen, &t->matches);
	run.packet = trace->sent = packet_of(&trace->probe);
	flow_remember(t, &run);
	trace->fate = tracer_pass(t, &run);
	trace->reason = t->reason;
	if (t->error)
		return t->error;
	tell_way(t, &run);
	if (trace->fate != RUN_ACCEPT)
		find_nearest(t);
	else if (trace->probe.state == STATE_NEW && !trace->local && t->oif &&
		 trace->probe.nfproto == NFPROTO_IPV4)
		send_reply(t);
	return t->error;
}

int trace_packet(const struct gateway *gateway, const struct probe *probe, struct trace *ret_trace,
		 struct diag *diag)
{
	struct tracer t = {
		.gw = gateway, .trace = ret_trace, .diag = diag, .left = TRACE_MAX_RULES};
	int r;

	*ret_trace = (struct trace){.probe = *probe};
	t.steps = &ret_trace->steps;
	t.runner = runner_new_all(gateway->rulesets, gateway->n_rulesets);
	for (size_t i = 0; i < gateway->n_rulesets; i++)
		vec_each(chain, &gateway->rulesets[i]->table.chains)
			*index_find(&t.rulesets, chain, sizeof(*chain)) =
				(void *)(uintptr_t)gateway->rulesets[i];
	r = go(&t);
	index_free(&t.rulesets);
	runner_free(t.runner);
	vec_free(&t.matches);
	return r;
}

void trace_free(struct trace *trace)
{
	arena_free(&trace->arena);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A packet from interface to interface. */
#include "walk.h"

#include "origin.h"
#include "tracer.h"

#include <stdio.h>
#include <string.h>

#include <linux/netfilter.h>

void tracer_note(struct tracer *t, const char *fmt, ...)
{
	va_list ap;
	char *text;

	if (!t->steps)
		return;
	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		mem_exhausted();
	va_end(ap);
	vec_add_in(&t->trace->arena, &t->trace->notes,
		   arena_copy(&t->trace->arena, text, strlen(text)));
	free(text);
}

const char *tracer_dotted(struct tracer *t, uint32_t addr)
{
	struct buf text = {0};
	const char *copy;

	buf_ipv4(&text, addr);
	copy = arena_copy(&t->trace->arena, text.at, text.n);
	buf_free(&text);
	return copy;
}

/* --- steps ---------------------------------------------------------------------------------- */

static const char *why_undecided(const struct run_step *step)
{
	const struct expr *e = step->at < step->rule->n ? &step->rule->at[step->at] : NULL;

	if (e && e->kind == EXPR_UNKNOWN)
		return "a rule hangs on an expression that jgfw does not know";
	return "a rule hangs on what the packet does not tell";
}

static void take_step(const struct run_step *step, void *arg)
{
	struct tracer *t = arg;
	const struct ruleset *rs;
	struct trace_step *s;

	if (step->result == RULE_FAILED)
		return;
	if (step->result == RULE_UNDECIDED)
		t->reason = why_undecided(step);
	if (!t->steps)
		return;
	if (t->steps->n == TRACE_MAX_STEPS)
		t->left = 0;
	rs = index_get(&t->rulesets, &step->chain, sizeof(step->chain));
	s = vec_push_in(&t->trace->arena, t->steps);
	*s = (struct trace_step){.hook = t->hook, .run = *step, .table = &rs->table};
	if (step->nat)
		s->to = step->nat->nat.kind == NAT_DNAT ? t->run->dnat : t->run->snat;
	if (step->rule && table_is_ours(&rs->table))
		origin_find(t, rs, s);
	if (step->by_chance && step->result == RULE_DECIDED)
		tracer_note(t,
			    "a limit in chain %s is taken as kept; at another time it may not be",
			    step->chain->name);
}

static enum run_fate at_hook(struct tracer *t, enum hook hook, struct run *run)
{
	enum run_fate fate;

	t->hook = hook;
	t->run = run;
	run->step = take_step;
	run->arg = t;
	run->left = &t->left;
	fate = run_hook(t->runner, hook, run);
	if (fate == RUN_UNDECIDED && !t->left)
		t->reason = arena_printf(&t->trace->arena,
					 "its way is too long: more than %d rules match, or more "
					 "than %d are tried",
					 TRACE_MAX_STEPS, TRACE_MAX_RULES);
	else if (fate == RUN_UNDECIDED && !t->reason)
		t->reason = "of two hooks with one priority it is not known which comes first";
	return fate;
}

/* --- from interface to interface ------------------------------------------------------------ */

/* Where a packet comes to the gateway (@hook is that of ingress) and leaves it: a bridge's own
 * hooks count, too. */
static bool is_at_device(const struct table *table, const struct chain *chain, enum hook hook)
{
	bool comes = hook == HOOK_INGRESS;

	if (!chain->is_base || table->dormant)
		return false;
	if (table->family != NFPROTO_BRIDGE)
		return chain->hook == hook;
	return chain->hook == (comes ? HOOK_PREROUTING : HOOK_POSTROUTING) ||
	       chain->hook == (comes ? HOOK_INPUT : HOOK_OUTPUT);
}

/* Chains at devices: whether the packet's interface is among theirs is not known. */
static enum run_fate at_device(struct tracer *t, enum hook hook, const struct run *run)
{
	for (size_t i = 0; i < t->gw->n_rulesets; i++)
		vec_each(chain, &t->gw->rulesets[i]->table.chains) {
			struct run copy = *run;

			copy.step = NULL;
			copy.left = &t->left;
			copy.packet.ct_state = CT_STATE_INVALID; /* not known yet */
			if (!is_at_device(&t->gw->rulesets[i]->table, *chain, hook) ||
			    run_chain(t->runner, *chain, &copy) == RUN_ACCEPT)
				continue;
			t->reason = arena_printf(&t->trace->arena,
						 "chain %s of table %s may drop it at a device",
						 (*chain)->name, t->gw->rulesets[i]->table.name);
			return RUN_UNDECIDED;
		}
	return RUN_ACCEPT;
}

static enum run_fate forward(struct tracer *t, struct run *run, const char *oif)
{
	enum run_fate fate;

	run->packet.oif = oif;
	fate = at_hook(t, HOOK_FORWARD, run);
	if (fate == RUN_ACCEPT)
		fate = at_hook(t, HOOK_POSTROUTING, run);
	return fate == RUN_ACCEPT ? at_device(t, HOOK_EGRESS, run) : fate;
}

static enum run_fate forward_silently(struct tracer *t, const struct run *run, const char *oif)
{
	struct trace_steps *steps = t->steps;
	const char *reason = t->reason;
	struct run copy = *run;
	enum run_fate fate;

	t->steps = NULL;
	fate = forward(t, &copy, oif);
	t->steps = steps;
	t->reason = reason;
	return fate;
}

/* The first that the packet did not come in by, if there is one. */
static const char *other_interface(const struct way *way, const char *iif)
{
	vec_each(oif, &way->oifs)
		if (strcmp(*oif, iif) != 0)
			return *oif;
	return way->oifs.n ? way->oifs.at[0] : NULL;
}

/* One of several interfaces: the one that lets the packet through, if any does. */
static const char *choose_oif(struct tracer *t, const struct run *run, const struct way *way,
			      bool *ret_differ)
{
	static const int ranks[] = {[RUN_DROP] = 0, [RUN_UNDECIDED] = 1, [RUN_ACCEPT] = 2};
	const char *best = other_interface(way, run->packet.iif);
	enum run_fate first, best_fate;

	*ret_differ = false;
	if (way->oifs.n < 2)
		return best;
	first = best_fate = forward_silently(t, run, best);
	vec_each(oif, &way->oifs) {
		enum run_fate fate = forward_silently(t, run, *oif);

		*ret_differ |= fate != first;
		if (ranks[fate] <= ranks[best_fate])
			continue;
		best = *oif;
		best_fate = fate;
	}
	return best;
}

static enum run_fate go_out(struct tracer *t, struct run *run, const struct way *way)
{
	bool differ;
	const char *oif = choose_oif(t, run, way, &differ);

	if (way->guessed && differ) {
		t->reason = arena_printf(&t->trace->arena,
					 "which interface leads to %s is not known: give it with "
					 "out= (by %s it would get through)",
					 tracer_dotted(t, run->packet.daddr), oif);
		return RUN_UNDECIDED;
	}
	if (way->guessed)
		tracer_note(t, "which interface leads to the destination is not known; it makes no "
			       "difference here");
	else if (way->oifs.n > 1)
		tracer_note(t, "%s has %zu interfaces; %s is taken%s",
			    zone_name((enum zone)way->zone), way->oifs.n, oif,
			    differ ? ", which lets it through" : "");
	t->oif = way->guessed ? NULL : oif;
	return forward(t, run, oif);
}

static enum run_fate route(struct tracer *t, struct run *run)
{
	const struct packet *p = &run->packet;
	struct way way = t->out;

	if (!way.oifs.n && (p->nfproto != NFPROTO_IPV4 || p->daddr_unknown))
		way = way_unknown(t->gw->site, &t->trace->arena);
	else if (!way.oifs.n)
		t->error = way_find(t->gw, p->daddr, &t->trace->arena, &way, t->diag);
	if (t->error)
		return RUN_UNDECIDED;
	switch (way.kind) {
	case HOP_LOCAL:
		t->local = true;
		return at_hook(t, HOOK_INPUT, run);
	case HOP_OUT:
		return go_out(t, run, &way);
	case HOP_NONE:
		break;
	}
	t->reason =
		arena_printf(&t->trace->arena, "no route leads to %s", tracer_dotted(t, p->daddr));
	return RUN_UNDECIDED;
}

/* All the way through the gateway; what of it is told goes to t->steps. */
enum run_fate tracer_pass(struct tracer *t, struct run *run)
{
	enum run_fate fate = at_device(t, HOOK_INGRESS, run);

	t->oif = NULL;
	t->local = false;
	if (fate == RUN_ACCEPT)
		fate = at_hook(t, HOOK_PREROUTING, run);
	return fate == RUN_ACCEPT ? route(t, run) : fate;
}

enum run_fate tracer_pass_silently(struct tracer *t, struct run *run)
{
	struct trace_steps *steps = t->steps;
	enum run_fate fate;

	t->steps = NULL;
	fate = tracer_pass(t, run);
	t->steps = steps;
	t->reason = NULL;
	return fate;
}

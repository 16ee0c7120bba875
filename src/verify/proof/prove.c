/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What should be beside what is, for every kind of packet. */
#include "assertion.h"
#include "finding.h"
#include "jgfw/verify/expected/zones.h"
#include "names.h"
#include "properties.h"
#include "rows.h"
#include "sources.h"

#include <string.h>

#include <linux/netfilter.h>

/* --- comparisons ---------------------------------------------------------------------------- */

enum {
	STRICTLY = 1 << 0,   /* what is not the table's to say is left as it is, too */
	DROPS_ONLY = 1 << 1, /* only what should be dropped is looked at */
};

/** struct comparing - how terminals are compared */
struct comparing {
	struct prover *p;
	unsigned int flags;
};

/* Others may do with packets that are not ours what they like, but make them ours. */
static enum comparison compare_others(const struct prover *p, uint32_t found)
{
	struct outcome o;
	uint32_t packet[VARS] = {0};

	if (!terminal_outcome(&p->space, found, &o))
		return SAME;
	packet[VAR_DADDR] = o.daddr;
	packet[VAR_SADDR] = o.saddr;
	packet[VAR_SOURCE] = space_source(&p->space, o.saddr);
	if ((o.has_daddr &&
	     diagram_eval(p->space.d, p->expected.to_own, packet, VARS) == TERMINAL_YES) ||
	    (o.has_saddr &&
	     diagram_eval(p->space.d, p->expected.from_own, packet, VARS) == TERMINAL_YES))
		return DIFFERENT;
	return SAME;
}

static enum comparison compare_terminals(const struct comparing *c, uint32_t wanted, uint32_t found)
{
	if (wanted == TERMINAL_EITHER || ((c->flags & DROPS_ONLY) && wanted != TERMINAL_DROP))
		return SAME;
	if (wanted == found)
		return SAME;
	if (found == TERMINAL_UNKNOWN)
		return UNDECIDED;
	if (wanted != TERMINAL_NOT_OURS)
		return DIFFERENT;
	if (c->flags & STRICTLY)
		return found == TERMINAL_ACCEPT ? SAME : DIFFERENT;
	return compare_others(c->p, found);
}

static bool compare_fn(node a, node b, void *arg, node *ret)
{
	const struct comparing *c = arg;

	/* no function wants what is not understood */
	*ret = terminal(SAME);
	if (a == b || a == terminal(TERMINAL_EITHER))
		return true;
	if (!is_terminal(a) || !is_terminal(b))
		return false;
	*ret = terminal(compare_terminals(c, terminal_value(a), terminal_value(b)));
	return true;
}

/* @wanted beside @found, into the finding number @finding. */
static void compare(struct prover *p, size_t finding, const struct scene *scene, unsigned int flags,
		    node wanted, node found)
{
	struct comparing c = {p, flags};
	struct diagrams *d = p->space.d;
	uint64_t n = diagram_paths(d, found);

	if (__builtin_add_overflow(p->proof->classes, n, &p->proof->classes))
		p->proof->classes = UINT64_MAX;
	finding_compare(p, finding, scene,
			diagram_apply(d, diagram_op(d), compare_fn, &c, wanted, found), wanted,
			found);
}

/* --- packets that are forwarded --------------------------------------------------------------- */

static const struct {
	enum probe_state state;
	uint32_t ct_state;
} states[] = {{STATE_NEW, CT_STATE_NEW},
	      {STATE_ESTABLISHED, CT_STATE_ESTABLISHED},
	      {STATE_RELATED, CT_STATE_RELATED},
	      {STATE_INVALID, CT_STATE_INVALID},
	      {STATE_UNTRACKED, CT_STATE_UNTRACKED}};

/* With other tables around, jgfw's own is looked at by itself, too: what others let pass or drop
 * besides is theirs. */
static bool has_both(const struct prover *p)
{
	return p->has_own && p->has_others;
}

static void prove_new(struct prover *p)
{
	struct scene scene = {NFPROTO_IPV4, STATE_NEW, FORWARDED};
	size_t f = p->proof->findings.n;

	finding_add(p, "new",
		    "new flows are forwarded and translated as the rows say, and no others");
	compare(p, f, &scene, p->has_others ? 0 : STRICTLY, p->expected.fresh, p->fresh);
	if (has_both(p))
		compare(p, f, &scene, STRICTLY, p->expected.fresh,
			pipeline_forward(&p->own, NFPROTO_IPV4, CT_STATE_NEW));
}

static void prove_flowless(struct prover *p)
{
	size_t f = p->proof->findings.n;

	finding_add(p, "invalid", "invalid and untracked packets are dropped");
	for (size_t i = 0; i < ARRAY_SIZE(states); i++) {
		struct scene scene = {NFPROTO_IPV4, states[i].state, FORWARDED};
		uint32_t state = states[i].ct_state;
		node wanted = p->expected.invalid;

		if (state == CT_STATE_UNTRACKED)
			wanted = p->expected.untracked;
		else if (state != CT_STATE_INVALID)
			continue;
		compare(p, f, &scene, p->has_others ? 0 : STRICTLY, wanted,
			pipeline_forward(&p->all, NFPROTO_IPV4, state));
		if (has_both(p))
			compare(p, f, &scene, STRICTLY, wanted,
				pipeline_forward(&p->own, NFPROTO_IPV4, state));
	}
}

static node as_fate(struct space *s, node f)
{
	return replace_terminal(s, f, TERMINAL_ELSE, TERMINAL_ACCEPT);
}

/* @condition must pass; of the rest nothing is said. */
static node must_pass(struct space *s, node condition)
{
	return seq(s, guard(s, condition, terminal(TERMINAL_ACCEPT)), terminal(TERMINAL_EITHER));
}

/* What rows allow must pass there, where anything does not. */
static void compare_flows(struct prover *p, size_t f, const struct scene *scene,
			  enum flow_point point, node found)
{
	struct space *s = &p->space;
	const struct expected *e = &p->expected;
	node flows, none;

	found = as_fate(s, found);
	if (found == terminal(TERMINAL_ACCEPT))
		return;
	flows = expected_flows(s, p->site, point);
	/* flows with an own address as source never begin, nor do replies leave to one */
	none = either(s, e->spoofed, both(s, in_zone(s, p->site, VAR_OIF, ZONE_WAN), e->to_own));
	compare(p, f, scene, 0, must_pass(s, both(s, flows, negation(s, none))), found);
}

/* Packets of flows that began before: what rows allow passes through all tables, and jgfw's own
 * lets everything pass that is not sent to a public address from outside. */
static void prove_flows(struct prover *p)
{
	struct space *s = &p->space;
	const struct expected *e = &p->expected;
	size_t f = p->proof->findings.n;
	node dedicated =
		p->site->public_shared ? terminal(TERMINAL_NO) : both(s, e->from_wan, e->to_public);

	finding_add(p, "established",
		    "established and related packets of flows that the rows allow pass");
	for (size_t i = 0; i < ARRAY_SIZE(states); i++) {
		struct scene scene = {NFPROTO_IPV4, states[i].state, FORWARDED};
		uint32_t state = states[i].ct_state;
		bool related = state == CT_STATE_RELATED;

		if (!related && state != CT_STATE_ESTABLISHED)
			continue;
		compare_flows(p, f, &scene, related ? ERRORS_ARRIVING : FLOWS_ARRIVING,
			      pipeline_arrival(&p->all, NFPROTO_IPV4, state));
		compare_flows(p, f, &scene, related ? ERRORS_PASSING : FLOWS_PASSING,
			      pipeline_passage(&p->all, NFPROTO_IPV4, state, false));
		if (!p->has_own)
			continue;
		compare(p, f, &scene, STRICTLY, must_pass(s, negation(s, dedicated)),
			as_fate(s, pipeline_arrival(&p->own, NFPROTO_IPV4, state)));
		compare(p, f, &scene, STRICTLY, terminal(TERMINAL_ACCEPT),
			as_fate(s, pipeline_passage(&p->own, NFPROTO_IPV4, state, false)));
	}
}

static node forward6(const struct pipeline *all, uint32_t state)
{
	if (state == CT_STATE_ESTABLISHED || state == CT_STATE_RELATED)
		return as_fate(all->symbolic->space,
			       seq(all->symbolic->space, pipeline_arrival(all, NFPROTO_IPV6, state),
				   pipeline_passage(all, NFPROTO_IPV6, state, false)));
	return pipeline_forward(all, NFPROTO_IPV6, state);
}

static void prove_ipv6(struct prover *p)
{
	bool closed = !p->site->judge_hosts_only;
	node wanted = terminal(closed ? TERMINAL_DROP : TERMINAL_NOT_OURS);
	size_t f = p->proof->findings.n;

	finding_add(p, "ipv6", closed ? "IPv6 is not forwarded" : "IPv6 is left alone");
	for (size_t i = 0; i < ARRAY_SIZE(states); i++) {
		struct scene scene = {NFPROTO_IPV6, states[i].state, FORWARDED};
		uint32_t state = states[i].ct_state;

		if (closed && (has_both(p) || !p->has_own))
			compare(p, f, &scene, 0, wanted, forward6(&p->all, state));
		if (p->has_own)
			compare(p, f, &scene, STRICTLY, wanted, forward6(&p->own, state));
	}
}

/* --- the gateway itself ----------------------------------------------------------------------- */

static node wanted_locally(struct prover *p, uint32_t state)
{
	struct space *s = &p->space;
	const struct expected *e = &p->expected;
	node f = terminal(TERMINAL_ACCEPT);

	if (!p->site->public_shared)
		f = seq(s, guard(s, e->to_public, terminal(TERMINAL_DROP)), f);
	if (state == CT_STATE_NEW) /* what rows translate is for another machine */
		f = seq(s, guard(s, e->translated, terminal(TERMINAL_EITHER)), f);
	if (state != CT_STATE_ESTABLISHED && state != CT_STATE_RELATED)
		f = seq(s, guard(s, e->spoofed, terminal(TERMINAL_DROP)), f);
	if (state == CT_STATE_NEW)
		f = seq(s, guard(s, e->impossible, terminal(TERMINAL_EITHER)), f);
	return f;
}

static node local(const struct pipeline *all, uint8_t nfproto, uint32_t state)
{
	struct space *s = all->symbolic->space;

	if (state == CT_STATE_ESTABLISHED || state == CT_STATE_RELATED)
		return as_fate(s, seq(s, pipeline_arrival(all, nfproto, state),
				      pipeline_passage(all, nfproto, state, true)));
	return pipeline_local(all, nfproto, state);
}

static void prove_local(struct prover *p)
{
	size_t f = p->proof->findings.n;

	finding_add(p, "gateway",
		    p->site->public_shared
			    ? "own addresses as source are refused at the gateway itself, and "
			      "nothing else"
			    : "public addresses, and own addresses as source, are refused at the "
			      "gateway itself, and nothing else");
	for (size_t i = 0; i < ARRAY_SIZE(states); i++) {
		uint32_t state = states[i].ct_state;
		struct scene scene = {NFPROTO_IPV4, states[i].state, DELIVERED};
		struct scene scene6 = {NFPROTO_IPV6, states[i].state, DELIVERED};
		node wanted = wanted_locally(p, state);

		if (has_both(p) || !p->has_own)
			compare(p, f, &scene, DROPS_ONLY, wanted,
				local(&p->all, NFPROTO_IPV4, state));
		if (!p->has_own)
			continue;
		compare(p, f, &scene, STRICTLY, wanted, local(&p->own, NFPROTO_IPV4, state));
		compare(p, f, &scene6, STRICTLY, terminal(TERMINAL_ACCEPT),
			local(&p->own, NFPROTO_IPV6, state));
	}
}

static void prove_output(struct prover *p)
{
	size_t f = p->proof->findings.n;

	finding_add(p, "output", "what the gateway sends itself is left alone");
	for (size_t i = 0; p->has_own && i < ARRAY_SIZE(states); i++) {
		struct scene scene = {NFPROTO_IPV4, states[i].state, SENT};
		struct scene scene6 = {NFPROTO_IPV6, states[i].state, SENT};
		uint32_t state = states[i].ct_state;

		compare(p, f, &scene, STRICTLY, terminal(TERMINAL_ACCEPT),
			pipeline_output(&p->own, NFPROTO_IPV4, state));
		compare(p, f, &scene6, STRICTLY, terminal(TERMINAL_ACCEPT),
			pipeline_output(&p->own, NFPROTO_IPV6, state));
	}
}

/* --- what is around --------------------------------------------------------------------------- */

static bool does_nothing(const struct chain *chain)
{
	return !chain->rules.n && !chain->policy_drop;
}

/* Chains that see packets where nothing here looks. */
static const char *blind_spot(struct prover *p)
{
	const struct chain *unclear = pipeline_unclear(&p->all);

	if (p->question->legacy)
		return "the kernel has tables of iptables beside nf_tables (iptables-legacy)";
	if (unclear)
		return arena_printf(&p->proof->arena,
				    "chain %s has the priority of nat or connection tracking: "
				    "which comes first is not known",
				    unclear->name);
	for (size_t i = 0; i < p->question->n_rulesets; i++) {
		const struct table *t = &p->question->rulesets[i]->table;
		bool ip = t->family == NFPROTO_INET || t->family == NFPROTO_IPV4 ||
			  t->family == NFPROTO_IPV6;

		vec_each(it, &t->chains) {
			const struct chain *chain = *it;

			if (t->dormant || !chain->is_base || does_nothing(chain) ||
			    t->family == NFPROTO_ARP)
				continue;
			if (!ip || chain->off_path || chain->hook == HOOK_INGRESS ||
			    chain->hook == HOOK_EGRESS)
				return arena_printf(&p->proof->arena,
						    "chain %s of table %s sees packets at devices",
						    chain->name, t->name);
		}
	}
	return NULL;
}

static void prove_around(struct prover *p)
{
	const char *spot = blind_spot(p);
	struct finding *f;

	f = finding_add(p, "hooks", "no packet meets a chain that is not looked at here");
	f->detail = spot;
	f->answer = spot ? ANSWER_UNKNOWN : ANSWER_YES;
}

/* --- all of it -------------------------------------------------------------------------------- */

static void look_at_tables(struct prover *p)
{
	const struct question *q = p->question;

	for (size_t i = 0; i < q->n_rulesets; i++) {
		p->has_own |= table_is_ours(&q->rulesets[i]->table);
		p->has_others |= !table_is_ours(&q->rulesets[i]->table);
	}
	pipeline_init(&p->all, &p->symbolic, q->rulesets, q->n_rulesets, false);
	pipeline_init(&p->own, &p->symbolic, q->rulesets, q->n_rulesets, true);
}

static void prove(struct prover *p)
{
	p->fresh = pipeline_forward(&p->all, NFPROTO_IPV4, CT_STATE_NEW);
	expected_make(&p->space, p->site, &p->expected);
	if (!p->question->assertions_only) {
		prove_new(p);
		prove_flows(p);
		prove_flowless(p);
		prove_ipv6(p);
		prove_local(p);
		prove_output(p);
		prove_rows(p);
		prove_properties(p);
		prove_around(p);
	}
	prove_assertions(p);
}

void verify(const struct question *question, struct proof *ret_proof)
{
	struct prover p = {.question = question, .site = question->site, .proof = ret_proof};
	struct arena arena = {0};
	struct names names = {0};
	struct sources sources;

	*ret_proof = (struct proof){0};
	names_collect(question, &arena, &names);
	sources_collect(question->site, question->rulesets, question->n_rulesets, &sources);
	space_init(&p.space, names.at, names.n, &sources);
	p.symbolic.space = &p.space;
	look_at_tables(&p);
	prove(&p);
	pipeline_free(&p.all);
	pipeline_free(&p.own);
	symbolic_free(&p.symbolic);
	space_free(&p.space);
	sources_free(&sources);
	vec_free(&names);
	arena_free(&arena);
}

void proof_free(struct proof *proof)
{
	arena_free(&proof->arena);
}

enum answer proof_answer(const struct proof *proof)
{
	enum answer all = ANSWER_YES;

	vec_each(f, &proof->findings) {
		if (f->answer == ANSWER_NO)
			return ANSWER_NO;
		if (f->answer == ANSWER_UNKNOWN)
			all = ANSWER_UNKNOWN;
	}
	return all;
}

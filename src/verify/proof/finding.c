/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "finding.h"

#include "jgfw/verify/space/compose.h"
#include "witness.h"

struct finding *finding_add(struct prover *p, const char *name, const char *text)
{
	struct finding *f = vec_push_in(&p->proof->arena, &p->proof->findings);

	*f = (struct finding){.name = name, .text = text, .answer = ANSWER_YES};
	return f;
}

struct weighing {
	struct space *s;
	struct index known;
};

static enum comparison worst(enum comparison a, enum comparison b)
{
	return a == DIFFERENT || b == SAME ? a : b == DIFFERENT || a == SAME ? b : a;
}

/* Below the variables of packets: by chance both branches happen, else one that nobody knows. */
static enum comparison weigh(struct weighing *x, node f)
{
	const struct edge *edges;
	enum comparison a, b, all;
	void *known;
	size_t n;

	if (is_terminal(f))
		return (enum comparison)terminal_value(f);
	known = index_get(&x->known, &f, sizeof(f));
	if (known)
		return (enum comparison)((uintptr_t)known - 1);
	edges = diagram_edges(x->s->d, f, &n);
	a = weigh(x, edges[0].to);
	b = weigh(x, edges[n - 1].to);
	all = worst(a, b);
	if (a != b && x->s->free_variables.at[diagram_var(x->s->d, f) - VARS] == FREE_UNKNOWN)
		all = UNDECIDED;
	*index_find(&x->known, &f, sizeof(f)) = (void *)((uintptr_t)all + 1);
	return all;
}

static bool weigh_fn(node a, node b, void *arg, node *ret)
{
	struct weighing *x = arg;

	(void)b;
	*ret = a;
	if (is_terminal(a))
		return true;
	if (diagram_var(x->s->d, a) < VARS)
		return false;
	*ret = terminal(weigh(x, a));
	return true;
}

/* A comparison without the boolean variables behind those of packets. */
static node weigh_free_variables(struct space *s, node comparison)
{
	struct weighing x = {.s = s};

	if (s->free_variables.n)
		comparison = diagram_apply(s->d, diagram_op(s->d), weigh_fn, &x, comparison,
					   terminal(0));
	index_free(&x.known);
	return comparison;
}

static node is_comparison(uint32_t value, void *arg)
{
	return terminal(value == *(const uint32_t *)arg ? TERMINAL_YES : TERMINAL_NO);
}

void finding_compare(struct prover *p, size_t finding, const struct scene *scene, node comparison,
		     node wanted, node found)
{
	struct finding *f = &p->proof->findings.at[finding];
	struct diagrams *d = p->space.d;
	uint32_t packet[VARS], what = DIFFERENT;
	struct witness *w;
	node where, in_full = comparison;

	if (f->answer == ANSWER_NO || comparison == terminal(SAME))
		return;
	comparison = weigh_free_variables(&p->space, comparison);
	where = diagram_map_terminals(d, comparison, is_comparison, &what);
	if (where == terminal(TERMINAL_NO) && f->answer == ANSWER_YES) {
		what = UNDECIDED;
		where = diagram_map_terminals(d, comparison, is_comparison, &what);
	}
	if (where == terminal(TERMINAL_NO))
		return;
	witness_find(p, where, packet);
	w = witness_make(p, scene, packet);
	w->provided = witness_provided(p, where, packet);
	w->wanted = witness_words(p, scene, diagram_eval(d, wanted, packet, VARS), packet);
	w->found =
		what == UNDECIDED
			? "something decides that is not understood"
			: witness_words(p, scene, witness_fate(p, in_full, found, packet), packet);
	f = &p->proof->findings.at[finding];
	f->witness = w;
	f->answer = what == DIFFERENT ? ANSWER_NO : ANSWER_UNKNOWN;
}

static node accepts(uint32_t value, void *arg)
{
	(void)arg;
	return terminal(value == TERMINAL_ACCEPT || value >= TERMINAL_FIRST_OUTCOME ? TERMINAL_YES
			: value == TERMINAL_UNKNOWN ? TERMINAL_UNKNOWN
						    : TERMINAL_NO);
}

node accepted(struct space *s, node f)
{
	return diagram_map_terminals(s->d, f, accepts, NULL);
}

/* Packets of @condition that must not get through, as a comparison. */
static bool forbid_fn(node condition, node found, void *arg, node *ret)
{
	(void)arg;
	*ret = terminal(SAME);
	if (condition == terminal(TERMINAL_NO) || found == terminal(TERMINAL_NO))
		return true;
	if (!is_terminal(condition) || !is_terminal(found))
		return false;
	*ret = terminal(found == terminal(TERMINAL_YES) ? DIFFERENT : UNDECIDED);
	return true;
}

node forbid(struct prover *p, node condition, node found)
{
	return diagram_apply(p->space.d, diagram_op(p->space.d), forbid_fn, NULL, condition, found);
}

static node as_destination(uint32_t value, void *arg)
{
	struct space *s = arg;
	struct outcome o;

	if (value == TERMINAL_UNKNOWN)
		return terminal(value);
	if (!terminal_outcome(s, value, &o))
		return terminal(TERMINAL_NO);
	o = (struct outcome){.has_daddr = o.has_daddr,
			     .daddr = o.daddr,
			     .has_dport = o.has_dport,
			     .dport = o.dport};
	return o.has_daddr || o.has_dport ? space_outcome(s, &o) : terminal(TERMINAL_ELSE);
}

node landing(struct space *s, node f, node spots)
{
	return compose(s, diagram_map_terminals(s->d, f, as_destination, s), spots);
}

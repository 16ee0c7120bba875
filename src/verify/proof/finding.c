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

struct doubts {
	struct space *s;
	struct index known;
};

static enum comparison worst(enum comparison a, enum comparison b)
{
	return a == DIFFERENT || b == SAME ? a : b == DIFFERENT || a == SAME ? b : a;
}

/* Below the variables of packets: by chance both branches happen, else one that nobody knows. */
static enum comparison weigh(struct doubts *x, node f)
{
	const struct edge *edges;
	enum comparison a, b, all;
	void *known;
	size_t n;

	if (is_leaf(f))
		return (enum comparison)leaf_value(f);
	known = index_get(&x->known, &f, sizeof(f));
	if (known)
		return (enum comparison)((uintptr_t)known - 1);
	edges = diagram_edges(x->s->d, f, &n);
	a = weigh(x, edges[0].to);
	b = weigh(x, edges[n - 1].to);
	all = worst(a, b);
	if (a != b && x->s->doubts.at[diagram_var(x->s->d, f) - VARS] == DOUBT_UNKNOWN)
		all = UNDECIDED;
	*index_find(&x->known, &f, sizeof(f)) = (void *)((uintptr_t)all + 1);
	return all;
}

static bool weigh_fn(node a, node b, void *arg, node *ret)
{
	struct doubts *x = arg;

	(void)b;
	*ret = a;
	if (is_leaf(a))
		return true;
	if (diagram_var(x->s->d, a) < VARS)
		return false;
	*ret = leaf(weigh(x, a));
	return true;
}

/* A comparison without the boolean variables behind those of packets. */
static node settle_doubts(struct space *s, node comparison)
{
	struct doubts x = {.s = s};

	if (s->doubts.n)
		comparison =
			diagram_combine(s->d, diagram_op(s->d), weigh_fn, &x, comparison, leaf(0));
	index_free(&x.known);
	return comparison;
}

static node is_comparison(uint32_t value, void *arg)
{
	return leaf(value == *(const uint32_t *)arg ? LEAF_YES : LEAF_NO);
}

void finding_compare(struct prover *p, size_t finding, const struct scene *scene, node comparison,
		     node wanted, node found)
{
	struct finding *f = &p->proof->findings.at[finding];
	struct diagrams *d = p->space.d;
	uint32_t packet[VARS], what = DIFFERENT;
	struct witness *w;
	node where, in_full = comparison;

	if (f->answer == ANSWER_NO || comparison == leaf(SAME))
		return;
	comparison = settle_doubts(&p->space, comparison);
	where = diagram_map(d, comparison, is_comparison, &what);
	if (where == leaf(LEAF_NO) && f->answer == ANSWER_YES) {
		what = UNDECIDED;
		where = diagram_map(d, comparison, is_comparison, &what);
	}
	if (where == leaf(LEAF_NO))
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
	return leaf(value == LEAF_ACCEPT || value >= LEAF_FIRST_OUTCOME ? LEAF_YES
		    : value == LEAF_UNKNOWN				? LEAF_UNKNOWN
									: LEAF_NO);
}

node accepted(struct space *s, node f)
{
	return diagram_map(s->d, f, accepts, NULL);
}

/* Packets of @condition that must not get through, as a comparison. */
static bool forbid_fn(node condition, node found, void *arg, node *ret)
{
	(void)arg;
	*ret = leaf(SAME);
	if (condition == leaf(LEAF_NO) || found == leaf(LEAF_NO))
		return true;
	if (!is_leaf(condition) || !is_leaf(found))
		return false;
	*ret = leaf(found == leaf(LEAF_YES) ? DIFFERENT : UNDECIDED);
	return true;
}

node forbid(struct prover *p, node condition, node found)
{
	return diagram_combine(p->space.d, diagram_op(p->space.d), forbid_fn, NULL, condition,
			       found);
}

static node as_destination(uint32_t value, void *arg)
{
	struct space *s = arg;
	struct outcome o;

	if (value == LEAF_UNKNOWN)
		return leaf(value);
	if (!leaf_outcome(s, value, &o))
		return leaf(LEAF_NO);
	o = (struct outcome){.has_daddr = o.has_daddr,
			     .daddr = o.daddr,
			     .has_dport = o.has_dport,
			     .dport = o.dport};
	return o.has_daddr || o.has_dport ? space_outcome(s, &o) : leaf(LEAF_ELSE);
}

node landing(struct space *s, node f, node spots)
{
	return compose(s, diagram_map(s->d, f, as_destination, s), spots);
}

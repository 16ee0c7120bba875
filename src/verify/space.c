/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "space.h"

void space_init(struct space *s, const char *const *names, size_t n)
{
	uint32_t max[VARS] = {
		[VAR_DADDR] = UINT32_MAX,    [VAR_SADDR] = UINT32_MAX, [VAR_DPORT] = PORT_MAX,
		[VAR_SPORT] = PORT_MAX,	     [VAR_PROTO] = UINT8_MAX,  [VAR_IIF] = (uint32_t)n - 1,
		[VAR_OIF] = (uint32_t)n - 1, [VAR_SHORT] = 1,	       [VAR_TRANSLATED] = 1,
	};

	for (unsigned int i = 0; i < 4; i++)
		max[VAR_DADDR6 + i] = max[VAR_SADDR6 + i] = UINT32_MAX;
	*s = (struct space){.d = diagrams_new(max, VARS)};
	for (size_t i = 0; i < n; i++)
		vec_add(&s->names, names[i]);
	s->op_seq = diagram_op(s->d);
	s->op_guard = diagram_op(s->d);
	s->op_and = diagram_op(s->d);
	s->op_or = diagram_op(s->d);
	s->op_not = diagram_op(s->d);
}

void space_free(struct space *s)
{
	diagrams_free(s->d);
	vec_free(&s->names);
	vec_free(&s->outcomes);
	vec_free(&s->doubts);
	index_free(&s->known_outcomes);
	arena_free(&s->arena);
}

/* --- leaves --------------------------------------------------------------------------------- */

node space_outcome(struct space *s, const struct outcome *o)
{
	/* without padding, as it is looked up by its bytes */
	const uint32_t key[] = {
		o->has_daddr ? o->daddr : 0,
		o->has_saddr ? o->saddr : 0,
		(uint32_t)(o->has_dport ? o->dport : 0) << 16 | (o->has_sport ? o->sport : 0),
		(uint32_t)o->has_daddr | (uint32_t)o->has_dport << 1 | (uint32_t)o->has_saddr << 2 |
			(uint32_t)o->has_sport << 3 | (uint32_t)o->masquerade << 4,
	};
	void **slot;

	if (!key[3])
		return leaf(LEAF_ACCEPT);
	slot = index_find(&s->known_outcomes, key, sizeof(key));
	if (!*slot) {
		vec_add(&s->outcomes, *o);
		*slot = (void *)(uintptr_t)s->outcomes.n;
	}
	return leaf(LEAF_FIRST_OUTCOME + (uint32_t)(uintptr_t)*slot - 1);
}

bool leaf_outcome(const struct space *s, uint32_t value, struct outcome *ret)
{
	*ret = (struct outcome){0};
	if (value >= LEAF_FIRST_OUTCOME)
		*ret = s->outcomes.at[value - LEAF_FIRST_OUTCOME];
	return value == LEAF_ACCEPT || value >= LEAF_FIRST_OUTCOME;
}

node space_doubt(struct space *s, enum doubt doubt)
{
	vec_add(&s->doubts, doubt);
	return diagram_range(s->d, VARS + (unsigned int)s->doubts.n - 1, (struct range){1, 1},
			     leaf(LEAF_YES), leaf(LEAF_NO));
}

/* --- combinations --------------------------------------------------------------------------- */

static bool seq_fn(node a, node b, void *arg, node *ret)
{
	(void)arg;
	*ret = a == leaf(LEAF_ELSE) ? b : a;
	return is_leaf(a) || b == leaf(LEAF_ELSE);
}

node seq(struct space *s, node f, node g)
{
	return diagram_combine(s->d, s->op_seq, seq_fn, NULL, f, g);
}

static bool guard_fn(node a, node b, void *arg, node *ret)
{
	(void)arg;
	*ret = a == leaf(LEAF_YES) ? b : leaf(LEAF_ELSE);
	return is_leaf(a) || b == leaf(LEAF_ELSE);
}

node guard(struct space *s, node condition, node f)
{
	return diagram_combine(s->d, s->op_guard, guard_fn, NULL, condition, f);
}

static bool and_fn(node a, node b, void *arg, node *ret)
{
	(void)arg;
	if (a == b || b == leaf(LEAF_YES) || a == leaf(LEAF_NO))
		*ret = a;
	else if (a == leaf(LEAF_YES) || b == leaf(LEAF_NO))
		*ret = b;
	else
		return false;
	return true;
}

node both(struct space *s, node a, node b)
{
	return diagram_combine(s->d, s->op_and, and_fn, NULL, a, b);
}

static bool or_fn(node a, node b, void *arg, node *ret)
{
	(void)arg;
	if (a == b || b == leaf(LEAF_NO) || a == leaf(LEAF_YES))
		*ret = a;
	else if (a == leaf(LEAF_NO) || b == leaf(LEAF_YES))
		*ret = b;
	else
		return false;
	return true;
}

node either(struct space *s, node a, node b)
{
	return diagram_combine(s->d, s->op_or, or_fn, NULL, a, b);
}

static bool not_fn(node a, node b, void *arg, node *ret)
{
	(void)b;
	(void)arg;
	*ret = leaf(a == leaf(LEAF_YES) ? LEAF_NO : LEAF_YES);
	return is_leaf(a);
}

node negation(struct space *s, node a)
{
	return diagram_combine(s->d, s->op_not, not_fn, NULL, a, leaf(0));
}

static node replace_fn(uint32_t value, void *arg)
{
	const uint32_t *pair = arg;

	return leaf(value == pair[0] ? pair[1] : value);
}

node replace_leaf(struct space *s, node f, uint32_t from, uint32_t to)
{
	uint32_t pair[] = {from, to};

	return diagram_map(s->d, f, replace_fn, pair);
}

/* --- conditions ----------------------------------------------------------------------------- */

node in_range(struct space *s, unsigned int var, uint32_t lo, uint32_t hi)
{
	return diagram_range(s->d, var, (struct range){lo, hi}, leaf(LEAF_YES), leaf(LEAF_NO));
}

node in_ranges(struct space *s, unsigned int var, struct range_set ranges)
{
	if (!ranges.n)
		return leaf(LEAF_YES);
	return diagram_ranges(s->d, var, ranges, leaf(LEAF_YES), leaf(LEAF_NO));
}

node in_names(struct space *s, unsigned int var, bool (*fn)(const char *name, const void *arg),
	      const void *arg)
{
	struct edge *edges = mem_resize(NULL, s->names.n, sizeof(*edges));
	node f;

	for (size_t i = 0; i < s->names.n; i++)
		edges[i] = (struct edge){(uint32_t)i,
					 leaf(fn(s->names.at[i], arg) ? LEAF_YES : LEAF_NO)};
	f = diagram_node(s->d, var, edges, s->names.n);
	free(edges);
	return f;
}

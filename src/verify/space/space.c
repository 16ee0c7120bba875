/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "jgfw/verify/space/space.h"

#include <net/if.h>
#include <string.h>

void space_init(struct space *s, const char *const *names, size_t n, const struct sources *sources)
{
	uint32_t max[VARS] = {
		[VAR_DADDR] = UINT32_MAX,    [VAR_SADDR] = UINT32_MAX,
		[VAR_DPORT] = PORT_MAX,	     [VAR_SPORT] = PORT_MAX,
		[VAR_PROTO] = UINT8_MAX,     [VAR_IIF] = (uint32_t)n - 1,
		[VAR_OIF] = (uint32_t)n - 1, [VAR_SHORT] = 1,
		[VAR_TRANSLATED] = 1,	     [VAR_SOURCE] = (uint32_t)sources->n - 1,
	};

	for (unsigned int i = 0; i < 4; i++)
		max[VAR_DADDR6 + i] = max[VAR_SADDR6 + i] = UINT32_MAX;
	*s = (struct space){.d = diagrams_new(max, VARS), .sources = sources};
	for (size_t i = 0; i < n; i++)
		vec_add(&s->names, names[i]);
	s->op_seq = diagram_op(s->d);
	s->op_guard = diagram_op(s->d);
	s->op_and = diagram_op(s->d);
	s->op_or = diagram_op(s->d);
	s->op_not = diagram_op(s->d);
	s->op_source = diagram_op(s->d);
}

void space_free(struct space *s)
{
	diagrams_free(s->d);
	vec_free(&s->names);
	vec_free(&s->outcomes);
	vec_free(&s->free_variables);
	index_free(&s->known_outcomes);
	arena_free(&s->arena);
}

/* --- terminals ---------------------------------------------------------------------------------
 */

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
		return terminal(TERMINAL_ACCEPT);
	slot = index_find(&s->known_outcomes, key, sizeof(key));
	if (!*slot) {
		vec_add(&s->outcomes, *o);
		*slot = (void *)(uintptr_t)s->outcomes.n;
	}
	return terminal(TERMINAL_FIRST_OUTCOME + (uint32_t)(uintptr_t)*slot - 1);
}

bool terminal_outcome(const struct space *s, uint32_t value, struct outcome *ret)
{
	*ret = (struct outcome){0};
	if (value >= TERMINAL_FIRST_OUTCOME)
		*ret = s->outcomes.at[value - TERMINAL_FIRST_OUTCOME];
	return value == TERMINAL_ACCEPT || value >= TERMINAL_FIRST_OUTCOME;
}

node space_free_variable(struct space *s, enum free_variable why)
{
	vec_add(&s->free_variables, why);
	return diagram_range(s->d, VARS + (unsigned int)s->free_variables.n - 1,
			     (struct range){1, 1}, terminal(TERMINAL_YES), terminal(TERMINAL_NO));
}

/* --- combinations --------------------------------------------------------------------------- */

static bool seq_fn(node a, node b, void *arg, node *ret)
{
	(void)arg;
	*ret = a == terminal(TERMINAL_ELSE) ? b : a;
	return is_terminal(a) || b == terminal(TERMINAL_ELSE);
}

node seq(struct space *s, node f, node g)
{
	return diagram_apply(s->d, s->op_seq, seq_fn, NULL, f, g);
}

static bool guard_fn(node a, node b, void *arg, node *ret)
{
	(void)arg;
	*ret = a == terminal(TERMINAL_YES) ? b : terminal(TERMINAL_ELSE);
	return is_terminal(a) || b == terminal(TERMINAL_ELSE);
}

node guard(struct space *s, node condition, node f)
{
	return diagram_apply(s->d, s->op_guard, guard_fn, NULL, condition, f);
}

static bool and_fn(node a, node b, void *arg, node *ret)
{
	(void)arg;
	if (a == b || b == terminal(TERMINAL_YES) || a == terminal(TERMINAL_NO))
		*ret = a;
	else if (a == terminal(TERMINAL_YES) || b == terminal(TERMINAL_NO))
		*ret = b;
	else
		return false;
	return true;
}

node both(struct space *s, node a, node b)
{
	return diagram_apply(s->d, s->op_and, and_fn, NULL, a, b);
}

static bool or_fn(node a, node b, void *arg, node *ret)
{
	(void)arg;
	if (a == b || b == terminal(TERMINAL_NO) || a == terminal(TERMINAL_YES))
		*ret = a;
	else if (a == terminal(TERMINAL_NO) || b == terminal(TERMINAL_YES))
		*ret = b;
	else
		return false;
	return true;
}

node either(struct space *s, node a, node b)
{
	return diagram_apply(s->d, s->op_or, or_fn, NULL, a, b);
}

static node any_part(struct space *s, const node *at, size_t n)
{
	if (n < 2)
		return n ? *at : terminal(TERMINAL_NO);
	return either(s, any_part(s, at, n / 2), any_part(s, at + n / 2, n - n / 2));
}

node any_of(struct space *s, struct conditions *all)
{
	node f = any_part(s, all->at, all->n);

	vec_free(all);
	return f;
}

static bool not_fn(node a, node b, void *arg, node *ret)
{
	(void)b;
	(void)arg;
	*ret = terminal(a == terminal(TERMINAL_YES) ? TERMINAL_NO : TERMINAL_YES);
	return is_terminal(a);
}

node negation(struct space *s, node a)
{
	return diagram_apply(s->d, s->op_not, not_fn, NULL, a, terminal(0));
}

static node replace_fn(uint32_t value, void *arg)
{
	const uint32_t *pair = arg;

	return terminal(value == pair[0] ? pair[1] : value);
}

node replace_terminal(struct space *s, node f, uint32_t from, uint32_t to)
{
	uint32_t pair[] = {from, to};

	return diagram_map_terminals(s->d, f, replace_fn, pair);
}

/* --- kinds of sources ------------------------------------------------------------------------- */

/* What @f, which looks at the address or at later variables, says of the addresses of @kind. */
static node of_kind(struct space *s, node f, uint32_t kind)
{
	struct edge_vec out = {0};
	const struct edge *edges;
	uint32_t lo = 0, first;
	size_t n;

	if (is_terminal(f) || diagram_var(s->d, f) != VAR_SADDR)
		return f;
	edges = diagram_edges(s->d, f, &n);
	for (size_t i = 0; i < n; lo = edges[i++].hi + 1) {
		if (!sources_first(s->sources, kind, (struct range){lo, edges[i].hi}, &first))
			continue;
		if (out.n)
			out.at[out.n - 1].hi = first - 1;
		vec_add(&out, ((struct edge){UINT32_MAX, edges[i].to}));
	}
	f = diagram_node(s->d, VAR_SADDR, out.at, out.n);
	vec_free(&out);
	return f;
}

static bool split_source(node f, node none, void *arg, node *ret)
{
	struct space *s = arg;
	struct edge_vec out = {0};

	(void)none;
	*ret = f;
	if (is_terminal(f) || diagram_var(s->d, f) > VAR_SADDR)
		return true;
	if (diagram_var(s->d, f) < VAR_SOURCE)
		return false;
	for (uint32_t kind = 0; kind < s->sources->n; kind++)
		vec_add(&out,
			((struct edge){kind, of_kind(s, diagram_restrict(s->d, f, VAR_SOURCE, kind),
						     kind)}));
	*ret = diagram_node(s->d, VAR_SOURCE, out.at, out.n);
	vec_free(&out);
	return true;
}

node by_source(struct space *s, node f)
{
	return diagram_apply(s->d, s->op_source, split_source, s, f, terminal(0));
}

uint32_t space_source(const struct space *s, uint32_t saddr)
{
	return sources_kind(s->sources, saddr);
}

/* --- conditions ----------------------------------------------------------------------------- */

node in_set(struct space *s, unsigned int var, struct range_set set)
{
	node f = diagram_ranges(s->d, var, set, terminal(TERMINAL_YES), terminal(TERMINAL_NO));

	return var == VAR_SADDR ? by_source(s, f) : f;
}

node in_range(struct space *s, unsigned int var, uint32_t lo, uint32_t hi)
{
	struct range r = {lo, hi};

	return in_set(s, var, (struct range_set){&r, 1});
}

node in_ranges(struct space *s, unsigned int var, struct range_set ranges)
{
	return ranges.n ? in_set(s, var, ranges) : terminal(TERMINAL_YES);
}

node in_boxes(struct space *s, const unsigned int *vars, size_t n_vars, struct box *boxes, size_t n,
	      node otherwise)
{
	return by_source(s, diagram_boxes(s->d, vars, n_vars, boxes, n, otherwise));
}

node in_names(struct space *s, unsigned int var, bool (*fn)(const char *name, const void *arg),
	      const void *arg)
{
	struct edge *edges = mem_resize(NULL, s->names.n, sizeof(*edges));
	node f;

	for (size_t i = 0; i < s->names.n; i++)
		edges[i] =
			(struct edge){(uint32_t)i, terminal(fn(s->names.at[i], arg) ? TERMINAL_YES
										    : TERMINAL_NO)};
	f = diagram_node(s->d, var, edges, s->names.n);
	free(edges);
	return f;
}

bool name_begins(const uint8_t *lo, const uint8_t *hi)
{
	size_t len = strnlen((const char *)lo, IFNAMSIZ);

	for (size_t i = 0; i < IFNAMSIZ; i++)
		if (hi[i] != (i < len ? lo[i] : UINT8_MAX))
			return false;
	return len < IFNAMSIZ;
}

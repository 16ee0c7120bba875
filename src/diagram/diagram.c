/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "jgfw/diagram/diagram.h"

enum {
	FIRST_ROOM = 1 << 10,
	FIRST_OP = 1,
	CACHE_SHARE = 8, /* places of the unique table for each in the operation cache: older
			  * results are seldom asked for */
	NO_NODE = UINT32_MAX,
};

/** struct inner_node - a node that is not a terminal */
struct inner_node {
	uint32_t var, n;
	struct edge edges[];
};

/** struct cached - a result of diagram_apply() in the operation cache */
struct cached {
	uint32_t op;
	node a, b, result;
};

struct diagrams {
	struct arena arena;
	struct {
		VEC(struct inner_node *);
	} nodes;	  /* by node */
	uint32_t *unique; /* the unique table: node + 1 by hash of what it looks at */
	size_t n_unique;
	struct cached *cache; /* the operation cache, by hash; a newer result takes the place of an
				 older one */
	size_t n_cache;
	struct {
		VEC(struct edge);
	} stack; /* edges of nodes under construction */
	const uint32_t *max;
	unsigned int n_vars;
	uint32_t ops;
};

/* --- nodes ---------------------------------------------------------------------------------- */

struct diagrams *diagrams_new(const uint32_t *max, unsigned int n)
{
	struct diagrams *d = mem_alloc(sizeof(*d));
	uint32_t *copy = arena_array(&d->arena, n, uint32_t);

	memcpy(copy, max, n * sizeof(*copy));
	d->max = copy;
	d->n_vars = n;
	d->n_unique = d->n_cache = FIRST_ROOM;
	d->unique = mem_alloc(d->n_unique * sizeof(*d->unique));
	d->cache = mem_alloc(d->n_cache * sizeof(*d->cache));
	d->ops = FIRST_OP;
	return d;
}

void diagrams_free(struct diagrams *d)
{
	if (!d)
		return;
	vec_free(&d->nodes);
	vec_free(&d->stack);
	free(d->unique);
	free(d->cache);
	arena_free(&d->arena);
	free(d);
}

uint32_t diagram_op(struct diagrams *d)
{
	return d->ops++;
}

unsigned int diagram_var(const struct diagrams *d, node f)
{
	return d->nodes.at[f]->var;
}

const struct edge *diagram_edges(const struct diagrams *d, node f, size_t *ret_n)
{
	*ret_n = d->nodes.at[f]->n;
	return d->nodes.at[f]->edges;
}

static uint32_t max_of(const struct diagrams *d, unsigned int var)
{
	return var < d->n_vars ? d->max[var] : 1;
}

static uint32_t mix(uint32_t h, uint32_t v)
{
	h = (h ^ v) * 0x9e3779b1u;
	return h ^ h >> 15;
}

static uint32_t hash_edges(unsigned int var, const struct edge *edges, size_t n)
{
	uint32_t h = mix(0, var);

	for (size_t i = 0; i < n; i++)
		h = mix(mix(h, edges[i].hi), edges[i].to);
	return h;
}

/* Twice the room for nodes, and for results as far as there are nodes to have some of. */
static void grow(struct diagrams *d)
{
	free(d->unique);
	d->n_unique *= 2;
	d->unique = mem_alloc(d->n_unique * sizeof(*d->unique));
	for (uint32_t i = 0; i < d->nodes.n; i++) {
		const struct inner_node *inner = d->nodes.at[i];
		size_t at = hash_edges(inner->var, inner->edges, inner->n) & (d->n_unique - 1);

		while (d->unique[at])
			at = (at + 1) & (d->n_unique - 1);
		d->unique[at] = i + 1;
	}
	free(d->cache);
	d->n_cache = d->n_unique / CACHE_SHARE;
	d->cache = mem_alloc(d->n_cache * sizeof(*d->cache));
}

/* The node with these edges, which are reduced. */
static node intern(struct diagrams *d, unsigned int var, const struct edge *edges, size_t n)
{
	size_t at = hash_edges(var, edges, n) & (d->n_unique - 1);
	struct inner_node *inner;

	for (; d->unique[at]; at = (at + 1) & (d->n_unique - 1)) {
		inner = d->nodes.at[d->unique[at] - 1];
		if (inner->var == var && inner->n == n &&
		    !memcmp(inner->edges, edges, n * sizeof(*edges)))
			return d->unique[at] - 1;
	}
	if (d->nodes.n >= TERMINAL_BIT - 1)
		mem_exhausted();
	inner = arena_alloc(&d->arena, sizeof(*inner) + n * sizeof(*edges));
	inner->var = var;
	inner->n = (uint32_t)n;
	memcpy(inner->edges, edges, n * sizeof(*edges));
	d->unique[at] = (uint32_t)d->nodes.n + 1;
	vec_add(&d->nodes, inner);
	if (d->nodes.n * 2 > d->n_unique)
		grow(d);
	return (node)d->nodes.n - 1;
}

/* One more edge of the node whose edges begin at @base of the stack. */
static void push(struct diagrams *d, size_t base, uint32_t hi, node to)
{
	if (d->stack.n > base && d->stack.at[d->stack.n - 1].to == to)
		d->stack.at[d->stack.n - 1].hi = hi;
	else
		vec_add(&d->stack, ((struct edge){hi, to}));
}

/* The node whose edges are those from @base on, which leave the stack. */
static node pop(struct diagrams *d, unsigned int var, size_t base)
{
	size_t n = d->stack.n - base;

	d->stack.n = base;
	return n == 1 ? d->stack.at[base].to : intern(d, var, d->stack.at + base, n);
}

node diagram_node(struct diagrams *d, unsigned int var, const struct edge *edges, size_t n)
{
	size_t base = d->stack.n;

	for (size_t i = 0; i < n; i++)
		push(d, base, edges[i].hi, edges[i].to);
	return pop(d, var, base);
}

node diagram_ranges(struct diagrams *d, unsigned int var, struct range_set ranges, node in,
		    node out)
{
	size_t base = d->stack.n;
	uint32_t max = max_of(d, var);

	for (size_t i = 0; i < ranges.n; i++) {
		if (ranges.at[i].lo)
			push(d, base, ranges.at[i].lo - 1, out);
		push(d, base, ranges.at[i].hi, in);
	}
	if (!ranges.n || ranges.at[ranges.n - 1].hi < max)
		push(d, base, max, out);
	return pop(d, var, base);
}

node diagram_range(struct diagrams *d, unsigned int var, struct range range, node in, node out)
{
	return diagram_ranges(d, var, (struct range_set){&range, 1}, in, out);
}

/* The edge that @value takes. */
static const struct edge *edge_at(const struct inner_node *inner, uint32_t value)
{
	size_t lo = 0, hi = inner->n - 1;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (inner->edges[mid].hi < value)
			lo = mid + 1;
		else
			hi = mid;
	}
	return &inner->edges[lo];
}

node diagram_within(struct diagrams *d, unsigned int var, struct range_set ranges, node f, node out)
{
	size_t base = d->stack.n;
	uint32_t max = max_of(d, var);

	if (is_terminal(f) || diagram_var(d, f) != var)
		return diagram_ranges(d, var, ranges, f, out);
	for (size_t i = 0; i < ranges.n; i++) {
		struct range r = ranges.at[i];
		const struct edge *edge = edge_at(d->nodes.at[f], r.lo);

		if (r.lo)
			push(d, base, r.lo - 1, out);
		for (; edge->hi < r.hi; edge++)
			push(d, base, edge->hi, edge->to);
		push(d, base, r.hi, edge->to);
	}
	if (!ranges.n || ranges.at[ranges.n - 1].hi < max)
		push(d, base, max, out);
	return pop(d, var, base);
}

/* --- two functions -------------------------------------------------------------------------- */

/** struct combination - a diagram_apply() under way */
struct combination {
	struct diagrams *d;
	uint32_t op;
	apply_fn *fn;
	void *arg;
};

static unsigned int top_var(const struct diagrams *d, node a, node b)
{
	unsigned int x = is_terminal(a) ? UINT32_MAX : diagram_var(d, a);
	unsigned int y = is_terminal(b) ? UINT32_MAX : diagram_var(d, b);

	return x < y ? x : y;
}

/* The edges of @f where it looks at @var, else the one edge to itself, up to @max. */
static const struct edge *edges_at(const struct diagrams *d, node f, unsigned int var, uint32_t max,
				   struct edge *one)
{
	if (!is_terminal(f) && diagram_var(d, f) == var)
		return d->nodes.at[f]->edges;
	*one = (struct edge){max, f};
	return one;
}

static struct cached *place_of(struct diagrams *d, uint32_t op, node a, node b)
{
	return &d->cache[mix(mix(mix(0, op), a), b) & (d->n_cache - 1)];
}

static node combine(const struct combination *c, node a, node b)
{
	struct diagrams *d = c->d;
	struct edge one_a, one_b;
	const struct edge *x, *y;
	struct cached *m;
	unsigned int var;
	uint32_t max;
	size_t base;
	node result;

	if (c->fn(a, b, c->arg, &result))
		return result;
	m = place_of(d, c->op, a, b);
	if (m->op == c->op && m->a == a && m->b == b)
		return m->result;
	var = top_var(d, a, b);
	max = max_of(d, var);
	x = edges_at(d, a, var, max, &one_a);
	y = edges_at(d, b, var, max, &one_b);
	base = d->stack.n;
	for (;;) {
		uint32_t hi = x->hi < y->hi ? x->hi : y->hi;
		node to = combine(c, x->to, y->to);

		push(d, base, hi, to);
		if (hi == max)
			break;
		x += x->hi == hi;
		y += y->hi == hi;
	}
	result = pop(d, var, base);
	*place_of(d, c->op, a, b) = (struct cached){c->op, a, b, result};
	return result;
}

node diagram_apply(struct diagrams *d, uint32_t op, apply_fn *fn, void *arg, node a, node b)
{
	const struct combination c = {d, op, fn, arg};

	return combine(&c, a, b);
}

/** struct mapping - other terminals under way, as a combination with nothing */
struct mapping {
	terminal_fn *fn;
	void *arg;
};

static bool map_terminal(node a, node b, void *arg, node *ret)
{
	const struct mapping *m = arg;

	(void)b;
	if (!is_terminal(a))
		return false;
	*ret = m->fn(terminal_value(a), m->arg);
	return true;
}

node diagram_map_terminals(struct diagrams *d, node f, terminal_fn *fn, void *arg)
{
	struct mapping m = {fn, arg};

	return diagram_apply(d, diagram_op(d), map_terminal, &m, f, terminal(0));
}

/** struct fixing - a variable and its value */
struct fixing {
	const struct diagrams *d;
	unsigned int var;
	uint32_t value;
};

static bool fix(node a, node b, void *arg, node *ret)
{
	const struct fixing *x = arg;

	(void)b;
	*ret = a;
	if (is_terminal(a) || diagram_var(x->d, a) > x->var)
		return true;
	if (diagram_var(x->d, a) < x->var)
		return false;
	*ret = edge_at(x->d->nodes.at[a], x->value)->to;
	return true;
}

node diagram_restrict(struct diagrams *d, node f, unsigned int var, uint32_t value)
{
	struct fixing x = {d, var, value};
	node result;

	/* most often it is the first variable */
	if (fix(f, 0, &x, &result))
		return result;
	return diagram_apply(d, diagram_op(d), fix, &x, f, terminal(0));
}

uint32_t diagram_eval(const struct diagrams *d, node f, const uint32_t *packet, unsigned int n)
{
	while (!is_terminal(f)) {
		const struct inner_node *inner = d->nodes.at[f];

		f = edge_at(inner, inner->var < n ? packet[inner->var] : 0)->to;
	}
	return terminal_value(f);
}

static uint64_t count_paths(const struct diagrams *d, node f, uint64_t *known)
{
	const struct inner_node *inner;
	uint64_t sum = 0;

	if (is_terminal(f))
		return 1;
	if (known[f])
		return known[f];
	inner = d->nodes.at[f];
	for (size_t i = 0; i < inner->n; i++)
		if (__builtin_add_overflow(sum, count_paths(d, inner->edges[i].to, known), &sum))
			sum = UINT64_MAX;
	known[f] = sum;
	return sum;
}

uint64_t diagram_paths(struct diagrams *d, node f)
{
	uint64_t *known = mem_alloc((d->nodes.n + 1) * sizeof(*known));
	uint64_t n = count_paths(d, f, known);

	free(known);
	return n;
}

/* --- boxes ---------------------------------------------------------------------------------- */

/** struct packing - boxes on their way into a diagram */
struct packing {
	struct diagrams *d;
	const unsigned int *vars;
	size_t n_vars;
	node otherwise;
};

static int box_order(const void *a, const void *b, void *arg)
{
	const struct box *x = a, *y = b;
	const size_t *level = arg;
	struct range r = x->at[*level], s = y->at[*level];

	if (r.lo != s.lo)
		return r.lo < s.lo ? -1 : 1;
	if (r.hi != s.hi)
		return r.hi < s.hi ? -1 : 1;
	return x->to < y->to ? -1 : x->to > y->to;
}

static node pack(const struct packing *p, size_t level, struct box *boxes, size_t n);

/* Where intervals overlap, or other than whole, each stretch between two bounds has boxes of its
 * own. */
static node pack_stretches(const struct packing *p, size_t level, struct box *boxes, size_t n,
			   size_t *ret_used, size_t base)
{
	struct {
		VEC(struct box);
	} active = {0};
	struct box *copy;
	uint64_t at = boxes[0].at[level].lo;
	size_t used = 0;
	node last = p->otherwise;

	for (;;) {
		uint64_t end = (uint64_t)UINT32_MAX + 1;
		size_t kept = 0;

		while (used < n && boxes[used].at[level].lo == at)
			vec_add(&active, boxes[used++]);
		for (size_t i = 0; i < active.n; i++)
			if (active.at[i].at[level].hi >= at)
				active.at[kept++] = active.at[i];
		active.n = kept;
		if (!kept)
			break;
		if (used < n)
			end = boxes[used].at[level].lo;
		for (size_t i = 0; i < kept; i++)
			if ((uint64_t)active.at[i].at[level].hi + 1 < end)
				end = (uint64_t)active.at[i].at[level].hi + 1;
		copy = mem_resize(NULL, kept, sizeof(*copy));
		memcpy(copy, active.at, kept * sizeof(*copy));
		last = pack(p, level + 1, copy, kept);
		free(copy);
		push(p->d, base, (uint32_t)(end - 1), last);
		at = end;
	}
	vec_free(&active);
	*ret_used = used;
	return last;
}

static node pack(const struct packing *p, size_t level, struct box *boxes, size_t n)
{
	uint32_t max;
	uint64_t next = 0;
	size_t base;

	if (level == p->n_vars)
		return boxes[0].to;
	qsort_r(boxes, n, sizeof(*boxes), box_order, &level);
	max = max_of(p->d, p->vars[level]);
	base = p->d->stack.n;
	for (size_t i = 0, same; i < n; i += same) {
		struct range r = boxes[i].at[level];

		for (same = 1; i + same < n && range_equal(boxes[i + same].at[level], r);)
			same++;
		if (r.lo > next)
			push(p->d, base, r.lo - 1, p->otherwise);
		if (i + same < n && boxes[i + same].at[level].lo <= r.hi) {
			pack_stretches(p, level, boxes + i, n - i, &same, base);
		} else {
			node to = pack(p, level + 1, boxes + i, same);

			push(p->d, base, r.hi, to);
		}
		next = (uint64_t)p->d->stack.at[p->d->stack.n - 1].hi + 1;
	}
	if (next <= max)
		push(p->d, base, max, p->otherwise);
	return pop(p->d, p->vars[level], base);
}

node diagram_boxes(struct diagrams *d, const unsigned int *vars, size_t n_vars, struct box *boxes,
		   size_t n, node otherwise)
{
	const struct packing p = {d, vars, n_vars, otherwise};

	return n ? pack(&p, 0, boxes, n) : otherwise;
}

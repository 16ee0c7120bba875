/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Translations put into the functions of what comes behind them. */
#include "jgfw/verify/space/compose.h"

/* --- outcomes that change nothing ------------------------------------------------------------ */

/** enum part - what of an outcome is beside which variable */
enum part {
	PART_DADDR,
	PART_DPORT,
	PART_SADDR,
	PART_SPORT,
};

/** struct values - the values that terminals below a node give to a part, in order */
struct values {
	const uint32_t *at;
	size_t n;
};

/** struct simplification - one part under way */
struct simplification {
	struct space *s;
	enum part part;
	unsigned int var;
	struct arena arena;
	struct values **below; /* by node; NULL: not known yet */
	node *done;	       /* by node, + 1; 0: not yet */
	size_t n_nodes;
};

static bool *has_part(struct outcome *o, enum part part)
{
	switch (part) {
	case PART_DADDR:
		return &o->has_daddr;
	case PART_DPORT:
		return &o->has_dport;
	case PART_SADDR:
		return &o->has_saddr;
	case PART_SPORT:
		break;
	}
	return &o->has_sport;
}

static uint32_t part_value(const struct outcome *o, enum part part)
{
	switch (part) {
	case PART_DADDR:
		return o->daddr;
	case PART_DPORT:
		return o->dport;
	case PART_SADDR:
		return o->saddr;
	case PART_SPORT:
		break;
	}
	return o->sport;
}

static int number_order(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static struct values values_of_terminal(struct simplification *x, node f)
{
	struct outcome o;
	uint32_t *at;

	terminal_outcome(x->s, terminal_value(f), &o);
	if (!*has_part(&o, x->part))
		return (struct values){0};
	at = arena_new(&x->arena, uint32_t);
	*at = part_value(&o, x->part);
	return (struct values){at, 1};
}

static struct values values_below(struct simplification *x, node f)
{
	struct {
		VEC(uint32_t);
	} all = {0};
	const struct edge *edges;
	struct values *known;
	size_t n, used = 0;

	if (is_terminal(f))
		return values_of_terminal(x, f);
	if (x->below[f])
		return *x->below[f];
	edges = diagram_edges(x->s->d, f, &n);
	for (size_t i = 0; i < n; i++) {
		struct values v = values_below(x, edges[i].to);

		for (size_t k = 0; k < v.n; k++)
			vec_add(&all, v.at[k]);
	}
	if (all.n)
		qsort(all.at, all.n, sizeof(*all.at), number_order);
	for (size_t i = 0; i < all.n; i++)
		if (!used || all.at[used - 1] != all.at[i])
			all.at[used++] = all.at[i];
	all.n = used;
	vec_move_to(&x->arena, &all);
	known = arena_new(&x->arena, struct values);
	*known = (struct values){all.at, all.n};
	x->below[f] = known;
	return *known;
}

struct clearing {
	struct simplification *x;
	uint32_t value;
};

static node clear_fn(uint32_t value, void *arg)
{
	const struct clearing *c = arg;
	struct outcome o;

	if (!terminal_outcome(c->x->s, value, &o) || !*has_part(&o, c->x->part) ||
	    part_value(&o, c->x->part) != c->value)
		return terminal(value);
	*has_part(&o, c->x->part) = false;
	return space_outcome(c->x->s, &o);
}

/* Where the variable is between @lo and @hi it leads to @f: the values that outcomes below give
 * stand alone. */
static void split_edge(struct simplification *x, struct edge_vec *out, uint32_t lo, uint32_t hi,
		       node f)
{
	struct values v = values_below(x, f);

	for (size_t i = 0; i < v.n; i++) {
		struct clearing c = {x, v.at[i]};

		if (v.at[i] < lo || v.at[i] > hi)
			continue;
		if (v.at[i] > lo)
			vec_add(out, ((struct edge){v.at[i] - 1, f}));
		vec_add(out,
			((struct edge){v.at[i], diagram_map_terminals(x->s->d, f, clear_fn, &c)}));
		if (v.at[i] == hi)
			return;
		lo = v.at[i] + 1;
	}
	vec_add(out, ((struct edge){hi, f}));
}

static node simplify_node(struct simplification *x, node f)
{
	struct diagrams *d = x->s->d;
	unsigned int var = is_terminal(f) ? UINT32_MAX : diagram_var(d, f);
	uint32_t max = x->part == PART_DADDR || x->part == PART_SADDR ? UINT32_MAX : PORT_MAX;
	struct edge_vec out = {0};
	const struct edge *edges;
	size_t n;
	node done;

	if (var > x->var) {
		if (!values_below(x, f).n)
			return f;
		split_edge(x, &out, 0, max, f);
		done = diagram_node(d, x->var, out.at, out.n);
		vec_free(&out);
		return done;
	}
	if (x->done[f])
		return x->done[f] - 1;
	edges = diagram_edges(d, f, &n);
	for (size_t i = 0; i < n; i++)
		if (var == x->var)
			split_edge(x, &out, i ? edges[i - 1].hi + 1 : 0, edges[i].hi, edges[i].to);
		else
			vec_add(&out, ((struct edge){edges[i].hi, simplify_node(x, edges[i].to)}));
	done = diagram_node(d, var, out.at, out.n);
	vec_free(&out);
	x->done[f] = done + 1;
	return done;
}

static node simplify(struct space *s, node f, enum part part, unsigned int var)
{
	struct simplification x = {.s = s, .part = part, .var = var};

	if (!s->outcomes.n)
		return f;
	x.n_nodes = is_terminal(f) ? 0 : (size_t)f + 1;
	x.below = mem_alloc((x.n_nodes + 1) * sizeof(*x.below));
	x.done = mem_alloc((x.n_nodes + 1) * sizeof(*x.done));
	f = simplify_node(&x, f);
	free(x.below);
	free(x.done);
	arena_free(&x.arena);
	return f;
}

node simplify_destination(struct space *s, node f)
{
	return simplify(s, simplify(s, f, PART_DADDR, VAR_DADDR), PART_DPORT, VAR_DPORT);
}

node simplify_source(struct space *s, node f)
{
	return simplify(s, by_source(s, simplify(s, f, PART_SADDR, VAR_SADDR)), PART_SPORT,
			VAR_SPORT);
}

/* --- composition ---------------------------------------------------------------------------- */

/** struct composition - compose() under way */
struct composition {
	struct space *s;
	node kept, moved;   /* what comes behind, for packets without and with the mark of nat */
	struct index known; /* what becomes of translated packets, by outcome */
};

static node with_destination(uint32_t value, void *arg)
{
	const struct outcome *to = ((void **)arg)[0];
	struct space *s = ((void **)arg)[1];
	struct outcome o;

	if (!terminal_outcome(s, value, &o))
		return terminal(value);
	o.has_daddr = to->has_daddr;
	o.daddr = to->daddr;
	o.has_dport = to->has_dport;
	o.dport = to->dport;
	return space_outcome(s, &o);
}

/* What becomes of packets with the outcome @value, whose own destination is that of @here. */
static node translated(struct composition *c, uint32_t value, node here)
{
	struct diagrams *d = c->s->d;
	struct outcome o;
	node key[2], f;
	void *known, *arg[] = {&o, c->s};

	terminal_outcome(c->s, value, &o);
	key[0] = value;
	key[1] = o.has_daddr ? 0 : here;
	known = index_get(&c->known, key, sizeof(key));
	if (known)
		return (node)((uintptr_t)known - 1);
	f = o.has_daddr ? diagram_restrict(d, c->moved, VAR_DADDR, o.daddr) : here;
	if (o.has_dport)
		f = diagram_restrict(d, f, VAR_DPORT, o.dport);
	f = diagram_map_terminals(d, f, with_destination, arg);
	*index_find(&c->known, key, sizeof(key)) = (void *)((uintptr_t)f + 1);
	return f;
}

/** struct terminals - those of a function, which has few */
struct terminals {
	VEC(uint32_t);
	struct index seen; /* nodes above them */
};

static void collect_terminals(const struct diagrams *d, node f, struct terminals *terminals)
{
	const struct edge *edges;
	void **seen;
	size_t n;

	if (is_terminal(f)) {
		vec_each(known, terminals)
			if (*known == terminal_value(f))
				return;
		vec_add(terminals, terminal_value(f));
		return;
	}
	seen = index_find(&terminals->seen, &f, sizeof(f));
	if (*seen)
		return;
	*seen = terminals;
	edges = diagram_edges(d, f, &n);
	for (size_t i = 0; i < n; i++)
		collect_terminals(d, edges[i].to, terminals);
}

static node is_value(uint32_t value, void *arg)
{
	return terminal(value == *(const uint32_t *)arg ? TERMINAL_YES : TERMINAL_NO);
}

static node one_terminal(struct composition *c, uint32_t value, node kept, node moved)
{
	if (value == TERMINAL_ELSE || value == TERMINAL_ACCEPT) /* or to where it goes anyway */
		return kept;
	return value >= TERMINAL_FIRST_OUTCOME ? translated(c, value, moved) : terminal(value);
}

/* For the packets to some addresses: @f says what they become, and the others what then becomes of
 * them. */
static node compose_here(struct composition *c, node f, node kept, node moved)
{
	struct terminals terminals = {0};
	node all;

	if (is_terminal(f))
		return one_terminal(c, terminal_value(f), kept, moved);
	collect_terminals(c->s->d, f, &terminals);
	index_free(&terminals.seen);
	/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): every function has a terminal */
	all = one_terminal(c, terminals.at[0], kept, moved);
	for (size_t i = 1; i < terminals.n; i++) {
		node here = diagram_map_terminals(c->s->d, f, is_value, &terminals.at[i]);

		all = seq(c->s, guard(c->s, here, one_terminal(c, terminals.at[i], kept, moved)),
			  all);
	}
	vec_free(&terminals);
	return all;
}

/** struct cursor - the edges of a function by its destination address */
struct cursor {
	const struct edge *at;
	struct edge one;
};

static void cursor_set(struct cursor *c, const struct diagrams *d, node f)
{
	size_t n;

	c->one = (struct edge){UINT32_MAX, f};
	c->at = !is_terminal(f) && diagram_var(d, f) == VAR_DADDR ? diagram_edges(d, f, &n)
								  : &c->one;
}

node compose(struct space *s, node translation, node behind)
{
	struct composition c = {.s = s,
				.kept = diagram_restrict(s->d, behind, VAR_TRANSLATED, 0),
				.moved = diagram_restrict(s->d, behind, VAR_TRANSLATED, 1)};
	struct cursor cursors[3];
	struct edge_vec out = {0};
	node f;

	cursor_set(&cursors[0], s->d, translation);
	cursor_set(&cursors[1], s->d, c.kept);
	cursor_set(&cursors[2], s->d, c.moved);
	for (;;) {
		uint32_t hi = UINT32_MAX;

		for (size_t i = 0; i < ARRAY_SIZE(cursors); i++)
			hi = cursors[i].at->hi < hi ? cursors[i].at->hi : hi;
		vec_add(&out,
			((struct edge){hi, compose_here(&c, cursors[0].at->to, cursors[1].at->to,
							cursors[2].at->to)}));
		if (hi == UINT32_MAX)
			break;
		for (size_t i = 0; i < ARRAY_SIZE(cursors); i++)
			cursors[i].at += cursors[i].at->hi == hi;
	}
	f = diagram_node(s->d, VAR_DADDR, out.at, out.n);
	vec_free(&out);
	index_free(&c.known);
	return f;
}

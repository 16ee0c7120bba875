/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "jgfw/verify/actual/symbolic.h"

#include "registers.h"

#include <netinet/in.h>

#include <linux/netfilter.h>

enum {
	/* diagrams are walked as deep as they have variables, and a free variable is one: the stack
	 * ends */
	MAX_FREE_VARIABLES = 1 << 14,
};

/** struct execution - a rule under execution */
struct execution {
	struct symbolic *s;
	const struct view *view;
	struct registers regs;
	node condition; /* of what got so far */
};

void symbolic_free(struct symbolic *s)
{
	index_free(&s->lookups);
	index_free(&s->chains);
}

/* --- verdicts ------------------------------------------------------------------------------- */

static node verdict(const struct execution *f, const struct verdict *v)
{
	struct symbolic *s = f->s;

	switch (v->kind) {
	case VERDICT_ACCEPT:
		return terminal(TERMINAL_ACCEPT);
	case VERDICT_DROP:
		return terminal(TERMINAL_DROP);
	case VERDICT_RETURN:
		return terminal(TERMINAL_RETURN);
	case VERDICT_JUMP:
		return symbolic_chain(s, f->view, v->chain);
	case VERDICT_GOTO:
		return replace_terminal(s->space, symbolic_chain(s, f->view, v->chain),
					TERMINAL_ELSE, TERMINAL_RETURN);
	}
	return terminal(TERMINAL_UNKNOWN);
}

static int verdict_order(const void *a, const void *b, void *arg)
{
	const uint32_t *x = a, *y = b;
	const struct set *set = arg;
	const struct verdict *v = &set->verdicts[*x], *w = &set->verdicts[*y];

	if (v->kind != w->kind)
		return v->kind < w->kind ? -1 : 1;
	if (v->chain != w->chain)
		return (uintptr_t)v->chain < (uintptr_t)w->chain ? -1 : 1;
	return *x < *y ? -1 : *x > *y;
}

/** struct parts - the elements of a verdict map, by verdict */
struct parts {
	uint32_t *elements;
	struct {
		VEC(struct part);
	} all;
};

static struct parts parts_of(const struct set *set)
{
	struct parts p = {mem_resize(NULL, set->n, sizeof(*p.elements)), {0}};

	for (uint32_t i = 0; i < set->n; i++)
		p.elements[i] = i;
	qsort_r(p.elements, set->n, sizeof(*p.elements), verdict_order, (void *)(uintptr_t)set);
	for (size_t i = 0, n; i < set->n; i += n) {
		const struct verdict *v = &set->verdicts[p.elements[i]];

		for (n = 1; i + n < set->n; n++) {
			const struct verdict *w = &set->verdicts[p.elements[i + n]];

			if (w->kind != v->kind || w->chain != v->chain)
				break;
		}
		vec_add(&p.all, ((struct part){p.elements + i, n}));
	}
	return p;
}

/* The verdicts of the parts from @from to @to; a key is in one of them only. */
static node fold_parts(struct execution *f, const struct expr *e, const struct parts *p,
		       size_t from, size_t to)
{
	struct space *space = f->s->space;
	size_t mid = from + (to - from) / 2;
	node keys;

	if (from == to)
		return terminal(TERMINAL_ELSE);
	if (to - from > 1)
		return seq(space, fold_parts(f, e, p, from, mid), fold_parts(f, e, p, mid, to));
	if (!registers_part(f->s, &f->regs, e, &p->all.at[from], &keys))
		return terminal(TERMINAL_UNKNOWN);
	return guard(space, keys,
		     verdict(f, &e->lookup.set->verdicts[p->all.at[from].elements[0]]));
}

static node verdict_map(struct execution *f, const struct expr *e)
{
	struct parts p = parts_of(e->lookup.set);
	node all = fold_parts(f, e, &p, 0, p.all.n);

	free(p.elements);
	vec_free(&p.all);
	return all;
}

/* --- translations --------------------------------------------------------------------------- */

/** struct nat_target - where a nat statement takes its address and port from */
struct nat_target {
	struct space *space;
	const struct set *map; /* NULL: constants alone */
	bool source, has_port, addr_found, port_found;
	size_t addr_at, port_at; /* in the map's data */
	uint32_t addr, port;
};

static uint32_t data_number(const uint8_t *data, size_t len)
{
	uint32_t v = 0;

	for (size_t i = 0; i < len; i++)
		v = v << 8 | data[i];
	return v;
}

static node has_ports(struct space *s)
{
	static const struct range protos[] = {{IPPROTO_TCP, IPPROTO_TCP},
					      {IPPROTO_UDP, IPPROTO_UDP},
					      {IPPROTO_SCTP, IPPROTO_SCTP},
					      {IPPROTO_UDPLITE, IPPROTO_UDPLITE}};

	return in_ranges(s, VAR_PROTO, (struct range_set){protos, ARRAY_SIZE(protos)});
}

static node target_outcome(uint32_t element, void *arg)
{
	const struct nat_target *t = arg;
	uint32_t addr = t->addr, port = t->port;
	struct outcome o = {0};

	if (element == TERMINAL_NO)
		return terminal(TERMINAL_ELSE);
	if (t->map) {
		const uint8_t *data = t->map->bytes +
				      (element - TERMINAL_FIRST_OUTCOME + 1) * t->map->stride -
				      t->map->data_len;

		addr = t->addr_found ? data_number(data + t->addr_at, sizeof(uint32_t)) : addr;
		port = t->port_found ? data_number(data + t->port_at, sizeof(uint16_t)) : port;
	}
	if (t->source) {
		o.has_saddr = true;
		o.saddr = addr;
		o.has_sport = t->has_port;
		o.sport = t->has_port ? (uint16_t)port : 0;
	} else {
		o.has_daddr = true;
		o.daddr = addr;
		o.has_dport = t->has_port;
		o.dport = t->has_port ? (uint16_t)port : 0;
	}
	return space_outcome(t->space, &o);
}

/* net/netfilter/nf_nat_core.c: a port is given to protocols that have some; of ICMP and GRE the id
 * or the key becomes another. DCCP has ports in some kernels. */
static node by_protocol(struct execution *f, node with_port, node without)
{
	static const struct range ids[] = {{IPPROTO_ICMP, IPPROTO_ICMP},
					   {IPPROTO_GRE, IPPROTO_GRE},
					   {IPPROTO_DCCP, IPPROTO_DCCP},
					   {IPPROTO_ICMPV6, IPPROTO_ICMPV6}};
	struct space *s = f->s->space;
	node has_id = in_ranges(s, VAR_PROTO, (struct range_set){ids, ARRAY_SIZE(ids)});

	return seq(s, guard(s, has_ports(s), with_port),
		   seq(s, guard(s, has_id, terminal(TERMINAL_UNKNOWN)), without));
}

static node target_node(struct nat_target *t, const struct found *found)
{
	return found ? diagram_map_terminals(t->space->d, found->elements, target_outcome, t)
		     : target_outcome(TERMINAL_FIRST_OUTCOME, t);
}

static node translation(struct execution *f, const struct expr *e)
{
	static const struct outcome masquerade = {.masquerade = true};
	struct nat_target t = {.space = f->s->space,
			       .source = e->nat.kind == NAT_SNAT,
			       .has_port = e->nat.has_port};
	const struct found *addr = NULL, *port = NULL;
	node all;

	if (e->nat.kind == NAT_MASQUERADE)
		return space_outcome(t.space, &masquerade);
	if (!registers_number(&f->regs, e->nat.addr, sizeof(t.addr), &addr, &t.addr_at, &t.addr) ||
	    (t.has_port && !registers_number(&f->regs, e->nat.port, sizeof(uint16_t), &port,
					     &t.port_at, &t.port)) ||
	    (addr && port && addr != port))
		return terminal(TERMINAL_UNKNOWN);
	t.addr_found = addr;
	t.port_found = port;
	addr = addr ? addr : port;
	t.map = addr ? addr->map : NULL;
	all = target_node(&t, addr);
	if (!t.has_port || both(t.space, f->condition, negation(t.space, has_ports(t.space))) ==
				   terminal(TERMINAL_NO))
		return all;
	t.has_port = false;
	return by_protocol(f, all, target_node(&t, addr));
}

/* --- rules ---------------------------------------------------------------------------------- */

static void require(struct execution *f, node condition)
{
	f->condition = both(f->s->space, f->condition, condition);
}

static node is_found(uint32_t value, void *arg)
{
	(void)arg;
	return terminal(value == TERMINAL_NO ? TERMINAL_NO : TERMINAL_YES);
}

/* A set, or a map that is not of verdicts. */
static void look_up(struct execution *f, const struct expr *e)
{
	struct space *space = f->s->space;
	struct found *found;
	node elements;

	if (!registers_lookup(f->s, &f->regs, e, &elements)) {
		require(f, space_free_variable(space, FREE_UNKNOWN));
		if (e->lookup.set->n_data)
			registers_forget(&f->regs);
		return;
	}
	if (!e->lookup.set->n_data) {
		require(f, e->lookup.invert ? negation(space, elements) : elements);
		return;
	}
	found = arena_new(&space->arena, struct found);
	*found = (struct found){e->lookup.set, elements};
	require(f, diagram_map_terminals(space->d, elements, is_found, NULL));
	registers_data(&f->regs, e, found);
}

/* True where the rule ends here, with what it does to those that got so far. */
static bool run_unknown(struct execution *f, const struct expr *e, node *ret)
{
	switch (e->unknown.effect) {
	case EFFECT_NONE:
		return false;
	case EFFECT_CONSTANT:
		registers_constant(&f->regs, e->unknown.dreg, e->unknown.value);
		return false;
	case EFFECT_TEST:
		registers_forget(&f->regs);
		require(f, space_free_variable(f->s->space, FREE_UNKNOWN));
		return false;
	case EFFECT_CHANCE:
		require(f, space_free_variable(f->s->space, FREE_CHANCE));
		return false;
	case EFFECT_REJECT:
		*ret = terminal(TERMINAL_DROP);
		return true;
	case EFFECT_ANY:
		break;
	}
	*ret = terminal(TERMINAL_UNKNOWN);
	return true;
}

/* Does a packet have what a load asks for? It does not look behind the packet's end. */
static node has_bytes(struct execution *f, const struct expr *e)
{
	enum {
		IPV4_LEN = 20,
		IPV6_LEN = 40,
		PORTS_LEN = 4,
	};
	struct space *space = f->s->space;
	size_t sure = f->view->nfproto == NFPROTO_IPV4 ? IPV4_LEN : IPV6_LEN;
	node has = terminal(TERMINAL_YES);

	if (e->payload.base == PAYLOAD_TRANSPORT) {
		has = in_range(space, VAR_SHORT, 0, 0);
		sure = PORTS_LEN;
	}
	if ((size_t)e->payload.offset + e->payload.len > sure)
		has = both(space, has, space_free_variable(space, FREE_UNKNOWN));
	return has;
}

static bool run_expr(struct execution *f, const struct expr *e, node *ret)
{
	struct space *space = f->s->space;

	switch (e->kind) {
	case EXPR_PAYLOAD:
		require(f, has_bytes(f, e));
		registers_load(&f->regs, f->view, e);
		return false;
	case EXPR_META:
	case EXPR_CT:
		if (!registers_load(&f->regs, f->view, e))
			f->condition = terminal(TERMINAL_NO);
		return false;
	case EXPR_CMP:
		require(f, registers_compare(space, &f->regs, e));
		return false;
	case EXPR_BITWISE:
		registers_mask(&f->regs, e);
		return false;
	case EXPR_LOOKUP:
		if (set_is_vmap(e->lookup.set)) {
			*ret = verdict_map(f, e);
			return true;
		}
		look_up(f, e);
		return false;
	case EXPR_VERDICT:
		*ret = verdict(f, &e->verdict);
		return true;
	case EXPR_NAT:
		if (f->view->nfproto != NFPROTO_IPV4 && e->nat.kind != NAT_MASQUERADE)
			return false; /* as nft_nat_inet_eval() */
		*ret = translation(f, e);
		return true;
	case EXPR_LIMIT:
		require(f, space_free_variable(space, FREE_CHANCE));
		return false;
	case EXPR_COUNTER:
	case EXPR_LOG:
		return false;
	case EXPR_UNKNOWN:
		return run_unknown(f, e, ret);
	}
	return false;
}

static node run_rule(struct symbolic *s, const struct view *view, const struct rule *rule)
{
	struct execution f = {.s = s, .view = view, .condition = terminal(TERMINAL_YES)};
	size_t known = s->space->free_variables.n;
	node what;

	for (size_t i = 0; i < rule->n && f.condition != terminal(TERMINAL_NO); i++) {
		if (!run_expr(&f, &rule->at[i], &what))
			continue;
		return s->space->free_variables.n > known &&
				       s->space->free_variables.n > MAX_FREE_VARIABLES
			       ? terminal(TERMINAL_UNKNOWN)
			       : guard(s->space, f.condition, what);
	}
	return terminal(TERMINAL_ELSE);
}

/* --- chains --------------------------------------------------------------------------------- */

/* Rules @from to @to as a balanced tree: first-match is associative. What no packet gets to is not
 * looked at. */
static node fold_rules(struct symbolic *s, const struct view *view, const struct chain *chain,
		       size_t from, size_t to)
{
	size_t mid = from + (to - from) / 2;
	node first;

	if (from == to)
		return terminal(TERMINAL_ELSE);
	if (to - from == 1)
		return run_rule(s, view, &chain->rules.at[from]);
	first = fold_rules(s, view, chain, from, mid);
	if (is_terminal(first) && first != terminal(TERMINAL_ELSE))
		return first;
	return seq(s->space, first, fold_rules(s, view, chain, mid, to));
}

/* Does a rule end the chain before its end? */
static bool returns(const struct chain *chain)
{
	vec_each(rule, &chain->rules)
		for (size_t i = 0; i < rule->n; i++) {
			const struct expr *e = &rule->at[i];

			if (e->kind == EXPR_VERDICT &&
			    (e->verdict.kind == VERDICT_RETURN || e->verdict.kind == VERDICT_GOTO))
				return true;
			for (size_t k = 0; e->kind == EXPR_LOOKUP && set_is_vmap(e->lookup.set) &&
					   k < e->lookup.set->n;
			     k++)
				if (e->lookup.set->verdicts[k].kind == VERDICT_RETURN ||
				    e->lookup.set->verdicts[k].kind == VERDICT_GOTO)
					return true;
		}
	return false;
}

node symbolic_chain(struct symbolic *s, const struct view *view, const struct chain *chain)
{
	const uint64_t key[] = {
		(uintptr_t)chain,
		(uint64_t)view->nfproto << 40 | (uint64_t)view->ct_state << 8 |
			(uint64_t)view->status << 4 | (uint64_t)view->has_iif << 2 |
			(uint64_t)view->has_oif << 1 | view->source_unknown,
	};
	void *known = index_get(&s->chains, key, sizeof(key));

	if (!known) {
		node f = fold_rules(s, view, chain, 0, chain->rules.n);

		if (returns(chain))
			f = replace_terminal(s->space, f, TERMINAL_RETURN, TERMINAL_ELSE);
		known = (void *)((uintptr_t)f + 1);
		*index_find(&s->chains, key, sizeof(key)) = known;
	}
	return (node)((uintptr_t)known - 1);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Assertions of a site, which speak of new flows. */
#include "assertion.h"

#include "finding.h"
#include "jgfw/verify/expected/zones.h"

#include <netinet/in.h>
#include <string.h>

#include <linux/netfilter.h>

/** struct delivery - packets to some addresses are translated to another */
struct delivery {
	uint32_t to;
	struct range sent;
};

/** struct common - what all assertions have in common: they may be many */
struct common {
	node fresh;		/* what becomes of new packets, if there can be such */
	node accepted, refused; /* of them; refused, but for own addresses from wan */
	struct {
		VEC(struct delivery);
	} deliveries;	    /* by what they are delivered to */
	struct index known; /* comparisons of assertions that speak of zones alone */
};

/** struct asserting - an assertion under way */
struct asserting {
	struct prover *p;
	struct space *s;
	struct common *common;
	const struct deployment *dep;
	const struct assertion *a;
};

/* --- ends ------------------------------------------------------------------------------------- */

/* Addresses of @end; a packet to a public address is sent to it, and comes from behind it. */
static struct range_vec addresses(const struct asserting *x, const struct endpoint *end,
				  bool sent_to)
{
	size_t n = end_count(x->dep, end);
	struct range_vec all = {0};

	if (!n && (end->kind == END_ZONE || end->kind == END_ANY))
		vec_add(&all, end->range);
	for (size_t i = 0; i < n; i++) {
		struct end_host host = end_host(x->dep, end, i);
		uint32_t addr = end->kind == END_PUBLIC && sent_to ? host.public : host.real;

		if (addr)
			vec_add(&all, ((struct range){addr, addr}));
	}
	range_normalize(&all);
	return all;
}

/* @f where a packet is sent to one of @all, which is freed; elsewhere @out. */
static node sent_to(const struct asserting *x, struct range_vec all, node f, node out)
{
	f = diagram_within(x->s->d, VAR_DADDR, (struct range_set){all.at, all.n}, f, out);
	vec_free(&all);
	return f;
}

static node source(const struct asserting *x, const struct endpoint *end)
{
	struct range_vec all = addresses(x, end, false);
	node f = both(x->s, in_zone(x->s, x->p->site, VAR_IIF, end->zone),
		      in_set(x->s, VAR_SADDR, (struct range_set){all.at, all.n}));

	vec_free(&all);
	return f;
}

/* Protocol and ports; @dport: of the destination too. */
static node kind(const struct asserting *x)
{
	static const uint8_t protos[][2] = {
		[PROTO_TCP] = {IPPROTO_TCP, IPPROTO_TCP},
		[PROTO_TLS] = {IPPROTO_TCP, IPPROTO_TCP},
		[PROTO_UDP] = {IPPROTO_UDP, IPPROTO_UDP},
		[PROTO_TCP_UDP] = {IPPROTO_TCP, IPPROTO_UDP},
		[PROTO_ICMP] = {IPPROTO_ICMP, IPPROTO_ICMP},
	};
	const struct assertion *a = x->a;
	uint32_t type = (uint32_t)a->icmp_type << ICMP_TYPE_SHIFT;
	node f = terminal(TERMINAL_YES);

	if (a->has_proto)
		f = either(x->s,
			   in_range(x->s, VAR_PROTO, protos[a->proto][0], protos[a->proto][0]),
			   in_range(x->s, VAR_PROTO, protos[a->proto][1], protos[a->proto][1]));
	if (a->has_icmp_type)
		f = both(x->s, f, in_range(x->s, VAR_SPORT, type, type | MAX_ICMP_CODE));
	return both(x->s, f,
		    in_ranges(x->s, VAR_SPORT, row_ports(x->dep, &a->sport, &x->s->arena)));
}

static node dport(const struct asserting *x)
{
	return in_ranges(x->s, VAR_DPORT, row_ports(x->dep, &x->a->dport, &x->s->arena));
}

static node require_fn(uint32_t value, void *arg)
{
	(void)arg;
	return terminal(value == TERMINAL_YES  ? TERMINAL_NO
			: value == TERMINAL_NO ? TERMINAL_YES
					       : TERMINAL_UNKNOWN);
}

/* --- translations ----------------------------------------------------------------------------- */

static void add_deliveries(struct common *c, const struct space *s, node f, struct range sent)
{
	const struct edge *edges;
	struct outcome o;
	size_t n;

	if (is_terminal(f)) {
		terminal_outcome(s, terminal_value(f), &o);
		if (o.has_daddr)
			vec_add(&c->deliveries, ((struct delivery){o.daddr, sent}));
		return;
	}
	edges = diagram_edges(s->d, f, &n);
	for (size_t i = 0; i < n; i++)
		add_deliveries(c, s, edges[i].to, sent);
}

static int delivery_order(const void *a, const void *b)
{
	const struct delivery *x = a, *y = b;

	return x->to < y->to ? -1 : x->to > y->to;
}

static void find_deliveries(struct common *c, const struct space *s, node f)
{
	const struct edge *edges;
	uint32_t lo = 0;
	size_t n;

	if (is_terminal(f) || diagram_var(s->d, f) != VAR_DADDR) {
		add_deliveries(c, s, f, IPV4_ALL);
	} else {
		edges = diagram_edges(s->d, f, &n);
		for (size_t i = 0; i < n; lo = edges[i++].hi + 1)
			add_deliveries(c, s, edges[i].to, (struct range){lo, edges[i].hi});
	}
	if (c->deliveries.n)
		qsort(c->deliveries.at, c->deliveries.n, sizeof(*c->deliveries.at), delivery_order);
}

/* The first delivery that is not to an address below @addr. */
static size_t first_delivery(const struct common *c, uint32_t addr)
{
	size_t lo = 0, hi = c->deliveries.n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (c->deliveries.at[mid].to < addr)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static void add_sent(const struct common *c, struct range to, struct range_vec *sent)
{
	vec_add(sent, to);
	for (size_t i = first_delivery(c, to.lo);
	     i < c->deliveries.n && c->deliveries.at[i].to <= to.hi; i++)
		vec_add(sent, c->deliveries.at[i].sent);
}

/* Destinations of packets that may be delivered to @end. */
static struct range_vec sent_towards(const struct asserting *x, const struct endpoint *end)
{
	struct range_vec to = addresses(x, end, true), sent = {0};

	vec_each(r, &to)
		add_sent(x->common, *r, &sent);
	vec_free(&to);
	range_normalize(&sent);
	return sent;
}

/* --- the two verbs ---------------------------------------------------------------------------- */

/* A machine is reached however packets get to it; a network in a zone by that zone alone. */
static node denied(const struct asserting *x, const struct endpoint *from,
		   const struct endpoint *to)
{
	struct space *s = x->s;
	node where = both(s, source(x, from), kind(x)), there, direct, near;

	if (to->kind == END_ZONE || to->kind == END_ANY)
		where = both(s, where, in_zone(s, x->p->site, VAR_OIF, to->zone));
	there = sent_to(x, addresses(x, to, true), dport(x), terminal(TERMINAL_NO));
	direct = sent_to(x, addresses(x, to, true), x->common->accepted, terminal(TERMINAL_NO));
	near = sent_to(x, sent_towards(x, to), x->common->fresh, terminal(TERMINAL_ELSE));
	return forbid(x->p, where, either(s, both(s, there, direct), landing(s, near, there)));
}

/* All packets that there can be: own addresses come from no whole zone, nor lie in it. */
static node allowed(const struct asserting *x, const struct endpoint *from,
		    const struct endpoint *to)
{
	struct space *s = x->s;
	node where = both(s, source(x, from), kind(x));

	where = both(s, where, both(s, dport(x), zone_pair(s, x->p->site, from->zone, to->zone)));
	if (to->kind == END_ZONE && range_equal(to->range, IPV4_ALL))
		where = both(s, where, negation(s, x->p->expected.to_own));
	return forbid(
		x->p, where,
		sent_to(x, addresses(x, to, true), x->common->refused, terminal(TERMINAL_NO)));
}

static const char *missing_zone(const struct asserting *x, const struct endpoint *end)
{
	return x->p->site->zones[end->zone].n ? NULL : zone_name(end->zone);
}

static node compare_pair(const struct asserting *x, const struct endpoint *from,
			 const struct endpoint *to)
{
	return x->a->allow ? allowed(x, from, to) : denied(x, from, to);
}

static void key_ports(struct buf *key, struct range_set ports)
{
	buf_add(key, &ports.n, sizeof(ports.n));
	buf_add(key, ports.at, ports.n * sizeof(*ports.at));
}

/* Deployments often assert the same of zones and networks. */
static node compare_zones(const struct asserting *x, const struct endpoint *from,
			  const struct endpoint *to)
{
	const struct assertion *a = x->a;
	const uint32_t head[] = {from->zone,   from->range.lo,	 from->range.hi, to->zone,
				 to->range.lo, to->range.hi,	 a->allow,	 a->has_proto,
				 a->proto,     a->has_icmp_type, a->icmp_type};
	struct buf key = {0};
	node f;

	buf_add(&key, head, sizeof(head));
	key_ports(&key, row_ports(x->dep, &a->dport, &x->s->arena));
	key_ports(&key, row_ports(x->dep, &a->sport, &x->s->arena));
	if (!index_get(&x->common->known, key.at, key.n)) {
		f = compare_pair(x, from, to);
		*index_find(&x->common->known, key.at, key.n) = (void *)((uintptr_t)f + 1);
	}
	f = (node)((uintptr_t)index_get(&x->common->known, key.at, key.n) - 1);
	buf_free(&key);
	return f;
}

static bool is_zone(const struct endpoint *end)
{
	return end->kind == END_ZONE || end->kind == END_ANY;
}

static void prove_pair(const struct asserting *x, size_t finding, const struct endpoint *from,
		       const struct endpoint *to)
{
	static const struct scene scene = {NFPROTO_IPV4, STATE_NEW, FORWARDED};
	struct prover *p = x->p;
	const char *zone = missing_zone(x, from) ? missing_zone(x, from) : missing_zone(x, to);

	if (zone && x->a->allow) {
		p->proof->findings.at[finding].answer = ANSWER_NO;
		p->proof->findings.at[finding].detail =
			arena_printf(&p->proof->arena, "the gateway has no zone %s", zone);
	} else if (!zone) {
		finding_compare(p, finding, &scene,
				is_zone(from) && is_zone(to) ? compare_zones(x, from, to)
							     : compare_pair(x, from, to),
				terminal(x->a->allow ? TERMINAL_ACCEPT : TERMINAL_DROP), p->fresh);
	}
}

static void prove_assertion(const struct asserting *x)
{
	const struct endpoint *from = &x->a->from, *to = &x->a->to;
	struct prover *p = x->p;
	size_t finding = p->proof->findings.n, n_from = 1, n_to = 1;
	struct finding *f;

	f = finding_add(
		p, "assert",
		arena_printf(&p->proof->arena, "%s: %s", x->dep->name.text, x->a->text.text));
	f->loc = x->a->text.loc;
	if (from->kind == END_ANY) {
		from = x->dep->client_ends;
		n_from = x->dep->n_clients;
	}
	if (to->kind == END_ANY) {
		to = x->dep->client_ends;
		n_to = x->dep->n_clients;
	}
	for (size_t i = 0; i < n_from; i++)
		for (size_t k = 0; k < n_to; k++)
			prove_pair(x, finding, &from[i], &to[k]);
}

static void make_common(struct common *c, struct prover *p)
{
	struct space *s = &p->space;
	const struct expected *e = &p->expected;

	c->fresh = seq(s, guard(s, e->impossible, terminal(TERMINAL_DROP)), p->fresh);
	c->accepted = accepted(s, c->fresh);
	c->refused = both(s, negation(s, either(s, e->impossible, e->spoofed)),
			  diagram_map_terminals(s->d, c->accepted, require_fn, NULL));
	find_deliveries(c, s, c->fresh);
}

void prove_assertions(struct prover *p)
{
	struct common common = {0};

	if (!site_has_assertions(p->site))
		return;
	make_common(&common, p);
	vec_each(it, &p->site->deployments) {
		const struct deployment *dep = *it;

		for (size_t i = 0; i < dep->given_assertions.n; i++) {
			struct asserting x = {p, &p->space, &common, dep, &dep->assertions[i]};

			prove_assertion(&x);
		}
	}
	vec_free(&common.deliveries);
	index_free(&common.known);
}

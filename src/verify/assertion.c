/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Assertions of a site, which speak of new flows. */
#include "prover.h"

#include <netinet/in.h>
#include <string.h>

#include <linux/netfilter.h>

/** struct asserting - an assertion under way */
struct asserting {
	struct prover *p;
	struct space *s;
	const struct deployment *dep;
	const struct assertion *a;
};

/* --- ends ------------------------------------------------------------------------------------- */

/* Addresses of @end; a packet to a public address is sent to it, and comes from behind it. */
static node addresses(const struct asserting *x, const struct endpoint *end, unsigned int var)
{
	size_t n = end_count(x->dep, end);
	node f = leaf(LEAF_NO);

	if (!n && (end->kind == END_ZONE || end->kind == END_ANY))
		return in_range(x->s, var, end->range.lo, end->range.hi);
	for (size_t i = 0; i < n; i++) {
		struct end_host host = end_host(x->dep, end, i);
		bool public = end->kind == END_PUBLIC && var == VAR_DADDR;
		uint32_t addr = public ? host.public : host.real;

		if (addr)
			f = either(x->s, f, in_range(x->s, var, addr, addr));
	}
	return f;
}

static node source(const struct asserting *x, const struct endpoint *end)
{
	return both(x->s, in_zone(x->s, x->p->site, VAR_IIF, end->zone),
		    addresses(x, end, VAR_SADDR));
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
	node f = leaf(LEAF_YES);

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
	return leaf(value == LEAF_YES ? LEAF_NO : value == LEAF_NO ? LEAF_YES : LEAF_UNKNOWN);
}

/* --- the two verbs ---------------------------------------------------------------------------- */

/* A machine is reached however packets get to it; a network in a zone by that zone alone. */
static node denied(const struct asserting *x, const struct endpoint *from,
		   const struct endpoint *to)
{
	struct space *s = x->s;
	node there = both(s, addresses(x, to, VAR_DADDR), dport(x));
	node where = both(s, source(x, from), kind(x)), through;

	if (to->kind == END_ZONE || to->kind == END_ANY)
		where = both(s, where, in_zone(s, x->p->site, VAR_OIF, to->zone));
	through =
		either(s, both(s, there, accepted(s, x->p->fresh)), landing(s, x->p->fresh, there));
	return forbid(x->p, both(s, where, negation(s, x->p->expected.impossible)), through);
}

/* All packets that there can be: own addresses come from no whole zone, nor lie in it. */
static node allowed(const struct asserting *x, const struct endpoint *from,
		    const struct endpoint *to)
{
	struct space *s = x->s;
	const struct expected *e = &x->p->expected;
	node where = both(s, source(x, from), kind(x));
	node none = either(s, e->impossible, e->spoofed);

	where = both(s, where, both(s, addresses(x, to, VAR_DADDR), dport(x)));
	where = both(s, where, zone_pair(s, x->p->site, from->zone, to->zone));
	if (to->kind == END_ZONE && range_equal(to->range, IPV4_ALL))
		none = either(s, none, e->to_own);
	where = both(s, where, negation(s, none));
	return forbid(x->p, where, diagram_map(s->d, accepted(s, x->p->fresh), require_fn, NULL));
}

static const char *missing_zone(const struct asserting *x, const struct endpoint *end)
{
	return x->p->site->zones[end->zone].n ? NULL : zone_name(end->zone);
}

static void prove_pair(const struct asserting *x, size_t finding, const struct endpoint *from,
		       const struct endpoint *to)
{
	static const struct scene scene = {NFPROTO_IPV4, STATE_NEW, false, false};
	struct prover *p = x->p;
	const char *zone = missing_zone(x, from) ? missing_zone(x, from) : missing_zone(x, to);

	if (zone && x->a->allow) {
		p->proof->findings.at[finding].answer = ANSWER_NO;
		p->proof->findings.at[finding].detail =
			arena_printf(&p->proof->arena, "the gateway has no zone %s", zone);
	} else if (!zone) {
		finding_compare(p, finding, &scene,
				x->a->allow ? allowed(x, from, to) : denied(x, from, to),
				leaf(x->a->allow ? LEAF_ACCEPT : LEAF_DROP), p->fresh);
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

void prove_assertions(struct prover *p)
{
	vec_each(it, &p->site->deployments) {
		const struct deployment *dep = *it;

		for (size_t i = 0; i < dep->given_assertions.n; i++) {
			struct asserting x = {p, &p->space, dep, &dep->assertions[i]};

			prove_assertion(&x);
		}
	}
}

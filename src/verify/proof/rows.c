/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether each row has a packet that it lets through: one that is tried, or one that is looked for.
 */
#include "rows.h"

#include "finding.h"
#include "jgfw/verify/expected/zones.h"

#include <netinet/in.h>
#include <string.h>

enum {
	MAX_TOLD = 5, /* rows without one */
};

struct rows_proof {
	struct prover *p;
	struct buf told;
	size_t n_told;
	bool undecided;		/* of a row it is not known */
	const struct row *last; /* that was told of */
	const struct deployment *last_dep;
};

static uint32_t name_index(const struct space *s, const char *name)
{
	size_t lo = 0, hi = s->names.n;

	while (hi - lo > 1) {
		size_t mid = lo + (hi - lo) / 2;

		if (strcmp(s->names.at[mid], name) <= 0)
			lo = mid;
		else
			hi = mid;
	}
	return (uint32_t)lo;
}

/* A port that is in @ports, the usual one if it is. */
static uint32_t port_of(struct range_set ports, uint32_t usual)
{
	if (!ports.n)
		return usual;
	for (size_t i = 0; i < ports.n; i++)
		if (usual >= ports.at[i].lo && usual <= ports.at[i].hi)
			return usual;
	return ports.at[0].lo;
}

static bool gets_through(const struct prover *p, const uint32_t *packet)
{
	uint32_t wanted = diagram_eval(p->space.d, p->expected.fresh, packet, VARS);
	uint32_t found = diagram_eval(p->space.d, p->fresh, packet, VARS);
	struct outcome o;

	return terminal_outcome(&p->space, wanted, &o) && wanted == found;
}

/* Between two interfaces of the claim's zones. */
static bool try_interfaces(const struct prover *p, const struct claim *c, uint32_t *packet)
{
	vec_each(in, &p->site->zones[c->from->zone])
		vec_each(out, &p->site->zones[c->to->zone]) {
			if (c->from->zone == c->to->zone && in == out)
				continue;
			packet[VAR_IIF] = name_index(&p->space, in->name);
			packet[VAR_OIF] = name_index(&p->space, out->name);
			if (gets_through(p, packet))
				return true;
		}
	return false;
}

/* The first address of an end, or one that is nobody's. */
static uint32_t address(const struct claim *c, const struct endpoint *end, size_t i, bool sent_to)
{
	struct end_host host;

	if (!end_count(c->dep, end))
		return end->range.lo ? end->range.lo + (end->range.lo != end->range.hi)
				     : 0xc6336407u; /* 198.51.100.7, RFC 5737 */
	host = end_host(c->dep, end, i);
	return sent_to && end->kind == END_PUBLIC ? host.public : host.real;
}

static bool try_claim(const struct prover *p, const struct claim *c)
{
	uint32_t packet[VARS] = {[VAR_PROTO] = c->proto,
				 [VAR_SPORT] = port_of(c->sport, USUAL_SOURCE_PORT),
				 [VAR_DPORT] = port_of(c->dport, 1)};
	size_t n_from = end_count(c->dep, c->from), n_to = end_count(c->dep, c->to);

	if (c->proto == IPPROTO_ICMP)
		packet[VAR_SPORT] = (uint32_t)c->row->icmp_type << ICMP_TYPE_SHIFT;
	for (size_t i = 0; i < (n_from ? n_from : 1); i++)
		for (size_t k = 0; k < (n_to ? n_to : 1); k++) {
			packet[VAR_SADDR] = address(c, c->from, i, false);
			packet[VAR_SOURCE] = space_source(&p->space, packet[VAR_SADDR]);
			packet[VAR_DADDR] = address(c, c->to, k, true);
			if (try_interfaces(p, c, packet))
				return true;
		}
	return false;
}

/* The addresses of an end, where packets of @var bear them. */
static node addresses(struct prover *p, const struct claim *c, const struct endpoint *end,
		      unsigned int var)
{
	size_t n = end_count(c->dep, end);
	struct conditions all = {0};

	if (!n)
		return in_range(&p->space, var, end->range.lo, end->range.hi);
	for (size_t i = 0; i < n; i++) {
		uint32_t addr = address(c, end, i, var == VAR_DADDR);

		vec_add(&all, in_range(&p->space, var, addr, addr));
	}
	return any_of(&p->space, &all);
}

/** struct hope - what counts as getting through */
struct hope {
	const struct space *s;
	bool undecided; /* what is not understood does */
};

static bool same_outcome(node a, node b, void *arg, node *ret)
{
	const struct hope *hope = arg;
	struct outcome o;

	if (!is_terminal(a) || !is_terminal(b))
		return false;
	if (hope->undecided && b == terminal(TERMINAL_UNKNOWN))
		b = a;
	*ret = terminal(a == b && terminal_outcome(hope->s, terminal_value(a), &o) ? TERMINAL_YES
										   : TERMINAL_NO);
	return true;
}

/* Is there any packet of the claim that gets through as it should? */
static bool search_claim(struct prover *p, const struct claim *c, bool undecided)
{
	struct space *s = &p->space;
	struct hope hope = {s, undecided};
	node where = both(s, zone_pair(s, p->site, c->from->zone, c->to->zone),
			  in_range(s, VAR_PROTO, c->proto, c->proto));

	where = both(s, where, addresses(p, c, c->from, VAR_SADDR));
	where = both(s, where, addresses(p, c, c->to, VAR_DADDR));
	if (c->proto != IPPROTO_ICMP)
		where = both(s, where,
			     both(s, in_ranges(s, VAR_SPORT, c->sport),
				  in_ranges(s, VAR_DPORT, c->dport)));
	where = both(s, where,
		     diagram_apply(s->d, diagram_op(s->d), same_outcome, &hope, p->expected.fresh,
				   p->fresh));
	return where != terminal(TERMINAL_NO);
}

static void look_at(const struct claim *c, void *arg)
{
	struct rows_proof *x = arg;

	if (!claim_in_force(x->p->site, c) || try_claim(x->p, c) || search_claim(x->p, c, false))
		return;
	if (search_claim(x->p, c, true)) {
		x->undecided = true;
		return;
	}
	if (x->last == c->row && x->last_dep == c->dep)
		return;
	x->last = c->row;
	x->last_dep = c->dep;
	if (x->n_told++ < MAX_TOLD)
		buf_printf(&x->told, "%s%s of %s", x->told.n ? ", " : "", c->row->id.text,
			   c->dep->name.text);
}

void prove_rows(struct prover *p)
{
	struct rows_proof x = {.p = p};
	size_t f = p->proof->findings.n;

	finding_add(p, "rows", "every row in force lets packets through, for each of its ends");
	vec_each(dep, &p->site->deployments)
		claims_each(*dep, &p->space.arena, look_at, &x);
	if (x.undecided)
		p->proof->findings.at[f].answer = ANSWER_UNKNOWN;
	if (!x.n_told)
		return;
	if (x.n_told > MAX_TOLD)
		buf_printf(&x.told, " and %zu more", x.n_told - MAX_TOLD);
	buf_puts(&x.told, x.n_told == 1 ? " lets nothing through" : " let nothing through");
	p->proof->findings.at[f].answer = ANSWER_NO;
	p->proof->findings.at[f].detail = arena_copy(&p->proof->arena, x.told.at, x.told.n);
	buf_free(&x.told);
}

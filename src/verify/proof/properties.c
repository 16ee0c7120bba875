/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What must hold of new flows besides being what the rows say, looked for in the ruleset alone: so
 * that a wrong answer also tells what it would mean.
 */
#include "properties.h"

#include "finding.h"
#include "jgfw/verify/expected/zones.h"

#include <netinet/in.h>
#include <string.h>

#include <linux/netfilter.h>

static const struct scene forwarded = {NFPROTO_IPV4, STATE_NEW, FORWARDED};

/* --- small functions -------------------------------------------------------------------------- */

static void prove_none(struct prover *p, const char *name, const char *text, node condition,
		       node found)
{
	size_t f = p->proof->findings.n;

	finding_add(p, name, text);
	finding_compare(p, f, &forwarded, forbid(p, condition, found), terminal(TERMINAL_DROP),
			p->fresh);
}

/** struct spots - addresses and ports of machines, by protocol */
struct spots {
	VEC(struct box); /* VAR_DADDR, VAR_DPORT, VAR_PROTO */
};

static void add_spot(struct spots *spots, uint32_t addr, struct range ports, uint8_t proto)
{
	if (addr)
		vec_add(spots, ((struct box){{{addr, addr}, ports, {proto, proto}},
					     terminal(TERMINAL_YES)}));
}

static node at_spots(struct space *s, struct spots *spots)
{
	static const unsigned int vars[] = {VAR_DADDR, VAR_DPORT, VAR_PROTO};
	node f = in_boxes(s, vars, ARRAY_SIZE(vars), spots->at, spots->n, terminal(TERMINAL_NO));

	vec_free(spots);
	return f;
}

/* --- private ports ---------------------------------------------------------------------------- */

struct private_ports {
	struct prover *p;
	struct spots spots[ZONE_COUNT]; /* by where they lie */
};

static void add_private(const struct claim *c, void *arg)
{
	struct private_ports *x = arg;
	struct range port = {c->translate, c->translate};

	if (!c->translate || c->to->kind != END_PUBLIC || !claim_in_force(x->p->site, c))
		return;
	for (size_t i = 0; i < end_count(c->dep, c->to); i++)
		add_spot(&x->spots[c->to->zone], end_host(c->dep, c->to, i).real, port, c->proto);
}

static node keeps_destination(uint32_t value, void *arg)
{
	const struct space *s = arg;
	struct outcome o;

	if (value == TERMINAL_UNKNOWN)
		return terminal(TERMINAL_UNKNOWN);
	return terminal(terminal_outcome(s, value, &o) && !o.has_daddr && !o.has_dport
				? TERMINAL_YES
				: TERMINAL_NO);
}

static void prove_private_ports(struct prover *p)
{
	struct private_ports x = {.p = p};
	struct space *s = &p->space;
	node where = terminal(TERMINAL_NO);

	vec_each(dep, &p->site->deployments)
		claims_each(*dep, &s->arena, add_private, &x);
	for (int z = 0; z < ZONE_COUNT; z++)
		where = either(s, where,
			       both(s, at_spots(s, &x.spots[z]),
				    in_zone(s, p->site, VAR_OIF, (enum zone)z)));
	where = both(s, where, negation(s, p->expected.by_site));
	prove_none(p, "private-ports",
		   "ports behind a translation are reached through it alone, but for rows of the "
		   "site's own",
		   both(s, where, negation(s, p->expected.impossible)),
		   diagram_map_terminals(s->d, p->fresh, keeps_destination, s));
}

/* --- management ------------------------------------------------------------------------------- */

/* Ports of all addresses of an Expressway-E. */
static void add_management(struct space *s, const struct deployment *dep, uint8_t proto,
			   const struct port_expr *expr, struct spots *spots)
{
	struct range_set ports = row_ports(dep, expr, &s->arena);

	vec_each(peer, &dep->edge)
		for (size_t n = 0; n < dep->model->n_nics; n++)
			for (size_t i = 0; i < ports.n; i++)
				add_spot(spots, peer->nics[n].addr, ports.at[i], proto);
}

static void prove_management(struct prover *p)
{
	struct space *s = &p->space;
	struct spots spots = {0};
	node where = both(s, p->expected.from_wan,
			  negation(s, either(s, p->expected.by_site, p->expected.impossible)));

	vec_each(dep, &p->site->deployments) {
		const struct model *model = (*dep)->model;

		add_management(s, *dep, IPPROTO_TCP, &model->management_tcp, &spots);
		add_management(s, *dep, IPPROTO_UDP, &model->management_udp, &spots);
	}
	prove_none(p, "management",
		   "no port where an Expressway-E is managed is reached from wan, but for rows of "
		   "the site's own",
		   where, landing(s, p->fresh, at_spots(s, &spots)));
}

/* --- deployments ------------------------------------------------------------------------------ */

/** struct crossing - translations of one public address under way */
struct crossing {
	struct prover *p;
	uint32_t public;
	const struct index *pairs; /* public and private addresses of an Expressway-E */
};

static node strays(uint32_t value, void *arg)
{
	const struct crossing *x = arg;
	struct outcome o;
	uint32_t pair[] = {x->public, 0};

	if (!terminal_outcome(&x->p->space, value, &o) || !o.has_daddr)
		return terminal(TERMINAL_NO);
	pair[1] = o.daddr;
	return terminal(index_get(x->pairs, pair, sizeof(pair)) ? TERMINAL_NO : TERMINAL_YES);
}

static void prove_deployments(struct prover *p)
{
	size_t f = p->proof->findings.n;
	struct index pairs = {0};
	struct diagrams *d = p->space.d;

	finding_add(p, "deployments",
		    "what is sent to one public address is never translated to the Expressway-E "
		    "of another");
	vec_each(dep, &p->site->deployments)
		vec_each(peer, &(*dep)->edge) {
			uint32_t pair[] = {peer->public.addr,
					   peer->nics[(*dep)->model->behind].addr};

			*index_find(&pairs, pair, sizeof(pair)) = &pairs;
		}
	vec_each(dep, &p->site->deployments)
		vec_each(peer, &(*dep)->edge) {
			struct crossing x = {p, peer->public.addr, &pairs};
			node here = in_range(&p->space, VAR_DADDR, x.public, x.public);
			node stray = diagram_map_terminals(
				d, diagram_restrict(d, p->fresh, VAR_DADDR, x.public), strays, &x);

			if (stray != terminal(TERMINAL_NO) && x.public)
				finding_compare(p, f, &forwarded,
						forbid(p, both(&p->space, here, stray),
						       terminal(TERMINAL_YES)),
						p->expected.fresh, p->fresh);
		}
	index_free(&pairs);
}

void prove_properties(struct prover *p)
{
	prove_management(p);
	prove_private_ports(p);
	prove_none(
		p, "spoofed", "own addresses do not come from wan",
		both(&p->space, p->expected.spoofed, negation(&p->space, p->expected.impossible)),
		accepted(&p->space, p->fresh));
	prove_deployments(p);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuzz.h"

#include "jgfw/emit/ruleset.h"
#include "jgfw/ruleset/run.h"
#include "jgfw/verify/actual/pipeline.h"
#include "verify/proof/sources.h"

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include <linux/netfilter.h>

enum {
	PACKETS = 24, /* of one kind */
};

/* --- what packets have ---------------------------------------------------------------------- */

static const char *const names[] = {"eth0", "eth1", "eth2", "eth3", "lo"}; /* in order */

uint32_t some_addr(struct feed *f)
{
	static const uint32_t addrs[] = {0xcb00710a, 0xc000020a, 0xc000024a, 0x0a0a0014,
					 0x0a0a001e, 0xc6336407, 0x0a0a0007, 0x00000000,
					 0xffffffff, 0x0a000000, 0x0affffff, 0xcb00710b};
	unsigned int i = feed_below(f, 64);

	return addrs[i % ARRAY_SIZE(addrs)] + (i >= 48) - (i < 4);
}

uint16_t some_port(struct feed *f)
{
	static const uint16_t ports[] = {0,    22,   53,   80,	 443,	1023,  1024,
					 3478, 5060, 9443, 9980, 30000, 36000, 65535};
	unsigned int i = feed_below(f, 64);

	return (uint16_t)(ports[i % ARRAY_SIZE(ports)] + (i >= 48) - (i < 8));
}

uint8_t some_proto(struct feed *f)
{
	static const uint8_t protos[] = {IPPROTO_TCP, IPPROTO_UDP,  IPPROTO_ICMP,
					 IPPROTO_GRE, IPPROTO_SCTP, IPPROTO_ICMPV6,
					 0,	      255};

	return protos[feed_below(f, ARRAY_SIZE(protos))];
}

const char *some_name(struct feed *f)
{
	return names[feed_below(f, ARRAY_SIZE(names))];
}

/* --- one way and the other ------------------------------------------------------------------ */

/** struct kind - packets that one diagram is about */
struct kind {
	enum {
		FORWARDED,
		LOCAL,
		SENT
	} way;
	uint8_t nfproto;
	uint32_t ct_state;
};

static uint32_t index_of(const char *name)
{
	uint32_t i = 0;

	while (strcmp(names[i], name))
		i++;
	return i;
}

static struct packet some_packet(struct feed *f, const struct kind *kind, uint32_t point[VARS])
{
	struct packet p = {.nfproto = kind->nfproto, .ct_state = kind->ct_state};

	memset(point, 0, VARS * sizeof(*point));
	p.l4proto = some_proto(f);
	p.saddr = some_addr(f);
	p.daddr = some_addr(f);
	p.sport = some_port(f);
	p.dport = some_port(f);
	p.iif = some_name(f);
	p.oif = some_name(f);
	p.icmp_type = (uint8_t)feed_below(f, 20);
	point[VAR_PROTO] = p.l4proto;
	point[VAR_SADDR] = p.saddr;
	point[VAR_DADDR] = p.daddr;
	point[VAR_DPORT] = p.dport;
	point[VAR_SPORT] = p.sport;
	if (p.l4proto == IPPROTO_ICMP)
		point[VAR_SPORT] = (uint32_t)p.icmp_type << ICMP_TYPE_SHIFT;
	point[VAR_IIF] = index_of(p.iif);
	point[VAR_OIF] = index_of(p.oif);
	return p;
}

static enum run_fate run_packet(const struct runner *runner, const struct kind *kind,
				struct run *run, bool *ret_by_itself)
{
	static const enum hook hooks[][3] = {
		[FORWARDED] = {HOOK_PREROUTING, HOOK_FORWARD, HOOK_POSTROUTING},
		[LOCAL] = {HOOK_PREROUTING, HOOK_INPUT, HOOK_INPUT},
		[SENT] = {HOOK_OUTPUT, HOOK_POSTROUTING, HOOK_POSTROUTING},
	};
	const char *iif = run->packet.iif, *oif = run->packet.oif;
	enum run_fate fate = RUN_ACCEPT;

	for (size_t i = 0; i < (kind->way == FORWARDED ? 3 : 2) && fate == RUN_ACCEPT; i++) {
		bool leaves = kind->way == SENT || (kind->way == FORWARDED && i);

		run->packet.iif = kind->way == SENT ? NULL : iif;
		run->packet.oif = leaves ? oif : NULL;
		fate = run_hook(runner, hooks[kind->way][i], run);
	}
	/* what the gateway sends is not followed behind a translation of its destination */
	*ret_by_itself = kind->way != SENT || !run->dnat.is_set;
	return fate;
}

static node diagram_of(const struct pipeline *p, const struct kind *kind)
{
	switch (kind->way) {
	case FORWARDED:
		return pipeline_forward(p, kind->nfproto, kind->ct_state);
	case LOCAL:
		return pipeline_local(p, kind->nfproto, kind->ct_state);
	case SENT:
		break;
	}
	return pipeline_output(p, kind->nfproto, kind->ct_state);
}

/* --- comparison ----------------------------------------------------------------------------- */

static bool same_outcome(const struct space *s, uint32_t value, const uint32_t *point,
			 const struct packet *behind)
{
	struct outcome o;

	if (!terminal_outcome(s, value, &o))
		return false;
	if ((o.has_daddr ? o.daddr : point[VAR_DADDR]) != behind->daddr ||
	    o.masquerade != behind->saddr_unknown)
		return false;
	if (!o.masquerade && (o.has_saddr ? o.saddr : point[VAR_SADDR]) != behind->saddr)
		return false;
	return !proto_has_ports(behind->l4proto) ||
	       ((o.has_dport ? o.dport : point[VAR_DPORT]) == behind->dport &&
		(o.has_sport ? o.sport : point[VAR_SPORT]) == behind->sport);
}

/* Is there a way through the doubts below the packet's own variables that ends as it did? */
static bool can_fare_so(const struct space *s, node f, const uint32_t *point, enum run_fate fate,
			const struct packet *behind)
{
	const struct edge *e;
	unsigned int var;
	size_t n;

	if (is_terminal(f) && terminal_value(f) == TERMINAL_UNKNOWN)
		return true;
	if (is_terminal(f))
		return fate == RUN_DROP ? terminal_value(f) == TERMINAL_DROP
					: same_outcome(s, terminal_value(f), point, behind);
	var = diagram_var(s->d, f);
	e = diagram_edges(s->d, f, &n);
	if (var >= VARS)
		return can_fare_so(s, e[0].to, point, fate, behind) ||
		       can_fare_so(s, e[n - 1].to, point, fate, behind);
	while (e->hi < point[var])
		e++;
	return can_fare_so(s, e->to, point, fate, behind);
}

static void put_bytes(struct buf *out, const struct value *v)
{
	for (size_t i = 0; i < v->len; i++)
		buf_printf(out, "%02x", v->bytes[i]);
}

/* By registers: rules here have words of nft's seldom. */
static void put_expr(struct buf *out, const struct expr *e)
{
	switch (e->kind) {
	case EXPR_META:
		buf_printf(out, " meta %d -> %u;", (int)e->meta.key, e->meta.dreg);
		break;
	case EXPR_PAYLOAD:
		buf_printf(out, " header %d %u+%u -> %u;", (int)e->payload.base, e->payload.offset,
			   e->payload.len, e->payload.dreg);
		break;
	case EXPR_CT:
		buf_printf(out, " ct %d -> %u;", (int)e->ct.key, e->ct.dreg);
		break;
	case EXPR_CMP:
		buf_printf(out, " cmp %d %u ", (int)e->cmp.op, e->cmp.sreg);
		put_bytes(out, &e->cmp.value);
		buf_putc(out, ';');
		break;
	case EXPR_BITWISE:
		buf_printf(out, " mask %u -> %u ", e->bitwise.sreg, e->bitwise.dreg);
		put_bytes(out, &e->bitwise.mask);
		buf_putc(out, ';');
		break;
	case EXPR_UNKNOWN:
		buf_printf(out, " effect %d;", (int)e->unknown.effect);
		break;
	case EXPR_LOOKUP:
		buf_printf(out, "%s in %s %u -> %u;", e->lookup.invert ? " not" : "",
			   e->lookup.set->name, e->lookup.sreg, e->lookup.dreg);
		break;
	case EXPR_VERDICT:
		buf_printf(out, " verdict %d %s;", (int)e->verdict.kind,
			   e->verdict.chain ? e->verdict.chain->name : "");
		break;
	case EXPR_NAT:
		buf_printf(out, " nat %d to %u:%u;", (int)e->nat.kind, e->nat.addr,
			   e->nat.has_port ? e->nat.port : 0u);
		break;
	case EXPR_COUNTER:
	case EXPR_LIMIT:
	case EXPR_LOG:
		buf_printf(out, " kind %d;", (int)e->kind);
		break;
	}
}

static void put_ruleset(struct buf *out, const struct ruleset *rs)
{
	emit_ruleset(rs, out);
	vec_each(chain, &rs->table.chains)
		vec_each(rule, &(*chain)->rules) {
			buf_printf(out, "%s:", (*chain)->name);
			for (size_t i = 0; i < rule->n; i++)
				put_expr(out, &rule->at[i]);
			buf_putc(out, '\n');
		}
}

static _Noreturn void tell_difference(const struct ruleset *rs, const struct kind *kind,
				      const struct packet *p, const uint32_t *point,
				      enum run_fate fate, const struct packet *behind,
				      uint32_t value)
{
	struct buf out = {0};

	put_ruleset(&out, rs);
	buf_printf(&out, "way %d, family %u, state %u: %s", (int)kind->way, kind->nfproto,
		   kind->ct_state, p->iif);
	buf_printf(&out, " > %s, protocol %u icmp type %u, ", p->oif, p->l4proto, p->icmp_type);
	buf_ipv4(&out, p->saddr);
	buf_printf(&out, ":%u > ", point[VAR_SPORT]);
	buf_ipv4(&out, p->daddr);
	buf_printf(&out, ":%u\nrun: %s, ", p->dport, fate == RUN_DROP ? "dropped" : "accepted");
	buf_ipv4(&out, behind->saddr);
	buf_printf(&out, ":%u%s > ", behind->sport, behind->saddr_unknown ? " masqueraded" : "");
	buf_ipv4(&out, behind->daddr);
	buf_printf(&out, ":%u\ndiagram: leaf %u\n", behind->dport, value);
	fputs(buf_str(&out), stderr);
	must_not_be("both ways to run a ruleset agree", __FILE__, __LINE__);
}

static void compare_kind(const struct ruleset *rs, const struct runner *runner, struct space *s,
			 node diagram, const struct kind *kind, struct feed *f)
{
	uint32_t point[VARS];

	for (int i = 0; i < PACKETS && f->left; i++) {
		struct packet p = some_packet(f, kind, point);
		struct run run = {.packet = p};
		bool whole;
		enum run_fate fate = run_packet(runner, kind, &run, &whole);

		point[VAR_SOURCE] = space_source(s, point[VAR_SADDR]);
		if (fate == RUN_UNDECIDED || !whole ||
		    can_fare_so(s, diagram, point, fate, &run.packet))
			continue;
		tell_difference(rs, kind, &p, point, fate, &run.packet,
				diagram_eval(s->d, diagram, point, VARS));
	}
}

void compare_ways(const struct ruleset *rs, struct feed *f)
{
	static const uint32_t states[] = {CT_STATE_NEW, CT_STATE_NEW, CT_STATE_INVALID,
					  CT_STATE_UNTRACKED};
	struct kind kind = {feed_below(f, 3), feed_below(f, 4) ? NFPROTO_IPV4 : NFPROTO_IPV6,
			    states[feed_below(f, ARRAY_SIZE(states))]};
	struct space space;
	struct symbolic symbolic = {.space = &space};
	struct pipeline pipeline;
	struct sources sources;
	struct runner *runner;

	if (!is_loadable(rs))
		return;
	runner = runner_new(rs);
	sources_collect(NULL, &rs, 1, &sources);
	space_init(&space, names, ARRAY_SIZE(names), &sources);
	pipeline_init(&pipeline, &symbolic, &rs, 1, false);
	if (!pipeline_unclear(&pipeline))
		compare_kind(rs, runner, &space, diagram_of(&pipeline, &kind), &kind, f);
	runner_free(runner);
	pipeline_free(&pipeline);
	symbolic_free(&symbolic);
	space_free(&space);
	sources_free(&sources);
}

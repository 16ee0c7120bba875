/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "jgfw/apply/flush.h"

#include "jgfw/base/index.h"
#include "jgfw/kernel/conntrack.h"
#include "jgfw/kernel/route.h"
#include "jgfw/ruleset/run.h"

#include <errno.h>

#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>

/* --- ways ----------------------------------------------------------------------------------- */

/** struct ways - the ways to addresses, each asked for once */
struct ways {
	struct index index; /* from an address to its position + 1 */
	VEC(struct route);
	size_t found; /* so many of them are filled in */
};

static void ways_want(struct ways *ways, uint32_t addr)
{
	void **at = index_find(&ways->index, &addr, sizeof(addr));

	if (*at)
		return;
	*vec_push(ways) = (struct route){.addr = addr};
	*at = (void *)(uintptr_t)ways->n;
}

static int ways_find(struct ways *ways, struct diag *diag)
{
	size_t from = ways->found;

	if (from == ways->n)
		return 0;
	ways->found = ways->n;
	return routes_find(ways->at + from, ways->n - from, diag);
}

/* Valid until the next ways_want(). */
static const struct route *way_to(const struct ways *ways, uint32_t addr)
{
	return &ways->at[(uintptr_t)index_get(&ways->index, &addr, sizeof(addr)) - 1];
}

static void ways_free(struct ways *ways)
{
	index_free(&ways->index);
	vec_free(ways);
}

/* --- a flow's first packet ------------------------------------------------------------------ */

/** struct passage - a flow's first packet on its way through a ruleset */
struct passage {
	struct run run;
	enum run_fate fate;
};

static struct packet first_packet(const struct conn *conn, const char *iif)
{
	return (struct packet){
		.iif = iif,
		.nfproto = NFPROTO_IPV4,
		.l4proto = conn->l4proto,
		.saddr = conn->orig.saddr,
		.daddr = conn->orig.daddr,
		.sport = conn->orig.sport,
		.dport = conn->orig.dport,
		.icmp_type = conn->icmp_type,
		/* what another flow announced is not new to the kernel */
		.ct_state = conn->status & IPS_EXPECTED ? CT_STATE_RELATED : CT_STATE_NEW,
	};
}

/* Up to routing. Without a ruleset (NULL) everything passes. */
static void pass_in(const struct runner *runner, const struct conn *conn, const struct ways *ways,
		    struct passage *p)
{
	const struct route *from = way_to(ways, conn->orig.saddr);

	*p = (struct passage){.run.packet = first_packet(conn, from->oif), .fate = RUN_UNDECIDED};
	if (from->kind == ROUTE_UNICAST)
		p->fate = runner ? run_hook(runner, HOOK_PREROUTING, &p->run) : RUN_ACCEPT;
}

/* From routing on. */
static void pass_out(const struct runner *runner, const struct conn *conn, const struct ways *ways,
		     struct passage *p)
{
	struct packet *packet = &p->run.packet;
	const struct route *to;

	if (!runner || p->fate != RUN_ACCEPT)
		return;
	to = way_to(ways, packet->daddr);
	packet->iif = way_to(ways, conn->orig.saddr)->oif;
	if (to->kind == ROUTE_NONE) {
		p->fate = RUN_UNDECIDED;
	} else if (to->kind == ROUTE_LOCAL) {
		p->fate = run_hook(runner, HOOK_INPUT, &p->run);
	} else {
		packet->oif = to->oif;
		p->fate = run_hook(runner, HOOK_FORWARD, &p->run);
		if (p->fate == RUN_ACCEPT)
			p->fate = run_hook(runner, HOOK_POSTROUTING, &p->run);
	}
}

/* --- what became of the flow, and what would now -------------------------------------------- */

static bool same_destination(const struct packet *a, const struct packet *b)
{
	return a->daddr == b->daddr && a->dport == b->dport;
}

/* Does the flow go to where the packet goes? */
static bool goes_there(const struct conn *conn, const struct packet *packet)
{
	return conn->reply.saddr == packet->daddr &&
	       (!proto_has_ports(conn->l4proto) || conn->reply.sport == packet->dport);
}

static bool same_source(const struct run *a, const struct run *b)
{
	return a->snat.masquerade == b->snat.masquerade && a->packet.saddr == b->packet.saddr &&
	       a->snat.has_port == b->snat.has_port && a->snat.port == b->snat.port;
}

/* Does the flow come with the source that the ruleset gives it, as far as it says? */
static bool bears_source(const struct conn *conn, const struct run *run)
{
	if (run->snat.masquerade)
		return conn->reply.daddr != conn->orig.saddr;
	return conn->reply.daddr == run->packet.saddr &&
	       (!run->snat.has_port || !proto_has_ports(conn->l4proto) ||
		conn->reply.dport == run->snat.port);
}

/* Where neither ruleset translates the flow, and it goes elsewhere, another table translates it
 * before them: the packet goes on as that one has it. */
static void take_translation_of_others(const struct conn *conn, struct passage *new,
				       struct passage *old)
{
	struct passage *both[] = {new, old};

	if (new->run.dnat.is_set || old->fate == RUN_UNDECIDED ||
	    goes_there(conn, &new->run.packet) ||
	    !same_destination(&new->run.packet, &old->run.packet))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(both); i++) {
		struct packet *packet = &both[i]->run.packet;

		packet->daddr = conn->reply.saddr;
		if (proto_has_ports(conn->l4proto))
			packet->dport = conn->reply.sport;
		packet->ct_status |= CT_STATUS_DNAT;
	}
}

/* RUN_ACCEPT where the flow may go on, RUN_DROP where it is to be ended. */
static enum run_fate judge(const struct conn *conn, const struct passage *new,
			   const struct passage *old)
{
	if (new->fate != RUN_ACCEPT)
		return new->fate;
	if (goes_there(conn, &new->run.packet) && bears_source(conn, &new->run))
		return RUN_ACCEPT;
	if (old->fate == RUN_UNDECIDED)
		return RUN_UNDECIDED;
	/* a source that neither gives it, another table does */
	if (!goes_there(conn, &new->run.packet) || new->run.snat.is_set ||
	    !same_source(&new->run, &old->run))
		return RUN_DROP;
	return RUN_ACCEPT;
}

/* --- all flows ------------------------------------------------------------------------------ */

/** struct flush - flows under judgement; passages by flow */
struct flush {
	struct conns conns;
	struct ways ways;
	struct runner *new_runner, *old_runner; /* the latter may be NULL */
	struct passage *new, *old;
	struct {
		VEC(const struct conn *);
	} ended;
	size_t undecided;
};

static void flush_free(struct flush *f)
{
	conns_free(&f->conns);
	ways_free(&f->ways);
	runner_free(f->new_runner);
	runner_free(f->old_runner);
	free(f->new);
	free(f->old);
	vec_free(&f->ended);
}

/* All packets through both rulesets; 0 or -errno. */
static int pass_all(struct flush *f, struct diag *diag)
{
	const struct conn *conns = f->conns.at;
	size_t n = f->conns.n;
	int r;

	f->new = mem_resize(NULL, n + 1, sizeof(*f->new));
	f->old = mem_resize(NULL, n + 1, sizeof(*f->old));
	for (size_t i = 0; i < n; i++)
		ways_want(&f->ways, conns[i].orig.saddr);
	r = ways_find(&f->ways, diag);
	for (size_t i = 0; !r && i < n; i++) {
		pass_in(f->new_runner, &conns[i], &f->ways, &f->new[i]);
		pass_in(f->old_runner, &conns[i], &f->ways, &f->old[i]);
		take_translation_of_others(&conns[i], &f->new[i], &f->old[i]);
	}
	for (size_t i = 0; !r && i < n; i++) {
		ways_want(&f->ways, f->new[i].run.packet.daddr);
		ways_want(&f->ways, f->old[i].run.packet.daddr);
	}
	if (!r)
		r = ways_find(&f->ways, diag);
	for (size_t i = 0; !r && i < n; i++) {
		pass_out(f->new_runner, &conns[i], &f->ways, &f->new[i]);
		pass_out(f->old_runner, &conns[i], &f->ways, &f->old[i]);
	}
	return r;
}

static void judge_all(struct flush *f)
{
	for (size_t i = 0; i < f->conns.n; i++) {
		const struct conn *conn = &f->conns.at[i];

		if (way_to(&f->ways, conn->orig.saddr)->kind == ROUTE_LOCAL)
			continue; /* the gateway's own */
		switch (judge(conn, &f->new[i], &f->old[i])) {
		case RUN_ACCEPT:
			break;
		case RUN_DROP:
			vec_add(&f->ended, conn);
			break;
		case RUN_UNDECIDED:
			f->undecided++;
			break;
		}
	}
}

static int flush(struct flush *f, struct conntrack *ct, size_t *ret_ended, struct diag *diag)
{
	int r = conntrack_dump(ct, &f->conns, diag);

	if (!r)
		r = pass_all(f, diag);
	if (r)
		return r;
	judge_all(f);
	if (f->undecided)
		diag_warn(diag, (struct loc){0}, "flows-undecided",
			  "%zu flow%s could not be judged and %s left as %s", f->undecided,
			  f->undecided == 1 ? "" : "s", f->undecided == 1 ? "was" : "were",
			  f->undecided == 1 ? "it was" : "they were");
	return conntrack_delete(ct, f->ended.at, f->ended.n, ret_ended, diag);
}

int flows_flush(const struct ruleset *new, const struct ruleset *old, size_t *ret_ended,
		struct diag *diag)
{
	struct conntrack *ct = conntrack_open(diag);
	struct flush f = {0};
	int r;

	*ret_ended = 0;
	if (!ct)
		return -EIO;
	f.new_runner = runner_new(new);
	f.old_runner = old ? runner_new(old) : NULL;
	r = flush(&f, ct, ret_ended, diag);
	flush_free(&f);
	conntrack_close(ct);
	return r;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "jgfw/claims/claim.h"

#include <netinet/in.h>
#include <string.h>

bool deployment_omits(const struct deployment *dep, const struct row *row)
{
	vec_each(word, &dep->omit)
		if (!strcmp(word->text, row->id.text))
			return true;
	return false;
}

/* A role that the site may leave out, and does. */
static bool is_nobody(const struct claim *claim, const struct endpoint *end)
{
	return end->kind == END_ROLE && !end_count(claim->dep, end);
}

static bool is_one_machine(const struct claim *claim)
{
	struct end_host from, to;

	if (end_count(claim->dep, claim->from) != 1)
		return false;
	from = end_host(claim->dep, claim->from, 0);
	if (claim->to->kind == END_ZONE)
		return claim->to->range.lo == from.real && claim->to->range.hi == from.real;
	if (end_count(claim->dep, claim->to) != 1)
		return false;
	to = end_host(claim->dep, claim->to, 0);
	/* to its own public address, if that is another, it speaks by way of the gateway */
	return from.real && from.real == to.real &&
	       (claim->to->kind != END_PUBLIC || to.public == to.real);
}

bool claim_in_force(const struct site *site, const struct claim *claim)
{
	const struct interfaces *from = &site->zones[claim->from->zone];
	const struct interfaces *to = &site->zones[claim->to->zone];

	if (claim->row->never || deployment_omits(claim->dep, claim->row) ||
	    is_nobody(claim, claim->from) || is_nobody(claim, claim->to) || is_one_machine(claim))
		return false;
	return from->n && to->n && (from != to || from->n > 1);
}

size_t end_count(const struct deployment *dep, const struct endpoint *end)
{
	switch (end->kind) {
	case END_PUBLIC:
	case END_NIC:
		return end->peer >= 0 ? 1 : dep->edge.n;
	case END_ROLE:
		return dep->roles[end->role].n;
	case END_ANY:
	case END_ZONE:
		break;
	}
	return 0;
}

struct end_host end_host(const struct deployment *dep, const struct endpoint *end, size_t i)
{
	const struct edge_peer *peer;

	if (end->kind == END_ROLE)
		return (struct end_host){dep->roles[end->role].at[i].addr, 0};
	peer = &dep->edge.at[end->peer >= 0 ? (size_t)end->peer : i];
	return (struct end_host){peer->nics[end->nic].addr, peer->public.addr};
}

static void tell_protos(struct claim *claim, claim_fn *fn, void *arg)
{
	switch (claim->row->proto) {
	case PROTO_TCP_UDP:
		claim->proto = IPPROTO_TCP;
		fn(claim, arg);
		claim->proto = IPPROTO_UDP;
		break;
	case PROTO_TCP:
	case PROTO_TLS:
		claim->proto = IPPROTO_TCP;
		break;
	case PROTO_UDP:
		claim->proto = IPPROTO_UDP;
		break;
	case PROTO_ICMP:
		claim->proto = IPPROTO_ICMP;
		break;
	}
	fn(claim, arg);
}

static void tell_row(struct claim *claim, struct arena *arena, claim_fn *fn, void *arg)
{
	const struct deployment *dep = claim->dep;
	const struct row *row = claim->row;
	const struct endpoint *from = &row->from_end, *to = &row->to_end;
	size_t n_from = 1, n_to = 1;
	struct range_set translate = row_ports(dep, &row->translate, arena);

	claim->sport = (struct range_set){0};
	if (!dep->any_source_ports || row->of_site)
		claim->sport = row_ports(dep, &row->sport, arena);
	claim->dport = row_ports(dep, &row->dport, arena);
	claim->translate = translate.n ? (uint16_t)translate.at[0].lo : 0;
	if (from->kind == END_ANY) {
		from = dep->client_ends;
		n_from = dep->n_clients;
	}
	if (to->kind == END_ANY) {
		to = dep->client_ends;
		n_to = dep->n_clients;
	}
	for (size_t i = 0; i < n_from; i++)
		for (size_t k = 0; k < n_to; k++) {
			claim->from = &from[i];
			claim->to = &to[k];
			tell_protos(claim, fn, arg);
		}
}

static void tell_rows(struct claim *claim, const struct rows *rows, struct arena *arena,
		      claim_fn *fn, void *arg)
{
	vec_each(row, rows) {
		claim->row = row;
		if (!row->translation_of.text)
			tell_row(claim, arena, fn, arg);
	}
}

void claims_each(const struct deployment *dep, struct arena *arena, claim_fn *fn, void *arg)
{
	struct claim claim = {.dep = dep};

	tell_rows(&claim, &dep->model->rows, arena, fn, arg);
	tell_rows(&claim, &dep->rows, arena, fn, arg);
}

static void add_address(struct range_vec *all, uint32_t addr)
{
	if (addr)
		vec_add(all, ((struct range){addr, addr}));
}

void site_own_addresses(const struct site *site, struct range_vec *ret)
{
	vec_each(it, &site->deployments) {
		const struct deployment *dep = *it;
		const struct model *model = dep->model;

		vec_each(peer, &dep->edge) {
			add_address(ret, peer->public.addr);
			for (size_t i = 0; i < model->n_nics; i++)
				add_address(ret, peer->nics[i].addr);
		}
		/* machines of others, or on the internet, may send from there */
		for (size_t i = 0; i < model->n_roles; i++)
			if (role_is_own(&model->roles[i]))
				vec_each(host, &dep->roles[i])
					add_address(ret, host->addr);
	}
	range_normalize(ret);
}

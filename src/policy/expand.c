/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Port model, profile and site to flows: what each row means on this gateway. */
#include "jgfw/policy/expand.h"

#include "conflict.h"
#include "jgfw/base/addr.h"
#include "jgfw/base/diag.h"
#include "jgfw/base/mem.h"
#include "jgfw/base/sort.h"
#include "jgfw/base/vec.h"
#include "jgfw/config/model.h"
#include "jgfw/config/site.h"
#include "jgfw/config/zone.h"

#include <netinet/in.h>
#include <string.h>

enum {
	DEPLOYMENT_MAX_FLOWS = 4000,
	SITE_MAX_FLOWS = 2000000, /* one for each range of ports */
};

/** struct cast - the machines of one deployment, by NIC and by role */
struct cast {
	struct machine *nics[MODEL_MAX_NICS];
	struct machine *roles[MODEL_MAX_ROLES];
	uint32_t told; /* roles and NICs whose missing addresses were already told */
};

struct expansion {
	struct policy *policy;
	const struct site *site;
	const struct deployment *dep;
	struct cast cast;
	struct diag *diag;
	size_t begin;  /* of the deployment's flows */
	bool in_force; /* any row of the deployment */
	size_t left;   /* ends of rows that may still be combined */
	size_t weight; /* of all flows */
	/* of the row, for all flows that it makes */
	struct range_set sport, dport;
	uint16_t translate;
};

static void cast_make(struct expansion *x)
{
	const struct deployment *dep = x->dep;
	const struct model *model = dep->model;
	struct arena *arena = &x->policy->arena;

	x->cast = (struct cast){0};
	for (size_t i = 0; i < model->n_nics; i++) {
		x->cast.nics[i] = arena_array(arena, dep->edge.n, struct machine);
		for (size_t k = 0; k < dep->edge.n; k++)
			x->cast.nics[i][k] = (struct machine){dep->edge.at[k].nics[i].addr,
							      dep->edge.at[k].public.addr};
	}
	for (size_t i = 0; i < model->n_roles; i++) {
		x->cast.roles[i] = arena_array(arena, dep->roles[i].n, struct machine);
		for (size_t k = 0; k < dep->roles[i].n; k++)
			x->cast.roles[i][k] = (struct machine){dep->roles[i].at[k].addr, 0};
	}
}

static struct party party_of(const struct expansion *x, const struct endpoint *end)
{
	struct party party = {.kind = PARTY_MACHINES};

	switch (end->kind) {
	case END_PUBLIC:
	case END_NIC:
		party.is_edge = true;
		party.at = x->cast.nics[end->nic];
		party.n = (uint32_t)x->dep->edge.n;
		if (end->peer >= 0) {
			party.at += end->peer;
			party.n = 1;
		}
		break;
	case END_ROLE:
		party.at = x->cast.roles[end->role];
		party.n = (uint32_t)x->dep->roles[end->role].n;
		break;
	case END_ZONE:
	case END_ANY:
		party.range = end->range;
		party.kind = range_equal(end->range, IPV4_ALL) ? PARTY_ANY : PARTY_RANGE;
		break;
	}
	return party;
}

/* A row in force needs the addresses of its ends; @with_public the public ones too. */
static void need_addresses(struct expansion *x, const struct row *row, const struct endpoint *end,
			   bool with_public)
{
	const struct deployment *dep = x->dep;
	const struct model *model = dep->model;
	uint32_t bit = 1u << (end->kind == END_ROLE ? end->role : MODEL_MAX_ROLES + end->nic);

	if (end->kind == END_ROLE && !dep->roles[end->role].n && !(x->cast.told & bit)) {
		x->cast.told |= bit;
		diag_error(x->diag, dep->name.loc, "missing-address",
			   "row '%s' needs the address of %s %s ('%s'), and '%s' has none",
			   row->id.text,
			   strchr("AEIOU", model->roles[end->role].label[0]) ? "an" : "a",
			   model->roles[end->role].label, model->roles[end->role].name.text,
			   dep->name.text);
	}
	if ((end->kind != END_PUBLIC && end->kind != END_NIC) || x->cast.told & bit)
		return;
	for (size_t i = 0; i < dep->edge.n; i++) {
		const struct edge_peer *peer = &dep->edge.at[i];
		bool nic = peer->nics[end->nic].addr;

		if ((end->peer >= 0 && (size_t)end->peer != i) ||
		    (nic && (!with_public || peer->public.addr)))
			continue;
		x->cast.told |= bit;
		diag_error(x->diag, peer->loc, "missing-address",
			   "row '%s' needs the %s%s ('%s') of this %s", row->id.text,
			   nic ? "public" : model->nics[end->nic].label,
			   nic || !strstr(model->nics[end->nic].label, "address") ? " address" : "",
			   nic ? "public" : model->nics[end->nic].name.text, model->edge_label);
	}
}

static enum flow_state state_of(const struct site *site, enum zone from, enum zone to,
				enum zone *ret_missing)
{
	*ret_missing = site->zones[from].n ? to : from;
	if (!site->zones[from].n || !site->zones[to].n)
		return FLOW_NO_ZONE;
	if (from == to && site->zones[from].n < 2)
		return FLOW_ONE_INTERFACE;
	return FLOW_IN_FORCE;
}

/* A role that the site may leave out, and does. */
static bool is_left_out(const struct deployment *dep, const struct endpoint *end)
{
	return end->kind == END_ROLE && dep->model->roles[end->role].foreign &&
	       !dep->roles[end->role].n;
}

/* The first of @edges, which are sorted, whose address is not below @addr. */
static size_t lower_bound(const struct machines *edges, uint32_t addr)
{
	size_t lo = 0, hi = edges->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (edges->at[mid].addr < addr)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* The addresses of Expressway-E that @flow comes from, in one of the zones; how many there are. */
static size_t edges_in(const struct policy *policy, const struct flow *flow, int z,
		       const struct machine **ret)
{
	const struct machines *edges = &policy->zone_edges[z];
	size_t from = lower_bound(edges, flow->src.range.lo);

	*ret = edges->at + from;
	if (flow->src.range.hi == UINT32_MAX)
		return edges->n - from;
	return lower_bound(edges, flow->src.range.hi + 1) - from;
}

struct party policy_edges_among(const struct policy *policy, const struct flow *flow,
				struct arena *arena)
{
	struct party party = {.kind = PARTY_MACHINES};
	struct machines found = {0};

	/* a packet from an interface of two zones comes from both */
	for (int z = 0; z < ZONE_COUNT; z++) {
		const struct machine *at;
		size_t n = policy->meet[flow->from][z] ? edges_in(policy, flow, z, &at) : 0;

		for (size_t i = 0; i < n; i++)
			vec_add_in(arena, &found, at[i]);
	}
	party.at = found.at;
	party.n = (uint32_t)found.n;
	return party;
}

static bool has_edges_among(const struct policy *policy, const struct flow *flow)
{
	const struct machine *at;

	for (int z = 0; z < ZONE_COUNT; z++)
		if (policy->meet[flow->from][z] && edges_in(policy, flow, z, &at))
			return true;
	return false;
}

static void find_meetings(struct policy *policy, const struct site *site)
{
	for (int a = 0; a < ZONE_COUNT; a++)
		for (int b = 0; b < ZONE_COUNT; b++) {
			policy->meet[a][b] = a == b;
			vec_each(x, &site->zones[a])
				vec_each(y, &site->zones[b])
					policy->meet[a][b] |= !strcmp(x->name, y->name);
		}
}

/* By address. */
static void sort_machines(struct machines *machines)
{
	struct sort_item *items = mem_resize(NULL, machines->n, sizeof(*items));

	for (size_t i = 0; i < machines->n; i++)
		items[i] = (struct sort_item){
			(uint64_t)machines->at[i].addr << 32 | machines->at[i].public, 0};
	sort_items(items, machines->n);
	for (size_t i = 0; i < machines->n; i++)
		machines->at[i] =
			(struct machine){(uint32_t)(items[i].key >> 32), (uint32_t)items[i].key};
	free(items);
}

static void list_zone_edges(struct policy *policy, const struct site *site)
{
	vec_each(dep, &site->deployments)
		vec_each(peer, &(*dep)->edge)
			for (size_t i = 0; i < (*dep)->model->n_nics && peer->public.addr; i++)
				if (peer->nics[i].addr)
					vec_add(&policy->zone_edges[(*dep)->model->nics[i].zone],
						((struct machine){peer->nics[i].addr,
								  peer->public.addr}));
	for (int z = 0; z < ZONE_COUNT; z++) {
		sort_machines(&policy->zone_edges[z]);
		vec_move_to(&policy->arena, &policy->zone_edges[z]);
	}
}

/* One that speaks to its own public address does so by way of the gateway, if that is another. */
static bool is_one_machine(const struct flow *flow)
{
	const struct party *a = &flow->src, *b = &flow->dst;

	if (a->kind != PARTY_MACHINES || a->n != 1 || !a->at->addr)
		return false;
	if (b->kind == PARTY_RANGE)
		return b->range.lo == a->at->addr && b->range.hi == a->at->addr;
	return b->kind == PARTY_MACHINES && b->n == 1 && a->at->addr == b->at->addr &&
	       !(flow->dnat && b->at->public != b->at->addr);
}

static void add_flow(struct expansion *x, const struct row *row, const struct endpoint *from,
		     const struct endpoint *to, uint8_t proto)
{
	struct flow *flow = vec_push(&x->policy->flows);
	enum zone missing;
	bool public_source;

	*flow = (struct flow){.row = row,
			      .dep = x->dep,
			      .from = from->zone,
			      .to = to->zone,
			      .proto = proto,
			      .src = party_of(x, from),
			      .dst = party_of(x, to),
			      .sport = x->sport,
			      .dport = x->dport,
			      .translate = x->translate,
			      .dnat = to->kind == END_PUBLIC};
	x->weight += x->dport.n ? x->dport.n : 1;
	flow->state = state_of(x->site, from->zone, to->zone, &missing);
	flow->missing = missing;
	if (row->never)
		flow->state = FLOW_NEVER;
	else if (flow->state == FLOW_IN_FORCE &&
		 (is_left_out(x->dep, from) || is_left_out(x->dep, to)))
		flow->state = FLOW_NO_ADDRESS;
	else if (flow->state == FLOW_IN_FORCE && is_one_machine(flow))
		flow->state = FLOW_ONE_MACHINE;
	public_source = flow->src.is_edge &&
			(from->kind == END_PUBLIC || flow->dnat || to->zone == ZONE_WAN);
	if (public_source)
		flow->snat = SOURCE_PUBLIC;
	else if (flow->dnat && from->zone != ZONE_WAN && x->dep->reflect_as_gateway)
		flow->snat = SOURCE_GATEWAY;
	if (flow->src.kind != PARTY_MACHINES && from->zone != ZONE_WAN &&
	    (flow->dnat || to->zone == ZONE_WAN))
		flow->edges_among = has_edges_among(x->policy, flow);
	if (flow->state != FLOW_IN_FORCE)
		return;
	x->in_force = true;
	need_addresses(x, row, from, public_source);
	need_addresses(x, row, to, flow->dnat);
}

static void add_pair(struct expansion *x, const struct row *row, const struct endpoint *from,
		     const struct endpoint *to)
{
	switch (row->proto) {
	case PROTO_TCP_UDP:
		add_flow(x, row, from, to, IPPROTO_TCP);
		add_flow(x, row, from, to, IPPROTO_UDP);
		return;
	case PROTO_TCP:
	case PROTO_TLS:
		add_flow(x, row, from, to, IPPROTO_TCP);
		return;
	case PROTO_UDP:
		add_flow(x, row, from, to, IPPROTO_UDP);
		return;
	case PROTO_ICMP:
		add_flow(x, row, from, to, IPPROTO_ICMP);
		return;
	}
}

static bool is_omitted(const struct deployment *dep, const struct row *row)
{
	const char *id = row->translation_of.text ? row->translation_of.text : row->id.text;

	vec_each(word, &dep->omit)
		if (!strcmp(word->text, id))
			return true;
	return false;
}

static void read_ports(struct expansion *x, const struct row *row)
{
	struct arena *arena = &x->policy->arena;

	x->sport = (struct range_set){0};
	x->translate = 0;
	if (!x->dep->any_source_ports || row->of_site)
		x->sport = row_ports(x->dep, &row->sport, arena);
	x->dport = row_ports(x->dep, &row->dport, arena);
	if (row->translate.n)
		x->translate = (uint16_t)row_ports(x->dep, &row->translate, arena).at[0].lo;
}

static void expand_row(struct expansion *x, const struct row *row)
{
	const struct endpoint *from = &row->from_end, *to = &row->to_end;
	size_t n_from = 1, n_to = 1;

	read_ports(x, row);
	if (is_omitted(x->dep, row) || row->translation_of.text) {
		vec_add(&x->policy->flows,
			((struct flow){.row = row,
				       .dep = x->dep,
				       .dst = party_of(x, to),
				       .dport = x->dport,
				       .state = is_omitted(x->dep, row) ? FLOW_OMITTED
									: FLOW_TRANSLATION}));
		return;
	}
	if (from->kind == END_ANY) {
		from = x->dep->client_ends;
		n_from = x->dep->n_clients;
	}
	if (to->kind == END_ANY) {
		to = x->dep->client_ends;
		n_to = x->dep->n_clients;
	}
	for (size_t i = 0; i < n_from; i++)
		for (size_t k = 0; k < n_to && x->left && x->weight <= SITE_MAX_FLOWS;
		     k++, x->left--)
			add_pair(x, row, &from[i], &to[k]);
}

/* Did the site forget the addresses that an add-on is for? */
static void check_add_on(const struct expansion *x, const struct word *name)
{
	const struct flow *waits = NULL;

	for (size_t i = x->begin; i < x->policy->flows.n; i++) {
		const struct flow *flow = &x->policy->flows.at[i];

		if (!flow->row->part || strcmp(flow->row->part->name.text, name->text))
			continue;
		if (flow->state == FLOW_IN_FORCE)
			return;
		if (flow->state == FLOW_NO_ADDRESS)
			waits = flow;
	}
	if (waits)
		diag_warn(x->diag, name->loc, "no-effect",
			  "no row of add-on '%s' is in force: '%s' gives none of the addresses "
			  "that they need under 'hosts'",
			  name->text, x->dep->name.text);
}

static void expand_deployment(struct expansion *x, const struct deployment *dep)
{
	const struct rows *model_rows = &dep->model->rows;

	x->dep = dep;
	x->begin = x->policy->flows.n;
	x->in_force = false;
	x->left = DEPLOYMENT_MAX_FLOWS;
	cast_make(x);
	vec_each(row, model_rows)
		expand_row(x, row);
	vec_each(row, &dep->rows)
		expand_row(x, row);
	if (!x->left)
		diag_error(x->diag, dep->name.loc, "too-many",
			   "the rows and clients of '%s' make more than %d flows", dep->name.text,
			   DEPLOYMENT_MAX_FLOWS);
	if (!x->in_force)
		diag_error(x->diag, dep->name.loc, "no-row-in-force",
			   "no row of '%s' is in force: the gateway does not have both zones of "
			   "any row "
			   "of profile '%s' that is not omitted",
			   dep->name.text, dep->profile_name.text);
	vec_each(name, &dep->with)
		check_add_on(x, name);
}

/* About as many flows there will be: some rows make more than one. */
static size_t count_rows(const struct site *site)
{
	size_t n = 0;

	vec_each(dep, &site->deployments)
		n += (*dep)->model->rows.n + (*dep)->rows.n;
	return n;
}

struct policy *policy_expand(const struct site *site, struct diag *diag)
{
	struct policy *policy = mem_alloc(sizeof(*policy));
	struct expansion x = {.policy = policy, .site = site, .diag = diag};
	unsigned int before = diag->errors;

	policy->site = site;
	vec_reserve(&policy->flows, count_rows(site));
	list_zone_edges(policy, site);
	find_meetings(policy, site);
	vec_each(dep, &site->deployments) {
		expand_deployment(&x, *dep);
		if (x.weight > SITE_MAX_FLOWS) {
			diag_error(diag, (*dep)->name.loc, "too-many",
				   "the rows and clients up to '%s' make more than %d flows",
				   (*dep)->name.text, SITE_MAX_FLOWS);
			break;
		}
	}
	if (diag->errors == before)
		policy_check_conflicts(policy, diag);
	if (diag->errors == before)
		return policy;
	policy_free(policy);
	return NULL;
}

void policy_free(struct policy *policy)
{
	if (!policy)
		return;
	vec_free(&policy->flows);
	arena_free(&policy->arena);
	free(policy);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What only shows when the parts of a site are seen together. */
#include "check.h"

#include "assertion.h"
#include "jgfw/base/index.h"
#include "jgfw/base/sort.h"
#include "jgfw/config/library.h"
#include "ports.h"
#include "row.h"

#include <string.h>

/* --- gateway -------------------------------------------------------------------------------- */

static const struct interface *zone_interface(const struct site *site, enum zone zone,
					      const char *name)
{
	vec_each(interface, &site->zones[zone])
		if (!strcmp(interface->name, name))
			return interface;
	return NULL;
}

static void check_zones(const struct site *site, struct diag *diag)
{
	size_t interfaces = 0;

	for (int i = 0; i < ZONE_COUNT; i++)
		interfaces += site->zones[i].n;
	if (!interfaces && site->zones_loc.source && !diag->errors)
		diag_error(diag, site->zones_loc, "missing-key", "no zone has an interface");
	for (int i = 0; i < ZONE_COUNT; i++) {
		vec_each(interface, &site->zones[i]) {
			const struct interface *wan =
				zone_interface(site, ZONE_WAN, interface->name);

			if (i == ZONE_WAN || !wan)
				continue;
			diag_error(diag, interface->loc, "zone-overlap",
				   "'%s' is in zone wan, and cannot be in zone %s too",
				   interface->name, zone_name((enum zone)i));
			diag_note(diag, wan->loc, "zone wan has it here");
		}
	}
}

static bool zones_share_interface(const struct site *site, enum zone a, enum zone b)
{
	vec_each(interface, &site->zones[a])
		if (zone_interface(site, b, interface->name))
			return true;
	return false;
}

/* --- one deployment ------------------------------------------------------------------------- */

static void bind_nics(struct site *site, const struct model *model, struct edge_peer *peer,
		      struct diag *diag)
{
	peer->nics = arena_array(&site->arena, model->n_nics, struct host);
	for (unsigned int g = 0; g < peer->n_given; g++) {
		const char *names[MODEL_MAX_NICS + 2] = {"name", "public"};
		size_t i;

		for (i = 0; i < model->n_nics; i++) {
			names[i + 2] = model->nics[i].name.text;
			if (!strcmp(names[i + 2], peer->given[g].name.text))
				break;
		}
		if (i < model->n_nics)
			peer->nics[i] = peer->given[g].host;
		else
			diag_unknown(diag, peer->given[g].name.loc, "unknown-key",
				     "key of an Expressway-E in this profile",
				     peer->given[g].name.text, names, model->n_nics + 2);
	}
}

static void check_peer_addresses(const struct deployment *dep, const struct edge_peer *peer,
				 struct diag *diag)
{
	const struct model *model = dep->model;
	const struct host *behind = &peer->nics[model->behind];

	if (peer->public.addr && behind->addr && ipv4_is_private(peer->public.addr) &&
	    !ipv4_is_private(behind->addr))
		diag_error(diag, host_loc(dep, &peer->public), "addresses-exchanged",
			   "the public address is private (RFC 1918) and the %s is not: they were "
			   "exchanged",
			   model->nics[model->behind].label);
	for (size_t i = 0; i < model->n_nics; i++) {
		const struct host *nic = &peer->nics[i];

		if (nic->addr && nic->addr == peer->public.addr && i != model->behind)
			diag_error(diag, host_loc(dep, nic), "address-conflict",
				   "the %s has the public address", model->nics[i].label);
		for (size_t k = 0; k < i && nic->addr; k++)
			if (peer->nics[k].addr == nic->addr)
				diag_error(diag, host_loc(dep, nic), "address-conflict",
					   "the %s and the %s have the same address",
					   model->nics[k].label, model->nics[i].label);
	}
}

static bool is_reserved(const struct model *model, const char *name)
{
	for (int i = 0; i < ZONE_COUNT; i++)
		if (!strcmp(zone_name((enum zone)i), name))
			return true;
	for (size_t i = 0; i < model->n_roles; i++)
		if (!strcmp(model->roles[i].name.text, name))
			return true;
	return !strcmp(name, "edge") || !strcmp(name, "any");
}

static void check_edge(struct site *site, struct deployment *dep, struct diag *diag)
{
	const struct model *model = dep->model;

	if (dep->edge.n > model->max_peers)
		diag_error(diag, dep->edge.at[model->max_peers].loc, "too-many-peers",
			   "%zu Expressway-E peers; a cluster has at most %u", dep->edge.n,
			   model->max_peers);
	else if (!dep->edge.n && !diag->errors)
		diag_error(diag, dep->loc, "missing-key", "this deployment has no Expressway-E");
	for (size_t i = 0; i < dep->edge.n; i++) {
		struct edge_peer *peer = &dep->edge.at[i];

		bind_nics(site, model, peer, diag);
		check_peer_addresses(dep, peer, diag);
		if (peer->name.text && is_reserved(model, peer->name.text))
			diag_error(
				diag, peer->name.loc, "reserved-name",
				"'%s' cannot be a name here: it means something else in endpoints",
				peer->name.text);
		for (size_t k = 0; k < i && peer->name.text; k++)
			if (dep->edge.at[k].name.text &&
			    !strcmp(dep->edge.at[k].name.text, peer->name.text)) {
				diag_error(diag, peer->name.loc, "duplicate-name",
					   "Expressway-E '%s' is defined twice", peer->name.text);
				diag_note(diag, dep->edge.at[k].name.loc, "first defined here");
				break;
			}
	}
}

static void check_role(const struct deployment *dep, const struct role *role,
		       const struct named_hosts *given, struct diag *diag)
{
	bool usual = !role->usual[0];

	if (given->hosts.n > role->max) {
		diag_error(diag, host_loc(dep, &given->hosts.at[role->max]), "too-many-peers",
			   "%zu addresses; there are at most %u of %s", given->hosts.n, role->max,
			   role->label);
		return;
	}
	for (size_t i = 0; role->usual[i]; i++)
		usual |= role->usual[i] == given->hosts.n;
	if (!usual && given->hosts.n && !diag->errors)
		diag_warn(diag, given->name.loc, "unusual-number",
			  "%zu of %s in '%s', a number that the vendor does not list",
			  given->hosts.n, role->label, dep->name.text ? dep->name.text : "");
	for (size_t i = 0; i < given->hosts.n; i++)
		for (size_t k = 0; k < i; k++)
			if (given->hosts.at[i].addr == given->hosts.at[k].addr) {
				diag_error(diag, host_loc(dep, &given->hosts.at[i]),
					   "duplicate-address", "this address is given twice");
				diag_note(diag, host_loc(dep, &given->hosts.at[k]),
					  "first given here");
				break;
			}
}

static void bind_roles(struct site *site, struct deployment *dep, struct diag *diag)
{
	const struct model *model = dep->model;
	const char *names[MODEL_MAX_ROLES];

	dep->roles = arena_array(&site->arena, model->n_roles, struct hosts);

	for (size_t i = 0; i < model->n_roles; i++)
		names[i] = model->roles[i].name.text;
	vec_each(given, &dep->given_hosts) {
		size_t i;

		for (i = 0; i < model->n_roles; i++)
			if (!strcmp(names[i], given->name.text))
				break;
		if (i == model->n_roles) {
			diag_unknown(diag, given->name.loc, "unknown-role", "role in this profile",
				     given->name.text, names, model->n_roles);
			continue;
		}
		dep->roles[i] = given->hosts;
		check_role(dep, &model->roles[i], given, diag);
	}
}

static void bind_ports(struct site *site, struct deployment *dep, struct diag *diag)
{
	unsigned int before = diag->errors;
	struct names names;

	dep->ports = dep->profile->resolved;
	if (!dep->overrides.n)
		return;
	names = port_names(&dep->model->ports);
	vec_each(o, &dep->overrides)
		if (port_def_find(&dep->model->ports, o->name.text) < 0)
			diag_unknown(diag, o->name.loc, "unknown-port", "named port", o->name.text,
				     names.at, names.n);
	vec_free(&names);
	if (diag->errors == before)
		dep->ports = ports_resolve(dep->model, dep->profile, dep->overrides.at,
					   dep->overrides.n, &site->arena, diag);
}

static void bind_clients(struct site *site, struct deployment *dep, struct diag *diag)
{
	static const struct endpoint internet = {
		.kind = END_ZONE, .peer = -1, .zone = ZONE_WAN, .range = IPV4_ALL};
	struct endpoint *ends;

	dep->n_clients = 1;
	dep->client_ends = &internet;
	if (!dep->clients.n)
		return;
	ends = arena_array(&site->arena, dep->clients.n, struct endpoint);
	dep->n_clients = dep->clients.n;
	dep->client_ends = ends;
	for (size_t i = 0; i < dep->clients.n; i++) {
		const struct word *word = &dep->clients.at[i];

		if (endpoint_parse(word, dep->model, dep, &ends[i], diag) &&
		    ends[i].kind == END_ANY)
			diag_error(diag, word->loc, "unknown-endpoint",
				   "'any' stands for the clients themselves, and cannot be one of "
				   "them");
	}
}

static void check_omit(const struct deployment *dep, struct diag *diag)
{
	struct names names = {0};

	for (size_t i = 0; i < dep->model->rows.n && dep->omit.n; i++)
		vec_add(&names, dep->model->rows.at[i].id.text);
	vec_each(word, &dep->omit) {
		int i = rows_find(&dep->model->rows, word->text);

		if (i < 0)
			diag_unknown(diag, word->loc, "unknown-row", "row", word->text, names.at,
				     names.n);
		else if (dep->model->rows.at[i].translation_of.text)
			diag_error(diag, word->loc, "bad-omit",
				   "row '%s' is the translation of '%s' and can only be omitted "
				   "with it",
				   word->text, dep->model->rows.at[i].translation_of.text);
	}
	vec_free(&names);
}

static void bind_rows(struct site *site, struct deployment *dep, struct diag *diag)
{
	for (size_t i = 0; i < dep->rows.n; i++) {
		struct row *row = &dep->rows.at[i];
		unsigned int before = diag->errors;
		int twin = rows_find(&dep->model->rows, row->id.text);

		if (twin >= 0) {
			diag_error(diag, row->id.loc, "duplicate-name",
				   "the port model already has a row '%s'", row->id.text);
			diag_note(diag, dep->model->rows.at[twin].id.loc, "defined here");
		}
		row_bind(row, dep->model, dep, diag);
		if (diag->errors == before)
			row_check_ports(row, dep, &site->arena, diag);
	}
	for (size_t i = 0; i < dep->model->rows.n && dep->overrides.n; i++)
		row_check_ports(&dep->model->rows.at[i], dep, &site->arena, diag);
}

static void bind_assertions(struct site *site, struct deployment *dep, struct diag *diag)
{
	dep->assertions = arena_array(&site->arena, dep->given_assertions.n, struct assertion);
	for (size_t i = 0; i < dep->given_assertions.n; i++)
		assertion_parse(&dep->given_assertions.at[i], dep, &site->arena,
				&dep->assertions[i], diag);
}

static void check_reflection(const struct site *site, const struct deployment *dep,
			     struct diag *diag)
{
	enum zone zone = dep->model->nics[dep->model->behind].zone;

	if (!dep->reflection_given && zone == ZONE_DMZ &&
	    zones_share_interface(site, ZONE_DMZ, ZONE_LAN))
		diag_error(diag, dep->name.loc.source ? dep->name.loc : dep->loc,
			   "missing-reflection",
			   "dmz and lan share an interface: '%s' must give reflection_source (keep "
			   "where replies pass the gateway anyway, else gateway)",
			   dep->name.text ? dep->name.text : "the deployment");
}

static void check_deployment(struct site *site, struct deployment *dep, struct diag *diag)
{
	if (!dep->profile_name.text)
		return;
	dep->profile =
		library_profile(site->library, dep->profile_name.text, dep->profile_name.loc, diag);
	if (dep->profile && dep->with.n)
		dep->profile = library_profile_with(site->library, dep->profile, &dep->with,
						    dep->profile_name.loc, diag);
	if (!dep->profile)
		return;
	dep->model = dep->profile->model;
	if (dep->profile->warning)
		diag_warn(diag, dep->profile_name.loc, "profile-warning", "profile '%s': %s",
			  dep->profile_name.text, dep->profile->warning);
	check_edge(site, dep, diag);
	bind_roles(site, dep, diag);
	bind_ports(site, dep, diag);
	bind_clients(site, dep, diag);
	check_omit(dep, diag);
	bind_rows(site, dep, diag);
	bind_assertions(site, dep, diag);
	check_reflection(site, dep, diag);
}

/* --- all deployments ------------------------------------------------------------------------ */

static int name_order(const void *a, const void *b)
{
	const struct deployment *x = *(struct deployment *const *)a;
	const struct deployment *y = *(struct deployment *const *)b;
	int names = strcmp(x->name.text, y->name.text);

	if (names)
		return names;
	return x->name.loc.line < y->name.loc.line ? -1 : x->name.loc.line > y->name.loc.line;
}

static bool names_differ(const struct site *site)
{
	struct index names = {0};
	bool differ = true;

	vec_each(dep, &site->deployments) {
		const char *name = (*dep)->name.text;
		void **slot = name ? index_find(&names, name, strlen(name)) : NULL;

		if (!slot)
			continue;
		differ &= !*slot;
		*slot = *dep;
	}
	index_free(&names);
	return differ;
}

static void check_names(const struct site *site, struct diag *diag)
{
	struct {
		VEC(struct deployment *);
	} sorted = {0};

	if (names_differ(site))
		return;
	vec_each(dep, &site->deployments)
		if ((*dep)->name.text)
			vec_add(&sorted, *dep);
	if (sorted.n)
		qsort(sorted.at, sorted.n, sizeof(*sorted.at), name_order);
	for (size_t i = 1; i < sorted.n; i++)
		if (!strcmp(sorted.at[i - 1]->name.text, sorted.at[i]->name.text)) {
			diag_error(diag, sorted.at[i]->name.loc, "duplicate-name",
				   "deployment '%s' is defined twice", sorted.at[i]->name.text);
			diag_note(diag, sorted.at[i - 1]->name.loc, "also defined here");
		}
	vec_free(&sorted);
}

/** struct address_claim - what a deployment says an address is */
struct address_claim {
	const struct host *host;
	const struct deployment *dep;
	const struct edge_peer *peer; /* NULL for a machine of a role */
	unsigned int what;	      /* CLAIM_PUBLIC, CLAIM_NIC + index, CLAIM_ROLE + index */
};

enum {
	EDGE_MAX_SHARERS = 128, /* claims to one address, which are compared each with each */
};

enum {
	CLAIM_PUBLIC,
	CLAIM_NIC,
	CLAIM_ROLE = CLAIM_NIC + MODEL_MAX_NICS,
};

struct claims {
	VEC(struct address_claim);
};

static void claim(struct claims *claims, const struct host *host, const struct deployment *dep,
		  const struct edge_peer *peer, unsigned int what)
{
	if (host->addr)
		vec_add(claims, ((struct address_claim){host, dep, peer, what}));
}

/* By address; of one address in the order of appearance, so that the later of two is the error. */
static struct sort_item *sort_claims(const struct claims *claims)
{
	struct sort_item *items = mem_resize(NULL, claims->n, sizeof(*items));

	for (size_t i = 0; i < claims->n; i++)
		items[i] = (struct sort_item){claims->at[i].host->addr, (uint32_t)i};
	sort_items(items, claims->n);
	return items;
}

static const char *claim_name(const struct address_claim *c)
{
	if (c->what == CLAIM_PUBLIC)
		return "public address";
	if (c->what < CLAIM_ROLE)
		return c->dep->model->nics[c->what - CLAIM_NIC].label;
	return c->dep->model->roles[c->what - CLAIM_ROLE].label;
}

/* Do two descriptions of an Expressway-E agree, where both say something? */
static bool same_peer(const struct address_claim *a, const struct address_claim *b)
{
	const struct model *x = a->dep->model, *y = b->dep->model;

	if (a->peer->public.addr && b->peer->public.addr &&
	    a->peer->public.addr != b->peer->public.addr)
		return false;
	if (a->peer->public.addr && b->peer->public.addr && a->peer->nics[x->behind].addr &&
	    b->peer->nics[y->behind].addr &&
	    a->peer->nics[x->behind].addr != b->peer->nics[y->behind].addr)
		return false;
	for (size_t i = 0; i < x->n_nics; i++)
		for (size_t k = 0; k < y->n_nics; k++)
			if (!strcmp(x->nics[i].name.text, y->nics[k].name.text) &&
			    a->peer->nics[i].addr && b->peer->nics[k].addr &&
			    a->peer->nics[i].addr != b->peer->nics[k].addr)
				return false;
	return true;
}

/* The address of a claim is the public one and that of the NIC behind it: no static NAT. */
static bool is_plain(const struct address_claim *c)
{
	return c->peer->public.addr == c->host->addr &&
	       c->peer->nics[c->dep->model->behind].addr == c->host->addr;
}

/* Two machines that are others' too may be one: a name server that also keeps the time. */
static bool both_foreign(const struct address_claim *a, const struct address_claim *b)
{
	const struct role *x, *y;

	if (a->peer || b->peer)
		return false;
	x = &a->dep->model->roles[a->what - CLAIM_ROLE];
	y = &b->dep->model->roles[b->what - CLAIM_ROLE];
	return x->foreign && y->foreign && x->zone == y->zone;
}

/* Of the addresses that two deployments give one Expressway-E, is it the first? */
static bool is_first_shared(const struct address_claim *first, const struct address_claim *second)
{
	const struct edge_peer *a = first->peer, *b = second->peer;

	if (second->what == CLAIM_PUBLIC)
		return true;
	if (b->public.addr && a->public.addr == b->public.addr)
		return false;
	for (unsigned int i = 0; i < second->what - CLAIM_NIC; i++)
		for (size_t k = 0; k < first->dep->model->n_nics; k++)
			if (b->nics[i].addr && a->nics[k].addr == b->nics[i].addr)
				return false;
	return true;
}

static void check_pair(const struct address_claim *first, const struct address_claim *second,
		       struct diag *diag)
{
	struct loc here = host_loc(second->dep, second->host);
	struct loc there = host_loc(first->dep, first->host);
	const struct word *excluded = NULL;
	struct buf addr = {0};

	if ((first->peer && first->peer == second->peer) || both_foreign(first, second))
		return; /* within one Expressway-E it was seen before */
	if (first->peer && second->peer && is_first_shared(first, second))
		excluded = models_exclude(first->dep->model, second->dep->model);
	buf_ipv4(&addr, second->host->addr);
	if (excluded) {
		diag_error(diag, here, "never-together",
			   "%s is an Expressway-E of '%s' too: profiles '%s' and '%s' never share "
			   "one",
			   buf_str(&addr), first->dep->name.text, first->dep->profile_name.text,
			   second->dep->profile_name.text);
		diag_note(diag, there, "claimed here first");
		diag_note(diag, excluded->loc, "excluded here");
	} else if (!first->peer != !second->peer ||
		   (strcmp(claim_name(first), claim_name(second)) &&
		    !(first->peer && is_plain(first) && is_plain(second)))) {
		diag_error(diag, here, "address-conflict",
			   "%s is claimed as %s here and as %s in '%s'", buf_str(&addr),
			   claim_name(second), claim_name(first), first->dep->name.text);
		diag_note(diag, there, "claimed here first");
	} else if (first->peer && first->dep == second->dep) {
		diag_error(diag, here, "duplicate-address",
			   "%s belongs to two Expressway-E of '%s'", buf_str(&addr),
			   first->dep->name.text);
		diag_note(diag, there, "claimed here first");
	} else if (first->peer && !same_peer(first, second)) {
		diag_error(diag, here, "address-conflict",
			   "%s belongs to an Expressway-E with other addresses in '%s'",
			   buf_str(&addr), first->dep->name.text);
		diag_note(diag, there, "claimed here first");
	}
	buf_free(&addr);
}

/* One Expressway-E in more than one deployment: each description agrees with each other. */
static void check_sharers(const struct claims *claims, const struct sort_item *sorted, size_t first,
			  size_t last, struct diag *diag)
{
	const struct address_claim *c = &claims->at[sorted[last].index];
	size_t others = last - first;

	if (c->peer && others >= EDGE_MAX_SHARERS) {
		if (others == EDGE_MAX_SHARERS)
			diag_error(diag, host_loc(c->dep, c->host), "too-many",
				   "more than %d claims to one address of an Expressway-E",
				   EDGE_MAX_SHARERS);
		return;
	}
	for (size_t i = first; i < (c->peer ? last : first + 1); i++) {
		unsigned int before = diag->errors;

		check_pair(&claims->at[sorted[i].index], c, diag);
		if (diag->errors != before)
			return;
	}
}

static void check_claims(const struct site *site, struct diag *diag)
{
	struct claims claims = {0};
	struct sort_item *sorted;

	vec_each(it, &site->deployments) {
		const struct deployment *dep = *it;

		if (!dep->model || !dep->name.text)
			continue;
		vec_each(peer, &dep->edge) {
			claim(&claims, &peer->public, dep, peer, CLAIM_PUBLIC);
			for (unsigned int i = 0; i < dep->model->n_nics; i++)
				claim(&claims, &peer->nics[i], dep, peer, CLAIM_NIC + i);
		}
		for (unsigned int i = 0; i < dep->model->n_roles; i++)
			vec_each(host, &dep->roles[i])
				claim(&claims, host, dep, NULL, CLAIM_ROLE + i);
	}
	sorted = sort_claims(&claims);
	for (size_t i = 0, first = 0; i < claims.n; i++) {
		if (sorted[i].key != sorted[first].key)
			first = i;
		else if (i != first)
			check_sharers(&claims, sorted, first, i, diag);
	}
	free(sorted);
	vec_free(&claims);
}

void site_check(struct site *site, struct diag *diag)
{
	check_zones(site, diag);
	vec_each(dep, &site->deployments)
		check_deployment(site, *dep, diag);
	check_names(site, diag);
	check_claims(site, diag);
}

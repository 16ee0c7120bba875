/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Site files, decoded; what needs more than one place to see is checked in check.c. */
#include "check.h"
#include "decode.h"
#include "jgfw/base/text.h"
#include "ports.h"
#include "row.h"

#include <net/if.h>
#include <string.h>

enum {
	NAME_MAX_BYTES = 64, /* of deployments and peers */
	ZONE_MAX_INTERFACES = 64,
	LIST_MAX_PEERS = 64, /* a model's own limit is lower */
	LIST_MAX_HOSTS = 1 << 10,
	LIST_MAX_ROLES = 64,
};

/* --- gateway -------------------------------------------------------------------------------- */

static void interface_item(struct yaml *y, const struct node *item, void *object)
{
	struct interfaces *zone = object;
	struct word name = {0};

	decode_word(y, item, &name, "the name of an interface");
	if (!name.text)
		return;
	/* the kernel's dev_valid_name(), less what nft would read as something else in its text */
	if (!strcmp(name.text, ".") || !strcmp(name.text, "..") || strpbrk(name.text, " /:*\"\\") ||
	    !text_is_printable(name.text)) {
		diag_error(y->diag, name.loc, "bad-interface",
			   "'%s' is not the name of an interface%s", name.text,
			   strchr(name.text, '*') ? ": wildcards are not accepted" : "");
		return;
	}
	if (strlen(name.text) >= IFNAMSIZ) {
		diag_error(y->diag, name.loc, "name-too-long",
			   "the name of an interface has at most %d bytes", IFNAMSIZ - 1);
		return;
	}
	vec_each(known, zone)
		if (!strcmp(known->name, name.text)) {
			diag_error(y->diag, name.loc, "duplicate-name",
				   "'%s' is named twice in this zone", name.text);
			diag_note(y->diag, known->loc, "first named here");
			return;
		}
	if (zone->n == ZONE_MAX_INTERFACES) {
		diag_error(y->diag, name.loc, "too-many", "more than %d interfaces in a zone",
			   ZONE_MAX_INTERFACES);
		y->failed = true;
		return;
	}
	vec_add_in(y->arena, zone, ((struct interface){name.text, name.loc}));
}

static void zone_list(struct yaml *y, const struct node *list, struct interfaces *zone)
{
	unsigned int before = y->diag->errors;

	yaml_items(y, list, interface_item, zone, "interfaces");
	if (!zone->n && !y->failed && y->diag->errors == before)
		diag_error(y->diag, list->loc, "wrong-type",
			   "this zone has no interfaces; leave out the zones that the gateway does "
			   "not have");
}

static void gateway_zones(struct yaml *y, const struct node *value, void *object)
{
	struct site *site = object;
	const char *words[ZONE_COUNT];
	struct loc seen[ZONE_COUNT] = {0};
	struct node key, zone;

	site->zones_loc = value->loc;
	for (int i = 0; i < ZONE_COUNT; i++)
		words[i] = zone_name((enum zone)i);
	if (!yaml_is(y, value, NODE_MAP, "a mapping of zones to interfaces"))
		return;
	for (key = yaml_next(y); key.kind != NODE_END; key = yaml_next(y)) {
		int i = -1;

		if (yaml_word(y, &key, "a zone"))
			for (i = ZONE_COUNT - 1; i >= 0 && strcmp(words[i], key.text); i--)
				;
		if (i < 0 && key.kind == NODE_SCALAR && *key.text)
			diag_unknown(y->diag, key.loc, "unknown-zone", "zone", key.text, words,
				     ZONE_COUNT);
		if (i >= 0 && seen[i].source) {
			diag_error(y->diag, key.loc, "duplicate-key", "'%s' is given twice",
				   words[i]);
			diag_note(y->diag, seen[i], "first given here");
			i = -1;
		}
		if (i >= 0)
			seen[i] = key.loc;
		zone = yaml_next(y);
		if (i < 0)
			yaml_skip(y, &zone);
		else if (zone.kind == NODE_LIST)
			zone_list(y, &zone, &site->zones[i]);
		else
			interface_item(y, &zone, &site->zones[i]);
	}
}

static const char *const scopes[] = {"gateway", "hosts"};
static const char *const publics[] = {"dedicated", "shared"};
static const char *const counters[] = {"rows", "deployments"};

static const struct yaml_field gateway_fields[] = {
	{"zones", true, .decode = gateway_zones},
	{"scope", false, field_either, MEMBER(site, judge_hosts_only), .words = scopes,
	 .what = "scope"},
	{"public_addresses", false, field_either, MEMBER(site, public_shared), .words = publics,
	 .what = "value of public_addresses"},
	{"log_drops", false, field_bool, MEMBER(site, log_drops)},
	{"counters", false, field_either, MEMBER(site, count_deployments), .words = counters,
	 .what = "value of counters"},
};

/* --- deployments ---------------------------------------------------------------------------- */

static void decode_host(struct yaml *y, const struct node *value, struct host *ret_host)
{
	struct host host = {0, value->loc.line, value->loc.column, value->loc.len};

	if (!yaml_word(y, value, "an IPv4 address"))
		return;
	if (ipv4_parse(value->text, &host.addr))
		diag_error(y->diag, value->loc, "bad-address", "'%s' is not an IPv4 address%s",
			   value->text,
			   strchr(value->text, ':') ? ": only IPv4 is translated" : "");
	else if (!ipv4_is_host(host.addr))
		diag_error(y->diag, value->loc, "bad-address",
			   "'%s' cannot be the address of a machine", value->text);
	else
		*ret_host = host;
}

static void peer_nic(struct yaml *y, const struct node *key, const struct node *value,
		     struct edge_peer *peer)
{
	for (unsigned int i = 0; i < peer->n_given; i++)
		if (!strcmp(peer->given[i].name.text, key->text)) {
			diag_error(y->diag, key->loc, "duplicate-key", "'%s' is given twice",
				   key->text);
			diag_note(y->diag, peer->given[i].name.loc, "first given here");
			yaml_skip(y, value);
			return;
		}
	if (peer->n_given == MODEL_MAX_NICS) {
		diag_error(y->diag, key->loc, "too-many", "more than %d NICs", MODEL_MAX_NICS);
		yaml_skip(y, value);
		return;
	}
	peer->given[peer->n_given] = (struct given_nic){.name = {key->text, key->loc}};
	decode_host(y, value, &peer->given[peer->n_given++].host);
}

/* The keys beside name and public are NICs, which only the model knows. */
static void edge_item(struct yaml *y, const struct node *item, void *object)
{
	struct deployment *dep = object;
	struct given_nic given[MODEL_MAX_NICS];
	struct edge_peer peer = {.given = given, .loc = item->loc};
	struct loc public_key = {0}, name_key = {0};
	struct node key, value;

	if (!yaml_is(y, item, NODE_MAP, "an Expressway-E (a mapping of its addresses)"))
		return;
	for (key = yaml_next(y); key.kind != NODE_END; key = yaml_next(y)) {
		bool is_name, is_public;
		struct loc *seen;

		if (!yaml_word(y, &key, "a key")) {
			value = yaml_next(y);
			yaml_skip(y, &value);
			continue;
		}
		is_name = !strcmp(key.text, "name");
		is_public = !strcmp(key.text, "public");
		seen = is_name ? &name_key : &public_key;
		if ((is_name || is_public) && seen->source) {
			diag_error(y->diag, key.loc, "duplicate-key", "'%s' is given twice",
				   key.text);
			diag_note(y->diag, *seen, "first given here");
			value = yaml_next(y);
			yaml_skip(y, &value);
			continue;
		}
		if (is_name || is_public) {
			*seen = key.loc;
			value = yaml_next(y);
			if (is_name)
				decode_id(y, &value, &peer.name, NAME_MAX_BYTES,
					  "the name of an Expressway-E");
			else
				decode_host(y, &value, &peer.public);
			continue;
		}
		key.text = arena_copy(y->scratch, key.text, strlen(key.text));
		value = yaml_next(y);
		peer_nic(y, &key, &value, &peer);
	}
	if (!name_key.source)
		peer.name =
			(struct word){arena_printf(y->arena, "e%zu", dep->edge.n + 1), item->loc};
	if (dep->edge.n == LIST_MAX_PEERS) {
		diag_error(y->diag, item->loc, "too-many-peers", "more than %d Expressway-E",
			   LIST_MAX_PEERS);
		y->failed = true;
		return;
	}
	peer.given = arena_array(y->scratch, peer.n_given, struct given_nic);
	memcpy(peer.given, given, peer.n_given * sizeof(*given));
	vec_add(&dep->edge, peer);
}

static void deployment_edge(struct yaml *y, const struct node *value, void *object)
{
	struct deployment *dep = object;

	yaml_items(y, value, edge_item, dep, "a list of Expressway-E peers");
	vec_move_to(y->arena, &dep->edge);
}

static void host_item(struct yaml *y, const struct node *item, void *object)
{
	struct hosts *hosts = object;
	struct host host = {0};

	decode_host(y, item, &host);
	if (hosts->n == LIST_MAX_HOSTS) {
		diag_error(y->diag, item->loc, "too-many-peers", "more than %d addresses",
			   LIST_MAX_HOSTS);
		y->failed = true;
		return;
	}
	if (host.addr)
		vec_add(hosts, host);
}

static void decode_hosts(struct yaml *y, const struct node *value, struct deployment *dep,
			 const char *name, struct loc name_loc)
{
	struct named_hosts *slot;

	vec_each(known, &dep->given_hosts)
		if (!strcmp(known->name.text, name)) {
			diag_error(y->diag, name_loc, "duplicate-key", "'%s' is given twice", name);
			diag_note(y->diag, known->name.loc, "first given here");
			yaml_skip(y, value);
			return;
		}
	if (dep->given_hosts.n == LIST_MAX_ROLES) {
		diag_error(y->diag, name_loc, "too-many", "more than %d roles", LIST_MAX_ROLES);
		y->failed = true;
		return;
	}
	slot = vec_push_in(y->scratch, &dep->given_hosts);
	*slot = (struct named_hosts){.name = {name, name_loc}};
	yaml_items(y, value, host_item, &slot->hosts, "a list of addresses");
	vec_move_to(y->arena, &slot->hosts);
}

static void deployment_core(struct yaml *y, const struct node *value, void *object)
{
	decode_hosts(y, value, object, "core", value->loc);
}

static void deployment_guest(struct yaml *y, const struct node *value, void *object)
{
	decode_hosts(y, value, object, "guest", value->loc);
}

static void deployment_hosts(struct yaml *y, const struct node *value, void *object)
{
	struct node key, hosts;

	if (!yaml_is(y, value, NODE_MAP, "a mapping of roles to addresses"))
		return;
	for (key = yaml_next(y); key.kind != NODE_END; key = yaml_next(y)) {
		struct word name = {0};

		decode_word(y, &key, &name, "a role");
		hosts = yaml_next(y);
		if (name.text)
			decode_hosts(y, &hosts, object, name.text, name.loc);
		else
			yaml_skip(y, &hosts);
	}
}

static void deployment_name(struct yaml *y, const struct node *value, void *object)
{
	struct deployment *dep = object;

	decode_text(y, value, &dep->name, "the name of a deployment");
	if (dep->name.text && strlen(dep->name.text) > NAME_MAX_BYTES)
		diag_error(y->diag, value->loc, "name-too-long",
			   "the name of a deployment has at most %d bytes", NAME_MAX_BYTES);
}

static void deployment_clients(struct yaml *y, const struct node *value, void *object)
{
	struct deployment *dep = object;
	unsigned int before = y->diag->errors;

	decode_words(y, value, &dep->clients, "an endpoint");
	if (!dep->clients.n && !y->failed && y->diag->errors == before)
		diag_error(y->diag, value->loc, "wrong-type",
			   "the list of clients is empty; use 'omit' to leave rows out");
}

static void deployment_ports(struct yaml *y, const struct node *value, void *object)
{
	struct deployment *dep = object;
	struct port_defs defs = {0};

	decode_port_values(y, value, &defs);
	for (size_t i = 0; i < defs.n; i++) {
		struct port_def *def = &defs.at[i];

		if (def->value.n)
			vec_add_in(y->arena, &dep->overrides,
				   ((struct port_override){def->name, def->value}));
	}
}

static const char *const source_ports[] = {"strict", "any"};
static const char *const reflections[] = {"keep", "gateway"};
static const struct yaml_field reflection = {.words = reflections,
					     .what = "value of reflection_source"};

static void deployment_reflection(struct yaml *y, const struct node *value, void *object)
{
	struct deployment *dep = object;

	dep->reflection_given = true;
	field_either(y, value, &reflection, &dep->reflect_as_gateway);
}

static void row_item(struct yaml *y, const struct node *item, void *object)
{
	decode_row(y, item, object, true);
}

static void deployment_rows(struct yaml *y, const struct node *value, void *object)
{
	struct rows *rows = &((struct deployment *)object)->rows;

	yaml_items(y, value, row_item, rows, "a list of rows");
	vec_move_to(y->arena, rows);
}

static const struct yaml_field deployment_fields[] = {
	{"name", true, .decode = deployment_name},
	{"profile", true, field_word, MEMBER(deployment, profile_name), .what = "a profile"},
	{"edge", true, .decode = deployment_edge},
	{"core", false, .decode = deployment_core},
	{"guest", false, .decode = deployment_guest},
	{"source_ports", false, field_either, MEMBER(deployment, any_source_ports),
	 .words = source_ports, .what = "value of source_ports"},
	{"clients", false, .decode = deployment_clients},
	{"ports", false, .decode = deployment_ports},
	{"omit", false, field_words, MEMBER(deployment, omit), .what = "the id of a row"},
	{"reflection_source", false, .decode = deployment_reflection},
	{"with", false, field_names, MEMBER(deployment, with), .what = "a list of add-ons"},
	{"hosts", false, .decode = deployment_hosts},
	{"rows", false, .decode = deployment_rows},
	{"assert", false, field_words, MEMBER(deployment, given_assertions),
	 .what = "an assertion"},
};

/* --- site ----------------------------------------------------------------------------------- */

static void site_version(struct yaml *y, const struct node *value, void *object)
{
	(void)object;
	if (yaml_word(y, value, "1") && strcmp(value->text, "1"))
		diag_error(y->diag, value->loc, "bad-version",
			   "version '%s' is not supported; this program reads version 1",
			   value->text);
}

static void deployment_item(struct yaml *y, const struct node *item, void *object)
{
	struct site *site = object;
	struct deployment *dep = arena_new(y->arena, struct deployment);

	if (site->deployments.n == SITE_MAX_DEPLOYMENTS) {
		diag_error(y->diag, item->loc, "too-many", "more than %d deployments",
			   SITE_MAX_DEPLOYMENTS);
		y->failed = true;
		return;
	}
	dep->loc = item->loc;
	yaml_fields(y, item, deployment_fields, ARRAY_SIZE(deployment_fields), dep, "a deployment");
	vec_add(&site->deployments, dep);
}

static void site_deployments(struct yaml *y, const struct node *value, void *object)
{
	struct site *site = object;
	unsigned int before = y->diag->errors;

	yaml_items(y, value, deployment_item, site, "a list of deployments");
	vec_move_to(y->arena, &site->deployments);
	if (!site->deployments.n && !y->failed && y->diag->errors == before)
		diag_error(y->diag, value->loc, "wrong-type", "the list of deployments is empty");
}

static const struct yaml_field site_fields[] = {
	{"version", true, .decode = site_version},
	{"gateway", true, field_map, .fields = gateway_fields,
	 .n_fields = ARRAY_SIZE(gateway_fields), .what = "gateway"},
	{"deployments", true, .decode = site_deployments},
};

/* What was bound is not needed any more as it was written. */
static void forget_written(struct site *site)
{
	vec_each(it, &site->deployments) {
		struct deployment *dep = *it;

		memset(&dep->given_hosts, 0, sizeof(dep->given_hosts));
		vec_each(peer, &dep->edge)
			peer->given = NULL;
	}
}

struct site *site_load(const struct source *source, struct library *lib, struct diag *diag)
{
	struct site *site = mem_alloc(sizeof(*site));
	unsigned int before = diag->errors;
	struct arena scratch = {0};
	struct yaml y;
	struct node root;

	site->library = lib;
	root = yaml_open(&y, source, diag, &site->arena);
	y.scratch = &scratch;
	if (!y.failed)
		yaml_fields(&y, &root, site_fields, ARRAY_SIZE(site_fields), site, "a site");
	yaml_close(&y);
	if (!y.failed)
		site_check(site, diag);
	forget_written(site);
	arena_free(&scratch);
	if (diag->errors == before)
		return site;
	site_free(site);
	return NULL;
}

void site_free(struct site *site)
{
	if (!site)
		return;
	arena_free(&site->arena);
	free(site);
}

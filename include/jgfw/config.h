/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What was configured: port models, profiles and sites, read from YAML and checked. */
#ifndef JGFW_CONFIG_H
#define JGFW_CONFIG_H

#include "jgfw/addr.h"
#include "jgfw/diag.h"
#include "jgfw/vec.h"

/** enum zone - the sides of a gateway that a site may name */
enum zone {
	ZONE_WAN,
	ZONE_OUTWARD,
	ZONE_INWARD,
	ZONE_DMZ,
	ZONE_LAN,
};
#define ZONE_COUNT (ZONE_LAN + 1)

/** zone_name - the word for @zone in a site file */
const char *zone_name(enum zone zone);

/** enum proto - the protocols of rows; tls is tcp on the wire, tcp+udp stands for two flows */
enum proto {
	PROTO_TCP,
	PROTO_TLS,
	PROTO_UDP,
	PROTO_TCP_UDP,
	PROTO_ICMP,
};

const char *proto_name(enum proto proto);

/** struct word - a string from a file, and where it stood */
struct word {
	const char *text;
	struct loc loc;
};

struct words {
	VEC(struct word);
};

struct names {
	VEC(const char *);
};

/** struct port_item - a literal range, a named port, or the first ports of a named one */
struct port_item {
	struct range range;
	const char *name; /* NULL for a literal */
	int index;	  /* of the named port in the model; -1 until it is resolved */
	unsigned int first;
	struct loc loc;
};

/** struct port_expr - ports as they are written; without items where they are not given */
struct port_expr {
	struct port_item *items;
	size_t n;
	struct loc loc;
};

/** struct port_choice - what may stand in a named port's place: an exact value, or so many ports
 * within a range */
struct port_choice {
	struct port_expr exact; /* used where it has items */
	uint32_t min_count, max_count;
	struct range within;
};

struct port_choices {
	VEC(struct port_choice);
	bool given;
};

/** struct port_size - what a named port of an add-on is on systems of one size */
struct port_size {
	struct word name; /* a profile's size, with "-mux" where it multiplexes */
	struct port_expr value;
	struct port_choices allow;
};

/** struct port_def - a named port of a model; profiles give values and choices of their own */
struct port_def {
	struct word name;
	const char *purpose;
	struct port_expr value;
	struct port_choices allow;
	struct {
		VEC(struct port_size);
	} sizes;     /* in place of value and allow */
	bool shared; /* of an add-on: the one that the model has already, where it has one */
};

struct port_defs {
	VEC(struct port_def);
};

/** struct role - machines that rows speak of (Expressway-C, a server ...), given by a site */
struct role {
	struct word name;
	const char *label;
	enum zone zone;
	uint32_t max;
	uint32_t usual[4]; /* numbers of machines that the vendor knows; 0 ends the list */
	bool foreign;	   /* others use them too: not the deployment's own, and may be left out */
	bool shared;	   /* as a named port is */
};

/** role_is_own - are its machines the deployment's own, and nobody else's business? */
static inline bool role_is_own(const struct role *role)
{
	return !role->foreign && role->zone != ZONE_WAN;
}

/** struct nic - an address of an Expressway-E beside its public one */
struct nic {
	struct word name;
	const char *label;
	enum zone zone;
};

enum {
	MODEL_MAX_NICS = 4,
	MODEL_MAX_ROLES = 28, /* add-ons' included; with the NICs, bits of a word */
	MODEL_MAX_ADD_ONS = 16,
	MODEL_MAX_PORTS = 128,
	PORTS_MAX_RANGES = 1 << 12, /* of a named port, of an end of a row; items of a list */
	DEPLOYMENT_MAX_ROWS = 256,
	SITE_MAX_DEPLOYMENTS = 10000,
	ROW_ID_MAX = 32,
	/* nft's NFTNL_UDATA_COMMENT_MAXLEN: what fits a rule's comment */
	RULE_COMMENT_MAX = 128,
};

enum endpoint_kind {
	END_ANY,    /* the clients, as the site defines them */
	END_PUBLIC, /* public addresses of the edge */
	END_NIC,    /* NIC addresses of the edge */
	END_ROLE,   /* machines of a role */
	END_ZONE,   /* a zone, or a network in it */
};

/** struct endpoint - one end of a row, understood */
struct endpoint {
	enum endpoint_kind kind;
	int peer;	  /* index of one Expressway-E, or -1 for all (END_PUBLIC, END_NIC) */
	unsigned int nic; /* END_NIC; for END_PUBLIC the NIC it is translated to */
	unsigned int role;
	enum zone zone;	    /* where it is; of END_ANY, meaningless */
	struct range range; /* END_ZONE: the addresses; IPV4_ALL for the whole zone */
};

/** struct row - one row of a port model, or of a site's own */
struct row {
	struct word id;
	struct word purpose;
	struct word from, to;
	enum proto proto;
	bool has_icmp_type;
	uint8_t icmp_type;
	struct loc icmp_loc;
	struct port_expr sport, dport, translate;
	struct word translation_of; /* the row this one only tells the translation of */
	const char *never;	    /* why it is in force on no gateway, or NULL */
	const char *condition;
	const char *citation;
	uint32_t footnotes[4]; /* 0 ends the list */
	struct loc loc;
	bool of_site;
	const struct model *part; /* whose file it is in; NULL of a site's own */
	unsigned int index;	  /* position there, or in the site's rows */
	struct endpoint from_end,
		to_end; /* understood; of a row of the site's own, by deployment */
};

struct rows {
	VEC(struct row);
};

struct footnote {
	uint32_t number;
	const char *text;
	struct loc loc;
};

/** struct model - a port reference of the vendor's as data, joined with its add-ons or before */
struct model {
	struct word name;
	const char *title, *citation;
	const char *edge_label;
	uint32_t max_peers;
	struct nic nics[MODEL_MAX_NICS];
	size_t n_nics;
	struct word public_nic;
	unsigned int behind; /* index of the NIC that public addresses are translated to */
	struct port_expr management_tcp, management_udp; /* where an Expressway-E is managed */
	struct word inside_nic; /* the NIC that add-ons call edge.inside; may be missing */
	bool add_on;		/* has no edge: it joins a model that has */
	struct words excludes;	/* models that never share an Expressway-E with this one */
	struct {
		VEC(const struct model *);
	} parts; /* the model itself and the add-ons that were joined to it */
	struct role roles[MODEL_MAX_ROLES];
	size_t n_roles;
	struct port_defs ports;
	struct {
		VEC(struct footnote);
	} footnotes;
	struct rows rows;
	struct loc loc;
};

/** struct profile - a model with its open numbers filled in */
struct profile {
	struct word name;
	struct word model_name;
	const struct model *model;
	const char *title;
	struct word size;
	bool multiplexing;
	struct words with;		  /* add-ons that belong to it */
	const char *warning;		  /* told to every site that uses it; NULL for none */
	struct port_defs ports;		  /* values and choices in place of the model's */
	const struct range_vec *resolved; /* ports by index in model->ports */
	struct loc loc;
};

/** struct host - an address that a site gives to a machine; sites have many */
struct host {
	uint32_t addr;		    /* host byte order; 0 where it is not given */
	uint32_t line, column, len; /* its place, see host_loc() */
};

struct hosts {
	VEC(struct host);
};

/** struct given_nic - an address of an Expressway-E as written, before the model is known */
struct given_nic {
	struct word name;
	struct host host;
};

/** struct edge_peer - an Expressway-E */
struct edge_peer {
	struct word name;
	struct host public;
	struct host *nics;	 /* by index in the model */
	struct given_nic *given; /* NULL when the site is bound */
	unsigned int n_given;
	struct loc loc;
};

struct named_hosts {
	struct word name;
	struct hosts hosts;
};

struct port_override {
	struct word name;
	struct port_expr value;
};

/** struct assertion - what the site wants proved of new flows */
struct assertion {
	struct word text;
	bool allow; /* all packets of the kind get through; else none does */
	struct endpoint from, to;
	bool has_proto;
	enum proto proto;
	bool has_icmp_type;
	uint8_t icmp_type;
	struct port_expr dport, sport; /* without items: any */
};

/** struct deployment - one Expressway cluster of a site with its profile and options */
struct deployment {
	struct word name;
	struct word profile_name;
	const struct profile *profile;
	const struct model *model; /* the profile's */
	struct {
		VEC(struct edge_peer);
	} edge;
	struct hosts *roles; /* by index in the model */
	struct {
		VEC(struct named_hosts);
	} given_hosts; /* as written; empty when the site is bound */
	bool any_source_ports;
	bool reflect_as_gateway, reflection_given;
	struct words clients;
	const struct endpoint *client_ends; /* of clients, or one (wan) where none are given */
	size_t n_clients;
	struct {
		VEC(struct port_override);
	} overrides;
	struct words omit, with, given_assertions;
	struct assertion *assertions;  /* given_assertions.n of them */
	struct rows rows;	       /* of its own */
	const struct range_vec *ports; /* by index in model->ports, overrides included */
	struct loc loc;
};

/** host_loc - where the address @host of @dep stands */
static inline struct loc host_loc(const struct deployment *dep, const struct host *host)
{
	return (struct loc){dep->loc.source, host->line, host->column, host->len};
}

struct interface {
	const char *name;
	struct loc loc;
};

struct interfaces {
	VEC(struct interface);
};

/** struct site - a gateway and its deployments; owns all that it points to */
struct site {
	struct arena arena;
	struct interfaces zones[ZONE_COUNT];
	struct loc zones_loc;
	bool judge_hosts_only; /* scope: hosts */
	bool public_shared;    /* public_addresses: shared */
	bool log_drops;
	bool count_deployments; /* counters: deployments */
	struct {
		VEC(struct deployment *);
	} deployments;
	struct library *library;
};

/** struct library - port models and profiles, from the binary and from folders that override it */
struct library;

/** library_new - @data_dir (may be NULL) is looked at before /etc/jgfw and the built-in data */
struct library *library_new(const char *data_dir);
void library_free(struct library *lib);

/** library_profile - the profile @name, checked, or NULL after an error at @loc; owned by @lib
 *
 * A name with a slash or the ending .yaml is a file, relative to the folder of @loc's source.
 */
const struct profile *library_profile(struct library *lib, const char *name, struct loc loc,
				      struct diag *diag);

/** library_profile_with - @profile, named at @named, joined with the add-ons @with
 *
 * The same profile and add-ons, in the same order, give the same pointer. NULL after errors, which
 * are told once; owned by @lib.
 */
const struct profile *library_profile_with(struct library *lib, const struct profile *profile,
					   const struct words *with, struct loc named,
					   struct diag *diag);

/** library_add_ons - the names of all add-ons in @ret_names (strings owned by @lib), sorted; what
 * cannot be read is an error */
void library_add_ons(struct library *lib, struct names *ret_names, struct diag *diag);

/** library_add_on - the add-on @name, or NULL after an error: there is none, or it is none */
const struct model *library_add_on(struct library *lib, const struct word *name, struct diag *diag);

/** models_exclude - the word by which a part of one excludes a part of the other, or NULL */
const struct word *models_exclude(const struct model *a, const struct model *b);

/** library_profile_names - names of all profiles in @ret_names (strings owned by @lib), sorted; a
 * folder that cannot be read is an error */
void library_profile_names(struct library *lib, struct names *ret_names, struct diag *diag);

/** site_load - read and check the site in @source
 *
 * @source must outlive the site, @lib too. Returns the site, owned by the caller, or NULL after
 * errors in @diag; warnings are added either way.
 */
struct site *site_load(const struct source *source, struct library *lib, struct diag *diag);
void site_free(struct site *site);

/** row_ports - @expr with its names replaced by the ports of @dep; empty where it is not given
 *
 * The set belongs to @dep or to @arena.
 */
struct range_set row_ports(const struct deployment *dep, const struct port_expr *expr,
			   struct arena *arena);

#endif

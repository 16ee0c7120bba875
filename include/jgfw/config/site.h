/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A gateway and its deployments, read from YAML and checked. */
#ifndef JGFW_CONFIG_SITE_H
#define JGFW_CONFIG_SITE_H

#include "jgfw/config/model.h"

enum {
	DEPLOYMENT_MAX_ROWS = 256,
	SITE_MAX_DEPLOYMENTS = 10000,
};

struct library;

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

/** zone_has - is the interface @name one of @zone? */
bool zone_has(const struct site *site, enum zone zone, const char *name);

/** zone_by_name - the zone @name of @site, or -1 where it has none of that name */
int zone_by_name(const struct site *site, const char *name);

/** site_has_interface - is @name an interface of a zone of @site? */
bool site_has_interface(const struct site *site, const char *name);

/** site_has_assertions - does @site assert anything? */
bool site_has_assertions(const struct site *site);

#endif

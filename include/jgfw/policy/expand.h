/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The policy: who may reach whom, and how it is translated. */
#ifndef JGFW_POLICY_EXPAND_H
#define JGFW_POLICY_EXPAND_H

#include "jgfw/config/site.h"

/** enum flow_state - whether a row is in force on this gateway, and if not, why */
enum flow_state {
	FLOW_IN_FORCE,
	FLOW_OMITTED,	    /* by the site */
	FLOW_TRANSLATION,   /* tells the translation of another row */
	FLOW_NO_ZONE,	    /* the gateway does not have one of the two zones */
	FLOW_ONE_INTERFACE, /* both ends in one zone that has a single interface */
	FLOW_NO_ADDRESS,    /* the site names no machine of a role that it may leave out */
	FLOW_ONE_MACHINE,   /* both ends are the same machine */
	FLOW_NEVER,	    /* on no gateway, as the row itself says */
};

/** struct machine - an address as it is on the wire at its own side of the gateway */
struct machine {
	uint32_t addr;	 /* host byte order; 0 where the site does not give it */
	uint32_t public; /* of an Expressway-E, or 0 */
};

struct machines {
	VEC(struct machine);
};

enum party_kind {
	PARTY_ANY,	/* every address of the zone */
	PARTY_RANGE,	/* a network */
	PARTY_MACHINES, /* known addresses */
};

/** struct party - one end of a flow; kept small, as flows are many */
struct party {
	union {
		struct range range;	  /* not of machines */
		const struct machine *at; /* the same pointer for the same ones of a deployment */
	};
	uint32_t n; /* machines */
	enum party_kind kind : 8;
	bool is_edge;
};

enum source_nat {
	SOURCE_KEEPS,	/* its address */
	SOURCE_PUBLIC,	/* gets its own public address */
	SOURCE_GATEWAY, /* gets the gateway's */
};

/** struct flow - a row made concrete for one deployment, one protocol and one pair of zones */
struct flow {
	const struct row *row;
	const struct deployment *dep;
	struct range_set sport; /* without ranges: not matched */
	struct range_set dport; /* as the sender sends */
	struct party src, dst;	/* @dst behind the translation, @src in front of it */
	uint16_t translate;	/* the port it becomes, or 0 where it stays */
	uint8_t proto;		/* IPPROTO_TCP, IPPROTO_UDP or IPPROTO_ICMP */
	enum flow_state state : 8;
	enum zone from : 8, to : 8;
	enum zone missing : 8; /* FLOW_NO_ZONE */
	enum source_nat snat : 8;
	bool dnat;	  /* sent to the public addresses of @dst */
	bool edges_among; /* @src is no list of machines, and an Expressway-E that is in it leaves
			   * with its public address */
};

/** struct policy - all flows of a site, by deployment and row; borrows from the site */
struct policy {
	struct arena arena;
	const struct site *site;
	struct {
		VEC(struct flow);
	} flows;
	struct machines zone_edges[ZONE_COUNT]; /* every NIC in a zone, by address */
	bool meet[ZONE_COUNT][ZONE_COUNT]; /* do two zones share an interface? (each its own) */
};

/** policy_expand - the flows of @site, which must outlive the policy; to be freed by policy_free()
 *
 * Returns NULL after errors: a deployment of which no row is in force, an address that a row in
 * force needs, rows that want different things of the same packets.
 */
struct policy *policy_expand(const struct site *site, struct diag *diag);
void policy_free(struct policy *policy);

/** policy_edges_among - the Expressway-E addresses among the sources of a flow that comes from a
 * whole zone or a network in it; the list belongs to @policy or @arena */
struct party policy_edges_among(const struct policy *policy, const struct flow *flow,
				struct arena *arena);

/** flow_dport - the ports that the receiver sees, in @buf where they are translated */
static inline struct range_set flow_dport(const struct flow *flow, struct range *buf)
{
	if (!flow->translate)
		return flow->dport;
	*buf = (struct range){flow->translate, flow->translate};
	return (struct range_set){buf, 1};
}

/** machine_translated - does a flow to the public address of @m change anything in its packets? */
static inline bool machine_translated(const struct flow *flow, const struct machine *m)
{
	return m->public != m->addr || (flow->translate && flow->dport.at[0].lo != flow->translate);
}

#endif

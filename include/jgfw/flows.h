/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tracked flows and routes of this network namespace, through netlink. */
#ifndef JGFW_FLOWS_H
#define JGFW_FLOWS_H

#include "jgfw/diag.h"
#include "jgfw/vec.h"

#include <net/if.h>

/** struct tuple - one direction of a flow; all in host byte order */
struct tuple {
	uint32_t saddr, daddr;
	uint16_t sport, dport; /* 0 of protocols without ports */
};

/** struct conn - an entry of connection tracking (IPv4) */
struct conn {
	uint8_t l4proto;   /* IPPROTO_* */
	uint8_t icmp_type; /* of the first packet */
	uint16_t zone;
	uint32_t id;
	uint32_t status;	  /* bits, the kernel's IPS_* */
	struct tuple orig, reply; /* of the first packet; of what answers it, behind translation */
	const void *wire;	  /* the original tuple as the kernel wrote it */
	uint16_t wire_len;	  /* bytes */
};

/** struct conns - entries; owns all that they point to; zero-initialised is empty */
struct conns {
	struct arena arena;
	VEC(struct conn);
};

struct conntrack;

/** conntrack_open - a connection to the kernel, to be closed by conntrack_close(); NULL after an
 * error */
struct conntrack *conntrack_open(struct diag *diag);
void conntrack_close(struct conntrack *ct);

/** conntrack_dump - all entries of IPv4, to be freed by conns_free(), which is due after an error
 * too; 0 or -errno */
int conntrack_dump(struct conntrack *ct, struct conns *ret_conns, struct diag *diag);
void conns_free(struct conns *conns);

/** conntrack_delete - delete the @n entries @conns, each only if it is still the same one
 *
 * @ret_deleted counts those that were there, after an error too. Returns 0 or -errno.
 */
int conntrack_delete(struct conntrack *ct, const struct conn *const *conns, size_t n,
		     size_t *ret_deleted, struct diag *diag);

enum route_kind {
	ROUTE_NONE,  /* unreachable */
	ROUTE_LOCAL, /* this machine: an address of its own, broadcast, multicast */
	ROUTE_UNICAST,
};

/** struct route - the way to an address */
struct route {
	uint32_t addr; /* host byte order */
	enum route_kind kind;
	char oif[IF_NAMESIZE]; /* of ROUTE_UNICAST: the interface that leads there */
};

/** routes_find - fill in the way to the address of each of @n routes, as this machine's own packets
 * would go; 0 or -errno */
int routes_find(struct route *routes, size_t n, struct diag *diag);

#endif

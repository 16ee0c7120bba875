/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Routes of this network namespace, through netlink. */
#ifndef JGFW_KERNEL_ROUTE_H
#define JGFW_KERNEL_ROUTE_H

#include "jgfw/base/diag.h"

#include <stdint.h>

#include <net/if.h>

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

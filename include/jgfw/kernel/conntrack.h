/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tracked flows of this network namespace, through netlink. */
#ifndef JGFW_KERNEL_CONNTRACK_H
#define JGFW_KERNEL_CONNTRACK_H

#include "jgfw/base/diag.h"
#include "jgfw/base/vec.h"

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

#endif

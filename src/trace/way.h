/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ways to addresses. */
#ifndef JGFW_TRACE_WAY_H
#define JGFW_TRACE_WAY_H

#include "jgfw/trace/trace.h"

/** struct way - where an address lies, as far as it is known */
struct way {
	enum hop_kind kind;
	struct names oifs; /* of HOP_OUT: one of them */
	bool guessed;	   /* nothing says which: they are all of the gateway's */
	int zone;	   /* that @oifs are all of; -1 for none */
};

/** way_find - the way to @addr, by @gateway's hop_fn or by its site; lists belong to @arena
 *
 * In a site an address lies where its machine does, in the zone of the smallest network of a row
 * that it is in, or, where it is no private one, in wan. Public addresses with another one behind
 * them are the gateway's. 0, or -errno of hop_fn.
 */
int way_find(const struct gateway *gateway, uint32_t addr, struct arena *arena, struct way *ret_way,
	     struct diag *diag);

/** way_of_zone - the way to what lies in @zone */
struct way way_of_zone(const struct site *site, enum zone zone, struct arena *arena);

/** way_by - the way by the interface @oif, whatever lies there */
struct way way_by(const char *oif, struct arena *arena);

/** way_unknown - the way to nobody knows where: any interface of @site */
struct way way_unknown(const struct site *site, struct arena *arena);

#endif

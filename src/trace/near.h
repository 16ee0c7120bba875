/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rows of a site beside a packet. */
#ifndef JGFW_TRACE_NEAR_H
#define JGFW_TRACE_NEAR_H

#include "jgfw/trace/trace.h"

/** struct sighting - a packet as it comes to the gateway */
struct sighting {
	const struct site *site;
	const struct probe *probe;
	const char *iif;
	const char *oif; /* NULL: not known, or the gateway itself */
};

/** near_find - the row of the site that @seen matches, or misses by the least; its strings belong
 * to @arena
 *
 * Of a packet without a source port all source ports match. A row that has next to nothing in
 * common with the packet is not near.
 */
void near_find(const struct sighting *seen, struct arena *arena, struct near *ret_near);

/** struct match - a row that allows a packet */
struct match {
	const struct row *row;
	const struct deployment *dep;
};

struct matches {
	VEC(struct match);
};

/** near_matches - append all rows that @seen matches but for its state */
void near_matches(const struct sighting *seen, struct matches *matches);

#endif

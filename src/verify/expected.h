/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What should become of every packet, from the rows of the site alone. */
#ifndef JGFW_VERIFY_EXPECTED_H
#define JGFW_VERIFY_EXPECTED_H

#include "claim.h"
#include "space.h"

/** struct expected - functions of IPv4 packets; leaves are LEAF_DROP, LEAF_ACCEPT, outcomes,
 * LEAF_EITHER and LEAF_NOT_OURS */
struct expected {
	node fresh;	  /* of new packets that are forwarded */
	node by_site;	  /* LEAF_YES where a row of the site's own allows such a packet */
	node translation; /* of new packets, wherever they go: an outcome, or LEAF_ELSE */
	node untracked, invalid;
	/* conditions */
	node to_public, from_own, to_own, from_wan;
	node spoofed;	 /* of new packets */
	node impossible; /* new packets that there are none of */
	/* packets of flows that rows allow, LEAF_YES: as they arrive, and as they are forwarded */
	node arriving, passing;
	node error_arriving, error_passing; /* ICMP errors about them */
};

/** expected_make - @with_flows: arriving, passing and their errors too */
void expected_make(struct space *s, const struct site *site, bool with_flows, struct expected *ret);

/** in_zone - does @var name an interface of @zone? */
node in_zone(struct space *s, const struct site *site, unsigned int var, enum zone zone);

/** zone_pair - does a packet go from @from to @to, and between two interfaces of a zone? */
node zone_pair(struct space *s, const struct site *site, enum zone from, enum zone to);

#endif

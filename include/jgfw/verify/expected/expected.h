/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What should become of every packet, from the rows of the site alone. */
#ifndef JGFW_VERIFY_EXPECTED_H
#define JGFW_VERIFY_EXPECTED_H

#include "jgfw/claims/claim.h"
#include "jgfw/verify/space/space.h"

/** struct expected - functions of IPv4 packets; terminals are TERMINAL_DROP, TERMINAL_ACCEPT,
 * outcomes, TERMINAL_EITHER and TERMINAL_NOT_OURS */
struct expected {
	node fresh;	  /* of new packets that are forwarded */
	node by_site;	  /* TERMINAL_YES where a row of the site's own allows such a packet */
	node translation; /* of new packets, wherever they go: an outcome, or TERMINAL_ELSE */
	node untracked, invalid;
	/* conditions */
	node translated; /* of new packets: not TERMINAL_ELSE above */
	node to_public, from_own, to_own, from_wan;
	node spoofed;	 /* of new packets */
	node impossible; /* new packets that there are none of */
};

void expected_make(struct space *s, const struct site *site, struct expected *ret);

/** enum flow_point - where packets of flows that rows allow are looked at: as they arrive, and
 * translated, as they are forwarded; and ICMP errors about them */
enum flow_point {
	FLOWS_ARRIVING,
	FLOWS_PASSING,
	ERRORS_ARRIVING,
	ERRORS_PASSING,
};

/** expected_flows - TERMINAL_YES for such packets, of both directions */
node expected_flows(struct space *s, const struct site *site, enum flow_point point);

#endif

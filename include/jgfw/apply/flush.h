/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Flows that a new ruleset would not have let come about. */
#ifndef JGFW_APPLY_FLUSH_H
#define JGFW_APPLY_FLUSH_H

#include "jgfw/ruleset/ruleset.h"

/** flows_flush - end the tracked flows that @new no longer allows, or would translate otherwise
 *
 * The first packet of each flow through this gateway is run through @new: where that drops it, or
 * translates it otherwise than the flow is translated, the flow is ended. Where neither @new nor
 * @old, the ruleset before (NULL: there was none), translates it, it is somebody else who does:
 * then it is left, unless @new drops it. Of a masqueraded source it is compared only that it was
 * translated; source ports are the kernel's to choose.
 *
 * The packet is taken to have come from where the way back to its sender leads: routing is taken to
 * be symmetric, and for packets of others to be as for the gateway's own. Flows that the gateway
 * itself opened are left, and IPv4 is all that is looked at. What cannot be decided (no route, an
 * expression that is not understood) is left, too, and counted in a warning.
 *
 * @ret_ended counts the flows that were ended, after an error too. Returns 0 or -errno.
 */
int flows_flush(const struct ruleset *new, const struct ruleset *old, size_t *ret_ended,
		struct diag *diag);

#endif

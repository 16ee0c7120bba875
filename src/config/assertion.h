/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a site asserts. */
#ifndef JGFW_CONFIG_ASSERTION_H
#define JGFW_CONFIG_ASSERTION_H

#include "jgfw/config/site.h"

/** assertion_parse - understand `allow|deny END > END [PROTO [PORTS] [from PORTS]]` of @dep
 *
 * What is wrong becomes an error at its word. Strings are owned by @arena.
 */
void assertion_parse(const struct word *text, const struct deployment *dep, struct arena *arena,
		     struct assertion *ret_assertion, struct diag *diag);

#endif

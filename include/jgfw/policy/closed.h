/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ruleset of a gateway that must not forward. */
#ifndef JGFW_POLICY_CLOSED_H
#define JGFW_POLICY_CLOSED_H

#include "jgfw/ruleset/ruleset.h"

/** policy_closed - a ruleset that drops all that would be forwarded, for when no other can be
 * loaded; to be freed by ruleset_free() */
struct ruleset *policy_closed(void);

#endif

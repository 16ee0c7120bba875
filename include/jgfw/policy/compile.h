/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The policy as a ruleset. */
#ifndef JGFW_POLICY_COMPILE_H
#define JGFW_POLICY_COMPILE_H

#include "jgfw/policy/expand.h"
#include "jgfw/ruleset/ruleset.h"

/** policy_compile - the ruleset that does what @policy says; to be freed by ruleset_free()
 *
 * Strings of its origins are borrowed from the site. Returns NULL after an error: deployments that
 * share an Expressway-E and translate the same packets differently.
 */
struct ruleset *policy_compile(const struct policy *policy, struct diag *diag);

#endif

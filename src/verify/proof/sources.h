/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sets of addresses that sources are told apart by. */
#ifndef JGFW_VERIFY_PROOF_SOURCES_H
#define JGFW_VERIFY_PROOF_SOURCES_H

#include "jgfw/config/site.h"
#include "jgfw/ruleset/ruleset.h"
#include "jgfw/verify/space/sources.h"

/** sources_collect - kinds by the own addresses of @site, if not NULL, and the largest sets of the
 * @n rulesets; to be freed by sources_free() */
void sources_collect(const struct site *site, const struct ruleset *const *rulesets, size_t n,
		     struct sources *ret);

#endif

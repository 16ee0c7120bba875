/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A ruleset as the text that `nft -f` reads. */
#ifndef JGFW_EMIT_H
#define JGFW_EMIT_H

#include "jgfw/buf.h"
#include "jgfw/ruleset.h"

/** emit_ruleset - append a text that replaces the table of @rs as a whole, in one transaction
 *
 * Returns 0, or -EOPNOTSUPP where @rs holds what nft has no words for; the rule is then marked with
 * a comment in the text.
 */
int emit_ruleset(const struct ruleset *rs, struct buf *out);

/** emit_rule - append one rule without its line's end; errors as emit_ruleset() */
int emit_rule(const struct rule *rule, struct buf *out);

/** emit_element - append the element @i of @set */
void emit_element(const struct set *set, size_t i, struct buf *out);

#endif

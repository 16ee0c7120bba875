/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A ruleset as the text that `nft -f` reads. */
#ifndef JGFW_EMIT_RULESET_H
#define JGFW_EMIT_RULESET_H

#include "jgfw/base/buf.h"
#include "jgfw/ruleset/ruleset.h"

/** emit_ruleset - append a text that replaces the table of @rs as a whole, in one transaction
 *
 * Returns 0, or -EOPNOTSUPP where @rs holds what nft has no words for; the rule is then marked with
 * a comment in the text.
 */
int emit_ruleset(const struct ruleset *rs, struct buf *out);

/** emit_set - append a set with its elements, as it stands in a table */
void emit_set(const struct set *set, struct buf *out);

/** emit_chain_head - append the line in front of the rules of a base chain; nothing for others */
void emit_chain_head(const struct chain *chain, struct buf *out);

#endif

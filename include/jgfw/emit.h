/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A ruleset as the text that `nft -f` reads. */
#ifndef JGFW_EMIT_H
#define JGFW_EMIT_H

#include "jgfw/buf.h"
#include "jgfw/change.h"

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

/** emit_raw - append the expressions of a rule by the kernel's names, for one that has no words */
void emit_raw(const struct rule *rule, struct buf *out);

/** change_item_fn - takes one piece of a change: @text in nft's words, without the line's end, and
 * where it comes from: an index + 1 in the origins of the new ruleset, or 0 */
typedef void change_item_fn(const char *text, uint32_t origin, void *data);

/** emit_change - tell @change to @fn, piece by piece
 *
 * All pieces together are a file that `nft -f` loads, and that does what kernel_change() does, but
 * for rules that have no words; counters start at zero there.
 */
void emit_change(const struct change *change, change_item_fn *fn, void *data);

#endif

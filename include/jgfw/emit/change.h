/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A change as nft text. */
#ifndef JGFW_EMIT_CHANGE_H
#define JGFW_EMIT_CHANGE_H

#include "jgfw/base/buf.h"
#include "jgfw/ruleset/change.h"

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

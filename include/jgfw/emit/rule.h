/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules as nft text. */
#ifndef JGFW_EMIT_RULE_H
#define JGFW_EMIT_RULE_H

#include "jgfw/base/buf.h"
#include "jgfw/ruleset/ruleset.h"

/** emit_rule - append one rule without its line's end; errors as emit_ruleset() */
int emit_rule(const struct rule *rule, struct buf *out);

/** emit_raw - append the expressions of a rule by the kernel's names, for one that has no words */
void emit_raw(const struct rule *rule, struct buf *out);

#endif

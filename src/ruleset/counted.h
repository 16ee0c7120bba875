/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parts of a comparison. */
#ifndef JGFW_RULESET_COUNTED_H
#define JGFW_RULESET_COUNTED_H

#include "jgfw/ruleset/change.h"

/** change_take_on_counters - rules that come go on counting where those that go, and that they are
 * like, have stopped */
void change_take_on_counters(struct change *change);

/** change_take_on_element_counters - the same of elements */
void change_take_on_element_counters(struct change *change);

#endif

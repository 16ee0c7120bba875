/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Translations put into the functions of what comes behind them. */
#ifndef JGFW_VERIFY_SPACE_COMPOSE_H
#define JGFW_VERIFY_SPACE_COMPOSE_H

#include "jgfw/verify/space/space.h"

/** compose - @behind for packets that @translation has changed, in their own terms
 *
 * The leaves of @translation are LEAF_ELSE, LEAF_DROP, LEAF_UNKNOWN and outcomes that change the
 * destination.
 */
node compose(struct space *s, node translation, node behind);

/** settle_destination - @f where no outcome changes what already is so; settle_source() likewise */
node settle_destination(struct space *s, node f);
node settle_source(struct space *s, node f);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Translations put into the functions of what comes behind them. */
#ifndef JGFW_VERIFY_SPACE_COMPOSE_H
#define JGFW_VERIFY_SPACE_COMPOSE_H

#include "jgfw/verify/space/space.h"

/** compose - @behind for packets that @translation has changed, in their own terms
 *
 * The terminals of @translation are TERMINAL_ELSE, TERMINAL_DROP, TERMINAL_UNKNOWN and outcomes
 * that change the destination.
 */
node compose(struct space *s, node translation, node behind);

/** simplify_destination - @f where no outcome changes what already is so; simplify_source()
 * likewise */
node simplify_destination(struct space *s, node f);
node simplify_source(struct space *s, node f);

#endif

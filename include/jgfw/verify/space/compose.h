/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Translations put into the functions of what comes behind them. */
#ifndef JGFW_VERIFY_SPACE_COMPOSE_H
#define JGFW_VERIFY_SPACE_COMPOSE_H

#include "jgfw/verify/space/space.h"

/** compose - what becomes of packets that @translation changes and that then go through @behind, as
 * a function of the packets as they were sent
 *
 * For example, @translation sends 203.0.113.1 to 10.0.0.1, and @behind accepts 10.0.0.1: the result
 * accepts 203.0.113.1, with that outcome.
 *
 * The terminals of @translation are TERMINAL_ELSE, TERMINAL_DROP, TERMINAL_UNKNOWN and outcomes
 * that change the destination.
 */
node compose(struct space *s, node translation, node behind);

/** simplify_destination - @f without translations to the address or port that a packet has already;
 * simplify_source() - the same of its source */
node simplify_destination(struct space *s, node f);
node simplify_source(struct space *s, node f);

#endif

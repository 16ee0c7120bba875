/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules of rows. */
#ifndef JGFW_POLICY_ROWS_H
#define JGFW_POLICY_ROWS_H

#include "compiler.h"

/** fill_forward - all that may pass between one pair of zones, or several with the same interfaces
 */
fill_fn fill_forward;
/** fill_dnat - translations of destinations for what comes from one zone, or several */
fill_fn fill_dnat;
/** fill_snat - translations of sources between one pair of zones, or several */
fill_fn fill_snat;

#endif

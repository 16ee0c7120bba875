/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether a row is in force, in words. */
#ifndef JGFW_REPORT_STATE_H
#define JGFW_REPORT_STATE_H

#include "jgfw/base/buf.h"
#include "jgfw/policy/expand.h"

/** report_state - append "in force", or why the flow is not */
void report_state(const struct site *site, const struct flow *flow, struct buf *out);

#endif

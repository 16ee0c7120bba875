/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rows that rules come from. */
#ifndef JGFW_TRACE_ORIGIN_H
#define JGFW_TRACE_ORIGIN_H

#include "tracer.h"

/** origin_find - fill in what row of which deployment the rule of @step, in @rs, comes from */
void origin_find(const struct tracer *t, const struct ruleset *rs, struct trace_step *step);

#endif

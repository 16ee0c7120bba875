/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A packet all the way through the gateway. */
#ifndef JGFW_TRACE_WALK_H
#define JGFW_TRACE_WALK_H

#include "tracer.h"

/** tracer_note - one more assumption, in words; not while nobody wants to know */
void tracer_note(struct tracer *t, const char *fmt, ...) PRINTF_LIKE(2, 3);

/** tracer_dotted - @addr in words */
const char *tracer_dotted(struct tracer *t, uint32_t addr);

/** tracer_pass - take a packet all the way through the gateway; its steps go to t->steps */
enum run_fate tracer_pass(struct tracer *t, struct run *run);

/** tracer_pass_silently - tracer_pass() without a trace of it */
enum run_fate tracer_pass_silently(struct tracer *t, struct run *run);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kernel would know of a packet's flow. */
#ifndef JGFW_TRACE_KNOWN_H
#define JGFW_TRACE_KNOWN_H

#include "tracer.h"

/** flow_remember - give @run the translations that the kernel would remember of its flow, where it
 * begins none */
void flow_remember(struct tracer *t, struct run *run);

/** flow_turn_around - give @reply the translations of what answers a packet that was @sent and has
 * @arrived */
void flow_turn_around(const struct packet *sent, const struct packet *arrived, struct run *reply);

#endif

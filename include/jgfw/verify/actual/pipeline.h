/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All packets through the hooks of the kernel. */
#ifndef JGFW_VERIFY_ACTUAL_PIPELINE_H
#define JGFW_VERIFY_ACTUAL_PIPELINE_H

#include "jgfw/verify/actual/symbolic.h"

/** struct base - a base chain, and the table that it is of */
struct base {
	const struct chain *chain;
	const struct table *table;
};

/** struct pipeline - base chains in the kernel's order, if tables and their chains came together */
struct pipeline {
	struct symbolic *symbolic;
	struct bases {
		VEC(struct base);
	} chains, chains6; /* of table families that see IPv4, and IPv6 */
	node in_front; /* do those with the priority of nat or connection tracking come first? */
};

/** pipeline_init - the chains of @n rulesets, or of the table of jgfw in them alone; those of
 * tables that are dormant are none */
void pipeline_init(struct pipeline *p, struct symbolic *symbolic,
		   const struct ruleset *const *rulesets, size_t n, bool own_only);
void pipeline_free(struct pipeline *p);

/** pipeline_forward - what becomes of packets that are forwarded: TERMINAL_ACCEPT or an outcome,
 * TERMINAL_DROP, TERMINAL_UNKNOWN
 *
 * @ct_state is that of new, invalid or untracked packets; older flows are asked for in two parts.
 */
node pipeline_forward(const struct pipeline *p, uint8_t nfproto, uint32_t ct_state);

/** pipeline_local - the same of those that are for the gateway itself */
node pipeline_local(const struct pipeline *p, uint8_t nfproto, uint32_t ct_state);

/** pipeline_arrival - what becomes of packets of older flows before they are translated as their
 * flow is: TERMINAL_ELSE, TERMINAL_DROP or TERMINAL_UNKNOWN */
node pipeline_arrival(const struct pipeline *p, uint8_t nfproto, uint32_t ct_state);

/** pipeline_passage - what becomes of them after that, where they are forwarded (@local: where they
 * are delivered to the gateway itself) */
node pipeline_passage(const struct pipeline *p, uint8_t nfproto, uint32_t ct_state, bool local);

/** pipeline_output - what becomes of what the gateway sends itself */
node pipeline_output(const struct pipeline *p, uint8_t nfproto, uint32_t ct_state);

/** pipeline_unclear - a chain whose place beside nat or connection tracking the kernel alone knows,
 * or NULL */
const struct chain *pipeline_unclear(const struct pipeline *p);

#endif

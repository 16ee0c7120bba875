/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A trace under way, and what its parts do for each other. */
#ifndef JGFW_VERIFY_TRACER_H
#define JGFW_VERIFY_TRACER_H

#include "near.h"
#include "way.h"

#include "jgfw/index.h"

enum {
	TRACE_MAX_RULES = 100000000, /* tried on all ways */
	TRACE_MAX_STEPS = 200000,    /* told of one packet */
};

/** struct tracer - a trace under way */
struct tracer {
	const struct gateway *gw;
	struct runner *runner;
	struct index rulesets; /* by chain */
	size_t left;	       /* rules that may still be looked at, of all packets together */
	struct trace *trace;
	struct matches matches;	   /* rows that allow the packet as it was sent */
	struct trace_steps *steps; /* NULL: nobody wants to know */
	struct run *run;	   /* whose steps are told */
	enum hook hook;
	const char *reason; /* of the packet that goes now */
	struct way out;	    /* where out= leads; without interfaces where it is not given */
	const char *oif;    /* that was taken */
	bool local;
	struct diag *diag;
	int error; /* -errno of hop_fn */
};

/** tracer_note - one more assumption, in words; not while nobody wants to know */
void tracer_note(struct tracer *t, const char *fmt, ...) PRINTF_LIKE(2, 3);

/** tracer_dotted - @addr in words */
const char *tracer_dotted(struct tracer *t, uint32_t addr);

/** tracer_pass - take a packet all the way through the gateway; its steps go to t->steps */
enum run_fate tracer_pass(struct tracer *t, struct run *run);

/** tracer_pass_silently - tracer_pass() without a trace of it */
enum run_fate tracer_pass_silently(struct tracer *t, struct run *run);

/** table_is_ours - is @table jgfw's? */
bool table_is_ours(const struct table *table);

/** origin_find - fill in what row of which deployment the rule of @step, in @rs, comes from */
void origin_find(const struct tracer *t, const struct ruleset *rs, struct trace_step *step);

/** flow_remember - give @run the translations that the kernel would remember of its flow, where it
 * begins none */
void flow_remember(struct tracer *t, struct run *run);

/** flow_turn_around - give @reply the translations of what answers a packet that was @sent and has
 * @arrived */
void flow_turn_around(const struct packet *sent, const struct packet *arrived, struct run *reply);

/** ends_differ - is one end of a packet another one than before? */
static inline bool ends_differ(uint32_t a_addr, uint16_t a_port, uint32_t b_addr, uint16_t b_port)
{
	return a_addr != b_addr || a_port != b_port;
}

/** icmp_other_direction - the type of the reply to @type, or of what it replies to */
uint8_t icmp_other_direction(uint8_t type);

#endif

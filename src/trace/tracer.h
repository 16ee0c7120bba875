/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A trace under way, and what its parts do for each other. */
#ifndef JGFW_TRACE_TRACER_H
#define JGFW_TRACE_TRACER_H

#include "jgfw/base/index.h"
#include "near.h"
#include "way.h"

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

/** ends_differ - is one end of a packet another one than before? */
static inline bool ends_differ(uint32_t a_addr, uint16_t a_port, uint32_t b_addr, uint16_t b_port)
{
	return a_addr != b_addr || a_port != b_port;
}

#endif

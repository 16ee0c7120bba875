/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What tests of packets on their way through rulesets share. */
#ifndef JGFW_UNIT_PACKETS_H
#define JGFW_UNIT_PACKETS_H

#include "unit.h"

#include "jgfw/ruleset/run.h"

enum {
	ICMP = 1,
	TCP = 6,
	UDP = 17,
	GRE = 47,
	IPV4 = 2,
	IPV6 = 10,
};

/* Addresses of the sites. */
#define CLIENT	"198.51.100.7"
#define PUBLIC	"203.0.113.10"
#define OUTWARD "192.0.2.10" /* and the private one of a single NIC */
#define INWARD	"192.0.2.74"

static inline uint32_t addr(const char *text)
{
	uint32_t a = 0;

	ck_assert_int_eq(ipv4_parse(text, &a), 0);
	return a;
}

struct trace {
	struct run_step steps[64];
	size_t n;
};

static inline void record(const struct run_step *step, void *arg)
{
	struct trace *trace = arg;

	ck_assert_uint_lt(trace->n, ARRAY_SIZE(trace->steps));
	trace->steps[trace->n++] = *step;
}

#endif

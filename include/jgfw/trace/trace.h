/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One packet's way through a gateway and back, with the rows that decided, and the row that it
 * missed narrowly. Rows are read from the site here, not taken from what made the ruleset. */
#ifndef JGFW_TRACE_H
#define JGFW_TRACE_H

#include "jgfw/config/site.h"
#include "jgfw/ruleset/run.h"
#include "jgfw/trace/packet.h"

enum hop_kind {
	HOP_NONE, /* unreachable */
	HOP_LOCAL,
	HOP_OUT,
};

/** struct hop - the way to an address */
struct hop {
	enum hop_kind kind;
	const char *oif; /* of HOP_OUT; must outlive the trace */
};

/** hop_fn - find the way to @addr (host byte order); 0, or -errno after an error in @diag */
typedef int hop_fn(uint32_t addr, struct hop *ret_hop, void *arg, struct diag *diag);

/** struct gateway - what a packet is taken through; borrowed */
struct gateway {
	const struct site *site;
	const struct ruleset *const *rulesets; /* tables, in the kernel's order */
	size_t n_rulesets;
	hop_fn *hop; /* NULL: ways are guessed from the site */
	void *arg;
};

/** struct trace_step - a rule that matched, or the policy of a base chain */
struct trace_step {
	enum hook hook;
	const struct table *table;
	struct run_step run;
	struct translation to;	      /* of a nat statement */
	const char *row, *deployment; /* NULL: of none, or not known */
	struct loc loc;
};

struct trace_steps {
	VEC(struct trace_step);
};

/** struct near - a row beside a packet, and what of the packet does not match it */
struct near {
	const struct row *row; /* NULL: none is near */
	const struct deployment *dep;
	struct names mismatch;	/* texts; empty where the row allows the packet */
	struct range_set sport; /* that it allows; empty for all */
};

/** struct trace - all that is known of a packet's way; owns it */
struct trace {
	struct arena arena;
	struct probe probe; /* as asked, with what was missing filled in */
	struct trace_steps steps;
	enum run_fate fate;
	bool local;		     /* it is for the gateway itself */
	const char *reason;	     /* why it is undecided; else NULL */
	struct packet sent, arrived; /* at both sides; @arrived is void where it does not arrive */
	struct translation dnat, snat; /* that changed it */
	struct {
		bool told;	    /* it was taken through, too */
		struct probe probe; /* as it is sent */
		struct packet arrived;
		struct trace_steps steps;
		enum run_fate fate;
		const char *reason;
	} reply;
	struct near nearest; /* of a packet that is dropped, or undecided */
	struct names notes;  /* assumptions, in words */
};

/** trace_packet - take @probe through @gateway
 *
 * @ret_trace is to be freed by trace_free() in any case. Returns 0, -EINVAL after an error about
 * the packet in @diag, or another -errno after an error of hop_fn.
 */
int trace_packet(const struct gateway *gateway, const struct probe *probe, struct trace *ret_trace,
		 struct diag *diag);
void trace_free(struct trace *trace);

#endif

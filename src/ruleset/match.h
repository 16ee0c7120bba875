/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A single rule on a packet. */
#ifndef JGFW_RULESET_MATCH_H
#define JGFW_RULESET_MATCH_H

#include "jgfw/base/index.h"
#include "jgfw/ruleset/run.h"

/** struct hooked_chain - a base chain and the table it is in */
struct hooked_chain {
	const struct chain *chain;
	const struct table *table;
};

struct runner {
	struct {
		VEC(struct hooked_chain);
	} base;		      /* in the order in which they run */
	struct index finders; /* from a set's address */
};

/** rule_run - evaluate @step->rule; the rest of @step is filled in, and @run's translations where
 * it has a nat statement that decides */
void rule_run(const struct runner *runner, struct run *run, struct run_step *step);

#endif

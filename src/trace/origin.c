/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "origin.h"

#include "tracer.h"

#include <string.h>

#include <linux/netfilter.h>

/* Does a rule's comment, "ID, ID: purpose", name the row @id? Rules without one bear any row. */
static bool bears_row(const struct rule *rule, const char *id)
{
	size_t len = strlen(id);

	for (const char *at = rule->comment; at;) {
		size_t word = strcspn(at, ",:");

		if (word == len && !strncmp(at, id, len))
			return true;
		if (at[word] != ',')
			return false;
		at += word + 1;
		at += strspn(at, " ");
	}
	return true;
}

/* Does a list of origins, or the empty one, know of the deployment? */
static bool list_names(const struct ruleset *rs, uint32_t list, const char *deployment)
{
	bool names = !list;

	for (; list && list <= rs->origins.n; list = rs->origins.at[list - 1].next)
		names |= !strcmp(rs->origins.at[list - 1].deployment, deployment);
	return names;
}

/* The first of a list of origins that the rule can be of. */
static const struct origin *first_origin(const struct ruleset *rs, const struct rule *rule,
					 uint32_t list)
{
	for (; list && list <= rs->origins.n; list = rs->origins.at[list - 1].next) {
		const struct origin *o = &rs->origins.at[list - 1];

		if (!o->row || bears_row(rule, o->row))
			return o;
	}
	return NULL;
}

static bool lets_through(const struct run_step *step)
{
	return step->result == RULE_DECIDED && (step->nat || step->verdict.kind == VERDICT_ACCEPT);
}

/* A rule serves many rows and deployments, a set too: of those that the element found came from,
 * the one that the packet was sent by. What was read from the kernel has no origins: the rule's
 * comment alone tells. */
void origin_find(const struct tracer *t, const struct ruleset *rs, struct trace_step *step)
{
	const struct rule *rule = step->run.rule;
	const struct set *set = step->run.set;
	uint32_t list = set ? set->origins[step->run.element] : 0;
	const struct origin *o;

	if (list == ELEMENT_UNSUPPORTED)
		list = 0;
	vec_each(m, &t->matches) {
		if (!rule->comment || !lets_through(&step->run) ||
		    !bears_row(rule, m->row->id.text) || !list_names(rs, list, m->dep->name.text))
			continue;
		step->row = m->row->id.text;
		step->deployment = m->dep->name.text;
		step->loc = m->row->of_site ? m->row->loc : m->dep->name.loc;
		return;
	}
	o = first_origin(rs, rule, list);
	if (!o || !o->row)
		o = first_origin(rs, rule, rule->origin);
	if (!o)
		return;
	step->row = o->row;
	step->deployment = o->deployment;
	step->loc = o->loc;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "jgfw/status/counts.h"

#include "jgfw/base/buf.h"
#include "jgfw/base/index.h"
#include "jgfw/base/vec.h"
#include "jgfw/ruleset/change.h"
#include "jgfw/ruleset/ruleset.h"

#include <string.h>

/** struct collection - counts on their way */
struct collection {
	const struct ruleset *wanted;
	struct index old_rules; /* by chain and key; the next with the same key is not told apart */
	struct index old_sets;	/* by name */
	struct index tallies;	/* by row and deployment: index + 1 */
	struct counts *counts;
	struct buf key;
};

static const struct counter *counter_of(const struct rule *rule)
{
	for (size_t i = 0; i < rule->n; i++)
		if (rule->at[i].kind == EXPR_COUNTER)
			return &rule->at[i].counter;
	return NULL;
}

static void **rule_slot(struct collection *c, const struct chain *chain, const struct rule *rule)
{
	c->key.n = 0;
	buf_printf(&c->key, "%s\n", chain->name);
	rule_key(rule, &c->key);
	return index_find(&c->old_rules, c->key.at, c->key.n);
}

static void count(struct collection *c, const char *row, const char *deployment, uint64_t packets)
{
	void **slot;

	c->key.n = 0;
	buf_printf(&c->key, "%s\n%s", row, deployment ? deployment : "");
	slot = index_find(&c->tallies, c->key.at, c->key.n);
	if (!*slot) {
		vec_add(&c->counts->rows, ((struct tally){row, deployment, 0}));
		*slot = (void *)c->counts->rows.n;
	}
	c->counts->rows.at[(size_t)*slot - 1].new_flows += packets;
}

static void count_drops(struct collection *c, const char *reason, uint64_t packets)
{
	vec_each(d, &c->counts->drops)
		if (!strcmp(d->reason, reason)) {
			d->packets += packets;
			return;
		}
	vec_add(&c->counts->drops, ((struct drops){reason, packets}));
}

/* The elements of a set that counts, each for the deployment it comes from. */
static void count_elements(struct collection *c, const struct set *set)
{
	const struct set *old = *index_find(&c->old_sets, set->name, strlen(set->name));
	size_t k = 0;

	for (size_t i = 0; i < set->n; i++) {
		const struct origin *origin =
			set->origins[i] ? &c->wanted->origins.at[set->origins[i] - 1] : NULL;
		const uint8_t *at = set->bytes + i * set->stride;
		uint64_t packets = 0;

		if (!origin)
			continue;
		if (old && old->counters && old->stride == set->stride) {
			while (k < old->n &&
			       memcmp(old->bytes + k * old->stride, at, old->stride) < 0)
				k++;
			if (k < old->n && !memcmp(old->bytes + k * old->stride, at, old->stride))
				packets = old->counters[k].packets;
		}
		count(c, origin->row, origin->deployment, packets);
	}
}

static void count_rule(struct collection *c, const struct chain *chain, const struct rule *rule)
{
	const struct rule *old = *rule_slot(c, chain, rule);
	const struct counter *counter = old ? counter_of(old) : NULL;
	uint64_t packets = counter ? counter->packets : 0;
	bool by_deployment = false;

	if (!counter_of(rule))
		return;
	if (!rule->origin) {
		if (rule->comment)
			count_drops(c, rule->comment, packets);
		return;
	}
	for (size_t i = 0; i < rule->n; i++)
		if (rule->at[i].kind == EXPR_LOOKUP && rule->at[i].lookup.set->counter) {
			count_elements(c, rule->at[i].lookup.set);
			by_deployment = true;
		}
	if (!by_deployment)
		count(c, c->wanted->origins.at[rule->origin - 1].row, NULL, packets);
}

void counts_collect(const struct ruleset *now, const struct ruleset *wanted, struct counts *ret)
{
	struct collection c = {.wanted = wanted, .counts = ret};

	*ret = (struct counts){0};
	if (now) {
		vec_each(chain, &now->table.chains)
			vec_each(rule, &(*chain)->rules)
				*rule_slot(&c, *chain, rule) = rule;
		vec_each(set, &now->table.sets)
			*index_find(&c.old_sets, (*set)->name, strlen((*set)->name)) = *set;
	}
	vec_each(chain, &wanted->table.chains)
		vec_each(rule, &(*chain)->rules)
			count_rule(&c, *chain, rule);
	index_free(&c.old_rules);
	index_free(&c.old_sets);
	index_free(&c.tallies);
	buf_free(&c.key);
}

void counts_free(struct counts *counts)
{
	vec_free(&counts->rows);
	vec_free(&counts->drops);
}

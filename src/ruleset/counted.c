/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Counters of rules that go, for those that come in their place. */
#include "change.h"

#include "jgfw/index.h"

static const struct counter *counter_of(const struct rule *rule)
{
	for (size_t i = 0; i < rule->n; i++)
		if (rule->at[i].kind == EXPR_COUNTER)
			return &rule->at[i].counter;
	return NULL;
}

/** enum likeness - what a rule that goes has in common with one that comes in its place */
enum likeness {
	LIKE_ALL, /* chain and key */
	LIKE_CHAIN_AND_COMMENT,
	LIKE_COMMENT,
	N_LIKENESSES
};

/** struct counted - counters of rules that go; each is taken once */
struct counted {
	struct index by[N_LIKENESSES]; /* to a list of them: index + 1 of the first */
	struct {
		VEC(struct {
			const struct counter *counter; /* NULL once taken */
			size_t next[N_LIKENESSES];
		});
	} list;
	struct buf key;
};

static void **counted_slot(struct counted *c, enum likeness how, const struct chain *chain,
			   const struct rule *rule)
{
	c->key.n = 0;
	if (how != LIKE_COMMENT)
		buf_printf(&c->key, "%s\n", chain->name);
	if (how == LIKE_ALL)
		rule_key(rule, &c->key);
	else
		buf_puts(&c->key, rule->comment ? rule->comment : "");
	return index_find(&c->by[how], c->key.at, c->key.n);
}

static void add_counted(struct counted *c, const struct chain *chain, const struct rule *rule)
{
	size_t at = c->list.n;

	if (!counter_of(rule))
		return;
	vec_add(&c->list, ((typeof(*c->list.at)){.counter = counter_of(rule)}));
	for (enum likeness how = LIKE_ALL; how < N_LIKENESSES; how++) {
		void **slot = counted_slot(c, how, chain, rule);

		if (how != LIKE_ALL && !rule->comment)
			continue;
		c->list.at[at].next[how] = (size_t)*slot;
		*slot = (void *)(at + 1);
	}
}

/* A rule that comes goes on counting where one that goes is like it; @all takes on what is left. */
static void take_on_counter(struct counted *c, const struct chain *chain, struct rule_edit *edit,
			    enum likeness how, bool all)
{
	void **slot;

	if (!edit->new || !counter_of(edit->new) || (how != LIKE_ALL && !edit->new->comment) ||
	    (!all && edit->counts_on))
		return;
	slot = counted_slot(c, how, chain, edit->new);
	while (*slot && (all || !edit->counts_on)) {
		typeof(c->list.at) one = &c->list.at[(size_t)*slot - 1];

		*slot = (void *)one->next[how];
		if (!one->counter)
			continue;
		edit->counts_on = true;
		edit->counted.packets += one->counter->packets;
		edit->counted.bytes += one->counter->bytes;
		one->counter = NULL;
	}
}

void change_take_on_counters(struct change *change)
{
	struct counted counted = {0};

	if (!change->old || !change->new)
		return;
	if (change->whole)
		vec_each(chain, &change->old->table.chains)
			vec_each(rule, &(*chain)->rules)
				add_counted(&counted, *chain, rule);
	vec_each(chain, &change->chains)
		vec_each(edit, &chain->rules)
			if (edit->old)
				add_counted(&counted, chain->old, edit->old);
	for (int all = false; all <= true; all++)
		for (enum likeness how = LIKE_ALL; how < N_LIKENESSES; how++)
			vec_each(chain, &change->chains)
				vec_each(edit, &chain->rules)
					take_on_counter(&counted, chain->new, edit, how, all);
	for (size_t how = 0; how < ARRAY_SIZE(counted.by); how++)
		index_free(&counted.by[how]);
	vec_free(&counted.list);
	buf_free(&counted.key);
}

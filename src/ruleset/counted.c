/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Counters of rules that go, for those that come in their place. */
#include "counted.h"

#include "jgfw/base/index.h"

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

/* The last first, so that the lists have them in their order. */
static void add_all_counted(struct counted *c, const struct change *change)
{
	for (size_t i = change->chains.n; i--;) {
		const struct chain_change *chain = &change->chains.at[i];

		for (size_t k = chain->rules.n; k--;)
			if (chain->rules.at[k].old)
				add_counted(c, chain->old, chain->rules.at[k].old);
	}
	for (size_t i = change->whole ? change->old->table.chains.n : 0; i--;) {
		const struct chain *chain = change->old->table.chains.at[i];

		for (size_t k = chain->rules.n; k--;)
			add_counted(c, chain, &chain->rules.at[k]);
	}
}

/** struct row_counts - of the rules that come with one comment */
struct row_counts {
	struct counter own;	/* with which they come back, from a file */
	struct counter taken;	/* from those that go */
	struct rule_edit *heir; /* one that took some */
	bool torn;		/* and one that comes with its own alone */
};

static void add_row(struct row_counts *row, struct rule_edit *edit, const struct counter *own)
{
	row->own.packets += own->packets;
	row->own.bytes += own->bytes;
	if (!edit->counts_on) {
		row->torn |= own->packets != 0;
		return;
	}
	row->taken.packets += edit->counted.packets;
	row->taken.bytes += edit->counted.bytes;
	row->heir = edit;
}

/* Rules that one rule counted on for come back together, and its count has theirs in it: each gets
 * its own, and one what was counted since. */
static void share_out(const struct row_counts *row, struct rule_edit *edit,
		      const struct counter *own)
{
	if (!edit->counts_on || !row->torn || row->taken.packets < row->own.packets ||
	    row->taken.bytes < row->own.bytes)
		return;
	edit->counted = *own;
	if (edit != row->heir)
		return;
	edit->counted.packets += row->taken.packets - row->own.packets;
	edit->counted.bytes += row->taken.bytes - row->own.bytes;
}

static void share_out_counters(struct change *change)
{
	struct counted rows = {0};
	struct {
		VEC(struct row_counts);
	} list = {0};

	for (int pass = 0; pass < 2; pass++)
		vec_each(chain, &change->chains)
			vec_each(edit, &chain->rules) {
				const struct counter *own =
					edit->new ? counter_of(edit->new) : NULL;
				void **slot;

				if (!own || !edit->new->comment)
					continue;
				slot = counted_slot(&rows, LIKE_COMMENT, chain->new, edit->new);
				if (!*slot) {
					vec_add(&list, (struct row_counts){0});
					*slot = (void *)list.n;
				}
				if (!pass)
					add_row(&list.at[(size_t)*slot - 1], edit, own);
				else
					share_out(&list.at[(size_t)*slot - 1], edit, own);
			}
	index_free(&rows.by[LIKE_COMMENT]);
	buf_free(&rows.key);
	vec_free(&list);
}

void change_take_on_counters(struct change *change)
{
	struct counted counted = {0};

	if (!change->old || !change->new)
		return;
	add_all_counted(&counted, change);
	for (int all = false; all <= true; all++)
		for (enum likeness how = LIKE_ALL; how < N_LIKENESSES; how++)
			vec_each(chain, &change->chains)
				vec_each(edit, &chain->rules)
					take_on_counter(&counted, chain->new, edit, how, all);
	for (size_t how = 0; how < ARRAY_SIZE(counted.by); how++)
		index_free(&counted.by[how]);
	vec_free(&counted.list);
	buf_free(&counted.key);
	share_out_counters(change);
}

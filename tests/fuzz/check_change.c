/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A change is made by hand, step by step as the kernel would, and what comes out is looked at. */
#include "fuzz.h"
#include "kernel/change.h"
#include "kernel/message.h"

#include "jgfw/emit/change.h"

#include <string.h>

#include <libmnl/libmnl.h>

/* --- rules ---------------------------------------------------------------------------------- */

/** struct list - rules in the order in which the kernel would have them */
struct list {
	VEC(const struct rule *);
};

static size_t place_of(const struct list *list, const struct rule *rule)
{
	size_t at = 0;

	while (at < list->n && list->at[at] != rule)
		at++;
	must(at < list->n);
	return at;
}

static void make_edit(struct list *list, const struct rule_edit *edit)
{
	size_t at;

	must(!edit->old != !edit->new);
	if (edit->old) {
		at = place_of(list, edit->old);
		memmove(&list->at[at], &list->at[at + 1], (--list->n - at) * sizeof(*list->at));
		return;
	}
	at = edit->before ? place_of(list, edit->before) : list->n;
	vec_push(list);
	memmove(&list->at[at + 1], &list->at[at], (list->n - 1 - at) * sizeof(*list->at));
	list->at[at] = edit->new;
}

static bool same_rule(const struct rule *a, const struct rule *b)
{
	struct buf x = {0}, y = {0};
	bool same;

	rule_key(a, &x);
	rule_key(b, &y);
	same = x.n == y.n && !memcmp(x.at, y.at, x.n);
	buf_free(&x);
	buf_free(&y);
	return same;
}

static const struct set_change *change_of_set(const struct change *change, const struct set *set)
{
	vec_each(c, &change->sets)
		if (!strcmp((c->new ? c->new : c->old)->name, set->name))
			return c;
	return NULL;
}

/* A rule that stays looks up no set that goes: the kernel would not let it go. */
static void check_lookups(const struct change *change, const struct rule *rule)
{
	for (size_t i = 0; i < rule->n; i++) {
		const struct expr *e = &rule->at[i];
		const struct set_change *c = e->kind == EXPR_LOOKUP && e->lookup.set->name
						     ? change_of_set(change, e->lookup.set)
						     : NULL;

		must(!c || (c->new && !c->renew));
	}
}

static bool is_one_of(const struct rule *rule, const struct chain *chain)
{
	return chain && chain->rules.n && rule >= chain->rules.at &&
	       rule < chain->rules.at + chain->rules.n;
}

static const struct chain *find_chain(const struct ruleset *rs, const struct chain *like)
{
	if (rs)
		vec_each(chain, &rs->table.chains)
			if (!strcmp((*chain)->name, like->name))
				return *chain;
	return NULL;
}

static const struct chain_change *change_of_chain(const struct change *change,
						  const struct chain *chain)
{
	vec_each(c, &change->chains)
		if (!strcmp((c->new ? c->new : c->old)->name, chain->name))
			return c;
	return NULL;
}

/* @old becomes @new; either may be NULL. */
static void check_chain(const struct change *change, const struct chain *old,
			const struct chain *new)
{
	const struct chain_change *c;
	struct list list = {0};

	must(old || new);
	c = change_of_chain(change, new ? new : old);
	must(c || (old && new));
	must(!c || (c->new == new && c->old == old));
	if (old)
		vec_each(rule, &old->rules)
			vec_add(&list, rule);
	if (c)
		vec_each(edit, &c->rules)
			make_edit(&list, edit);
	must(list.n == (new ? new->rules.n : 0));
	for (size_t i = 0; i < list.n; i++) {
		must(same_rule(list.at[i], &new->rules.at[i]));
		if (is_one_of(list.at[i], old))
			check_lookups(change, list.at[i]);
	}
	if (old && new && !(c && c->renew)) {
		must(old->is_base == new->is_base);
		must(!old->is_base || (old->type == new->type && old->hook == new->hook &&
				       old->priority == new->priority));
		must((old->policy_drop != new->policy_drop) == (c && c->policy));
	}
	vec_free(&list);
}

/* --- sets ----------------------------------------------------------------------------------- */

static bool same_element(const struct set *a, size_t i, const struct set *b, size_t k)
{
	const struct verdict *x = a->verdicts ? &a->verdicts[i] : NULL;
	const struct verdict *y = b->verdicts ? &b->verdicts[k] : NULL;

	return !memcmp(a->bytes + i * a->stride, b->bytes + k * b->stride, a->stride) &&
	       (!x || (y && x->kind == y->kind && !x->chain == !y->chain &&
		       (!x->chain || !strcmp(x->chain->name, y->chain->name))));
}

/* Of a set that stays, those that do not go and those that come are the elements of @new. */
static void check_elements(const struct set_change *c, const struct set *old, const struct set *new)
{
	size_t i = 0, gone = 0, come = 0;

	must(old->interval == new->interval && old->counter == new->counter &&
	     old->key_len == new->key_len && old->data_len == new->data_len);
	for (size_t k = 0; k < new->n; k++) {
		if (c && come < c->come.n && c->come.at[come] == k) {
			come++;
			continue;
		}
		while (c && gone < c->gone.n && c->gone.at[gone] == i) {
			gone++;
			i++;
		}
		must(i < old->n && same_element(old, i++, new, k));
	}
	while (c && gone < c->gone.n && c->gone.at[gone] == i) {
		gone++;
		i++;
	}
	must(i == old->n);
	must(!c || (gone == c->gone.n && come == c->come.n));
}

static const struct set *find_set(const struct ruleset *rs, const struct set *like)
{
	if (rs)
		vec_each(set, &rs->table.sets)
			if (!strcmp((*set)->name, like->name))
				return *set;
	return NULL;
}

static void check_set(const struct change *change, const struct set *old, const struct set *new)
{
	const struct set_change *c;

	must(old || new);
	c = change_of_set(change, new ? new : old);
	must(c || (old && new));
	must(!c || (c->new == new && (c->old == old || change->whole)));
	if (old && new && !(c && c->renew))
		check_elements(c, old, new);
}

/* --- all ------------------------------------------------------------------------------------ */

static void take_item(const char *text, uint32_t origin, void *data)
{
	(void)origin;
	*(size_t *)data += strlen(text);
}

/* It can be told in words, and in messages that end where the last one does. */
static void check_told(const struct change *change)
{
	struct batch batch;
	const struct nlmsghdr *m;
	size_t told = 0;
	int left;

	emit_change(change, take_item, &told);
	must(change_is_empty(change) == !told);
	batch_begin(&batch, 1, 0);
	encode_change(&batch, change);
	batch_end(&batch);
	m = (const struct nlmsghdr *)(const void *)batch.bytes.at;
	left = (int)batch.bytes.n;
	while (mnl_nlmsg_ok(m, left))
		m = mnl_nlmsg_next(m, &left);
	must(!left);
	batch_free(&batch);
}

void check_change(const struct ruleset *from, const struct ruleset *to)
{
	struct change change;
	const struct ruleset *old;

	change_between(from, to, &change);
	old = change.whole ? NULL : from;
	vec_each(chain, &to->table.chains)
		check_chain(&change, find_chain(old, *chain), *chain);
	vec_each(set, &to->table.sets)
		check_set(&change, find_set(old, *set), *set);
	if (old) {
		vec_each(chain, &old->table.chains)
			if (!find_chain(to, *chain))
				check_chain(&change, *chain, NULL);
		vec_each(set, &old->table.sets)
			if (!find_set(to, *set))
				check_set(&change, *set, NULL);
	}
	check_told(&change);
	change_free(&change);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "counted.h"
#include "jgfw/base/index.h"

#include <string.h>

enum {
	MANY_PAIRS = 1 << 20, /* of intervals, more than are worth comparing */
};

/** struct comparison - a change on its way */
struct comparison {
	struct change *change;
	struct index old_sets, old_chains; /* by name */
	struct index new_sets, new_chains;
	struct index set_changes; /* by name: index + 1 in change->sets, of those that stay */
};

/* --- sets ----------------------------------------------------------------------------------- */

static bool same_types(const enum datatype *a, size_t n_a, const enum datatype *b, size_t n_b)
{
	return n_a == n_b && !memcmp(a, b, n_a * sizeof(*a));
}

static bool same_definition(const struct set *a, const struct set *b)
{
	return !a->unsupported && !b->unsupported && note_same(&a->note, &b->note) &&
	       same_types(a->key, a->n_key, b->key, b->n_key) &&
	       same_types(a->data, a->n_data, b->data, b->n_data) && a->interval == b->interval &&
	       a->counter == b->counter && a->size == b->size;
}

static bool same_verdict(const struct set *a, size_t i, const struct set *b, size_t k)
{
	const struct verdict *x, *y;

	if (!a->verdicts || !b->verdicts)
		return true;
	x = &a->verdicts[i];
	y = &b->verdicts[k];
	return x->kind == y->kind && !x->chain == !y->chain &&
	       (!x->chain || !strcmp(x->chain->name, y->chain->name));
}

/* Elements that go and that come, of two sets of one definition: a merge of sorted lists. */
static void compare_elements(struct set_change *c, size_t *kept)
{
	const struct set *a = c->old, *b = c->new;
	size_t i = 0, k = 0;

	while (i < a->n || k < b->n) {
		int order = i == a->n	? 1
			    : k == b->n ? -1
					: memcmp(a->bytes + i * a->stride, b->bytes + k * b->stride,
						 a->stride);

		if (!order && same_verdict(a, i, b, k) && a->origins[i] != ELEMENT_UNSUPPORTED) {
			i++;
			k++;
			++*kept;
			continue;
		}
		if (order <= 0)
			vec_add(&c->gone, (uint32_t)i++);
		if (order >= 0)
			vec_add(&c->come, (uint32_t)k++);
	}
}

/* Do two elements have a value in common, in all of their fields? */
static bool elements_meet(const struct set *a, size_t i, const struct set *b, size_t k)
{
	const uint8_t *x = a->bytes + i * a->stride, *y = b->bytes + k * b->stride;

	for (size_t f = 0; f < a->n_key; f++) {
		size_t len = datatype_len(a->key[f]);

		if (memcmp(x, y + b->key_len, len) > 0 || memcmp(y, x + a->key_len, len) > 0)
			return false;
		x += len;
		y += len;
	}
	return true;
}

/* Does an interval come where another goes? Older kernels see them both, and refuse. */
static bool intervals_meet(const struct set_change *c)
{
	if (!c->old->interval || c->renew)
		return false;
	if (c->gone.n * c->come.n > MANY_PAIRS)
		return true;
	vec_each(i, &c->gone)
		vec_each(k, &c->come)
			if (elements_meet(c->old, *i, c->new, *k))
				return true;
	return false;
}

static void compare_sets(struct comparison *c)
{
	const struct ruleset *old = c->change->old, *new = c->change->new;

	if (old)
		vec_each(it, &old->table.sets)
			*index_find(&c->old_sets, (*it)->name, strlen((*it)->name)) = *it;
	if (new)
		vec_each(it, &new->table.sets) {
			struct set *set = *it;
			struct set_change one = {.new = set};

			*index_find(&c->new_sets, set->name, strlen(set->name)) = set;
			one.old = *index_find(&c->old_sets, set->name, strlen(set->name));
			if (one.old && !c->change->whole) {
				one.renew = !same_definition(one.old, set);
				if (!one.renew)
					compare_elements(&one, &c->change->n_elements_kept);
				one.renew |= intervals_meet(&one);
			}
			vec_add(&c->change->sets, one);
		}
	if (old && !c->change->whole)
		vec_each(it, &old->table.sets)
			if (!*index_find(&c->new_sets, (*it)->name, strlen((*it)->name)))
				vec_add(&c->change->sets, ((struct set_change){.old = *it}));
}

/* --- rules ---------------------------------------------------------------------------------- */

static const struct set_change *change_of(struct comparison *c, const struct set *set)
{
	size_t at = (size_t)*index_find(&c->set_changes, set->name, strlen(set->name));

	return at ? &c->change->sets.at[at - 1] : NULL;
}

/* The key of a rule; where a set that it looks up is made anew, it is no rule's of the other side.
 */
static void key_of(struct comparison *c, const struct rule *rule, bool is_old, struct buf *key)
{
	key->n = 0;
	rule_key(rule, key);
	for (size_t i = 0; is_old && i < rule->n; i++) {
		const struct expr *e = &rule->at[i];
		const struct set_change *change = e->kind == EXPR_LOOKUP && e->lookup.set->name
							  ? change_of(c, e->lookup.set)
							  : NULL;

		if (change && change->renew)
			buf_puts(key, "renewed");
	}
}

/** struct matched - for each new rule the old one that is equal to it, and for old ones if they
 * stay
 */
struct matched {
	size_t *old_of; /* index + 1, or 0 */
	bool *stays;	/* by old index */
};

/* Of the pairs, keep the longest series that is in order on both sides. */
static void keep_in_order(struct matched *m, size_t n_new)
{
	size_t *tails = mem_resize(NULL, n_new + 1, sizeof(*tails)); /* new indices, by length */
	size_t *before = mem_resize(NULL, n_new + 1, sizeof(*before));
	bool *kept = mem_alloc(n_new + 1);
	size_t len = 0;

	for (size_t k = 0; k < n_new; k++) {
		size_t lo = 0, hi = len;

		if (!m->old_of[k])
			continue;
		while (lo < hi) {
			size_t mid = (lo + hi) / 2;

			if (m->old_of[tails[mid]] < m->old_of[k])
				lo = mid + 1;
			else
				hi = mid;
		}
		before[k] = lo ? tails[lo - 1] + 1 : 0;
		tails[lo] = k;
		if (lo == len)
			len++;
	}
	for (size_t k = len ? tails[len - 1] + 1 : 0; k; k = before[k - 1])
		kept[k - 1] = true;
	for (size_t k = 0; k < n_new; k++)
		if (!kept[k])
			m->old_of[k] = 0;
	free(kept);
	free(before);
	free(tails);
}

static void match_rules(struct comparison *c, const struct chain *old, const struct chain *new,
			struct matched *m)
{
	struct index keys = {0}; /* to the last old rule with a key: index + 1 */
	size_t *previous = mem_resize(NULL, old->rules.n + 1, sizeof(*previous));
	struct buf key = {0};

	for (size_t i = old->rules.n; i--;) {
		void **slot;

		key_of(c, &old->rules.at[i], true, &key);
		slot = index_find(&keys, key.at, key.n);
		previous[i] = (size_t)*slot;
		*slot = (void *)(i + 1);
	}
	for (size_t k = 0; k < new->rules.n; k++) {
		void **slot;

		key_of(c, &new->rules.at[k], false, &key);
		slot = index_find(&keys, key.at, key.n);
		m->old_of[k] = (size_t)*slot;
		if (m->old_of[k])
			*slot = (void *)previous[m->old_of[k] - 1];
	}
	keep_in_order(m, new->rules.n);
	for (size_t k = 0; k < new->rules.n; k++)
		if (m->old_of[k])
			m->stays[m->old_of[k] - 1] = true;
	buf_free(&key);
	free(previous);
	index_free(&keys);
}

/* Rules of a chain that stays: those that go, then those that come. */
static void edit_rules(struct comparison *c, struct chain_change *change)
{
	const struct chain *old = change->old, *new = change->new;
	struct matched m = {mem_resize(NULL, new->rules.n + 1, sizeof(size_t)),
			    mem_alloc(old->rules.n + 1)};
	size_t next = 0;

	match_rules(c, old, new, &m);
	for (size_t i = 0; i < old->rules.n; i++)
		if (!m.stays[i])
			vec_add(&change->rules, ((struct rule_edit){.old = &old->rules.at[i]}));
	for (size_t k = 0; k < new->rules.n; k++) {
		struct rule_edit edit = {.new = &new->rules.at[k]};

		if (m.old_of[k]) {
			c->change->n_rules_kept++;
			continue;
		}
		if (next < k)
			next = k;
		while (next < new->rules.n && !m.old_of[next])
			next++;
		if (next < new->rules.n)
			edit.before = &old->rules.at[m.old_of[next] - 1];
		vec_add(&change->rules, edit);
	}
	free(m.old_of);
	free(m.stays);
}

static void all_rules(struct chain_change *change)
{
	if (change->old)
		vec_each(rule, &change->old->rules)
			vec_add(&change->rules, (struct rule_edit){.old = rule});
	if (change->new)
		vec_each(rule, &change->new->rules)
			vec_add(&change->rules, (struct rule_edit){.new = rule});
}

/* --- chains --------------------------------------------------------------------------------- */

static bool same_hook(const struct chain *a, const struct chain *b)
{
	return !a->unsupported && note_same(&a->note, &b->note) && a->is_base == b->is_base &&
	       (!a->is_base ||
		(a->type == b->type && a->hook == b->hook && a->priority == b->priority));
}

static void compare_chain(struct comparison *c, const struct chain *old, const struct chain *new)
{
	struct chain_change change = {.old = old, .new = new};

	if (old && new) {
		change.renew = !same_hook(old, new);
		change.policy = !change.renew && old->policy_drop != new->policy_drop;
	}
	if (!old || !new || change.renew)
		all_rules(&change);
	else
		edit_rules(c, &change);
	if (!old || !new || change.renew || change.policy || change.rules.n)
		vec_add(&c->change->chains, change);
	else
		vec_free(&change.rules);
}

static void drop_chains(struct change *change)
{
	vec_each(chain, &change->chains)
		vec_free(&chain->rules);
	change->chains.n = 0;
	change->n_rules_kept = 0;
}

static void compare_chains(struct comparison *c)
{
	const struct ruleset *old = c->change->whole ? NULL : c->change->old;
	const struct ruleset *new = c->change->new;

	if (old)
		vec_each(it, &old->table.chains)
			*index_find(&c->old_chains, (*it)->name, strlen((*it)->name)) = *it;
	if (new)
		vec_each(it, &new->table.chains) {
			struct chain *chain = *it;

			*index_find(&c->new_chains, chain->name, strlen(chain->name)) = chain;
			compare_chain(c,
				      *index_find(&c->old_chains, chain->name, strlen(chain->name)),
				      chain);
		}
	if (old)
		vec_each(it, &old->table.chains)
			if (!*index_find(&c->new_chains, (*it)->name, strlen((*it)->name)))
				compare_chain(c, *it, NULL);
}

/* --- all ------------------------------------------------------------------------------------ */

/* What is another in one of the notes, in words; NULL where they are the same. */
static const char *note_difference(const struct note *old, const struct note *new)
{
	if (note_same(old, new))
		return NULL;
	return old->what ? old->what : "it lost what nft noted of it";
}

/* Why the old table cannot be edited, or NULL: notes of what stays cannot be changed. */
static const char *why_whole(const struct ruleset *old, const struct ruleset *new)
{
	struct index names = {0};
	const char *why;

	if (!old || !new)
		return NULL;
	vec_each(chain, &new->table.chains)
		*index_find(&names, (*chain)->name, strlen((*chain)->name)) = *chain;
	why = old->table.unsupported;
	if (!why)
		why = note_difference(&old->table.note, &new->table.note);
	vec_each(chain, &old->table.chains) {
		const struct chain *other =
			index_get(&names, (*chain)->name, strlen((*chain)->name));

		if (why)
			break;
		if ((*chain)->unsupported && !(*chain)->is_base)
			why = (*chain)->unsupported;
		else if (other && (*chain)->is_base != other->is_base)
			why = "a base chain and another have the same name";
		else if (other && !other->is_base)
			why = note_difference(&(*chain)->note, &other->note);
	}
	index_free(&names);
	return why;
}

static void index_set_changes(struct comparison *c)
{
	for (size_t i = 0; i < c->change->sets.n; i++) {
		const struct set_change *set = &c->change->sets.at[i];
		const char *name = set->new ? set->new->name : set->old->name;

		*index_find(&c->set_changes, name, strlen(name)) = (void *)(i + 1);
	}
}

/* Sets that stay as they are are no part of the change. */
static void drop_unchanged(struct change *change)
{
	size_t n = 0;

	vec_each(set, &change->sets) {
		if (set->old && set->new && !set->renew && !set->gone.n && !set->come.n &&
		    !change->whole)
			continue;
		change->sets.at[n++] = *set;
	}
	change->sets.n = n;
}

void change_between(const struct ruleset *old, const struct ruleset *new, struct change *ret)
{
	struct comparison c = {.change = ret};

	*ret = (struct change){.old = old, .new = new, .whole = why_whole(old, new)};
	compare_sets(&c);
	index_set_changes(&c);
	compare_chains(&c);
	change_take_on_counters(ret);
	drop_unchanged(ret);
	change_take_on_element_counters(ret);
	index_free(&c.old_sets);
	index_free(&c.new_sets);
	index_free(&c.old_chains);
	index_free(&c.new_chains);
	index_free(&c.set_changes);
}

bool change_is_empty(const struct change *change)
{
	return !change->whole && !change->sets.n && !change->chains.n &&
	       !change->old == !change->new;
}

static size_t size_of_chain(const struct chain_change *chain, bool edited)
{
	bool goes = edited && chain->old && (!chain->new || chain->renew);
	bool comes = chain->new && (!chain->old || chain->renew || chain->policy);
	size_t n = (size_t)goes + comes;

	vec_each(edit, &chain->rules)
		n += edit->new || edited;
	return n;
}

static size_t size_of_set(const struct set_change *set, bool edited)
{
	bool stays = set->old && set->new && !set->renew;
	bool goes = edited && set->old && !stays;

	return edited && stays ? set->gone.n + set->come.n : (size_t)goes + !!set->new;
}

size_t change_size(const struct change *change)
{
	bool edited = change->old && change->new && !change->whole;
	size_t n = change->old && !edited; /* the table goes */

	if (change_is_empty(change))
		return 0;
	if (!change->new)
		return n;
	vec_each(chain, &change->chains)
		n += size_of_chain(chain, edited);
	vec_each(set, &change->sets)
		n += size_of_set(set, edited);
	return n;
}

void change_free(struct change *change)
{
	drop_chains(change);
	vec_free(&change->chains);
	vec_each(set, &change->sets) {
		vec_free(&set->gone);
		vec_free(&set->come);
		free(set->counters);
	}
	vec_free(&change->sets);
}

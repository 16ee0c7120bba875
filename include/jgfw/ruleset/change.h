/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What must be changed in one ruleset for it to become another. */
#ifndef JGFW_RULESET_CHANGE_H
#define JGFW_RULESET_CHANGE_H

#include "jgfw/ruleset/ruleset.h"

/** struct rule_edit - a rule that goes (@old), or one that comes (@new) */
struct rule_edit {
	const struct rule *old, *new;
	const struct rule *before; /* of one that comes: the rule that stays and that it comes in
				      front of, or NULL where it comes at the end */
	bool counts_on;		   /* of one that comes: from @counted, what those that go and that
				      it takes the place of have counted */
	struct counter counted;
};

/** struct chain_change - a chain that comes (@old NULL), goes (@new NULL), is made anew or edited
 */
struct chain_change {
	const struct chain *old, *new;
	bool renew;  /* goes and comes */
	bool policy; /* of a base chain that stays */
	struct {
		VEC(struct rule_edit);
	} rules; /* those that go, then those that come; also of a chain that comes */
};

/** struct set_change - as above; elements by their index in the set they go from or come to */
struct set_change {
	const struct set *old, *new;
	bool renew;
	struct {
		VEC(uint32_t);
	} gone, come;		  /* of a set that stays; else all elements go, and come */
	struct counter *counters; /* of @new where it counts: by element, or NULL */
};

/** struct change - borrows from both rulesets; empty where they are equal
 *
 * Order does not count where it means nothing: of chains, of sets, of elements. Nor do counters.
 */
struct change {
	const struct ruleset *old, *new; /* NULL: no table */
	const char *whole; /* why the table is replaced as a whole, or NULL where it is edited */
	struct {
		VEC(struct set_change);
	} sets;
	struct {
		VEC(struct chain_change);
	} chains;
	size_t n_elements_kept, n_rules_kept;
};

/** change_between - the smallest change from @old to @new
 *
 * Either may be NULL. Base chains stay, sets are edited: a packet on its way keeps to the rules
 * that were there when it entered a base chain, and finds in a set what is there when it looks; a
 * set that is made anew may be empty for it. Named sets must be sorted (set_sort()). To be released
 * by change_free().
 */
void change_between(const struct ruleset *old, const struct ruleset *new, struct change *ret);
void change_free(struct change *change);

/** change_is_empty - are the two equal? */
bool change_is_empty(const struct change *change);

/** change_size - of how many pieces it is: tables, chains, sets, rules and elements that go or
 * come, as emit_change() prints them */
size_t change_size(const struct change *change);

/** rule_key - append what makes @rule differ from others, so that rules are equal where keys are;
 * counters, handles and origins do not count */
void rule_key(const struct rule *rule, struct buf *key);

#endif

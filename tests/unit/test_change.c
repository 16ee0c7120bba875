/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Changes between rulesets: made, they give the other one, and they are no larger than need be. */
#include "unit.h"

#include "jgfw/ruleset/change.h"

#include <stdio.h>
#include <string.h>

static const enum datatype ADDR[] = {TYPE_IPV4_ADDR};

/* A rule that accepts @port and looks @set up, if there is one; @count is what it counted. */
static void add_rule(struct ruleset *rs, struct chain *chain, uint16_t port, struct set *set,
		     uint64_t count)
{
	static const enum field daddr = FIELD_IP_DADDR;
	struct builder b = rule_begin(rs, chain);
	char comment[16];

	rule_match(&b, FIELD_DPORT, value_u16(port));
	if (set)
		rule_lookup(&b, &daddr, 1, set, false);
	rule_counter(&b);
	b.rule->at[b.rule->n - 1].counter.packets = count;
	rule_verdict(&b, VERDICT_ACCEPT, NULL);
	snprintf(comment, sizeof(comment), "row %u", port);
	rule_comment(&b, comment);
}

static struct chain *forward(struct ruleset *rs)
{
	return ruleset_base_chain(rs, "forward", CHAIN_FILTER, HOOK_FORWARD, 0, true);
}

/* A ruleset of one chain whose rules accept the letters of @ports. */
static struct ruleset *letters(const char *ports)
{
	struct ruleset *rs = ruleset_new("t");
	struct chain *chain = forward(rs);

	for (const char *p = ports; *p; p++)
		add_rule(rs, chain, (uint16_t)*p, NULL, 0);
	return rs;
}

static struct set *addresses(struct ruleset *rs, const char *name, const char *which)
{
	struct set *set = ruleset_set(rs, name, ADDR, 1, NULL, 0);
	size_t a, b;

	for (; *which; which++)
		set_put(set_add(set, 0), value_u32((uint32_t)*which));
	set_sort(rs, set, &a, &b);
	return set;
}

/** struct list - rules in the order in which the kernel would have them */
struct list {
	VEC(const struct rule *);
};

static void make_edit(struct list *list, const struct rule_edit *edit)
{
	size_t at = 0;

	if (edit->old) {
		while (at < list->n && list->at[at] != edit->old)
			at++;
		ck_assert_uint_lt(at, list->n);
		memmove(&list->at[at], &list->at[at + 1], (--list->n - at) * sizeof(*list->at));
		return;
	}
	vec_push(list);
	for (at = list->n - 1; edit->before && at && list->at[at - 1] != edit->before; at--)
		list->at[at] = list->at[at - 1];
	if (edit->before) {
		ck_assert_uint_gt(at, 0);
		list->at[at] = list->at[at - 1];
		at--;
	}
	list->at[at] = edit->new;
}

/* Make the change from @from to @to on a list; how many edits it took. */
static size_t check_edits(const char *from, const char *to)
{
	struct ruleset *old = letters(from), *new = letters(to);
	struct change change;
	struct list list = {0};
	struct buf a = {0}, b = {0};
	size_t edits = 0;

	change_between(old, new, &change);
	vec_each(rule, &old->table.chains.at[0]->rules)
		vec_add(&list, rule);
	vec_each(chain, &change.chains)
		vec_each(edit, &chain->rules) {
			make_edit(&list, edit);
			edits++;
		}
	ck_assert_uint_eq(list.n, strlen(to));
	for (size_t i = 0; i < list.n; i++) {
		a.n = b.n = 0;
		rule_key(list.at[i], &a);
		rule_key(&new->table.chains.at[0]->rules.at[i], &b);
		ck_assert_uint_eq(a.n, b.n);
		ck_assert_mem_eq(a.at, b.at, a.n);
	}
	ck_assert_int_eq(change_is_empty(&change), !edits);
	change_free(&change);
	buf_free(&a);
	buf_free(&b);
	vec_free(&list);
	ruleset_free(old);
	ruleset_free(new);
	return edits;
}

static const struct {
	const char *from, *to;
	size_t edits;
} edits[] = {
	{"", "", 0},
	{"abc", "abc", 0},
	{"abc", "", 3},
	{"", "abc", 3},
	{"abc", "abxc", 1},
	{"abc", "xabc", 1},
	{"abc", "abcx", 1},
	{"abcd", "acd", 1},
	{"abcd", "acbd", 2},
	{"abc", "xyz", 6},
	{"aab", "aba", 2},
	{"aaa", "aa", 1},
	{"abcdef", "fabcde", 2},
	{"abcdef", "axbyczd", 5},
};

START_TEST(edits_give_the_new_rules_and_no_more)
{
	ck_assert_uint_eq(check_edits(edits[_i].from, edits[_i].to), edits[_i].edits);
}
END_TEST

START_TEST(random_edits_give_the_new_rules)
{
	uint32_t state = 12345;

	for (int round = 0; round < 300; round++) {
		char words[2][16];

		for (int w = 0; w < 2; w++) {
			size_t n = (state = state * 1664525 + 1013904223) >> 28;

			for (size_t i = 0; i < n; i++) {
				state = state * 1664525 + 1013904223;
				words[w][i] = (char)('a' + (state >> 24) % 6);
			}
			words[w][n] = '\0';
		}
		check_edits(words[0], words[1]);
	}
}
END_TEST

START_TEST(from_and_to_nothing)
{
	struct ruleset *rs = letters("ab");
	struct change change;

	change_between(NULL, NULL, &change);
	ck_assert(change_is_empty(&change));
	change_free(&change);
	change_between(NULL, rs, &change);
	ck_assert(!change_is_empty(&change));
	ck_assert_uint_eq(change.chains.at[0].rules.n, 2);
	change_free(&change);
	change_between(rs, NULL, &change);
	ck_assert(!change_is_empty(&change));
	change_free(&change);
	ruleset_free(rs);
}
END_TEST

START_TEST(elements_come_and_go)
{
	struct ruleset *old = letters("a"), *new = letters("a");
	struct change change;

	addresses(old, "s", "abcx");
	addresses(new, "s", "bcdx");
	change_between(old, new, &change);
	ck_assert_uint_eq(change.sets.n, 1);
	ck_assert(!change.sets.at[0].renew);
	ck_assert_uint_eq(change.sets.at[0].gone.n, 1);
	ck_assert_uint_eq(change.sets.at[0].gone.at[0], 0);
	ck_assert_uint_eq(change.sets.at[0].come.n, 1);
	ck_assert_uint_eq(change.sets.at[0].come.at[0], 2);
	ck_assert_uint_eq(change.chains.n, 0);
	change_free(&change);
	ruleset_free(old);
	ruleset_free(new);
}
END_TEST

/* What is made anew may be empty for packets on their way. */
START_TEST(sets_are_edited_with_their_rules)
{
	struct ruleset *old = ruleset_new("t"), *new = ruleset_new("t");
	struct chain *a = forward(old), *b = forward(new);
	struct set *s = addresses(old, "s", "ab"), *t = addresses(new, "s", "abc");
	struct change change;

	add_rule(old, a, 1, s, 7);
	add_rule(old, a, 2, s, 8);
	add_rule(new, b, 1, t, 0);
	add_rule(new, b, 3, t, 0);
	change_between(old, new, &change);
	ck_assert_uint_eq(change.sets.n, 1);
	ck_assert(!change.sets.at[0].renew);
	ck_assert_uint_eq(change.sets.at[0].come.n, 1);
	ck_assert_uint_eq(change.chains.at[0].rules.n, 2);
	change_free(&change);
	ruleset_free(old);
	ruleset_free(new);
}
END_TEST

/* Another definition: the rules that look the set up go with it, and count on. */
START_TEST(a_set_of_another_size_is_renewed)
{
	struct ruleset *old = ruleset_new("t"), *new = ruleset_new("t");
	struct chain *a = forward(old), *b = forward(new);
	struct set *s = addresses(old, "s", "ab"), *t = addresses(new, "s", "abc");
	struct change change;

	t->size = 16;
	add_rule(old, a, 1, s, 7);
	add_rule(old, a, 2, NULL, 8);
	add_rule(new, b, 1, t, 0);
	add_rule(new, b, 2, NULL, 0);
	change_between(old, new, &change);
	ck_assert(change.sets.at[0].renew);
	ck_assert_uint_eq(change.chains.at[0].rules.n, 2);
	ck_assert(change.chains.at[0].rules.at[1].counts_on);
	ck_assert_uint_eq(change.chains.at[0].rules.at[1].counted.packets, 7);
	ck_assert_ptr_eq(change.chains.at[0].rules.at[1].before, &a->rules.at[1]);
	change_free(&change);
	ruleset_free(old);
	ruleset_free(new);
}
END_TEST

/* What the rules that come would count on from: their own where they take on nothing. */
static uint64_t counts(const struct change *change, size_t i)
{
	const struct rule_edit *edit = &change->chains.at[0].rules.at[i];
	size_t n = edit->new->n;

	return edit->counts_on ? edit->counted.packets : edit->new->at[n - 2].counter.packets;
}

/* Two rules of one row, for which one counted on, come back from a file: 10 and 20, and 5 since. */
START_TEST(a_count_comes_back_once)
{
	struct ruleset *one = ruleset_new("t"), *two = ruleset_new("t");
	struct chain *a = forward(one), *b = forward(two);
	struct change change;

	add_rule(one, a, 1, NULL, 35);
	add_rule(two, b, 2, NULL, 10);
	add_rule(two, b, 3, NULL, 20);
	a->rules.at[0].comment = b->rules.at[0].comment = b->rules.at[1].comment = "row";
	change_between(one, two, &change);
	ck_assert_uint_eq(change.chains.at[0].rules.n, 3);
	ck_assert_uint_eq(counts(&change, 1) + counts(&change, 2), 35);
	ck_assert_uint_eq(counts(&change, 2), 20);
	change_free(&change);
	ruleset_free(one);
	ruleset_free(two);
}
END_TEST

/* Rules of one row that all change keep their order, and each its count. */
START_TEST(counts_do_not_change_places)
{
	struct ruleset *old = ruleset_new("t"), *new = ruleset_new("t");
	struct chain *a = forward(old), *b = forward(new);
	struct change change;

	for (uint16_t i = 0; i < 3; i++) {
		add_rule(old, a, i, NULL, 10u + i);
		add_rule(new, b, i + 10, NULL, 0);
		a->rules.at[i].comment = b->rules.at[i].comment = "row";
	}
	change_between(old, new, &change);
	for (size_t i = 0; i < 3; i++)
		ck_assert_uint_eq(counts(&change, 3 + i), 10 + i);
	change_free(&change);
	ruleset_free(old);
	ruleset_free(new);
}
END_TEST

static void count(struct set *set, uint64_t first)
{
	set->counter = true;
	set->counters = mem_alloc(set->n * sizeof(*set->counters));
	for (size_t i = 0; i < set->n; i++)
		set->counters[i].packets = first + i;
}

/* What a row's other set had counted goes on, and nothing is counted for two. */
START_TEST(elements_go_on_in_another_set_of_their_row)
{
	struct ruleset *old = ruleset_new("t"), *new = ruleset_new("t");
	struct set *s = addresses(old, "row", "ab"), *s2 = addresses(old, "row_2", "cd");
	struct set *t = addresses(new, "row", "bc"), *t2 = addresses(new, "row_2", "ac");
	struct set *other = addresses(new, "other_2", "d");
	struct change change;

	count(s, 100);
	count(s2, 200);
	t->counter = t2->counter = other->counter = true;
	change_between(old, new, &change);
	ck_assert_uint_eq(change.sets.n, 3);
	for (size_t i = 0; i < change.sets.n; i++) {
		const struct set_change *set = &change.sets.at[i];
		uint64_t first = set->counters[0].packets;

		if (set->new == t) { /* "c" stays in row_2 */
			ck_assert_uint_eq(first, 101);
			ck_assert_uint_eq(set->counters[1].packets, 0);
		} else if (set->new == t2) {
			ck_assert_uint_eq(first, 100);
			ck_assert_uint_eq(set->counters[1].packets, 200);
		} else {
			ck_assert_uint_eq(first, 0);
		}
	}
	change_free(&change);
	ruleset_free(old);
	ruleset_free(new);
}
END_TEST

/* Of elements that come back from a file, those that are still there go on, the others have their
 * own, in a set that is edited and in one that comes. */
START_TEST(elements_come_back_with_their_counts)
{
	struct ruleset *old = ruleset_new("t"), *new = ruleset_new("t");
	struct set *s = addresses(old, "s", "ac"), *t = addresses(new, "s", "abc");
	struct set *u = addresses(new, "u", "d");
	struct change change;

	count(s, 100);
	count(t, 7);
	count(u, 3);
	change_between(old, new, &change);
	ck_assert_uint_eq(change.sets.n, 2);
	ck_assert_uint_eq(change.sets.at[0].come.n, 1);
	ck_assert_uint_eq(change.sets.at[0].counters[change.sets.at[0].come.at[0]].packets, 8);
	ck_assert_uint_eq(change.sets.at[0].counters[0].packets, 100);
	ck_assert_uint_eq(change.sets.at[1].counters[0].packets, 3);
	change_free(&change);
	ruleset_free(old);
	ruleset_free(new);
}
END_TEST

static void add_range(struct set *set, uint32_t lo, uint32_t hi)
{
	set_put(set_put(set_add(set, 0), value_u32(lo)), value_u32(hi));
}

static const struct {
	uint32_t lo, hi;
	bool renew;
} ranges[] = {{30, 40, false}, {20, 29, true}, {15, 15, true}, {0, 9, false}, {0, 100, true}};

/* Older kernels refuse an interval that meets one which goes. */
START_TEST(intervals_that_meet_are_renewed)
{
	struct ruleset *old = letters("a"), *new = letters("a");
	struct set *s = ruleset_set(old, "s", ADDR, 1, NULL, 0);
	struct set *t = ruleset_set(new, "s", ADDR, 1, NULL, 0);
	struct change change;

	s->interval = t->interval = true;
	add_range(s, 10, 20);
	add_range(t, ranges[_i].lo, ranges[_i].hi);
	change_between(old, new, &change);
	ck_assert_int_eq(change.sets.at[0].renew, ranges[_i].renew);
	change_free(&change);
	ruleset_free(old);
	ruleset_free(new);
}
END_TEST

START_TEST(what_is_odd_is_never_equal)
{
	struct ruleset *old = letters("ab"), *new = letters("ab");
	struct change change;

	old->table.chains.at[0]->rules.at[0].unsupported = "it has user data";
	change_between(old, new, &change);
	ck_assert_uint_eq(change.chains.at[0].rules.n, 2);
	change_free(&change);
	old->table.unsupported = "the table is dormant";
	change_between(old, new, &change);
	ck_assert_str_eq(change.whole, "the table is dormant");
	ck_assert(!change_is_empty(&change));
	change_free(&change);
	ruleset_free(old);
	ruleset_free(new);
}
END_TEST

Suite *change_suite(void)
{
	Suite *suite = suite_create("change");
	TCase *tc = tcase_create("change");

	add_table(tc, edits_give_the_new_rules_and_no_more, edits);
	tcase_add_test(tc, random_edits_give_the_new_rules);
	tcase_add_test(tc, from_and_to_nothing);
	tcase_add_test(tc, elements_come_and_go);
	tcase_add_test(tc, sets_are_edited_with_their_rules);
	tcase_add_test(tc, a_set_of_another_size_is_renewed);
	tcase_add_test(tc, a_count_comes_back_once);
	tcase_add_test(tc, counts_do_not_change_places);
	tcase_add_test(tc, elements_come_back_with_their_counts);
	tcase_add_test(tc, elements_go_on_in_another_set_of_their_row);
	add_table(tc, intervals_that_meet_are_renewed, ranges);
	tcase_add_test(tc, what_is_odd_is_never_equal);
	suite_add_tcase(suite, tc);
	return suite;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Changes that the kernel refuses, in a network namespace of each test's own: dry run and real run
 * say the same, with the thing and its place in the site, and nothing is changed.
 */
#include "jgfw/kernel/read.h"
#include "unit.h"

#include "jgfw/kernel/kernel.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

static const enum datatype ADDR[] = {TYPE_IPV4_ADDR};
static const enum datatype VERDICT[] = {TYPE_VERDICT};
static const enum field DADDR[] = {FIELD_IP_DADDR};

enum {
	TOO_DEEP = 20,	    /* jumps; the kernel follows 16 */
	TOO_LONG = 300,	    /* a name; the kernel takes 255 bytes */
	ORIGIN_LINE = 7,    /* of what is refused */
	A_PRIORITY = -1000, /* of no chain that others have */
};

static const char TEXT[] = "1\n2\n3\n4\n5\n6\nrows: [bad]\n";
static const struct source SOURCE = {"site.yaml", TEXT, sizeof(TEXT) - 1};

static uint32_t bad_origin(struct ruleset *rs)
{
	struct loc loc = {&SOURCE, ORIGIN_LINE, 8, 3};

	vec_add(&rs->origins,
		((struct origin){.row = "bad", .deployment = "hq", .loc = loc, .next = 0}));
	return (uint32_t)rs->origins.n;
}

static struct chain *forward(struct ruleset *rs)
{
	return rs->table.chains.at[0];
}

static struct builder bad_rule(struct ruleset *rs, struct chain *chain)
{
	struct builder b = rule_begin(rs, chain);

	b.rule->origin = bad_origin(rs);
	rule_comment(&b, "bad");
	return b;
}

static void jump(struct ruleset *rs, struct chain *from, const struct chain *to)
{
	struct builder b = bad_rule(rs, from);

	rule_verdict(&b, VERDICT_JUMP, to);
}

static void loop(struct ruleset *rs)
{
	struct chain *a = ruleset_chain(rs, "a"), *b = ruleset_chain(rs, "b");

	jump(rs, a, b);
	jump(rs, b, a);
	jump(rs, forward(rs), a);
}

static void loop_to_itself(struct ruleset *rs)
{
	struct chain *a = ruleset_chain(rs, "a");

	jump(rs, forward(rs), a);
	jump(rs, a, a);
}

static void too_deep(struct ruleset *rs)
{
	struct chain *from = forward(rs);

	for (int i = 0; i < TOO_DEEP; i++) {
		char name[16];
		struct chain *to;

		snprintf(name, sizeof(name), "deep%d", i);
		to = ruleset_chain(rs, name);
		jump(rs, from, to);
		from = to;
	}
}

static void no_such_chain(struct ruleset *rs)
{
	static const struct chain nowhere = {.name = "nowhere"};

	jump(rs, forward(rs), &nowhere);
}

static void no_such_set(struct ruleset *rs)
{
	static struct set nothing = {
		.name = "nothing", .key = {TYPE_IPV4_ADDR}, .n_key = 1, .key_len = 4};
	struct builder b = bad_rule(rs, forward(rs));

	rule_lookup(&b, DADDR, 1, &nothing, false);
	rule_verdict(&b, VERDICT_ACCEPT, NULL);
}

static void map_to_no_chain(struct ruleset *rs)
{
	static const struct chain nowhere = {.name = "nowhere"};
	struct set *set = ruleset_set(rs, "bad_map", ADDR, 1, VERDICT, 1);

	set_put(set_add(set, bad_origin(rs)), value_u32(1));
	set->verdicts[0] = (struct verdict){VERDICT_JUMP, &nowhere};
}

static void add_addresses(struct ruleset *rs, struct set *set, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		set_put(set_add(set, bad_origin(rs)), value_u32(i));
}

static void too_small(struct ruleset *rs)
{
	struct set *set = ruleset_set(rs, "bad_set", ADDR, 1, NULL, 0);

	set->size = 2;
	add_addresses(rs, set, 3);
}

static void overlapping(struct ruleset *rs)
{
	static const uint32_t ends[][2] = {{10, 20}, {15, 30}};
	struct set *set = ruleset_set(rs, "bad_set", ADDR, 1, NULL, 0);

	set->interval = true;
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++)
		set_put(set_put(set_add(set, bad_origin(rs)), value_u32(ends[i][0])),
			value_u32(ends[i][1]));
}

static void overlapping_fields(struct ruleset *rs)
{
	static const enum datatype pair[] = {TYPE_IPV4_ADDR, TYPE_IPV4_ADDR};
	static const uint32_t ends[][4] = {{1, 1, 10, 20}, {1, 1, 15, 30}};
	struct set *set = ruleset_set(rs, "bad_set", pair, 2, NULL, 0);

	set->interval = true;
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		uint8_t *at = set_add(set, bad_origin(rs));

		at = set_put(set_put(at, value_u32(ends[i][0])), value_u32(ends[i][2]));
		set_put(set_put(at, value_u32(ends[i][1])), value_u32(ends[i][3]));
	}
}

static void two_data(struct ruleset *rs)
{
	struct set *set = ruleset_set(rs, "bad_map", ADDR, 1, ADDR, 1);

	for (uint32_t i = 0; i < 2; i++)
		set_put(set_put(set_add(set, bad_origin(rs)), value_u32(1)), value_u32(i));
}

static void translation_at_forward(struct ruleset *rs)
{
	struct set *map = ruleset_set(rs, "map", ADDR, 1, ADDR, 1);
	struct builder b = bad_rule(rs, forward(rs));

	rule_nat_map(&b, NAT_DNAT, DADDR, 1, map);
}

static void nat_at_forward(struct ruleset *rs)
{
	ruleset_base_chain(rs, "bad_chain", CHAIN_NAT, HOOK_FORWARD, 0, false);
}

static void nat_too_early(struct ruleset *rs)
{
	ruleset_base_chain(rs, "bad_chain", CHAIN_NAT, HOOK_PREROUTING, A_PRIORITY, false);
}

static void long_name(struct ruleset *rs)
{
	char name[TOO_LONG + 1];

	memset(name, 'x', TOO_LONG);
	name[TOO_LONG] = '\0';
	ruleset_chain(rs, name);
}

static const struct {
	const char *name;
	void (*make)(struct ruleset *rs);
	const char *text; /* of the error, among others */
	bool has_place;
} refusals[] = {
	{"a loop", loop, "the rule 'bad' of chain ", true},
	{"a loop to itself", loop_to_itself, "the rule 'bad' of chain ", true},
	{"too many jumps", too_deep, "the rule 'bad' of chain ", true},
	{"a jump nowhere", no_such_chain, "the rule 'bad' of chain forward", true},
	{"a set that is not there", no_such_set, "the rule 'bad' of chain forward", true},
	{"an element that jumps nowhere", map_to_no_chain, "set bad_map", true},
	{"a set that is too small", too_small, "set bad_set", true},
	{"intervals that overlap", overlapping, "set bad_set", true},
	{"fields that overlap", overlapping_fields, "set bad_set", true},
	{"one key with two data", two_data, "set bad_map", true},
	{"a translation at forward", translation_at_forward, "the rule 'bad' of chain forward",
	 true},
	{"a nat chain at forward", nat_at_forward, "chain bad_chain", false},
	{"a nat chain before conntrack", nat_too_early, "chain bad_chain", false},
	{"a name that is too long", long_name, "chain xxx", false},
};

static struct ruleset *good_ruleset(void)
{
	struct ruleset *rs = ruleset_new("jgfw");
	struct chain *chain =
		ruleset_base_chain(rs, "forward", CHAIN_FILTER, HOOK_FORWARD, 0, true);
	struct set *set = ruleset_set(rs, "good", ADDR, 1, NULL, 0);
	struct builder b = rule_begin(rs, chain);

	add_addresses(rs, set, 1);
	rule_lookup(&b, DADDR, 1, set, false);
	rule_verdict(&b, VERDICT_ACCEPT, NULL);
	return rs;
}

/* What the kernel has now, and when. */
static struct ruleset *held(struct kernel *kernel, uint32_t *ret_generation)
{
	struct ruleset *rs = NULL;
	struct diag diag = {0};

	ck_assert_int_eq(
		kernel_read(kernel, NFPROTO_INET, "jgfw", READ_ALL, &rs, ret_generation, &diag), 0);
	diag_free(&diag);
	return rs;
}

static int bring(struct kernel *kernel, const struct ruleset *old, const struct ruleset *new,
		 bool dry_run, uint32_t generation, struct diag *diag)
{
	struct change change;
	int r;

	change_between(old, new, &change);
	r = kernel_change(kernel, &change, generation, dry_run, diag);
	change_free(&change);
	return r;
}

static void assert_same(const struct ruleset *a, const struct ruleset *b)
{
	struct change change;

	change_between(a, b, &change);
	ck_assert(change_is_empty(&change));
	change_free(&change);
}

/* A namespace of its own; without the right to make one there is nothing to test. */
static struct kernel *own_kernel(void)
{
	struct diag diag = {0};

	return unshare(CLONE_NEWNET) ? NULL : kernel_open(&diag);
}

static void assert_refused(struct kernel *kernel, size_t at, bool dry_run)
{
	struct ruleset *bad = good_ruleset(), *old, *now;
	uint32_t before, after;
	struct diag diag = {0};
	const struct message *message;

	refusals[at].make(bad);
	old = held(kernel, &before);
	ck_assert_msg(bring(kernel, old, bad, dry_run, before, &diag) < 0, "%s: taken%s",
		      refusals[at].name, dry_run ? " by a dry run" : "");
	message = message_find(&diag, "kernel");
	ck_assert_msg(message && strstr(message->text, refusals[at].text), "%s: %s",
		      refusals[at].name, message ? message->text : "no message");
	ck_assert_uint_eq(diag.errors, 1);
	ck_assert_uint_eq(message->loc.line, refusals[at].has_place ? ORIGIN_LINE : 0);
	now = held(kernel, &after);
	ck_assert_uint_eq(after, before);
	assert_same(old, now);
	ruleset_free(bad);
	ruleset_free(old);
	ruleset_free(now);
	diag_free(&diag);
}

START_TEST(the_kernel_refuses)
{
	struct kernel *kernel = own_kernel();
	struct ruleset *good = good_ruleset();
	uint32_t generation;
	struct diag diag = {0};

	if (!kernel)
		return;
	assert_refused(kernel, (size_t)_i, true);
	assert_refused(kernel, (size_t)_i, false);
	ruleset_free(held(kernel, &generation));
	ck_assert_int_eq(bring(kernel, NULL, good, false, generation, &diag), 0);
	assert_refused(kernel, (size_t)_i, true);
	assert_refused(kernel, (size_t)_i, false);
	ruleset_free(good);
	kernel_close(kernel);
}
END_TEST

START_TEST(a_dry_run_changes_nothing)
{
	struct kernel *kernel = own_kernel();
	struct ruleset *good = good_ruleset(), *now;
	uint32_t before, after;
	struct diag diag = {0};

	if (!kernel)
		return;
	ruleset_free(held(kernel, &before));
	ck_assert_int_eq(bring(kernel, NULL, good, true, before, &diag), 0);
	ck_assert_ptr_null(held(kernel, &after));
	ck_assert_uint_eq(after, before);
	ck_assert_int_eq(bring(kernel, NULL, good, false, before, &diag), 0);
	now = held(kernel, &after);
	ck_assert_uint_eq(after, before + 1);
	assert_same(now, good);
	ck_assert_int_eq(bring(kernel, now, NULL, true, after, &diag), 0);
	ck_assert_int_eq(bring(kernel, now, NULL, true, before, &diag), -ERESTART);
	ck_assert_int_eq(bring(kernel, now, NULL, false, before, &diag), -ERESTART);
	ck_assert_uint_eq(diag.errors, 0);
	ruleset_free(now);
	now = held(kernel, &before);
	ck_assert_uint_eq(after, before);
	assert_same(now, good);
	ruleset_free(now);
	ruleset_free(good);
	kernel_close(kernel);
}
END_TEST

Suite *refusals_suite(void)
{
	Suite *s = suite_create("refusals");
	TCase *tc = tcase_create("refusals");

	suite_add_tcase(s, tc);
	add_table(tc, the_kernel_refuses, refusals);
	tcase_add_test(tc, a_dry_run_changes_nothing);
	return s;
}

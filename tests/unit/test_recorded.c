/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What newer versions of nft load is understood, without any of them at hand: recorded.h. */
#include "recorded.h"
#include "unit.h"

#include "jgfw/kernel/pack.h"
#include "jgfw/ruleset/change.h"

#include <netinet/in.h>

#include <string.h>

static const char *const recordings[] = {nft_1_1_3, nft_1_1_7};

static uint8_t digit(char c)
{
	return (uint8_t)(c <= '9' ? c - '0' : c - 'a' + 10);
}

/* The messages in @hex, read as a file would be, which has their length in front. */
static struct ruleset *read_recording(const char *hex)
{
	struct ruleset *rs = NULL;
	struct buf packed = {0};
	uint64_t len = strlen(hex) / 2;

	buf_add(&packed, &len, sizeof(len));
	for (; *hex; hex += 2)
		buf_putc(&packed, (char)(digit(hex[0]) << 4 | digit(hex[1])));
	ck_assert_int_eq(kernel_unpack(packed.at, packed.n, RULESET_TABLE, &rs), 0);
	ck_assert_ptr_nonnull(rs);
	buf_free(&packed);
	return rs;
}

static const struct set *set_of(const struct ruleset *rs, const char *name)
{
	vec_each(set, &rs->table.sets)
		if (!strcmp((*set)->name, name))
			return *set;
	ck_abort_msg("no set %s", name);
}

static void assert_note(const struct note *note, const char *what)
{
	ck_assert_pstr_eq(note->what, what);
}

START_TEST(notes_are_understood)
{
	struct ruleset *rs = read_recording(recordings[_i]);

	ck_assert_pstr_eq(ruleset_unsupported(rs), NULL);
	assert_note(&rs->table.note, "the table has a comment");
	assert_note(&rs->table.chains.at[0]->note, "it has a comment");
	assert_note(&set_of(rs, "plain")->note, NULL);
	assert_note(&set_of(rs, "verdicts")->note, NULL);
	assert_note(&set_of(rs, "said")->note, "it has a comment");
	assert_note(&set_of(rs, "merged")->note, "it has 'auto-merge'");
	assert_note(&set_of(rs, "named")->note, "it is declared by 'typeof'");
	assert_note(&set_of(rs, "one")->note, "it is declared by 'typeof'");
	ruleset_free(rs);
}
END_TEST

START_TEST(elements_are_read)
{
	static const uint8_t plain[] = {192, 0, 2, 1, 1, 187};
	static const uint8_t merged[] = {192, 0, 2, 0, 192, 0, 2, 255};
	struct ruleset *rs = read_recording(recordings[_i]);
	const struct set *verdicts = set_of(rs, "verdicts");

	ck_assert_uint_eq(set_of(rs, "plain")->n, 1);
	ck_assert_mem_eq(set_of(rs, "plain")->bytes, plain, sizeof(plain));
	ck_assert_uint_eq(set_of(rs, "merged")->n, 1);
	ck_assert_mem_eq(set_of(rs, "merged")->bytes, merged, sizeof(merged));
	ck_assert_uint_eq(verdicts->n, 1);
	ck_assert_int_eq(verdicts->verdicts[0].kind, VERDICT_ACCEPT);
	ruleset_free(rs);
}
END_TEST

static void assert_same_rule(const struct rule *a, const struct rule *b)
{
	struct buf x = {0}, y = {0};

	rule_key(a, &x);
	rule_key(b, &y);
	ck_assert_uint_eq(x.n, y.n);
	ck_assert_mem_eq(x.at, y.at, x.n);
	buf_free(&x);
	buf_free(&y);
}

/* One expression of nft 1.1 for a range, and the two comparisons of before, are the same rule. */
START_TEST(ranges_are_comparisons)
{
	struct ruleset *rs = read_recording(recordings[_i]), *own = ruleset_new(RULESET_TABLE);
	const struct rule *rules = rs->table.chains.at[0]->rules.at;
	struct chain *chain = ruleset_chain(own, "c");
	struct builder b = rule_begin(own, chain);

	rule_l4proto(&b, IPPROTO_TCP);
	rule_match_range(&b, FIELD_DPORT, value_u16(3478), value_u16(3483));
	rule_verdict(&b, VERDICT_ACCEPT, NULL);
	b = rule_begin(own, chain);
	rule_match_range(&b, FIELD_IP_SADDR, value_u32(0xc0000201), value_u32(0xc0000209));
	rule_verdict(&b, VERDICT_ACCEPT, NULL);
	ck_assert_uint_eq(rs->table.chains.at[0]->rules.n, 4);
	assert_same_rule(&rules[0], &chain->rules.at[0]);
	assert_same_rule(&rules[1], &chain->rules.at[1]);
	ruleset_free(own);
	ruleset_free(rs);
}
END_TEST

static size_t count_unknown(const struct rule *rule, const char *name)
{
	size_t n = 0;

	for (size_t i = 0; i < rule->n; i++)
		n += rule->at[i].kind == EXPR_UNKNOWN && !strcmp(rule->at[i].unknown.name, name);
	return n;
}

/* What is outside of a range, and a number that was turned into network order before. */
START_TEST(what_is_no_comparison_stays_unknown)
{
	struct ruleset *rs = read_recording(recordings[_i]);
	const struct rule *rules = rs->table.chains.at[0]->rules.at;

	ck_assert_uint_eq(count_unknown(&rules[2], "range"), 1);
	ck_assert_uint_eq(count_unknown(&rules[3], "meta"), 1);
	ck_assert_uint_eq(count_unknown(&rules[3], "byteorder"), 1);
	ruleset_free(rs);
}
END_TEST

static void assert_same_note(const struct note *a, const struct note *b)
{
	ck_assert_uint_eq(a->len, b->len);
	ck_assert_mem_eq(a->bytes, b->bytes, a->len);
	ck_assert_pstr_eq(a->what, b->what);
}

/* A rollback puts back what was there to the last comment. */
START_TEST(notes_are_kept)
{
	struct ruleset *rs = read_recording(recordings[_i]), *back = NULL;
	struct buf packed = {0};
	struct change change;

	kernel_pack(rs, &packed);
	ck_assert_int_eq(kernel_unpack(packed.at, packed.n, RULESET_TABLE, &back), 0);
	assert_same_note(&back->table.note, &rs->table.note);
	assert_same_note(&back->table.chains.at[0]->note, &rs->table.chains.at[0]->note);
	for (size_t i = 0; i < rs->table.sets.n; i++)
		assert_same_note(&back->table.sets.at[i]->note, &rs->table.sets.at[i]->note);
	change_between(rs, back, &change);
	ck_assert(change_is_empty(&change));
	change_free(&change);
	buf_free(&packed);
	ruleset_free(back);
	ruleset_free(rs);
}
END_TEST

Suite *recorded_suite(void)
{
	Suite *suite = suite_create("recorded");
	TCase *tc = tcase_create("recorded");

	tcase_add_loop_test(tc, notes_are_understood, 0, ARRAY_SIZE(recordings));
	tcase_add_loop_test(tc, elements_are_read, 0, ARRAY_SIZE(recordings));
	tcase_add_loop_test(tc, ranges_are_comparisons, 0, ARRAY_SIZE(recordings));
	tcase_add_loop_test(tc, what_is_no_comparison_stays_unknown, 0, ARRAY_SIZE(recordings));
	tcase_add_loop_test(tc, notes_are_kept, 0, ARRAY_SIZE(recordings));
	suite_add_tcase(suite, tc);
	return suite;
}

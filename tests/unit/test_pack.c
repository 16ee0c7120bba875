/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rulesets as files have them: the same when read back, and never a crash when damaged. */
#include "jgfw/kernel/pack.h"
#include "unit.h"

#include "jgfw/emit/change.h"
#include "jgfw/kernel/kernel.h"

#include <string.h>

#define SITE                                                                                       \
	DUAL_HEAD                                                                                  \
	"  - name: hq\n    profile: dual-medium\n"                                                 \
	"    edge: [{name: e1, public: 203.0.113.10, outward: 192.0.2.10, inward: 192.0.2.74}]\n"  \
	"    core: [10.10.0.20]\n    guest: [10.10.0.30]\n"                                        \
	"    rows: [{id: ssh, purpose: x, from: 'lan:10.10.0.0/24', to: edge.inward, proto: tcp, " \
	"dport: 22}]\n"

static void pack_site(struct loaded *l, struct buf *ret)
{
	load_ruleset(SITE, l);
	assert_clean(&l->diag);
	kernel_pack(l->rs, ret);
}

static bool is_same(const struct ruleset *a, const struct ruleset *b)
{
	struct change change;
	bool same;

	change_between(a, b, &change);
	same = change_is_empty(&change);
	change_free(&change);
	return same;
}

START_TEST(what_is_packed_is_unpacked)
{
	struct loaded l;
	struct buf packed = {0}, again = {0};
	struct ruleset *rs;

	pack_site(&l, &packed);
	ck_assert_int_eq(kernel_unpack(packed.at, packed.n, RULESET_TABLE, &rs), 0);
	ck_assert_ptr_nonnull(rs);
	ck_assert(is_same(l.rs, rs));
	kernel_pack(rs, &again);
	ck_assert_uint_eq(again.n, packed.n);
	ck_assert_mem_eq(again.at, packed.at, packed.n);
	ruleset_free(rs);
	buf_free(&again);
	buf_free(&packed);
	loaded_free(&l);
}
END_TEST

START_TEST(no_table_is_packed_too)
{
	struct buf packed = {0};
	struct ruleset *rs = (struct ruleset *)&packed;

	kernel_pack(NULL, &packed);
	ck_assert_int_eq(kernel_unpack(packed.at, packed.n, RULESET_TABLE, &rs), 0);
	ck_assert_ptr_null(rs);
	buf_free(&packed);
}
END_TEST

static void take_item(const char *text, uint32_t origin, void *data)
{
	(void)origin;
	*(size_t *)data += strlen(text);
}

/* Read @packed with the byte at @at damaged, and do with the ruleset what is done with rulesets. */
static void read_damaged(const struct buf *packed, size_t len, size_t at, char value,
			 const struct ruleset *other)
{
	char *copy = mem_alloc(len ? len : 1); /* of its own size, for sanitizers */
	struct ruleset *rs = NULL;
	struct change change;
	size_t told = 0;

	memcpy(copy, packed->at, len);
	if (at < len)
		copy[at] = value;
	if (!kernel_unpack(copy, len, RULESET_TABLE, &rs)) {
		change_between(other, rs, &change);
		emit_change(&change, take_item, &told);
		change_free(&change);
		change_between(rs, other, &change);
		emit_change(&change, take_item, &told);
		change_free(&change);
	}
	ruleset_free(rs);
	free(copy);
}

START_TEST(damaged_ones_do_no_harm)
{
	struct loaded l;
	struct buf packed = {0};

	pack_site(&l, &packed);
	for (size_t at = 0; at < packed.n; at++) {
		const char values[] = {(char)(packed.at[at] ^ 1), '\xff', '\0'};

		/* lengths stand at every fourth byte: each gets each value somewhere */
		read_damaged(&packed, packed.n, at, values[at % ARRAY_SIZE(values)], l.rs);
	}
	for (size_t len = 0; len < packed.n; len += 7)
		read_damaged(&packed, len, len, '\0', l.rs);
	buf_free(&packed);
	loaded_free(&l);
}
END_TEST

/* The widest element there can be: both ends of an interval, and data, of as many fields as fit a
 * type. The kernel holds such ones of up to 64 bytes each. */
START_TEST(wide_elements_are_unpacked)
{
	enum datatype names[SET_MAX_FIELDS];
	struct ruleset *rs = ruleset_new(RULESET_TABLE), *back = NULL;
	struct builder b = rule_begin(rs, ruleset_chain(rs, "c"));
	struct buf packed = {0};
	struct set *map;

	for (size_t i = 0; i < SET_MAX_FIELDS; i++)
		names[i] = TYPE_IFNAME;
	map = ruleset_set(rs, NULL, names, SET_MAX_FIELDS, names, SET_MAX_FIELDS);
	map->interval = true;
	memset(set_add(map, 0), 'x', (size_t)3 * SET_MAX_FIELDS * VALUE_MAX);
	*(struct expr *)vec_push_in(&rs->arena, b.rule) =
		(struct expr){.kind = EXPR_LOOKUP, .lookup.set = map};
	kernel_pack(rs, &packed);
	ck_assert_int_eq(kernel_unpack(packed.at, packed.n, RULESET_TABLE, &back), 0);
	ck_assert(is_same(rs, back));
	ruleset_free(back);
	ruleset_free(rs);
	buf_free(&packed);
}
END_TEST

/* As no kernel would take them. */
START_TEST(long_names_are_unpacked)
{
	static const enum datatype key[] = {TYPE_INET_SERVICE}, data[] = {TYPE_VERDICT};
	static char name[60000];
	struct ruleset *rs = ruleset_new(RULESET_TABLE), *back = NULL;
	struct buf packed = {0};
	struct chain *chain;
	struct builder b;
	struct set *map;

	memset(name, 'x', sizeof(name) - 1);
	chain = ruleset_chain(rs, name);
	b = rule_begin(rs, chain);
	rule_verdict(&b, VERDICT_JUMP, chain);
	map = ruleset_set(rs, name, key, 1, data, 1);
	set_add(map, 0);
	map->verdicts[0] = (struct verdict){VERDICT_JUMP, chain};
	kernel_pack(rs, &packed);
	ck_assert_int_eq(kernel_unpack(packed.at, packed.n, RULESET_TABLE, &back), 0);
	ck_assert(is_same(rs, back));
	ruleset_free(back);
	ruleset_free(rs);
	buf_free(&packed);
}
END_TEST

/* The last message ends within its last attribute, which the padding has room for. */
START_TEST(cut_off_in_the_padding)
{
	static const char data[] = {0, 2, 'x', 0, 0, 0, 0, 0}; /* three parts of user data */
	enum {
		CUT = 3,
	};
	struct ruleset *rs = ruleset_new(RULESET_TABLE), *back = NULL;
	struct builder b = rule_begin(rs, ruleset_chain(rs, "c"));
	uint64_t len;
	uint32_t message_len;
	uint16_t attr_len = 4 + sizeof(data);
	struct buf packed = {0};
	char *last;

	rule_comment(&b, "xyz"); /* as long, with its head and padding */
	kernel_pack(rs, &packed);
	last = packed.at + packed.n - attr_len;
	memcpy(last, &attr_len, sizeof(attr_len));
	memcpy(last + 4, data, sizeof(data));
	memcpy(&len, packed.at, sizeof(len));
	len -= CUT;
	memcpy(packed.at, &len, sizeof(len));
	for (last = packed.at + sizeof(len);; last += message_len) { /* none needs padding */
		memcpy(&message_len, last, sizeof(message_len));
		if (last + message_len == packed.at + packed.n)
			break;
	}
	message_len -= CUT;
	memcpy(last, &message_len, sizeof(message_len));
	ck_assert_int_eq(kernel_unpack(packed.at, packed.n - CUT, RULESET_TABLE, &back), 0);
	ck_assert_ptr_nonnull(back->table.chains.at[0]->rules.at[0].unsupported);
	ruleset_free(back);
	ruleset_free(rs);
	buf_free(&packed);
}
END_TEST

Suite *pack_suite(void)
{
	Suite *suite = suite_create("pack");
	TCase *tc = tcase_create("pack");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, what_is_packed_is_unpacked);
	tcase_add_test(tc, no_table_is_packed_too);
	tcase_add_test(tc, damaged_ones_do_no_harm);
	tcase_add_test(tc, wide_elements_are_unpacked);
	tcase_add_test(tc, long_names_are_unpacked);
	tcase_add_test(tc, cut_off_in_the_padding);
	suite_add_tcase(suite, tc);
	return suite;
}

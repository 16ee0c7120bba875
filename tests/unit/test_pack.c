/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rulesets as files have them: the same when read back, and never a crash when damaged. */
#include "unit.h"

#include "jgfw/emit.h"
#include "jgfw/kernel.h"

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

Suite *pack_suite(void)
{
	Suite *suite = suite_create("pack");
	TCase *tc = tcase_create("pack");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, what_is_packed_is_unpacked);
	tcase_add_test(tc, no_table_is_packed_too);
	tcase_add_test(tc, damaged_ones_do_no_harm);
	suite_add_tcase(suite, tc);
	return suite;
}

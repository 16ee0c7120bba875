/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules that nft has no words for: they are said to be such, and never told as something else. */
#include "unit.h"

#include "jgfw/emit/rule.h"
#include "jgfw/emit/ruleset.h"

#include <errno.h>
#include <string.h>

static const enum datatype ADDR_PORT[] = {TYPE_IPV4_ADDR, TYPE_INET_SERVICE};
static const enum datatype TUPLE[] = {TYPE_IPV4_ADDR, TYPE_INET_PROTO, TYPE_INET_SERVICE};
static const enum field DADDR_PROTO_PORT[] = {FIELD_IP_DADDR, FIELD_L4PROTO, FIELD_DPORT};

enum {
	TCP = 6,
};

static const enum datatype ADDRS[] = {TYPE_IPV4_ADDR, TYPE_IPV4_ADDR};
static const enum datatype PROTO_PORT[] = {TYPE_INET_PROTO, TYPE_INET_SERVICE};
static const enum datatype VERDICT[] = {TYPE_VERDICT};
static const enum field DADDR[] = {FIELD_IP_DADDR};
static const enum field PROTO_DPORT[] = {FIELD_L4PROTO, FIELD_DPORT};

static struct set *pairs(struct builder *b)
{
	return ruleset_set(b->rs, "pairs", ADDRS, 2, NULL, 0);
}

static void dnat_map(struct builder *b)
{
	rule_nat_map(b, NAT_DNAT, DADDR, 1, ruleset_set(b->rs, "to", ADDRS, 1, ADDRS, 1));
}

static void dnat_map_with_ports(struct builder *b)
{
	rule_nat_map(b, NAT_DNAT, DADDR_PROTO_PORT, 3,
		     ruleset_set(b->rs, "to", TUPLE, 3, ADDR_PORT, 2));
}

static struct expr *add_expr(struct builder *b, enum expr_kind kind)
{
	struct expr *e = vec_push_in(&b->rs->arena, b->rule);

	*e = (struct expr){.kind = kind};
	return e;
}

static void accept_it(struct builder *b)
{
	rule_verdict(b, VERDICT_ACCEPT, NULL);
}

static void unknown_payload(struct builder *b)
{
	struct expr *e = add_expr(b, EXPR_PAYLOAD);

	e->payload.offset = 8; /* ttl */
	e->payload.len = 1;
	e = add_expr(b, EXPR_CMP);
	e->cmp.value = value_u8(64);
}

static void masked_address(struct builder *b)
{
	struct expr *e = add_expr(b, EXPR_PAYLOAD);

	e->payload.offset = 12;
	e->payload.len = 4;
	e = add_expr(b, EXPR_BITWISE);
	e->bitwise.mask = value_u32(0xff00ff00);
	e = add_expr(b, EXPR_CMP);
	e->cmp.value = value_u32(0x0a000100);
}

static void compare_with_nothing_loaded(struct builder *b)
{
	add_expr(b, EXPR_CMP)->cmp.value = value_u32(1);
}

static void compare_of_other_length(struct builder *b)
{
	rule_match(b, FIELD_IP_SADDR, value_u16(1));
}

static void icmp_type_of_tcp(struct builder *b)
{
	rule_l4proto(b, TCP);
	rule_match(b, FIELD_ICMP_TYPE, value_u8(8));
}

static void unknown_family(struct builder *b)
{
	rule_nfproto(b, 7);
	accept_it(b);
}

static void lookup_of_other_type(struct builder *b)
{
	static const enum field field = FIELD_DPORT;

	rule_lookup(b, &field, 1, ruleset_set(b->rs, "own", ADDRS, 1, NULL, 0), false);
}

static void lookup_of_too_little(struct builder *b)
{
	rule_lookup(b, DADDR, 1, pairs(b), false);
}

static void ct_loaded_only(struct builder *b)
{
	add_expr(b, EXPR_CT)->ct.key = CT_STATE;
	accept_it(b);
}

static void ct_state_equal(struct builder *b)
{
	rule_ct_state(b, CT_STATE_NEW);
	b->rule->at[b->rule->n - 1].cmp.op = CMP_EQ;
}

static void ct_state_with_value(struct builder *b)
{
	rule_ct_state(b, CT_STATE_NEW);
	b->rule->at[b->rule->n - 1].cmp.value = value_u32(8);
}

static void ct_state_unnamed(struct builder *b)
{
	rule_ct_state(b, 1 << 4);
}

static void ct_state_of_no_bit(struct builder *b)
{
	rule_ct_state(b, 0);
}

static void ct_mask_of_other_register(struct builder *b)
{
	rule_ct_state(b, CT_STATE_NEW);
	b->rule->at[b->rule->n - 2].bitwise.sreg = 4;
}

static void ct_compare_of_other_register(struct builder *b)
{
	rule_ct_state(b, CT_STATE_NEW);
	b->rule->at[b->rule->n - 1].cmp.sreg = 4;
}

static void nat_without_map(struct builder *b)
{
	add_expr(b, EXPR_NAT)->nat.kind = NAT_DNAT;
}

static void nat_without_the_port_of_its_map(struct builder *b)
{
	dnat_map_with_ports(b);
	b->rule->at[b->rule->n - 1].nat.has_port = false;
}

static void map_without_use(struct builder *b)
{
	rule_lookup(b, DADDR, 1, ruleset_set(b->rs, "to", ADDRS, 1, ADDRS, 1), false);
	accept_it(b);
}

static void vmap_inverted(struct builder *b)
{
	rule_lookup(b, PROTO_DPORT, 2, ruleset_set(b->rs, "v", PROTO_PORT, 2, VERDICT, 1), true);
}

static void map_inverted(struct builder *b)
{
	dnat_map(b);
	b->rule->at[b->rule->n - 2].lookup.invert = true;
}

static void (*const wordless[])(struct builder *b) = {
	unknown_payload,
	masked_address,
	compare_with_nothing_loaded,
	compare_of_other_length,
	icmp_type_of_tcp,
	unknown_family,
	lookup_of_other_type,
	lookup_of_too_little,
	ct_loaded_only,
	ct_state_equal,
	ct_state_with_value,
	ct_state_unnamed,
	ct_state_of_no_bit,
	ct_mask_of_other_register,
	ct_compare_of_other_register,
	nat_without_map,
	nat_without_the_port_of_its_map,
	map_without_use,
	vmap_inverted,
	map_inverted,
};

START_TEST(rule_without_words_is_said_to_be)
{
	struct ruleset *rs = ruleset_new("t");
	struct chain *chain = ruleset_chain(rs, "c");
	struct builder b = rule_begin(rs, chain);
	struct buf out = {0};

	wordless[_i](&b);
	ck_assert_int_eq(emit_rule(b.rule, &out), -EOPNOTSUPP);
	ck_assert_int_eq(*buf_str(&out), '#'); /* and nothing of it is told */
	ck_assert_ptr_null(strchr(buf_str(&out), '\n'));
	out.n = 0;
	ck_assert_int_eq(emit_ruleset(rs, &out), -EOPNOTSUPP);
	buf_free(&out);
	ruleset_free(rs);
}
END_TEST

Suite *wordless_suite(void)
{
	Suite *s = suite_create("wordless");
	TCase *tc = tcase_create("rules");

	add_table(tc, rule_without_words_is_said_to_be, wordless);
	suite_add_tcase(s, tc);
	return s;
}

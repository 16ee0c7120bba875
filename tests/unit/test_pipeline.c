/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What diagrams once told otherwise than the kernel, of rulesets that jgfw does not make. */
#include "packets.h"
#include "verify/proof/sources.h"

#include "jgfw/verify/actual/pipeline.h"

static const char *const names[] = {"eth0", "eth1"};

/** struct lab - a ruleset with one base chain and one rule, and its diagrams */
struct lab {
	struct ruleset *rs;
	struct builder rule;
	struct sources sources;
	struct space space;
	struct symbolic symbolic;
	struct pipeline pipeline;
};

static void lab_begin(struct lab *l, enum chain_type type, enum hook hook)
{
	struct ruleset *rs = ruleset_new(RULESET_TABLE);

	*l = (struct lab){
		.rs = rs,
		.rule = rule_begin(rs, ruleset_base_chain(rs, "c", type, hook, 0, false)),
	};
}

static void lab_prepare(struct lab *l)
{
	const struct ruleset *rs = l->rs;

	l->symbolic.space = &l->space;
	sources_collect(NULL, &rs, 1, &l->sources);
	space_init(&l->space, names, ARRAY_SIZE(names), &l->sources);
	pipeline_init(&l->pipeline, &l->symbolic, &rs, 1, false);
}

static void lab_end(struct lab *l)
{
	pipeline_free(&l->pipeline);
	symbolic_free(&l->symbolic);
	space_free(&l->space);
	sources_free(&l->sources);
	ruleset_free(l->rs);
}

static struct expr *add(struct lab *l, enum expr_kind kind)
{
	struct expr *e = vec_push_in(&l->rs->arena, l->rule.rule);

	*e = (struct expr){.kind = kind};
	return e;
}

START_TEST(nat_at_input_can_drop)
{
	struct lab l;

	lab_begin(&l, CHAIN_NAT, HOOK_INPUT);
	rule_verdict(&l.rule, VERDICT_DROP, NULL);
	lab_prepare(&l);
	ck_assert_uint_eq(pipeline_local(&l.pipeline, IPV4, CT_STATE_NEW), terminal(TERMINAL_DROP));
	ck_assert_uint_eq(pipeline_local(&l.pipeline, IPV4, CT_STATE_INVALID),
			  terminal(TERMINAL_ACCEPT));
	lab_end(&l);
}
END_TEST

/* What comes behind it decides all the same. */
START_TEST(translation_to_what_already_is)
{
	static const enum datatype address[] = {TYPE_IPV4_ADDR};
	static const enum field field = FIELD_IP_DADDR;
	uint32_t packet[VARS] = {[VAR_DADDR] = 7};
	struct builder drop;
	struct set *map;
	struct lab l;
	node f;

	lab_begin(&l, CHAIN_NAT, HOOK_PREROUTING);
	map = ruleset_set(l.rs, NULL, address, 1, address, 1);
	set_put(set_put(set_add(map, 0), value_u32(7)), value_u32(7));
	rule_nat_map(&l.rule, NAT_DNAT, &field, 1, map);
	drop = rule_begin(l.rs,
			  ruleset_base_chain(l.rs, "f", CHAIN_FILTER, HOOK_FORWARD, 0, false));
	rule_match(&drop, FIELD_IP_DADDR, value_u32(7));
	rule_verdict(&drop, VERDICT_DROP, NULL);
	lab_prepare(&l);
	f = pipeline_forward(&l.pipeline, IPV4, CT_STATE_NEW);
	ck_assert_uint_eq(diagram_eval(l.space.d, f, packet, VARS), TERMINAL_DROP);
	packet[VAR_DADDR] = 8;
	ck_assert_uint_eq(diagram_eval(l.space.d, f, packet, VARS), TERMINAL_ACCEPT);
	lab_end(&l);
}
END_TEST

/* ip saddr & MASK OP VALUE: always so or never, and more ways to look at the bits than time. */
static const struct {
	uint32_t mask, value;
	enum cmp_op op;
	bool holds;
} masks[] = {
	{1, 2, CMP_EQ, false}, {1, 2, CMP_NEQ, true},  {1, 0, CMP_GTE, true},
	{1, 2, CMP_LTE, true}, {1, 2, CMP_GTE, false}, {0xff000001, 2, CMP_EQ, false},
};

START_TEST(masks_that_tell_nothing)
{
	struct expr *e;
	struct lab l;

	lab_begin(&l, CHAIN_FILTER, HOOK_FORWARD);
	e = add(&l, EXPR_PAYLOAD);
	e->payload.offset = 12;
	e->payload.len = 4;
	add(&l, EXPR_BITWISE)->bitwise.mask = value_u32(masks[_i].mask);
	e = add(&l, EXPR_CMP);
	e->cmp.op = masks[_i].op;
	e->cmp.value = value_u32(masks[_i].value);
	rule_verdict(&l.rule, VERDICT_DROP, NULL);
	lab_prepare(&l);
	ck_assert_uint_eq(pipeline_forward(&l.pipeline, IPV4, CT_STATE_NEW),
			  terminal(masks[_i].holds ? TERMINAL_DROP : TERMINAL_ACCEPT));
	lab_end(&l);
}
END_TEST

/* Whether nat was asked hangs on what other tables there are; the mark of a translation does not.
 */
START_TEST(status_of_new_packets)
{
	static const uint32_t bits[] = {1u << 8, CT_STATUS_DNAT};
	struct lab l;
	node f;

	lab_begin(&l, CHAIN_FILTER, HOOK_FORWARD);
	rule_ct_status(&l.rule, bits[_i]);
	rule_verdict(&l.rule, VERDICT_DROP, NULL);
	lab_prepare(&l);
	f = pipeline_forward(&l.pipeline, IPV4, CT_STATE_NEW);
	if (bits[_i] == CT_STATUS_DNAT)
		ck_assert_uint_eq(f, terminal(TERMINAL_ACCEPT));
	else
		ck_assert(!is_terminal(f) && l.space.free_variables.at[0] == FREE_UNKNOWN);
	lab_end(&l);
}
END_TEST

/* Diagrams are walked as deep as they have variables: where there are very many doubts, what comes
 * behind is not known. */
START_TEST(more_doubts_than_a_stack_has_room_for)
{
	uint32_t packet[VARS] = {0};
	struct chain *chain;
	struct lab l;

	lab_begin(&l, CHAIN_FILTER, HOOK_FORWARD);
	chain = l.rs->table.chains.at[0];
	for (int i = 0; i < 80000; i++) {
		add(&l, EXPR_LIMIT);
		rule_verdict(&l.rule, VERDICT_DROP, NULL);
		l.rule = rule_begin(l.rs, chain);
	}
	lab_prepare(&l);
	ck_assert_uint_eq(diagram_eval(l.space.d,
				       pipeline_forward(&l.pipeline, IPV4, CT_STATE_INVALID),
				       packet, VARS),
			  TERMINAL_UNKNOWN);
	lab_end(&l);
}
END_TEST

Suite *pipeline_suite(void)
{
	Suite *s = suite_create("pipeline");
	TCase *tc = tcase_create("pipeline");

	tcase_add_test(tc, nat_at_input_can_drop);
	tcase_add_test(tc, translation_to_what_already_is);
	add_table(tc, masks_that_tell_nothing, masks);
	tcase_add_loop_test(tc, status_of_new_packets, 0, 2);
	suite_add_tcase(s, tc);
	tc = tcase_create("doubts");
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, more_doubts_than_a_stack_has_room_for);
	suite_add_tcase(s, tc);
	return s;
}

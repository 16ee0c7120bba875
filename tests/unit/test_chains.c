/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packets run through small rulesets, against the kernel's rules. */
#include "packets.h"

#include <string.h>

/** struct bench - a base chain of a ruleset's own, and a packet for it */
struct bench {
	struct ruleset *rs;
	struct chain *base, *sub, *other;
	struct run run;
	struct trace trace;
};

static void bench_begin(struct bench *b, enum chain_type type, enum hook hook, bool policy_drop)
{
	*b = (struct bench){.rs = ruleset_new("t")};
	b->base = ruleset_base_chain(b->rs, "base", type, hook, 0, policy_drop);
	b->sub = ruleset_chain(b->rs, "sub");
	b->other = ruleset_chain(b->rs, "other");
	b->run.packet = (struct packet){.iif = "eth0",
					.oif = "eth1",
					.nfproto = IPV4,
					.l4proto = TCP,
					.saddr = addr(CLIENT),
					.daddr = addr(PUBLIC),
					.sport = 40000,
					.dport = 443,
					.ct_state = CT_STATE_NEW};
}

static struct builder add_rule(struct bench *b, struct chain *chain)
{
	return rule_begin(b->rs, chain);
}

static void add_verdict(struct bench *b, struct chain *chain, enum verdict_kind kind,
			const struct chain *to)
{
	struct builder r = add_rule(b, chain);

	rule_verdict(&r, kind, to);
}

static struct expr *add_expr(struct builder *r, enum expr_kind kind)
{
	struct expr *e = vec_push_in(&r->rs->arena, r->rule);

	*e = (struct expr){.kind = kind};
	return e;
}

static enum run_fate bench_run(struct bench *b)
{
	struct runner *runner = runner_new(b->rs);
	enum run_fate fate;

	b->trace.n = 0;
	b->run.step = record;
	b->run.arg = &b->trace;
	fate = run_hook(runner, b->base->hook, &b->run);
	runner_free(runner);
	return fate;
}

static enum run_fate bench_end(struct bench *b)
{
	enum run_fate fate = bench_run(b);

	ruleset_free(b->rs);
	return fate;
}

START_TEST(policy_is_the_fate_at_the_end)
{
	struct bench b;

	bench_begin(&b, CHAIN_FILTER, HOOK_FORWARD, _i);
	ck_assert_int_eq(bench_end(&b), _i ? RUN_DROP : RUN_ACCEPT);
}
END_TEST

START_TEST(jump_comes_back)
{
	struct bench b;

	bench_begin(&b, CHAIN_FILTER, HOOK_FORWARD, false);
	add_verdict(&b, b.base, VERDICT_JUMP, b.sub);
	add_verdict(&b, b.base, VERDICT_DROP, NULL);
	ck_assert_int_eq(bench_end(&b), RUN_DROP);
}
END_TEST

/* Each chain jumps to the next one three times: 3^10 ways. */
START_TEST(rules_may_be_counted)
{
	static const struct {
		size_t left, behind;
		enum run_fate fate;
	} cases[] = {{1000, 0, RUN_UNDECIDED}, {0, 0, RUN_UNDECIDED}, {88573, 1, RUN_ACCEPT}};
	struct runner *runner;
	struct bench b;

	bench_begin(&b, CHAIN_FILTER, HOOK_FORWARD, false);
	for (struct chain *from = b.base, *to; b.rs->table.chains.n < 13; from = to) {
		to = ruleset_chain(b.rs, "next");
		for (int i = 0; i < 3; i++)
			add_verdict(&b, from, VERDICT_JUMP, to);
	}
	runner = runner_new(b.rs);
	ck_assert_int_eq(run_chain(runner, b.base, &b.run), RUN_ACCEPT);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		size_t left = cases[i].left;

		b.run.left = &left;
		ck_assert_int_eq(run_chain(runner, b.base, &b.run), cases[i].fate);
		ck_assert_uint_eq(left, cases[i].behind);
	}
	runner_free(runner);
	ruleset_free(b.rs);
}
END_TEST

START_TEST(return_comes_back)
{
	struct bench b;

	bench_begin(&b, CHAIN_FILTER, HOOK_FORWARD, false);
	add_verdict(&b, b.base, VERDICT_JUMP, b.sub);
	add_verdict(&b, b.base, VERDICT_DROP, NULL);
	add_verdict(&b, b.sub, VERDICT_RETURN, NULL);
	add_verdict(&b, b.sub, VERDICT_ACCEPT, NULL);
	ck_assert_int_eq(bench_end(&b), RUN_DROP);
}
END_TEST

START_TEST(return_of_a_base_chain_is_its_policy)
{
	struct bench b;

	bench_begin(&b, CHAIN_FILTER, HOOK_FORWARD, true);
	add_verdict(&b, b.base, VERDICT_RETURN, NULL);
	add_verdict(&b, b.base, VERDICT_ACCEPT, NULL);
	ck_assert_int_eq(bench_end(&b), RUN_DROP);
}
END_TEST

START_TEST(goto_does_not_come_back)
{
	struct bench b;

	bench_begin(&b, CHAIN_FILTER, HOOK_FORWARD, true);
	add_verdict(&b, b.base, VERDICT_GOTO, b.sub);
	add_verdict(&b, b.base, VERDICT_ACCEPT, NULL);
	ck_assert_int_eq(bench_end(&b), RUN_DROP);
}
END_TEST

/* base jumps to sub, which goes to other: behind it, base goes on, sub does not. */
START_TEST(goto_comes_back_to_where_its_chain_was_called)
{
	struct bench b;

	bench_begin(&b, CHAIN_FILTER, HOOK_FORWARD, true);
	add_verdict(&b, b.base, VERDICT_JUMP, b.sub);
	add_verdict(&b, b.base, VERDICT_ACCEPT, NULL);
	add_verdict(&b, b.sub, VERDICT_GOTO, b.other);
	add_verdict(&b, b.sub, VERDICT_DROP, NULL);
	ck_assert_int_eq(bench_end(&b), RUN_ACCEPT);
}
END_TEST

START_TEST(endless_ways_are_undecided)
{
	enum verdict_kind kind = _i ? VERDICT_GOTO : VERDICT_JUMP;
	struct bench b;

	bench_begin(&b, CHAIN_FILTER, HOOK_FORWARD, true);
	add_verdict(&b, b.base, kind, b.sub);
	add_verdict(&b, b.sub, kind, b.sub);
	ck_assert_int_eq(bench_end(&b), RUN_UNDECIDED);
}
END_TEST

START_TEST(accept_is_of_one_base_chain_and_drop_of_all)
{
	struct bench b;
	struct chain *late;

	bench_begin(&b, CHAIN_FILTER, HOOK_FORWARD, false);
	add_verdict(&b, b.base, VERDICT_ACCEPT, NULL);
	late = ruleset_base_chain(b.rs, "late", CHAIN_FILTER, HOOK_FORWARD, 1, false);
	add_verdict(&b, late, VERDICT_DROP, NULL);
	ck_assert_int_eq(bench_run(&b), RUN_DROP);
	ck_assert_uint_eq(b.trace.n, 2);
	late->priority = -1;
	ck_assert_int_eq(bench_run(&b), RUN_DROP);
	ck_assert_uint_eq(b.trace.n, 1);
	late->priority = 0; /* the kernel puts what comes later in front */
	ck_assert_int_eq(bench_end(&b), RUN_DROP);
	ck_assert_uint_eq(b.trace.n, 1);
}
END_TEST

START_TEST(other_families_are_not_seen)
{
	struct bench b;

	bench_begin(&b, CHAIN_FILTER, HOOK_FORWARD, true);
	b.rs->table.family = IPV6;
	ck_assert_int_eq(bench_end(&b), RUN_ACCEPT);
}
END_TEST

START_TEST(limit_is_kept_by_chance)
{
	struct bench b;
	struct builder r;

	bench_begin(&b, CHAIN_FILTER, HOOK_FORWARD, false);
	r = add_rule(&b, b.base);
	rule_limit_log(&r, 10, 20, "drop ");
	rule_counter(&r);
	rule_verdict(&r, VERDICT_DROP, NULL);
	ck_assert_int_eq(bench_end(&b), RUN_DROP);
	ck_assert(b.trace.steps[0].by_chance);
	ck_assert_uint_eq(b.trace.steps[0].at, 3);
}
END_TEST

/* An expression that is not understood leaves the fate open, unless the rule fails before it. */
START_TEST(unknown_expression_is_undecided)
{
	struct bench b;
	struct builder r;

	bench_begin(&b, CHAIN_FILTER, HOOK_FORWARD, false);
	r = add_rule(&b, b.base);
	rule_l4proto(&r, _i ? UDP : TCP);
	add_expr(&r, EXPR_UNKNOWN);
	rule_verdict(&r, VERDICT_DROP, NULL);
	ck_assert_int_eq(bench_end(&b), _i ? RUN_ACCEPT : RUN_UNDECIDED);
	ck_assert_int_eq(b.trace.steps[0].result, _i ? RULE_FAILED : RULE_UNDECIDED);
	ck_assert_uint_eq(b.trace.steps[0].at, _i ? 1 : 2);
}
END_TEST

/* A field that the packet here does not tell: the rule's verdict hangs on it, unless the rule fails
 * for another reason, or says no verdict. */
static const struct {
	bool fails, verdict;
	enum run_fate fate;
} hanging[] = {
	{false, true, RUN_UNDECIDED},
	{true, true, RUN_ACCEPT},
	{false, false, RUN_ACCEPT},
};

START_TEST(unknown_field_is_undecided_where_it_matters)
{
	struct bench b;
	struct builder r;

	bench_begin(&b, CHAIN_FILTER, HOOK_FORWARD, false);
	b.run.packet.l4proto = ICMP;
	b.run.packet.icmp_type = 8;
	r = add_rule(&b, b.base);
	rule_match_range(&r, FIELD_DPORT, value_u16(1), value_u16(100));
	rule_l4proto(&r, hanging[_i].fails ? TCP : ICMP);
	if (hanging[_i].verdict)
		rule_verdict(&r, VERDICT_DROP, NULL);
	ck_assert_int_eq(bench_end(&b), hanging[_i].fate);
	ck_assert_uint_eq(b.trace.steps[0].at, hanging[_i].verdict ? hanging[_i].fails ? 4 : 1 : 5);
}
END_TEST

START_TEST(icmp_type_is_known)
{
	struct bench b;
	struct builder r;

	bench_begin(&b, CHAIN_FILTER, HOOK_FORWARD, false);
	b.run.packet.l4proto = ICMP;
	b.run.packet.icmp_type = 8;
	r = add_rule(&b, b.base);
	rule_l4proto(&r, ICMP);
	rule_match(&r, FIELD_ICMP_TYPE, value_u8(_i ? 8 : 0));
	rule_verdict(&r, VERDICT_DROP, NULL);
	ck_assert_int_eq(bench_end(&b), _i ? RUN_DROP : RUN_ACCEPT);
}
END_TEST

/* nft joins neighbours into one load: source and destination, both ports. */
START_TEST(loads_of_several_fields)
{
	static const uint8_t addrs[] = {198, 51, 100, 7, 203, 0, 113, 10};
	struct bench b;
	struct builder r;
	struct expr *e;

	bench_begin(&b, CHAIN_FILTER, HOOK_FORWARD, false);
	r = add_rule(&b, b.base);
	e = add_expr(&r, EXPR_PAYLOAD);
	e->payload.base = PAYLOAD_NETWORK;
	e->payload.offset = 12;
	e->payload.len = sizeof(addrs);
	e = add_expr(&r, EXPR_CMP);
	e->cmp.value.len = sizeof(addrs);
	memcpy(e->cmp.value.bytes, addrs, sizeof(addrs));
	e = add_expr(&r, EXPR_PAYLOAD);
	e->payload.base = PAYLOAD_TRANSPORT;
	e->payload.len = 4;
	e = add_expr(&r, EXPR_CMP);
	e->cmp.value = value_u32(40000u << 16 | 443);
	rule_verdict(&r, VERDICT_DROP, NULL);
	ck_assert_int_eq(bench_end(&b), RUN_DROP);
}
END_TEST

START_TEST(untracked_packets_have_no_status)
{
	struct bench b;
	struct builder r;

	bench_begin(&b, CHAIN_FILTER, HOOK_FORWARD, false);
	b.run.packet.ct_state = _i ? CT_STATE_INVALID : CT_STATE_NEW;
	b.run.packet.ct_status = CT_STATUS_DNAT;
	r = add_rule(&b, b.base);
	rule_ct_status(&r, CT_STATUS_DNAT);
	rule_verdict(&r, VERDICT_DROP, NULL);
	ck_assert_int_eq(bench_end(&b), _i ? RUN_ACCEPT : RUN_DROP);
}
END_TEST

static const enum datatype ADDR[] = {TYPE_IPV4_ADDR};
static const enum field SADDR_FIELD[] = {FIELD_IP_SADDR}, DADDR_FIELD[] = {FIELD_IP_DADDR};

static void add_nat(struct bench *b, struct chain *chain, enum nat_kind kind, const char *from,
		    const char *to)
{
	struct builder r = add_rule(b, chain);
	struct set *map = ruleset_set(b->rs, NULL, ADDR, 1, ADDR, 1);

	set_put(set_put(set_add(map, 0), value_u32(addr(from))), value_u32(addr(to)));
	rule_nat_map(&r, kind, kind == NAT_DNAT ? DADDR_FIELD : SADDR_FIELD, 1, map);
}

/* A translation that hangs on what is not known does not happen, nor does it not. */
START_TEST(translation_may_be_undecided)
{
	struct bench b;
	struct builder r;

	bench_begin(&b, CHAIN_NAT, HOOK_POSTROUTING, false);
	b.run.packet.l4proto = ICMP;
	r = add_rule(&b, b.base);
	rule_match(&r, FIELD_DPORT, value_u16(1));
	rule_masquerade(&r);
	ck_assert_int_eq(bench_end(&b), RUN_UNDECIDED);
	ck_assert(!b.run.snat.is_set);
	ck_assert_uint_eq(b.trace.steps[0].at, 1);
}
END_TEST

/* To where it goes anyway: it is translated, and bears no mark of it. */
START_TEST(translation_to_the_same_leaves_no_mark)
{
	struct bench b;

	bench_begin(&b, CHAIN_NAT, HOOK_PREROUTING, false);
	add_nat(&b, b.base, NAT_DNAT, PUBLIC, PUBLIC);
	add_verdict(&b, b.base, VERDICT_DROP, NULL);
	ck_assert_int_eq(bench_end(&b), RUN_ACCEPT);
	ck_assert(b.run.dnat.is_set);
	ck_assert_uint_eq(b.run.packet.ct_status, 0x100);
}
END_TEST

/* nat runs at -100 whatever its priority; chains before see what was, chains behind what is. */
START_TEST(nat_runs_at_the_kernels_priority)
{
	struct bench b;
	struct chain *filter;
	struct builder r;

	bench_begin(&b, CHAIN_NAT, HOOK_PREROUTING, false);
	b.base->priority = 10;
	add_nat(&b, b.base, NAT_DNAT, PUBLIC, OUTWARD);
	filter = ruleset_base_chain(b.rs, "f", CHAIN_FILTER, HOOK_PREROUTING, _i ? -99 : -101,
				    false);
	r = add_rule(&b, filter);
	rule_match(&r, FIELD_IP_DADDR, value_u32(addr(OUTWARD)));
	rule_verdict(&r, VERDICT_DROP, NULL);
	ck_assert_int_eq(bench_end(&b), _i ? RUN_DROP : RUN_ACCEPT);
	ck_assert_uint_eq(b.run.packet.daddr, addr(OUTWARD));
	ck_assert_uint_eq(b.run.packet.ct_status, 0x120);
}
END_TEST

START_TEST(first_translation_is_the_only_one)
{
	struct bench b;
	struct chain *late;

	bench_begin(&b, CHAIN_NAT, HOOK_PREROUTING, false);
	add_nat(&b, b.base, NAT_DNAT, PUBLIC, OUTWARD);
	late = ruleset_base_chain(b.rs, "late", CHAIN_NAT, HOOK_PREROUTING, 1, false);
	add_nat(&b, late, NAT_DNAT, OUTWARD, INWARD);
	ck_assert_int_eq(bench_end(&b), RUN_ACCEPT);
	ck_assert_uint_eq(b.run.packet.daddr, addr(OUTWARD));
}
END_TEST

/* Behind masquerade nobody knows the source. */
START_TEST(masquerade_leaves_the_source_unknown)
{
	struct bench b;
	struct chain *late;
	struct builder r;

	bench_begin(&b, CHAIN_NAT, HOOK_POSTROUTING, false);
	r = add_rule(&b, b.base);
	rule_masquerade(&r);
	late = ruleset_base_chain(b.rs, "late", CHAIN_FILTER, HOOK_POSTROUTING, 200, false);
	r = add_rule(&b, late);
	rule_match(&r, FIELD_IP_SADDR, value_u32(addr(CLIENT)));
	rule_verdict(&r, VERDICT_DROP, NULL);
	ck_assert_int_eq(bench_end(&b), RUN_UNDECIDED);
	ck_assert(b.run.snat.masquerade && b.run.packet.saddr_unknown);
	ck_assert(b.run.packet.ct_status & CT_STATUS_SNAT);
}
END_TEST

/* What the kernel remembers of a flow is done at the priority of nat, without asking rules, and
 * leaves the status as it is; @_i: a chain before it, or behind. */
START_TEST(known_flow_is_translated_without_rules)
{
	struct bench b;
	struct builder r;

	bench_begin(&b, CHAIN_FILTER, HOOK_PREROUTING, false);
	b.base->priority = _i ? 0 : -150;
	b.run.packet.ct_state = CT_STATE_ESTABLISHED;
	b.run.dnat = (struct translation){
		.is_set = true, .has_port = true, .addr = addr(OUTWARD), .port = 9443};
	b.run.packet.daddr_unknown = true;
	r = add_rule(&b, b.base);
	rule_match(&r, FIELD_IP_DADDR, value_u32(addr(OUTWARD)));
	rule_verdict(&r, VERDICT_DROP, NULL);
	ck_assert_int_eq(bench_end(&b), _i ? RUN_DROP : RUN_UNDECIDED);
	ck_assert_int_eq(b.run.packet.daddr_unknown, !_i);
	ck_assert_uint_eq(b.run.packet.daddr, addr(_i ? OUTWARD : PUBLIC));
	ck_assert_uint_eq(b.run.packet.ct_status, 0);
}
END_TEST

/* In front of connection tracking (-200) nothing is new, and nothing has a status. */
START_TEST(chains_before_tracking_know_no_state)
{
	struct bench b;
	struct builder r;

	bench_begin(&b, CHAIN_FILTER, HOOK_PREROUTING, false);
	b.base->priority = _i ? -199 : -201;
	r = add_rule(&b, b.base);
	rule_ct_state(&r, CT_STATE_NEW);
	rule_verdict(&r, VERDICT_DROP, NULL);
	ck_assert_int_eq(bench_end(&b), _i ? RUN_DROP : RUN_ACCEPT);
	ck_assert_uint_eq(b.run.packet.ct_state, CT_STATE_NEW);
}
END_TEST

START_TEST(reject_drops)
{
	struct bench b;
	struct builder r;

	bench_begin(&b, CHAIN_FILTER, HOOK_FORWARD, false);
	r = add_rule(&b, b.base);
	rule_l4proto(&r, _i ? UDP : TCP);
	add_expr(&r, EXPR_UNKNOWN)->unknown.effect = EFFECT_REJECT;
	ck_assert_int_eq(bench_end(&b), _i ? RUN_ACCEPT : RUN_DROP);
}
END_TEST

/* Chains of several tables run by priority, a table of another family not at all; @_i: which of the
 * two tables accepts the packet last. */
START_TEST(tables_are_one_row_of_chains)
{
	struct ruleset *a = ruleset_new("a"), *b = ruleset_new("b");
	const struct ruleset *both[] = {a, b};
	struct bench bench;
	struct runner *runner;

	bench_begin(&bench, CHAIN_FILTER, HOOK_FORWARD, false);
	ruleset_free(bench.rs);
	ruleset_base_chain(a, "late", CHAIN_FILTER, HOOK_FORWARD, 5, _i == 0);
	ruleset_base_chain(b, "early", CHAIN_FILTER, HOOK_FORWARD, -5, _i == 1);
	b->table.family = _i == 2 ? IPV6 : IPV4;
	runner = runner_new_all(both, ARRAY_SIZE(both));
	bench.trace.n = 0;
	bench.run.step = record;
	bench.run.arg = &bench.trace;
	ck_assert_int_eq(run_hook(runner, HOOK_FORWARD, &bench.run),
			 _i == 2 ? RUN_ACCEPT : RUN_DROP);
	ck_assert_uint_eq(bench.trace.n, _i ? 1 : 2);
	ck_assert_str_eq(bench.trace.steps[0].chain->name, _i == 2 ? "late" : "early");
	runner_free(runner);
	ruleset_free(a);
	ruleset_free(b);
}
END_TEST

/* A set or an element that bears what is not understood decides nothing. */
START_TEST(odd_things_are_undecided)
{
	struct bench b;
	struct builder r;
	struct set *set;

	bench_begin(&b, CHAIN_FILTER, HOOK_FORWARD, false);
	set = ruleset_set(b.rs, "s", ADDR, 1, NULL, 0);
	set_put(set_add(set, _i == 1 ? ELEMENT_UNSUPPORTED : 0), value_u32(addr(CLIENT)));
	set->unsupported = _i == 2 ? "a flag" : NULL;
	r = add_rule(&b, b.base);
	rule_lookup(&r, SADDR_FIELD, 1, set, false);
	rule_verdict(&r, VERDICT_DROP, NULL);
	ck_assert_int_eq(bench_end(&b), _i ? RUN_UNDECIDED : RUN_DROP);
}
END_TEST

Suite *chains_suite(void)
{
	Suite *s = suite_create("chains");
	TCase *chains = tcase_create("chains");

	tcase_add_loop_test(chains, policy_is_the_fate_at_the_end, 0, 2);
	tcase_add_test(chains, jump_comes_back);
	tcase_add_test(chains, rules_may_be_counted);
	tcase_add_test(chains, return_comes_back);
	tcase_add_test(chains, return_of_a_base_chain_is_its_policy);
	tcase_add_test(chains, goto_does_not_come_back);
	tcase_add_test(chains, goto_comes_back_to_where_its_chain_was_called);
	tcase_add_loop_test(chains, endless_ways_are_undecided, 0, 2);
	tcase_add_test(chains, accept_is_of_one_base_chain_and_drop_of_all);
	tcase_add_test(chains, other_families_are_not_seen);
	tcase_add_test(chains, limit_is_kept_by_chance);
	tcase_add_loop_test(chains, unknown_expression_is_undecided, 0, 2);
	add_table(chains, unknown_field_is_undecided_where_it_matters, hanging);
	tcase_add_loop_test(chains, icmp_type_is_known, 0, 2);
	tcase_add_test(chains, loads_of_several_fields);
	tcase_add_loop_test(chains, untracked_packets_have_no_status, 0, 2);
	tcase_add_test(chains, translation_may_be_undecided);
	tcase_add_test(chains, translation_to_the_same_leaves_no_mark);
	tcase_add_loop_test(chains, nat_runs_at_the_kernels_priority, 0, 2);
	tcase_add_test(chains, first_translation_is_the_only_one);
	tcase_add_test(chains, masquerade_leaves_the_source_unknown);
	tcase_add_loop_test(chains, known_flow_is_translated_without_rules, 0, 2);
	tcase_add_loop_test(chains, chains_before_tracking_know_no_state, 0, 2);
	tcase_add_loop_test(chains, reject_drops, 0, 2);
	tcase_add_loop_test(chains, tables_are_one_row_of_chains, 0, 3);
	tcase_add_loop_test(chains, odd_things_are_undecided, 0, 3);
	suite_add_tcase(s, chains);
	return s;
}

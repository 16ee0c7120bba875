/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Flows of small sites, and rows that contradict each other. */
#include "unit.h"

#include "jgfw/policy/expand.h"

#include <string.h>

/* The flow number @n (from 0) of row @id in deployment @dep, or NULL. */
static const struct flow *flow_of(const struct loaded *l, const char *dep, const char *id, int n)
{
	vec_each(flow, &l->policy->flows)
		if (!strcmp(flow->row->id.text, id) && !strcmp(flow->dep->name.text, dep) && !n--)
			return flow;
	return NULL;
}

static const struct flow *flow_find(const struct loaded *l, const char *id)
{
	const struct flow *flow = flow_of(l, "hq", id, 0);

	ck_assert_ptr_nonnull(flow);
	return flow;
}

static void assert_machine(const struct party *party, uint32_t addr, uint32_t public)
{
	ck_assert_int_eq(party->kind, PARTY_MACHINES);
	ck_assert_uint_eq(party->n, 1);
	ck_assert_uint_eq(party->at[0].addr, addr);
	ck_assert_uint_eq(party->at[0].public, public);
}

enum {
	TCP = 6,
	UDP = 17,
	ICMP = 1,
};

static const uint32_t PUBLIC = 0xcb00710a, OUTWARD = 0xc000020a, PRIVATE = 0xc000020a,
		      INWARD = 0xc000024a, CORE = 0x0a0a0014, GUEST = 0x0a0a001e;

/* --- state ---------------------------------------------------------------------------------- */

static const struct {
	const char *zones, *row;
	enum flow_state state;
	enum zone missing; /* of FLOW_NO_ZONE */
} states[] = {
	{"{wan: eth0, outward: eth1}", "d1", FLOW_IN_FORCE, 0},
	{"{wan: eth0, outward: eth1}", "d3", FLOW_TRANSLATION, 0},
	{"{wan: eth0, outward: eth1}", "d6", FLOW_NO_ZONE, ZONE_INWARD},
	{"{wan: eth0, outward: eth1, inward: eth2}", "d6", FLOW_NO_ZONE, ZONE_LAN},
	{"{wan: eth0, outward: eth1, inward: eth2}", "d8", FLOW_NO_ZONE, ZONE_LAN},
	{"{inward: eth1, lan: eth2}", "d1", FLOW_NO_ZONE, ZONE_WAN},
	{"{inward: eth1, lan: eth2}", "d3", FLOW_TRANSLATION, 0},
	{"{inward: eth1, lan: eth2}", "d8", FLOW_IN_FORCE, 0},
	{"{inward: eth1, lan: eth2}", "d10", FLOW_IN_FORCE, 0},
	{"{wan: eth0, outward: eth1}", "d2", FLOW_OMITTED, 0},
	{"{wan: eth0, outward: eth1}", "d4", FLOW_OMITTED, 0}, /* goes with d2 */
	{"{inward: eth1, lan: eth2}", "d2", FLOW_OMITTED, 0},
};

START_TEST(flow_state_of_a_row)
{
	struct buf text = {0};
	struct loaded l;
	const struct flow *flow;

	buf_printf(&text, "version: 1\ngateway:\n  zones: %s\ndeployments:\n%s", states[_i].zones,
		   DEPLOYMENT("hq", "dual-medium") DUAL_EDGE INSIDE "    omit: [d2]\n");
	load_policy(buf_str(&text), &l);
	assert_clean(&l.diag);
	flow = flow_find(&l, states[_i].row);
	ck_assert_int_eq(flow->state, states[_i].state);
	if (flow->state == FLOW_NO_ZONE)
		ck_assert_int_eq(flow->missing, states[_i].missing);
	loaded_free(&l);
	buf_free(&text);
}
END_TEST

/* Rows from core to guest, both in lan. */
START_TEST(flow_within_a_zone_needs_two_interfaces)
{
	struct loaded l;

	load_policy(SINGLE, &l);
	assert_clean(&l.diag);
	ck_assert_int_eq(flow_find(&l, "s10")->state, FLOW_ONE_INTERFACE);
	loaded_free(&l);
	load_policy(HEAD("{wan: eth0, dmz: eth1, lan: [eth2, eth3]}")
			    DEPLOYMENT("hq", "single-medium") SINGLE_EDGE INSIDE,
		    &l);
	assert_clean(&l.diag);
	ck_assert_int_eq(flow_find(&l, "s10")->state, FLOW_IN_FORCE);
	loaded_free(&l);
}
END_TEST

START_TEST(flow_states_when_no_row_is_in_force)
{
	struct loaded l;

	load_policy(HEAD("{wan: eth0, inward: eth1}") DEPLOYMENT("hq", "dual-medium")
			    DUAL_EDGE INSIDE,
		    &l);
	ck_assert_ptr_null(l.policy);
	ck_assert_uint_eq(l.diag.n, 1);
	ck_assert_str_eq(l.diag.messages[0]->slug, "no-row-in-force");
	loaded_free(&l);
}
END_TEST

/* --- parties and translation ---------------------------------------------------------------- */

START_TEST(flow_from_the_internet_is_translated)
{
	struct loaded l;
	const struct flow *flow;

	load_policy(DUAL, &l);
	assert_clean(&l.diag);
	flow = flow_find(&l, "d2");
	ck_assert_int_eq(flow->from, ZONE_WAN);
	ck_assert_int_eq(flow->to, ZONE_OUTWARD);
	ck_assert_uint_eq(flow->proto, TCP);
	ck_assert_int_eq(flow->src.kind, PARTY_ANY);
	assert_machine(&flow->dst, OUTWARD, PUBLIC);
	ck_assert(flow->dst.is_edge && !flow->src.is_edge);
	ck_assert(flow->dnat);
	ck_assert_uint_eq(flow->translate, 9443);
	ck_assert_int_eq(flow->snat, SOURCE_KEEPS);
	loaded_free(&l);
}
END_TEST

START_TEST(flow_that_keeps_its_port)
{
	struct loaded l;
	const struct flow *flow;

	load_policy(DUAL, &l);
	assert_clean(&l.diag);
	flow = flow_find(&l, "d5");
	ck_assert(flow->dnat);
	ck_assert_uint_eq(flow->proto, UDP);
	ck_assert_uint_eq(flow->translate, 0);
	assert_ports(flow->dport, "3478");
	loaded_free(&l);
}
END_TEST

START_TEST(flow_inside_is_not_translated)
{
	struct loaded l;
	const struct flow *flow;

	load_policy(DUAL, &l);
	assert_clean(&l.diag);
	flow = flow_find(&l, "d6");
	ck_assert_int_eq(flow->from, ZONE_INWARD);
	ck_assert_int_eq(flow->to, ZONE_LAN);
	assert_machine(&flow->src, INWARD, PUBLIC);
	assert_machine(&flow->dst, GUEST, 0);
	ck_assert(!flow->dnat);
	ck_assert_int_eq(flow->snat, SOURCE_KEEPS);
	flow = flow_find(&l, "d10");
	assert_machine(&flow->src, CORE, 0);
	assert_machine(&flow->dst, INWARD, PUBLIC);
	ck_assert(!flow->dnat);
	ck_assert_int_eq(flow->snat, SOURCE_KEEPS);
	loaded_free(&l);
}
END_TEST

START_TEST(reflection_keeps_the_source)
{
	struct loaded l;
	const struct flow *flow;

	load_policy(SINGLE, &l);
	assert_clean(&l.diag);
	flow = flow_find(&l, "s7");
	ck_assert_int_eq(flow->from, ZONE_LAN);
	ck_assert_int_eq(flow->to, ZONE_DMZ);
	assert_machine(&flow->src, CORE, 0);
	assert_machine(&flow->dst, PRIVATE, PUBLIC);
	ck_assert(flow->dnat);
	ck_assert_uint_eq(flow->translate, 0);
	ck_assert_int_eq(flow->snat, SOURCE_KEEPS);
	loaded_free(&l);
}
END_TEST

START_TEST(reflection_with_the_gateways_source)
{
	struct loaded l;

	load_policy(SINGLE "    reflection_source: gateway\n", &l);
	assert_clean(&l.diag);
	ck_assert_int_eq(flow_find(&l, "s7")->snat, SOURCE_GATEWAY);
	ck_assert_int_eq(flow_find(&l, "s3")->snat, SOURCE_KEEPS); /* from wan */
	ck_assert_int_eq(flow_find(&l, "s9")->snat, SOURCE_PUBLIC);
	loaded_free(&l);
}
END_TEST

START_TEST(flow_from_a_public_address_gets_it_as_source)
{
	struct loaded l;
	const struct flow *flow;

	load_policy(SINGLE, &l);
	assert_clean(&l.diag);
	flow = flow_find(&l, "s9");
	ck_assert_int_eq(flow->from, ZONE_DMZ);
	ck_assert_int_eq(flow->to, ZONE_LAN);
	assert_machine(&flow->src, PRIVATE, PUBLIC);
	assert_machine(&flow->dst, CORE, 0);
	ck_assert(!flow->dnat);
	ck_assert_int_eq(flow->snat, SOURCE_PUBLIC);
	loaded_free(&l);
}
END_TEST

static const struct {
	const char *from, *to;
	enum source_nat snat;
	bool dnat;
} site_rows[] = {
	{"edge.outward", "wan:9.9.9.9", SOURCE_PUBLIC, false},
	{"edge.outward", "wan", SOURCE_PUBLIC, false},
	{"edge.inward", "wan", SOURCE_PUBLIC, false},
	{"edge.inward", "lan", SOURCE_KEEPS, false},
	{"edge.inward", "edge.public", SOURCE_PUBLIC, true},
	{"lan", "edge.inward", SOURCE_KEEPS, false},
	{"lan", "wan", SOURCE_KEEPS, false},
	{"core", "wan", SOURCE_KEEPS, false},
	{"core", "edge.public", SOURCE_KEEPS, true},
	{"wan", "edge.public", SOURCE_KEEPS, true},
};

START_TEST(source_of_a_row_of_the_sites_own)
{
	struct buf text = {0};
	struct loaded l;
	const struct flow *flow;

	buf_printf(&text,
		   "%s    rows: [{id: x, purpose: p, from: %s, to: %s, proto: tcp, dport: 9}]\n",
		   DUAL, site_rows[_i].from, site_rows[_i].to);
	load_policy(buf_str(&text), &l);
	assert_clean(&l.diag);
	flow = flow_find(&l, "x");
	ck_assert_int_eq(flow->state, FLOW_IN_FORCE);
	ck_assert_int_eq(flow->snat, site_rows[_i].snat);
	ck_assert_int_eq(flow->dnat, site_rows[_i].dnat);
	loaded_free(&l);
	buf_free(&text);
}
END_TEST

START_TEST(row_from_a_network_to_one_peer)
{
	struct loaded l;
	const struct flow *flow;

	load_policy(DUAL_HEAD DEPLOYMENT("hq",
					 "dual-medium") "    edge:\n"
							"      - {name: e1, public: 203.0.113.10, "
							"outward: 192.0.2.10, inward: "
							"192.0.2.74}\n"
							"      - {name: e2, public: 203.0.113.11, "
							"outward: 192.0.2.11, inward: "
							"192.0.2.75}\n" INSIDE
							"    rows: [{id: x, purpose: p, from: "
							"lan:10.0.0.0/8, to: e2.inward, proto: "
							"tcp+udp, dport: [22, 161-162]}]\n",
		    &l);
	assert_clean(&l.diag);
	flow = flow_find(&l, "x");
	ck_assert_int_eq(flow->src.kind, PARTY_RANGE);
	ck_assert(range_equal(flow->src.range, (struct range){0x0a000000, 0x0affffff}));
	assert_machine(&flow->dst, 0xc000024b, 0xcb00710b);
	assert_ports(flow->sport, "");
	assert_ports(flow->dport, "22, 161-162");
	ck_assert_uint_eq(flow->proto, TCP);
	flow = flow_of(&l, "hq", "x", 1);
	ck_assert_ptr_nonnull(flow);
	ck_assert_uint_eq(flow->proto, UDP);
	ck_assert_ptr_null(flow_of(&l, "hq", "x", 2));
	ck_assert_uint_eq(flow_find(&l, "d1")->dst.n, 2);
	loaded_free(&l);
}
END_TEST

START_TEST(row_of_icmp)
{
	struct loaded l;
	const struct flow *flow;

	load_policy(DUAL "    rows: [{id: x, purpose: p, from: core, to: edge.inward, proto: icmp, "
			 "icmp: echo-request}]\n",
		    &l);
	assert_clean(&l.diag);
	flow = flow_find(&l, "x");
	ck_assert_uint_eq(flow->proto, ICMP);
	ck_assert_uint_eq(flow->row->icmp_type, 8);
	ck_assert_uint_eq(flow->dport.n + flow->sport.n, 0);
	loaded_free(&l);
}
END_TEST

START_TEST(clients_inside_are_flows_of_their_own)
{
	struct loaded l;
	const struct flow *flow;

	load_policy(DUAL "    clients: [wan, lan:10.0.0.0/8]\n", &l);
	assert_clean(&l.diag);
	ck_assert_int_eq(flow_find(&l, "d1")->src.kind, PARTY_ANY);
	flow = flow_of(&l, "hq", "d1", 1);
	ck_assert_ptr_nonnull(flow);
	ck_assert_int_eq(flow->from, ZONE_LAN);
	ck_assert_int_eq(flow->src.kind, PARTY_RANGE);
	ck_assert(flow->dnat);
	ck_assert_uint_eq(flow->translate, 9980);
	ck_assert_ptr_null(flow_of(&l, "hq", "d1", 2));
	loaded_free(&l);
}
END_TEST

START_TEST(source_ports_any_is_for_the_models_rows)
{
	struct loaded l;

	load_policy(DUAL "    source_ports: any\n    rows: [{id: x, purpose: p, from: core, to: "
			 "edge.inward, proto: tcp, sport: 1000-2000, dport: 9}]\n",
		    &l);
	assert_clean(&l.diag);
	assert_ports(flow_find(&l, "d1")->sport, "");
	assert_ports(flow_find(&l, "d10")->sport, "");
	assert_ports(flow_find(&l, "x")->sport, "1000-2000");
	loaded_free(&l);
}
END_TEST

/* --- what is missing ------------------------------------------------------------------------ */

static const struct {
	const char *deployment;
	uint32_t errors;
} missing[] = {
	{DUAL_EDGE "    guest: [10.10.0.30]\n", 1}, /* core, of d10 */
	{DUAL_EDGE "    core: [10.10.0.20]\n", 1},  /* guest, told once */
	{DUAL_EDGE, 2},
	{"    edge: [{public: 203.0.113.10, outward: 192.0.2.10}]\n" INSIDE, 1},
	{"    edge: [{public: 203.0.113.10, inward: 192.0.2.74}]\n" INSIDE, 1},
	{"    edge: [{outward: 192.0.2.10, inward: 192.0.2.74}]\n" INSIDE, 1},
	{DUAL_EDGE "    guest: [10.10.0.30]\n    omit: [d10]\n", 0},
	{DUAL_EDGE "    core: [10.10.0.20]\n    omit: [d6, d7, d8, d9]\n", 0},
};

START_TEST(address_that_a_row_in_force_needs)
{
	struct buf text = {0};
	struct loaded l;

	buf_printf(&text, "%s%s%s", DUAL_HEAD, DEPLOYMENT("hq", "dual-medium"),
		   missing[_i].deployment);
	load_policy(buf_str(&text), &l);
	ck_assert_uint_eq(l.diag.errors, missing[_i].errors);
	ck_assert_uint_eq(message_count(&l.diag, "missing-address"), missing[_i].errors);
	ck_assert_int_eq(!l.policy, missing[_i].errors > 0);
	loaded_free(&l);
	buf_free(&text);
}
END_TEST

START_TEST(address_that_no_row_in_force_needs)
{
	struct loaded l;

	load_policy(
		HEAD("{wan: eth0, outward: eth1}") DEPLOYMENT(
			"hq",
			"dual-medium") "    edge: [{public: 203.0.113.10, outward: 192.0.2.10}]\n",
		&l);
	assert_clean(&l.diag);
	ck_assert_ptr_nonnull(l.policy);
	loaded_free(&l);
}
END_TEST

/* --- conflicts ------------------------------------------------------------------------------ */

static const struct {
	const char *rows;
	bool conflict;
} conflicts[] = {
	{"{id: x, purpose: p, from: wan, to: edge.public, proto: tcp, dport: 443}", true},
	{"{id: x, purpose: p, from: wan, to: edge.public, proto: tcp, dport: 443, translate: 8443}",
	 true},
	{"{id: x, purpose: p, from: wan, to: edge.public, proto: tcp, dport: 443, translate: 9443}",
	 false},
	{"{id: x, purpose: p, from: wan:9.9.9.9, to: e1.public, proto: tcp, dport: 400-500}", true},
	{"{id: x, purpose: p, from: wan, to: edge.public, proto: tcp, sport: 1-1023, dport: 443}",
	 false},
	{"{id: x, purpose: p, from: wan, to: edge.public, proto: udp, dport: 443}", false},
	{"{id: x, purpose: p, from: wan, to: edge.public, proto: tcp, dport: 444}", false},
	{"{id: x, purpose: p, from: lan, to: edge.public, proto: tcp, dport: 443}", false},
	{"{id: x, purpose: p, from: wan, to: edge.outward, proto: tcp, dport: 443}", false},
	{"{id: x, purpose: p, from: wan, to: edge.public, proto: tcp, dport: 8443}, "
	 "{id: y, purpose: p, from: wan, to: edge.public, proto: tcp, dport: 8443, translate: 1}",
	 true},
	{"{id: x, purpose: p, from: 'wan:9.0.0.0/8', to: edge.public, proto: tcp, dport: 8443}, "
	 "{id: y, purpose: p, from: 'wan:8.0.0.0/8', to: edge.public, proto: tcp, dport: 8443, "
	 "translate: 1}",
	 false},
};

START_TEST(rows_that_translate_the_same_packets)
{
	struct buf text = {0};
	struct loaded l;

	buf_printf(&text, "%s    rows: [%s]\n", DUAL, conflicts[_i].rows);
	load_policy(buf_str(&text), &l);
	ck_assert_ptr_nonnull(l.site);
	ck_assert_uint_eq(message_count(&l.diag, "row-conflict"), conflicts[_i].conflict);
	ck_assert_uint_eq(l.diag.errors, conflicts[_i].conflict);
	ck_assert_int_eq(!l.policy, conflicts[_i].conflict);
	loaded_free(&l);
	buf_free(&text);
}
END_TEST

START_TEST(conflict_shows_both_rows)
{
	struct loaded l;
	const struct message *m;

	load_policy(DUAL "    rows:\n"
			 "      - {id: x, purpose: p, from: wan, to: edge.public, proto: tcp, "
			 "dport: 443}\n",
		    &l);
	m = message_find(&l.diag, "row-conflict");
	ck_assert_ptr_nonnull(m);
	ck_assert_uint_eq(m->loc.line, 11);
	ck_assert_ptr_nonnull(m->note);
	ck_assert_str_eq(m->note->loc.source->name, "templates/dual-nic.yaml");
	loaded_free(&l);
}
END_TEST

#define TWO_EDGES                                                                                  \
	"    edge:\n"                                                                              \
	"      - {name: e1, public: 203.0.113.10, outward: 192.0.2.10, inward: 192.0.2.74}\n"      \
	"      - {name: e2, public: 203.0.113.11, outward: 192.0.2.11, inward: 192.0.2.75}\n"

/* d1, d2 and d5 of the first deployment serve all. */
#define SHARER(name, edge, row) DEPLOYMENT(name, "dual-medium") edge INSIDE "    rows: [" row "]\n"
#define X_TO(port)                                                                                 \
	"{id: x, purpose: p, from: wan, to: edge.public, proto: tcp, dport: 8443, "                \
	"translate: " port "}"
#define X_RANGE "{id: x, purpose: p, from: wan, to: edge.public, proto: tcp, dport: 8440-8450}"

START_TEST(deployments_that_share_an_edge_agree)
{
	struct loaded l;

	load_ruleset(DUAL_HEAD SHARER("a", DUAL_EDGE, X_TO("1")) SHARER("b", DUAL_EDGE, X_TO("1")),
		     &l);
	assert_clean(&l.diag);
	ck_assert_ptr_nonnull(l.rs);
	loaded_free(&l);
}
END_TEST

START_TEST(deployments_that_share_two_edges_conflict_once)
{
	struct loaded l;

	load_policy(DUAL_HEAD SHARER("a", TWO_EDGES, X_TO("1")) SHARER("b", TWO_EDGES, X_TO("2")),
		    &l);
	ck_assert_ptr_null(l.policy);
	ck_assert_uint_eq(message_count(&l.diag, "row-conflict"), 1);
	loaded_free(&l);
}
END_TEST

/* The second and the third of three contradict each other, in one map or in two rules. */
static const char *const thirds[] = {
	DUAL_HEAD SHARER("a", DUAL_EDGE, "") SHARER("b", DUAL_EDGE, X_TO("1"))
		SHARER("c", DUAL_EDGE, X_TO("2")),
	DUAL_HEAD SHARER("a", DUAL_EDGE, "") SHARER("b", DUAL_EDGE, X_RANGE)
		SHARER("c", DUAL_EDGE, X_TO("2")),
	DUAL_HEAD SHARER("a", DUAL_EDGE, "") SHARER("b", DUAL_EDGE, X_TO("1"))
		SHARER("c", DUAL_EDGE, X_RANGE),
};

START_TEST(second_and_third_deployment_conflict)
{
	struct loaded l;

	load_ruleset(thirds[_i], &l);
	ck_assert_ptr_nonnull(l.site);
	ck_assert_ptr_null(l.rs);
	ck_assert_uint_ge(l.diag.errors, 1);
	loaded_free(&l);
}
END_TEST

Suite *policy_suite(void)
{
	Suite *s = suite_create("policy");
	TCase *tc = tcase_create("states");

	add_table(tc, flow_state_of_a_row, states);
	tcase_add_test(tc, flow_within_a_zone_needs_two_interfaces);
	tcase_add_test(tc, flow_states_when_no_row_is_in_force);
	add_table(tc, address_that_a_row_in_force_needs, missing);
	tcase_add_test(tc, address_that_no_row_in_force_needs);
	suite_add_tcase(s, tc);
	tc = tcase_create("flows");
	tcase_add_test(tc, flow_from_the_internet_is_translated);
	tcase_add_test(tc, flow_that_keeps_its_port);
	tcase_add_test(tc, flow_inside_is_not_translated);
	tcase_add_test(tc, reflection_keeps_the_source);
	tcase_add_test(tc, reflection_with_the_gateways_source);
	tcase_add_test(tc, flow_from_a_public_address_gets_it_as_source);
	add_table(tc, source_of_a_row_of_the_sites_own, site_rows);
	tcase_add_test(tc, row_from_a_network_to_one_peer);
	tcase_add_test(tc, row_of_icmp);
	tcase_add_test(tc, clients_inside_are_flows_of_their_own);
	tcase_add_test(tc, source_ports_any_is_for_the_models_rows);
	suite_add_tcase(s, tc);
	tc = tcase_create("conflicts");
	add_table(tc, rows_that_translate_the_same_packets, conflicts);
	tcase_add_test(tc, conflict_shows_both_rows);
	tcase_add_test(tc, deployments_that_share_an_edge_agree);
	tcase_add_test(tc, deployments_that_share_two_edges_conflict_once);
	add_table(tc, second_and_third_deployment_conflict, thirds);
	suite_add_tcase(s, tc);
	return s;
}

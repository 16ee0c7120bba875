/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packets run through the rulesets of example sites, against the vendor's tables. */
#include "packets.h"

/* --- packets against the tables ------------------------------------------------------------- */

#define TWO_PEERS                                                                                  \
	DUAL_HEAD DEPLOYMENT("hq",                                                                 \
			     "dual-medium") "    edge:\n"                                          \
					    "      - {name: e1, public: 203.0.113.10, outward: "   \
					    "192.0.2.10, inward: 192.0.2.74}\n"                    \
					    "      - {name: e2, public: 203.0.113.11, outward: "   \
					    "192.0.2.11, inward: 192.0.2.75}\n" INSIDE
#define LARGE_NETWORKS                                                                             \
	DUAL_HEAD DEPLOYMENT("hq", "dual-large") DUAL_EDGE INSIDE                                  \
		"    clients: [wan, \"lan:10.0.0.0/8\"]\n"
#define AS_GATEWAY SINGLE "    reflection_source: gateway\n"

#define CORE  "10.10.0.20"
#define GUEST "10.10.0.30"

/* What a packet of a new flow comes to, from prerouting to postrouting; @to and @to_port: where it
 * is sent to behind translation, @as: with which source, "" for the gateway's. Ports of ICMP are
 * its type. */
static const struct journey {
	const char *site, *iif, *oif;
	uint8_t proto;
	const char *saddr;
	uint16_t sport;
	const char *daddr;
	uint16_t dport;
	bool accepted;
	const char *to;
	uint16_t to_port;
	const char *as;
} journeys[] = {
	/* d1 with d3, d2 with d4, d5 */
	{DUAL, "eth0", "eth1", TCP, CLIENT, 1024, PUBLIC, 80, true, OUTWARD, 9980, CLIENT},
	{DUAL, "eth0", "eth1", TCP, CLIENT, 65535, PUBLIC, 443, true, OUTWARD, 9443, CLIENT},
	{DUAL, "eth0", "eth1", UDP, CLIENT, 40000, PUBLIC, 3478, true, OUTWARD, 3478, CLIENT},
	{TWO_PEERS, "eth0", "eth1", TCP, CLIENT, 5000, "203.0.113.11", 443, true, "192.0.2.11",
	 9443, CLIENT},
	/* other source ports, protocols, ports, sides */
	{DUAL, "eth0", "eth1", TCP, CLIENT, 1023, PUBLIC, 443, false, PUBLIC, 443, CLIENT},
	{DUAL, "eth0", "eth1", UDP, CLIENT, 40000, PUBLIC, 443, false, PUBLIC, 443, CLIENT},
	{DUAL, "eth0", "eth1", TCP, CLIENT, 40000, PUBLIC, 3478, false, PUBLIC, 3478, CLIENT},
	{DUAL, "eth0", "eth1", UDP, CLIENT, 40000, PUBLIC, 3479, false, PUBLIC, 3479, CLIENT},
	{DUAL, "eth0", "eth1", TCP, CLIENT, 40000, PUBLIC, 9443, false, PUBLIC, 9443, CLIENT},
	{DUAL, "eth0", "eth1", TCP, CLIENT, 40000, OUTWARD, 9443, false, OUTWARD, 9443, CLIENT},
	{DUAL, "eth0", "eth1", UDP, CLIENT, 40000, OUTWARD, 3478, false, OUTWARD, 3478, CLIENT},
	{DUAL, "eth0", "eth2", TCP, CLIENT, 40000, INWARD, 443, false, INWARD, 443, CLIENT},
	{DUAL, "eth0", "eth3", TCP, CLIENT, 40000, GUEST, 5060, false, GUEST, 5060, CLIENT},
	{DUAL, "eth3", "eth1", TCP, CORE, 40000, PUBLIC, 443, false, PUBLIC, 443, CORE},
	/* with an own address as source */
	{DUAL, "eth0", "eth1", TCP, INWARD, 40000, PUBLIC, 443, false, OUTWARD, 9443, INWARD},
	/* large systems: 3478-3483 */
	{LARGE_NETWORKS, "eth0", "eth1", UDP, CLIENT, 40000, PUBLIC, 3483, true, OUTWARD, 3483,
	 CLIENT},
	{LARGE_NETWORKS, "eth0", "eth1", UDP, CLIENT, 40000, PUBLIC, 3484, false, PUBLIC, 3484,
	 CLIENT},
	/* clients inside, by reflection */
	{LARGE_NETWORKS, "eth3", "eth1", TCP, "10.99.0.1", 40000, PUBLIC, 443, true, OUTWARD, 9443,
	 "10.99.0.1"},
	{LARGE_NETWORKS, "eth3", "eth1", TCP, "11.0.0.1", 40000, PUBLIC, 443, false, PUBLIC, 443,
	 "11.0.0.1"},
	/* d6, d7: source ports 30000-35999 */
	{DUAL, "eth2", "eth3", TCP, INWARD, 30000, GUEST, 5060, true, GUEST, 5060, INWARD},
	{DUAL, "eth2", "eth3", TCP, INWARD, 35999, GUEST, 5061, true, GUEST, 5061, INWARD},
	{DUAL, "eth2", "eth3", TCP, INWARD, 29999, GUEST, 5060, false, GUEST, 5060, INWARD},
	{DUAL, "eth2", "eth3", TCP, INWARD, 36000, GUEST, 5061, false, GUEST, 5061, INWARD},
	{DUAL, "eth2", "eth3", TCP, INWARD, 30000, CORE, 5060, false, CORE, 5060, INWARD},
	{DUAL, "eth1", "eth3", TCP, OUTWARD, 30000, GUEST, 5060, false, GUEST, 5060, OUTWARD},
	/* d8, d9 */
	{DUAL, "eth3", "eth2", TCP, GUEST, 1024, INWARD, 5060, true, INWARD, 5060, GUEST},
	{DUAL, "eth3", "eth2", TCP, GUEST, 65535, INWARD, 5061, true, INWARD, 5061, GUEST},
	{DUAL, "eth3", "eth2", TCP, CORE, 40000, INWARD, 5060, false, INWARD, 5060, CORE},
	{DUAL, "eth3", "eth2", TCP, GUEST, 1023, INWARD, 5060, false, INWARD, 5060, GUEST},
	/* d10 */
	{DUAL, "eth3", "eth2", UDP, CORE, 36000, INWARD, 36000, true, INWARD, 36000, CORE},
	{DUAL, "eth3", "eth2", UDP, CORE, 59999, INWARD, 36001, true, INWARD, 36001, CORE},
	{DUAL, "eth3", "eth2", UDP, CORE, 60000, INWARD, 36001, false, INWARD, 36001, CORE},
	{DUAL, "eth3", "eth2", UDP, CORE, 36000, INWARD, 36002, false, INWARD, 36002, CORE},
	{DUAL, "eth3", "eth2", UDP, CORE, 36000, INWARD, 2776, false, INWARD, 2776, CORE},
	{LARGE_NETWORKS, "eth3", "eth2", UDP, CORE, 36000, INWARD, 36011, true, INWARD, 36011,
	 CORE},
	/* protocols without ports: not allowed, and nothing is undecided */
	{DUAL, "eth0", "eth1", ICMP, CLIENT, 8, PUBLIC, 8, false, PUBLIC, 0, CLIENT},
	{DUAL, "eth0", "eth1", ICMP, CLIENT, 8, OUTWARD, 8, false, OUTWARD, 0, CLIENT},
	{DUAL, "eth3", "eth2", ICMP, CORE, 8, INWARD, 8, false, INWARD, 0, CORE},
	{DUAL, "eth0", "eth1", GRE, CLIENT, 0, PUBLIC, 0, false, PUBLIC, 0, CLIENT},
	{LARGE_NETWORKS, "eth3", "eth1", GRE, CORE, 0, PUBLIC, 0, false, PUBLIC, 0, CORE},
	/* s1, s2 with s4, s3 with s5 */
	{SINGLE, "eth0", "eth1", UDP, CLIENT, 40000, PUBLIC, 3478, true, OUTWARD, 3478, CLIENT},
	{SINGLE, "eth0", "eth1", TCP, CLIENT, 40000, PUBLIC, 80, true, OUTWARD, 9980, CLIENT},
	{SINGLE, "eth0", "eth1", TCP, CLIENT, 40000, PUBLIC, 443, true, OUTWARD, 9443, CLIENT},
	/* s6, s7, s8: reflection keeps the source */
	{SINGLE, "eth2", "eth1", TCP, CORE, 35000, PUBLIC, 2222, true, OUTWARD, 2222, CORE},
	{SINGLE, "eth2", "eth1", TCP, CORE, 25999, PUBLIC, 7001, true, OUTWARD, 7001, CORE},
	{SINGLE, "eth2", "eth1", UDP, CORE, 36000, PUBLIC, 24000, true, OUTWARD, 24000, CORE},
	{SINGLE, "eth2", "eth1", UDP, CORE, 59999, PUBLIC, 29999, true, OUTWARD, 29999, CORE},
	{SINGLE, "eth2", "eth1", UDP, CORE, 59999, PUBLIC, 30000, false, PUBLIC, 30000, CORE},
	{SINGLE, "eth2", "eth1", TCP, CORE, 34999, PUBLIC, 2222, false, PUBLIC, 2222, CORE},
	{SINGLE, "eth2", "eth1", TCP, GUEST, 35000, PUBLIC, 2222, false, PUBLIC, 2222, GUEST},
	{SINGLE, "eth2", "eth1", TCP, CORE, 35000, OUTWARD, 2222, false, OUTWARD, 2222, CORE},
	{AS_GATEWAY, "eth2", "eth1", TCP, CORE, 35000, PUBLIC, 2222, true, OUTWARD, 2222, ""},
	/* s9: with the peer's public address */
	{SINGLE, "eth1", "eth2", UDP, OUTWARD, 24000, CORE, 36000, true, CORE, 36000, PUBLIC},
	{SINGLE, "eth1", "eth2", UDP, OUTWARD, 23999, CORE, 36000, false, CORE, 36000, OUTWARD},
};

static struct run run_of(const struct journey *j)
{
	return (struct run){.packet = {.iif = j->iif,
				       .nfproto = IPV4,
				       .l4proto = j->proto,
				       .saddr = addr(j->saddr),
				       .daddr = addr(j->daddr),
				       .sport = j->sport,
				       .dport = j->dport,
				       .icmp_type = (uint8_t)j->dport,
				       .ct_state = CT_STATE_NEW}};
}

static enum run_fate travel(const struct runner *runner, const char *oif, struct run *run)
{
	enum run_fate fate = run_hook(runner, HOOK_PREROUTING, run);

	run->packet.oif = oif;
	if (fate == RUN_ACCEPT)
		fate = run_hook(runner, HOOK_FORWARD, run);
	if (fate == RUN_ACCEPT)
		fate = run_hook(runner, HOOK_POSTROUTING, run);
	return fate;
}

START_TEST(packet_fares_as_the_tables_say)
{
	const struct journey *j = &journeys[_i];
	struct run run = run_of(j);
	struct loaded l;
	struct runner *runner;

	load_ruleset(j->site, &l);
	assert_clean(&l.diag);
	runner = runner_new(l.rs);
	ck_assert_int_eq(travel(runner, j->oif, &run), j->accepted ? RUN_ACCEPT : RUN_DROP);
	ck_assert_uint_eq(run.packet.daddr, addr(j->to));
	if (j->to_port)
		ck_assert_uint_eq(run.packet.dport, j->to_port);
	ck_assert_int_eq(run.packet.saddr_unknown, !*j->as);
	if (*j->as)
		ck_assert_uint_eq(run.packet.saddr, addr(j->as));
	ck_assert_uint_eq(run.packet.sport, j->sport);
	ck_assert_int_eq(!!(run.packet.ct_status & CT_STATUS_DNAT),
			 addr(j->to) != addr(j->daddr) || (j->to_port && j->to_port != j->dport));
	runner_free(runner);
	loaded_free(&l);
}
END_TEST

/* The hook and state matter, too. */
static const struct {
	const char *saddr, *daddr;
	uint8_t nfproto;
	uint32_t state;
	enum hook hook;
	enum run_fate fate;
} others[] = {
	{CLIENT, PUBLIC, IPV4, CT_STATE_NEW, HOOK_INPUT, RUN_DROP},
	{CLIENT, "203.0.113.1", IPV4, CT_STATE_NEW, HOOK_INPUT, RUN_ACCEPT},
	{INWARD, "203.0.113.1", IPV4, CT_STATE_NEW, HOOK_INPUT, RUN_DROP},
	{INWARD, "203.0.113.1", IPV4, CT_STATE_ESTABLISHED, HOOK_INPUT, RUN_ACCEPT},
	{CLIENT, OUTWARD, IPV4, CT_STATE_ESTABLISHED, HOOK_FORWARD, RUN_ACCEPT},
	{CLIENT, OUTWARD, IPV4, CT_STATE_RELATED, HOOK_FORWARD, RUN_ACCEPT},
	{CLIENT, OUTWARD, IPV4, CT_STATE_INVALID, HOOK_FORWARD, RUN_DROP},
	{CLIENT, OUTWARD, IPV4, CT_STATE_NEW, HOOK_FORWARD, RUN_DROP},
	{CLIENT, OUTWARD, IPV4, CT_STATE_UNTRACKED, HOOK_FORWARD, RUN_DROP},
	{CLIENT, OUTWARD, IPV6, CT_STATE_ESTABLISHED, HOOK_FORWARD, RUN_DROP},
	{CLIENT, OUTWARD, IPV6, CT_STATE_NEW, HOOK_PREROUTING, RUN_ACCEPT},
	{CLIENT, OUTWARD, IPV4, CT_STATE_NEW, HOOK_OUTPUT, RUN_ACCEPT},
	{CLIENT, PUBLIC, IPV4, CT_STATE_ESTABLISHED, HOOK_PREROUTING, RUN_DROP}, /* raw */
};

START_TEST(packet_by_hook_and_state)
{
	struct run run = {.packet = {.iif = "eth0",
				     .oif = "eth1",
				     .nfproto = others[_i].nfproto,
				     .l4proto = TCP,
				     .saddr = addr(others[_i].saddr),
				     .daddr = addr(others[_i].daddr),
				     .sport = 40000,
				     .dport = 22,
				     .ct_state = others[_i].state}};
	struct loaded l;
	struct runner *runner;

	load_ruleset(DUAL, &l);
	runner = runner_new(l.rs);
	ck_assert_int_eq(run_hook(runner, others[_i].hook, &run), others[_i].fate);
	runner_free(runner);
	loaded_free(&l);
}
END_TEST

START_TEST(only_new_flows_are_translated)
{
	struct journey j = journeys[0];
	struct run run = run_of(&j);
	struct loaded l;
	struct runner *runner;

	load_ruleset(DUAL, &l);
	runner = runner_new(l.rs);
	run.packet.ct_state = CT_STATE_ESTABLISHED;
	ck_assert_int_eq(run_hook(runner, HOOK_PREROUTING, &run), RUN_ACCEPT);
	ck_assert(!run.dnat.is_set);
	ck_assert_uint_eq(run.packet.daddr, addr(PUBLIC));
	runner_free(runner);
	loaded_free(&l);
}
END_TEST

/* --- steps ---------------------------------------------------------------------------------- */

START_TEST(steps_tell_the_way)
{
	struct trace trace = {0};
	struct run run = run_of(&journeys[0]);
	struct loaded l;
	struct runner *runner;
	const struct run_step *step = trace.steps;

	load_ruleset(DUAL, &l);
	runner = runner_new(l.rs);
	run.step = record;
	run.arg = &trace;
	ck_assert_int_eq(run_hook(runner, HOOK_PREROUTING, &run), RUN_ACCEPT);
	ck_assert_uint_eq(trace.n, 4);
	ck_assert_str_eq(step->chain->name, "raw");
	ck_assert_int_eq(step->result, RULE_FAILED);
	ck_assert_int_eq(step->rule->at[step->at].kind, EXPR_LOOKUP);
	step++;
	ck_assert_str_eq(step->chain->name, "raw");
	ck_assert_ptr_null(step->rule);
	ck_assert_int_eq(step->verdict.kind, VERDICT_ACCEPT);
	step++;
	ck_assert_str_eq(step->chain->name, "prerouting");
	ck_assert_int_eq(step->result, RULE_DECIDED);
	ck_assert_int_eq(step->verdict.kind, VERDICT_JUMP);
	ck_assert_str_eq(step->verdict.chain->name, "dnat_wan");
	ck_assert_str_eq(step->set->name, "dnat_zones");
	step++;
	ck_assert_str_eq(step->chain->name, "dnat_wan");
	ck_assert_int_eq(step->nat->nat.kind, NAT_DNAT);
	ck_assert_int_eq(step->verdict.kind, VERDICT_ACCEPT);
	ck_assert_str_eq(step->set->name, "public_ports");
	ck_assert_str_eq(l.rs->origins.at[step->set->origins[step->element] - 1].row, "d1");
	ck_assert(run.dnat.is_set && run.dnat.has_port && !run.dnat.masquerade);
	ck_assert_uint_eq(run.dnat.addr, addr(OUTWARD));
	ck_assert_uint_eq(run.dnat.port, 9980);
	runner_free(runner);
	loaded_free(&l);
}
END_TEST

Suite *run_suite(void)
{
	Suite *s = suite_create("run");
	TCase *sites = tcase_create("sites");

	add_table(sites, packet_fares_as_the_tables_say, journeys);
	add_table(sites, packet_by_hook_and_state, others);
	tcase_add_test(sites, only_new_flows_are_translated);
	tcase_add_test(sites, steps_tell_the_way);
	suite_add_tcase(s, sites);
	return s;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Proofs: what is right is proved, and nothing else; and diagrams beside the other way to run a
 * ruleset. */
#include "unit.h"
#include "verify/proof/sources.h"

#include "jgfw/ruleset/run.h"
#include "jgfw/verify/actual/pipeline.h"
#include "jgfw/verify/proof/prove.h"

#include <string.h>

#include <linux/netfilter.h>

#define SINGLE_TWO                                                                                 \
	HEAD("{wan: eth0, dmz: eth1, lan: [eth2, eth3]}")                                          \
	DEPLOYMENT("hq", "single-medium")                                                          \
	SINGLE_EDGE INSIDE "    clients: [wan, \"lan:10.0.0.0/8\"]\n"
#define OWN_ROWS                                                                                   \
	DUAL "    rows:\n"                                                                         \
	     "      - {id: ping, purpose: test, from: core, to: edge.inward, proto: icmp, "        \
	     "icmp: echo-request}\n"                                                               \
	     "      - {id: ssh, purpose: admin, from: \"lan:10.10.0.0/24\", to: e1.inward, "       \
	     "proto: tcp, dport: [22, 8000-8010]}\n"                                               \
	     "      - {id: dns, purpose: names, from: edge.outward, to: \"wan:9.9.9.9\", "         \
	     "proto: tcp+udp, dport: 53}\n"
#define HOSTS                                                                                      \
	"version: 1\ngateway:\n  scope: hosts\n  zones: " DUAL_ZONES                               \
	"\ndeployments:\n" DEPLOYMENT("hq", "dual-large") DUAL_EDGE INSIDE
#define SHARED                                                                                     \
	"version: 1\ngateway:\n  public_addresses: shared\n  log_drops: true\n  "                  \
	"zones: " DUAL_ZONES "\ndeployments:\n" DEPLOYMENT("hq", "dual-medium") DUAL_EDGE INSIDE
#define AS_GATEWAY SINGLE "    reflection_source: gateway\n"

static const char *const sites[] = {DUAL, SINGLE, SINGLE_TWO, OWN_ROWS, HOSTS, SHARED, AS_GATEWAY};

static enum answer prove(const struct loaded *l, struct proof *proof)
{
	const struct ruleset *rs = l->rs;
	struct question question = {.site = l->site, .rulesets = &rs, .n_rulesets = 1};

	verify(&question, proof);
	return proof_answer(proof);
}

static enum answer answer_of(const struct loaded *l)
{
	struct proof proof;
	enum answer answer = prove(l, &proof);

	proof_free(&proof);
	return answer;
}

START_TEST(what_is_generated_is_proved)
{
	struct loaded l;
	struct proof proof;

	load_ruleset(sites[_i], &l);
	assert_clean(&l.diag);
	prove(&l, &proof);
	vec_each(f, &proof.findings)
		ck_assert_msg(f->answer == ANSWER_YES, "%s", f->name);
	ck_assert_uint_gt(proof.classes, 100);
	proof_free(&proof);
	loaded_free(&l);
}
END_TEST

/* --- beside the other way to run a ruleset ---------------------------------------------------- */

enum {
	PACKETS = 10000,
};

/* A generator of the tests' own: the same numbers everywhere. */
static uint32_t next_random(uint32_t *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 8;
}

static const char *const names[] = {"eth0", "eth1", "eth2", "eth3", "eth9"};

/* Near to what is allowed: addresses of the sites and their neighbours, ports of the tables and
 * theirs. */
static void random_packet(uint32_t *state, uint32_t packet[VARS])
{
	static const uint32_t addrs[] = {0xcb00710a, 0xc000020a, 0xc000024a, 0x0a0a0014, 0x0a0a001e,
					 0xc6336407, 0x09090909, 0x0a0a0007, 0xcb00710b};
	static const uint32_t ports[] = {80,	443,   3478,  3483,  9980,  9443,  5060,
					 5061,	36000, 36001, 36012, 2222,  7001,  24000,
					 29999, 30000, 35999, 25000, 25999, 35000, 59999,
					 1023,	1024,  22,    53,    8010,  8011,  40000};
	static const uint32_t protos[] = {6, 6, 17, 17, 1, 47};
	/* input and output interface, source and destination of rows */
	static const uint32_t ways[][4] = {
		{0, 1, 0xc6336407, 0xcb00710a}, {0, 1, 0xc6336407, 0xc000020a},
		{2, 3, 0xc000024a, 0x0a0a001e}, {3, 2, 0x0a0a001e, 0xc000024a},
		{3, 2, 0x0a0a0014, 0xc000024a}, {2, 1, 0x0a0a0014, 0xcb00710a},
		{1, 2, 0xc000020a, 0x0a0a0014}, {2, 3, 0x0a0a0014, 0x0a0a001e},
		{3, 2, 0x0a0a0007, 0xc000024a}, {1, 0, 0xc000020a, 0x09090909},
		{3, 1, 0x0a0a0007, 0xcb00710a},
	};

	for (size_t v = 0; v < VARS; v++)
		packet[v] = 0;
	packet[VAR_DADDR] = addrs[next_random(state) % ARRAY_SIZE(addrs)];
	packet[VAR_SADDR] = addrs[next_random(state) % ARRAY_SIZE(addrs)];
	packet[VAR_IIF] = next_random(state) % ARRAY_SIZE(names);
	packet[VAR_OIF] = next_random(state) % ARRAY_SIZE(names);
	if (next_random(state) % 8) {
		const uint32_t *way = ways[next_random(state) % ARRAY_SIZE(ways)];

		packet[VAR_IIF] = way[0];
		packet[VAR_OIF] = way[1];
		packet[VAR_SADDR] = way[2];
		packet[VAR_DADDR] = way[3];
	}
	packet[VAR_DPORT] = ports[next_random(state) % ARRAY_SIZE(ports)];
	packet[VAR_SPORT] = ports[next_random(state) % ARRAY_SIZE(ports)];
	packet[VAR_PROTO] = protos[next_random(state) % ARRAY_SIZE(protos)];
	if (packet[VAR_PROTO] == 1)
		packet[VAR_SPORT] = 8u << ICMP_TYPE_SHIFT;
}

static enum run_fate run_packet(const struct runner *runner, const uint32_t *packet,
				struct packet *ret_behind)
{
	struct run run = {.packet = {.iif = names[packet[VAR_IIF]],
				     .nfproto = NFPROTO_IPV4,
				     .l4proto = (uint8_t)packet[VAR_PROTO],
				     .saddr = packet[VAR_SADDR],
				     .daddr = packet[VAR_DADDR],
				     .sport = (uint16_t)packet[VAR_SPORT],
				     .dport = (uint16_t)packet[VAR_DPORT],
				     .icmp_type = (uint8_t)(packet[VAR_SPORT] >> ICMP_TYPE_SHIFT),
				     .ct_state = CT_STATE_NEW}};
	static const enum hook hooks[] = {HOOK_PREROUTING, HOOK_FORWARD, HOOK_POSTROUTING};
	enum run_fate fate = RUN_ACCEPT;

	for (size_t i = 0; i < ARRAY_SIZE(hooks) && fate == RUN_ACCEPT; i++) {
		run.packet.oif = i ? names[packet[VAR_OIF]] : NULL;
		fate = run_hook(runner, hooks[i], &run);
	}
	*ret_behind = run.packet;
	return fate;
}

static void compare_fates(const struct space *s, const uint32_t *packet, uint32_t value,
			  enum run_fate fate, const struct packet *behind)
{
	struct outcome o;

	if (fate == RUN_DROP) {
		ck_assert_uint_eq(value, TERMINAL_DROP);
		return;
	}
	ck_assert_int_eq(fate, RUN_ACCEPT);
	ck_assert(terminal_outcome(s, value, &o));
	ck_assert_uint_eq(o.has_daddr ? o.daddr : packet[VAR_DADDR], behind->daddr);
	ck_assert_uint_eq(o.masquerade, behind->saddr_unknown);
	if (!o.masquerade)
		ck_assert_uint_eq(o.has_saddr ? o.saddr : packet[VAR_SADDR], behind->saddr);
	if (proto_has_ports(behind->l4proto))
		ck_assert_uint_eq(o.has_dport ? o.dport : packet[VAR_DPORT], behind->dport);
}

START_TEST(packets_fare_as_in_diagrams)
{
	struct space space;
	struct symbolic symbolic = {.space = &space};
	struct pipeline pipeline;
	struct sources sources;
	struct loaded l;
	const struct ruleset *rs;
	struct runner *runner;
	uint32_t state = 7, packet[VARS], accepted = 0;
	node f;

	load_ruleset(sites[_i], &l);
	rs = l.rs;
	runner = runner_new(rs);
	sources_collect(NULL, &rs, 1, &sources);
	space_init(&space, names, ARRAY_SIZE(names), &sources);
	pipeline_init(&pipeline, &symbolic, &rs, 1, false);
	f = pipeline_forward(&pipeline, NFPROTO_IPV4, CT_STATE_NEW);
	for (int i = 0; i < PACKETS; i++) {
		struct packet behind;
		enum run_fate fate;

		random_packet(&state, packet);
		packet[VAR_SOURCE] = space_source(&space, packet[VAR_SADDR]);
		fate = run_packet(runner, packet, &behind);
		if (fate == RUN_UNDECIDED) /* what has no ports has bytes in their place */
			continue;
		compare_fates(&space, packet, diagram_eval(space.d, f, packet, VARS), fate,
			      &behind);
		accepted += fate == RUN_ACCEPT;
	}
	ck_assert_uint_gt(accepted, 0);
	runner_free(runner);
	pipeline_free(&pipeline);
	symbolic_free(&symbolic);
	space_free(&space);
	sources_free(&sources);
	loaded_free(&l);
}
END_TEST

/* --- mutations -------------------------------------------------------------------------------- */

/** struct fates - how many packets fare */
struct fates {
	enum run_fate fate[PACKETS];
	struct packet behind[PACKETS];
};

static void run_all(const struct ruleset *rs, struct fates *ret)
{
	struct runner *runner = runner_new(rs);
	uint32_t state = 7, packet[VARS];

	for (int i = 0; i < PACKETS; i++) {
		random_packet(&state, packet);
		ret->fate[i] = run_packet(runner, packet, &ret->behind[i]);
	}
	runner_free(runner);
}

static bool same_fates(const struct fates *a, const struct fates *b)
{
	for (int i = 0; i < PACKETS; i++)
		if (a->fate[i] != b->fate[i] ||
		    (a->fate[i] == RUN_ACCEPT && (a->behind[i].daddr != b->behind[i].daddr ||
						  a->behind[i].dport != b->behind[i].dport ||
						  a->behind[i].saddr != b->behind[i].saddr)))
			return false;
	return true;
}

/** struct mutation - how mutants fared */
struct mutation {
	struct fates before, after;
	size_t found, spare;
};

/* A mutant is found, or packets fare as before: what is dropped early would be dropped later. */
static void judge(struct mutation *m, const struct loaded *l, const char *where, size_t at)
{
	enum answer answer = answer_of(l);

	ck_assert_int_ne(answer, ANSWER_UNKNOWN);
	m->found += answer == ANSWER_NO;
	m->spare += answer == ANSWER_YES;
	if (answer == ANSWER_NO)
		return;
	run_all(l->rs, &m->after);
	ck_assert_msg(same_fates(&m->before, &m->after), "%s, %zu", where, at);
}

START_TEST(rules_that_go_are_missed)
{
	struct mutation *m = mem_alloc(sizeof(*m));
	struct loaded l;

	load_ruleset(sites[_i], &l);
	run_all(l.rs, &m->before);
	vec_each(it, &l.rs->table.chains) {
		struct chain *chain = *it;

		for (size_t i = 0; i < chain->rules.n; i++) {
			struct rule rule = chain->rules.at[i];

			chain->rules.at[i].n = 0; /* it matches, and says nothing */
			judge(m, &l, chain->name, i);
			chain->rules.at[i] = rule;
		}
	}
	ck_assert_int_eq(answer_of(&l), ANSWER_YES);
	ck_assert_uint_gt(m->found, 2 * m->spare);
	free(m);
	loaded_free(&l);
}
END_TEST

START_TEST(elements_that_change_are_missed)
{
	struct mutation *m = mem_alloc(sizeof(*m));
	struct loaded l;

	load_ruleset(sites[_i], &l);
	run_all(l.rs, &m->before);
	vec_each(it, &l.rs->table.sets) {
		struct set *set = *it;

		for (size_t at = 0; at < set->n * set->stride; at++) {
			size_t in_key = at % set->stride;

			/* names of interfaces end before their bytes do */
			if (set->key[0] == TYPE_IFNAME && in_key % 16 > 3)
				continue;
			set->bytes[at] ^= 1;
			judge(m, &l, set->name, at);
			set->bytes[at] ^= 1;
		}
	}
	ck_assert_uint_gt(m->found, 4 * m->spare);
	free(m);
	loaded_free(&l);
}
END_TEST

/* --- assertions ------------------------------------------------------------------------------- */

static const struct {
	const char *assertion;
	enum answer answer;
} assertions[] = {
	{"deny wan > lan", ANSWER_YES},
	{"deny wan > edge.public tcp 22", ANSWER_YES},
	{"deny wan > edge.public tcp 443", ANSWER_NO},
	{"deny wan > e1.outward tcp 443", ANSWER_YES},
	{"deny wan > e1.outward tcp 9443", ANSWER_NO}, /* as the translation delivers it */
	{"deny wan > e1.outward tcp 9443 from 1-1023", ANSWER_YES},
	{"deny wan > edge.inward", ANSWER_YES},
	{"deny lan > wan", ANSWER_YES},
	{"deny core > edge.inward udp 36000-36001", ANSWER_NO},
	{"deny core > edge.inward udp 36002-65535", ANSWER_YES},
	{"deny core > edge.inward tcp", ANSWER_YES},
	{"deny core > edge.inward icmp", ANSWER_YES},
	{"deny guest > edge.inward tcp 1-5059,5062-65535", ANSWER_YES},
	{"allow guest > edge.inward tcp sip_tls from ephemeral", ANSWER_YES},
	{"allow guest > edge.inward tcp sip_tls", ANSWER_NO}, /* for any source port */
	{"allow wan > edge.public tcp 80,443 from client_source", ANSWER_YES},
	{"allow any > edge.public udp turn from 1024-65535", ANSWER_YES},
	{"allow wan > edge.public udp turn from 1023-65535", ANSWER_NO},
	{"allow edge.inward > guest tcp sip_tcp from 30000-35999", ANSWER_YES},
	{"allow edge.inward > guest tcp sip_tcp from 30000-36000", ANSWER_NO},
	{"allow lan > edge.inward tcp sip_tcp from ephemeral", ANSWER_NO},
};

START_TEST(assertions_are_proved)
{
	struct question question = {.assertions_only = true, .n_rulesets = 1};
	struct buf text = {0};
	const struct ruleset *rs;
	struct proof proof;
	struct loaded l;

	buf_printf(&text, DUAL "    assert: ['%s']\n", assertions[_i].assertion);
	load_ruleset(buf_str(&text), &l);
	assert_clean(&l.diag);
	rs = l.rs;
	question.site = l.site;
	question.rulesets = &rs;
	verify(&question, &proof);
	ck_assert_uint_eq(proof.findings.n, 1);
	ck_assert_msg(proof.findings.at[0].answer == assertions[_i].answer, "%s",
		      assertions[_i].assertion);
	ck_assert(!proof.findings.at[0].witness == (assertions[_i].answer == ANSWER_YES));
	proof_free(&proof);
	loaded_free(&l);
	buf_free(&text);
}
END_TEST

Suite *prove_suite(void)
{
	Suite *s = suite_create("prove");
	TCase *tc = tcase_create("prove");

	tcase_set_timeout(tc, 120);
	add_table(tc, what_is_generated_is_proved, sites);
	add_table(tc, rules_that_go_are_missed, sites);
	add_table(tc, elements_that_change_are_missed, sites);
	add_table(tc, packets_fare_as_in_diagrams, sites);
	add_table(tc, assertions_are_proved, assertions);
	suite_add_tcase(s, tc);
	return s;
}

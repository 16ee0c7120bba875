/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sites: endpoints, and what is refused. */
#include "unit.h"

#include "config/row.h"

#include <string.h>

/* --- endpoints ------------------------------------------------------------------------------ */

#define TWO_PEERS                                                                                  \
	DUAL_HEAD DEPLOYMENT("hq",                                                                 \
			     "dual-medium") "    edge:\n"                                          \
					    "      - {name: e1, public: 203.0.113.10, outward: "   \
					    "192.0.2.10, inward: 192.0.2.74}\n"                    \
					    "      - {name: a.b, public: 203.0.113.11, outward: "  \
					    "192.0.2.11, inward: 192.0.2.75}\n" INSIDE

static const struct {
	const char *text;
	struct endpoint end;
} endpoints[] = {
	{"any", {.kind = END_ANY, .peer = -1}},
	{"core", {.kind = END_ROLE, .peer = -1, .role = 0, .zone = ZONE_LAN}},
	{"guest", {.kind = END_ROLE, .peer = -1, .role = 1, .zone = ZONE_LAN}},
	{"edge.public", {.kind = END_PUBLIC, .peer = -1, .nic = 0, .zone = ZONE_OUTWARD}},
	{"edge.outward", {.kind = END_NIC, .peer = -1, .nic = 0, .zone = ZONE_OUTWARD}},
	{"edge.inward", {.kind = END_NIC, .peer = -1, .nic = 1, .zone = ZONE_INWARD}},
	{"e1.inward", {.kind = END_NIC, .peer = 0, .nic = 1, .zone = ZONE_INWARD}},
	{"e1.public", {.kind = END_PUBLIC, .peer = 0, .nic = 0, .zone = ZONE_OUTWARD}},
	{"a.b.outward", {.kind = END_NIC, .peer = 1, .nic = 0, .zone = ZONE_OUTWARD}},
	{"wan", {.kind = END_ZONE, .peer = -1, .zone = ZONE_WAN, .range = {0, UINT32_MAX}}},
	{"dmz", {.kind = END_ZONE, .peer = -1, .zone = ZONE_DMZ, .range = {0, UINT32_MAX}}},
	{"wan:9.9.9.9",
	 {.kind = END_ZONE, .peer = -1, .zone = ZONE_WAN, .range = {0x09090909, 0x09090909}}},
	{"lan:10.10.0.0/24",
	 {.kind = END_ZONE, .peer = -1, .zone = ZONE_LAN, .range = {0x0a0a0000, 0x0a0a00ff}}},
	{"wan:0.0.0.0/0",
	 {.kind = END_ZONE, .peer = -1, .zone = ZONE_WAN, .range = {0, UINT32_MAX}}},
};

START_TEST(endpoint_is_understood)
{
	const struct endpoint *expected = &endpoints[_i].end;
	struct word word = {.text = endpoints[_i].text};
	struct endpoint end = {0};
	const struct deployment *dep;
	struct loaded l;

	load_site(TWO_PEERS, NULL, &l);
	assert_clean(&l.diag);
	dep = l.site->deployments.at[0];
	ck_assert(endpoint_parse(&word, dep->model, dep, &end, &l.diag));
	assert_clean(&l.diag);
	ck_assert_int_eq(end.kind, expected->kind);
	ck_assert_int_eq(end.peer, expected->peer);
	ck_assert_uint_eq(end.nic, expected->nic);
	ck_assert_uint_eq(end.role, expected->role);
	ck_assert_int_eq(end.zone, expected->zone);
	ck_assert(range_equal(end.range, expected->range));
	loaded_free(&l);
}
END_TEST

static const struct {
	const char *text, *slug, *suggestion;
} bad_endpoints[] = {
	{"", "unknown-endpoint", NULL},
	{"cor", "unknown-endpoint", "'core'"},
	{"edge.inwrad", "unknown-endpoint", "'edge.inward'"},
	{"e1.inwrad", "unknown-endpoint", "'e1.inward'"},
	{"edge.private", "unknown-endpoint", NULL}, /* of single NIC */
	{"e2.inward", "unknown-endpoint", "'e1.inward'"},
	{"e1", "unknown-endpoint", NULL},
	{"edge", "unknown-endpoint", NULL},
	{"edge.", "unknown-endpoint", NULL},
	{".inward", "unknown-endpoint", NULL},
	{"core.inward", "unknown-endpoint", NULL},
	{"core:10.0.0.1", "unknown-endpoint", NULL},
	{"edge.public:1.2.3.4", "unknown-endpoint", NULL},
	{"10.0.0.1", "unknown-endpoint", NULL},
	{"WAN", "unknown-endpoint", NULL},
	{"wann:1.2.3.4", "unknown-endpoint", NULL},
	{"wan:", "bad-address", NULL},
	{"wan:1.2.3", "bad-address", NULL},
	{"wan:1.2.3.4/33", "bad-address", NULL},
	{"wan:1.2.3.4:80", "bad-address", NULL},
	{"wan:2001:db8::1", "bad-address", NULL},
	{"lan:10.10.0.1/24", "bad-address", "10.10.0.0/24?"},
};

START_TEST(endpoint_is_refused)
{
	struct word word = {.text = bad_endpoints[_i].text};
	struct endpoint end;
	const struct deployment *dep;
	struct loaded l;

	load_site(TWO_PEERS, NULL, &l);
	assert_clean(&l.diag);
	dep = l.site->deployments.at[0];
	ck_assert(!endpoint_parse(&word, dep->model, dep, &end, &l.diag));
	ck_assert_uint_eq(l.diag.n, 1);
	ck_assert_str_eq(l.diag.messages[0]->slug, bad_endpoints[_i].slug);
	if (bad_endpoints[_i].suggestion)
		ck_assert_ptr_nonnull(
			strstr(l.diag.messages[0]->text, bad_endpoints[_i].suggestion));
	loaded_free(&l);
}
END_TEST

START_TEST(endpoint_of_a_peer_needs_a_deployment)
{
	struct word word = {.text = "e1.inward"};
	struct endpoint end;
	struct loaded l;

	load_site(TWO_PEERS, NULL, &l);
	ck_assert(!endpoint_parse(&word, l.site->deployments.at[0]->model, NULL, &end, &l.diag));
	ck_assert_uint_eq(l.diag.errors, 1);
	loaded_free(&l);
}
END_TEST

/* --- what is refused ------------------------------------------------------------------------ */

#define EDGE(text)	"    edge: [{" text "}]\n"
#define DUAL_WITH(edge) DUAL_HEAD DEPLOYMENT("hq", "dual-medium") edge INSIDE
#define PEER(name, n)                                                                              \
	"{name: " name ", public: 203.0.113." n ", outward: 192.0.2." n ", inward: 198.51.100." n  \
	"}"
#define ROW(text) DUAL "    rows: [{id: x, purpose: p, " text "}]\n"

static const struct {
	const char *text, *slug;
} refusals[] = {
	{DUAL "version: 1\n", "duplicate-key"},
	{"gateway: {zones: {wan: eth0}}\ndeployments: []\n", "missing-key"},
	{"version: 2\ngateway: {zones: {wan: eth0}}\n", "bad-version"},
	{HEAD("{}") DEPLOYMENT("hq", "dual-medium") DUAL_EDGE INSIDE, "missing-key"},
	{HEAD("{wan: eth0, lna: eth1}") DEPLOYMENT("hq", "dual-medium") DUAL_EDGE INSIDE,
	 "unknown-zone"},
	{HEAD("{wan: eth0, lan: eth1, wan: eth2}") DEPLOYMENT("hq", "dual-medium") DUAL_EDGE INSIDE,
	 "duplicate-key"},
	{HEAD("{wan: eth0, lan: eth0}") DEPLOYMENT("hq", "dual-medium") DUAL_EDGE INSIDE,
	 "zone-overlap"},
	{HEAD("{wan: eth0, lan: [eth1, eth1]}") DEPLOYMENT("hq", "dual-medium") DUAL_EDGE INSIDE,
	 "duplicate-name"},
	{HEAD("{wan: 'eth*'}") DEPLOYMENT("hq", "dual-medium") DUAL_EDGE INSIDE, "bad-interface"},
	{HEAD("{wan: 'e\"h'}") DEPLOYMENT("hq", "dual-medium") DUAL_EDGE INSIDE, "bad-interface"},
	{HEAD("{wan: ..}") DEPLOYMENT("hq", "dual-medium") DUAL_EDGE INSIDE, "bad-interface"},
	{HEAD("{wan: interface-name16}") DEPLOYMENT("hq", "dual-medium") DUAL_EDGE INSIDE,
	 "name-too-long"},
	{DUAL_HEAD DEPLOYMENT("hq", "dual-medum") DUAL_EDGE INSIDE, "unknown-profile"},
	{DUAL_HEAD DEPLOYMENT("hq", "none.yaml") DUAL_EDGE INSIDE, "unknown-profile"},
	{DUAL_HEAD DEPLOYMENT("'h\"q'", "dual-medium") DUAL_EDGE INSIDE, "bad-text"},
	{DUAL_HEAD DEPLOYMENT("\"h\\eq\"", "dual-medium") DUAL_EDGE INSIDE, "bad-text"},
	{DUAL DEPLOYMENT("hq", "dual-medium") "    edge: [" PEER("e1", "20") "]\n" INSIDE,
	 "duplicate-name"},
	{DUAL_WITH(EDGE("public: 203.0.113.10, outward: 192.0.2.10, private: 192.0.2.74")),
	 "unknown-key"},
	{DUAL_WITH(EDGE("public: 203.0.113.10, public: 203.0.113.10, outward: 192.0.2.10")),
	 "duplicate-key"},
	{DUAL_WITH(EDGE("public: 203.0.113.10, outward: 192.0.2.10, outward: 192.0.2.10")),
	 "duplicate-key"},
	{DUAL_WITH(EDGE("public: 10.0.0.1, outward: 203.0.113.10, inward: 192.0.2.74")),
	 "addresses-exchanged"},
	{DUAL_WITH(EDGE("public: 203.0.113.10, outward: 192.0.2.10, inward: 192.0.2.10")),
	 "address-conflict"},
	{DUAL_WITH(EDGE("public: 203.0.113.10, outward: 192.0.2.10, inward: 203.0.113.10")),
	 "address-conflict"},
	{DUAL_WITH(EDGE("public: 127.0.0.1, outward: 192.0.2.10, inward: 192.0.2.74")),
	 "bad-address"},
	{DUAL_WITH(EDGE("public: 203.0.113.010, outward: 192.0.2.10, inward: 192.0.2.74")),
	 "bad-address"},
	{DUAL_WITH(EDGE("public: '2001:db8::1', outward: 192.0.2.10, inward: 192.0.2.74")),
	 "bad-address"},
	{DUAL_WITH("    edge: []\n"), "missing-key"},
	{DUAL_WITH("    edge: [" PEER("e1", "1") ", " PEER("e1", "2") "]\n"), "duplicate-name"},
	{DUAL_WITH("    edge: [" PEER("lan", "1") "]\n"), "reserved-name"},
	{DUAL_WITH("    edge: [" PEER("edge", "1") "]\n"), "reserved-name"},
	{DUAL_WITH("    edge: [" PEER("a b", "1") "]\n"), "bad-name"},
	{DUAL_WITH(
		 "    edge: [" PEER("e1", "1") ", " PEER("e2", "2") ", " PEER("e3", "3") ", " PEER(
			 "e4", "4") ", " PEER("e5", "5") ", " PEER("e6", "6") ", " PEER("e7",
											"7") "]\n"),
	 "too-many-peers"},
	{DUAL "    hosts: {core: [10.10.0.21]}\n", "duplicate-key"},
	{DUAL "    hosts: {dns: [10.10.0.53]}\n", "unknown-role"},
	{DUAL_HEAD DEPLOYMENT("hq", "dual-medium") DUAL_EDGE
	 "    core: [10.0.0.1, 10.0.0.1]\n    guest: [10.0.0.2]\n",
	 "duplicate-address"},
	{DUAL_HEAD DEPLOYMENT("hq", "dual-medium") DUAL_EDGE
	 "    core: [10.0.0.1]\n    guest: [10.0.0.1]\n",
	 "address-conflict"},
	{DUAL_HEAD DEPLOYMENT("hq", "dual-medium") DUAL_EDGE
	 "    core: [192.0.2.74]\n    guest: [10.0.0.1]\n",
	 "address-conflict"},
	{DUAL_HEAD DEPLOYMENT("hq", "dual-medium") DUAL_EDGE
	 "    core: [10.0.0.1]\n    guest: [10.0.0.2, 10.0.0.3, 10.0.0.4, 10.0.0.5]\n",
	 "too-many-peers"},
	{DUAL "    omit: [d11]\n", "unknown-row"},
	{DUAL "    omit: [d3]\n", "bad-omit"},
	{DUAL "    with: [traversl]\n", "unknown-model"},
	{DUAL "    clients: [any]\n", "unknown-endpoint"},
	{DUAL "    clients: []\n", "wrong-type"},
	{DUAL "    source_ports: loose\n", "unknown-value"},
	{DUAL "    reflection_source: none\n", "unknown-value"},
	{HEAD("{wan: eth0, dmz: eth1, lan: eth1}") DEPLOYMENT("hq", "single-medium")
		 SINGLE_EDGE INSIDE,
	 "missing-reflection"},
	{ROW("from: wan, to: lan, proto: tcp"), "missing-key"},
	{ROW("from: wan, to: lan, proto: tcp, dport: []"), "wrong-type"},
	{ROW("from: wan, to: lan, proto: tcp, dport: 80, sport: []"), "wrong-type"},
	{ROW("from: wan, to: lan, proto: icmp"), "missing-key"},
	{ROW("from: wan, to: lan, proto: icmp, icmp: echo-request, dport: 80"), "bad-row"},
	{ROW("from: wan, to: lan, proto: tcp, icmp: echo-request, dport: 80"), "bad-row"},
	{ROW("from: wan, to: lan, proto: icmp, icmp: 256"), "unknown-value"},
	{ROW("from: wan, to: lan, proto: icmp, icmp: echo-reqest"), "unknown-value"},
	{ROW("from: wan, to: lan, proto: sctp, dport: 80"), "unknown-value"},
	{ROW("from: wan, to: lan, proto: tcp, dport: htpp"), "unknown-port"},
	{ROW("from: wan, to: lan, proto: tcp, dport: 80, translate: 81"), "bad-row"},
	{ROW("from: wan, to: edge.public, proto: tcp, dport: 90-91, translate: 9090"),
	 "bad-translation"},
	{ROW("from: wan, to: edge.public, proto: tcp, dport: 90, translate: 90-91"),
	 "bad-translation"},
	{ROW("from: wan, to: lan, proto: tcp, dport: 80, citation: c"), "unknown-key"},
	{DUAL "    rows: [{id: d1, purpose: p, from: wan, to: lan, proto: tcp, dport: 1}]\n",
	 "duplicate-name"},
};

START_TEST(site_is_refused)
{
	struct loaded l;

	load_site(refusals[_i].text, NULL, &l);
	ck_assert_ptr_null(l.site);
	ck_assert_ptr_nonnull(message_find(&l.diag, refusals[_i].slug));
	loaded_free(&l);
}
END_TEST

START_TEST(site_is_read)
{
	struct loaded l;
	const struct deployment *dep;

	load_site(DUAL "    source_ports: any\n    clients: [wan, lan:10.0.0.0/8]\n"
		       "    reflection_source: gateway\n    omit: [d1]\n",
		  NULL, &l);
	assert_clean(&l.diag);
	ck_assert_uint_eq(l.diag.warnings, 0);
	ck_assert_uint_eq(l.site->zones[ZONE_WAN].n, 1);
	ck_assert_str_eq(l.site->zones[ZONE_LAN].at[0].name, "eth3");
	ck_assert_uint_eq(l.site->zones[ZONE_DMZ].n, 0);
	ck_assert(!l.site->judge_hosts_only && !l.site->public_shared && !l.site->log_drops);
	dep = l.site->deployments.at[0];
	ck_assert_str_eq(dep->name.text, "hq");
	ck_assert(dep->any_source_ports && dep->reflect_as_gateway);
	ck_assert_uint_eq(dep->n_clients, 2);
	ck_assert_uint_eq(dep->edge.at[0].public.addr, 0xcb00710a);
	ck_assert_uint_eq(dep->edge.at[0].nics[1].addr, 0xc000024a);
	ck_assert_uint_eq(dep->roles[0].at[0].addr, 0x0a0a0014);
	loaded_free(&l);
}
END_TEST

START_TEST(site_options_of_the_gateway)
{
	struct loaded l;

	load_site("version: 1\ngateway:\n  zones: " DUAL_ZONES "\n  scope: hosts\n"
		  "  public_addresses: shared\n  log_drops: true\n  counters: deployments\n"
		  "deployments:\n" DEPLOYMENT("hq", "dual-medium") DUAL_EDGE INSIDE,
		  NULL, &l);
	assert_clean(&l.diag);
	ck_assert(l.site->judge_hosts_only);
	ck_assert(l.site->public_shared);
	ck_assert(l.site->log_drops);
	ck_assert(l.site->count_deployments);
	loaded_free(&l);
}
END_TEST

START_TEST(site_without_static_nat)
{
	struct loaded l;

	load_site(DUAL_WITH(EDGE("public: 192.0.2.10, outward: 192.0.2.10, inward: 192.0.2.74")),
		  NULL, &l);
	assert_clean(&l.diag);
	loaded_free(&l);
}
END_TEST

START_TEST(site_with_an_unusual_number_of_servers)
{
	struct loaded l;

	load_site(DUAL_HEAD DEPLOYMENT("hq", "dual-medium") DUAL_EDGE
		  "    core: [10.0.0.1]\n    guest: [10.0.0.2, 10.0.0.3]\n",
		  NULL, &l);
	assert_clean(&l.diag);
	ck_assert_uint_eq(message_count(&l.diag, "unusual-number"), 1);
	loaded_free(&l);
}
END_TEST

START_TEST(site_conflict_shows_both_places)
{
	struct loaded l;
	const struct message *m;

	load_site(DUAL DEPLOYMENT("b", "dual-medium") "    edge: [{public: 203.0.113.10, outward: "
						      "192.0.2.99, inward: 192.0.2.98}]\n" INSIDE,
		  NULL, &l);
	ck_assert_ptr_null(l.site);
	m = message_find(&l.diag, "address-conflict");
	ck_assert_ptr_nonnull(m);
	ck_assert_uint_eq(m->loc.line, 12);
	ck_assert_ptr_nonnull(m->note);
	ck_assert_uint_eq(m->note->loc.line, 7);
	loaded_free(&l);
}
END_TEST

/* The first of three says nothing that either of the others contradicts. */
START_TEST(site_conflict_of_the_second_and_the_third)
{
	struct loaded l;

	load_site(DUAL_HEAD DEPLOYMENT(
			  "a",
			  "dual-medium") "    edge: [{public: 203.0.113.10, inward: 192.0.2.74}]\n"
					 "    omit: [d1, d2, d5]\n" INSIDE DEPLOYMENT(
						 "b",
						 "dual-medium") "    edge: [{public: 203.0.113.10, "
								"outward: 192.0.2.10, inward: "
								"192.0.2.74}]\n" INSIDE DEPLOYMENT(
									"c",
									"dual-medium") "    "
										       "edge:"
										       " [{"
										       "publi"
										       "c: "
										       "203."
										       "0."
										       "113."
										       "10, "
										       "outwa"
										       "rd: "
										       "192."
										       "0.2."
										       "11, "
										       "inwar"
										       "d: "
										       "192."
										       "0.2."
										       "74}]"
										       "\n" INSIDE,
		  NULL, &l);
	ck_assert_ptr_null(l.site);
	ck_assert_ptr_nonnull(message_find(&l.diag, "address-conflict"));
	loaded_free(&l);
}
END_TEST

START_TEST(site_tells_all_its_errors)
{
	struct loaded l;

	load_site(DUAL_HEAD DEPLOYMENT("a", "dual-medum") DUAL_EDGE
		  "    core: [10.0.0.256]\n    gest: [10.0.0.1]\n    source_ports: none\n",
		  NULL, &l);
	ck_assert_uint_eq(l.diag.errors, 4);
	ck_assert_ptr_nonnull(message_find(&l.diag, "unknown-profile"));
	ck_assert_ptr_nonnull(message_find(&l.diag, "bad-address"));
	ck_assert_ptr_nonnull(message_find(&l.diag, "unknown-key"));
	ck_assert_ptr_nonnull(message_find(&l.diag, "unknown-value"));
	loaded_free(&l);
}
END_TEST

Suite *site_suite(void)
{
	Suite *s = suite_create("site");
	TCase *tc = tcase_create("endpoints");

	add_table(tc, endpoint_is_understood, endpoints);
	add_table(tc, endpoint_is_refused, bad_endpoints);
	tcase_add_test(tc, endpoint_of_a_peer_needs_a_deployment);
	suite_add_tcase(s, tc);
	tc = tcase_create("site");
	add_table(tc, site_is_refused, refusals);
	tcase_add_test(tc, site_is_read);
	tcase_add_test(tc, site_options_of_the_gateway);
	tcase_add_test(tc, site_without_static_nat);
	tcase_add_test(tc, site_with_an_unusual_number_of_servers);
	tcase_add_test(tc, site_conflict_shows_both_places);
	tcase_add_test(tc, site_conflict_of_the_second_and_the_third);
	tcase_add_test(tc, site_tells_all_its_errors);
	suite_add_tcase(s, tc);
	return s;
}

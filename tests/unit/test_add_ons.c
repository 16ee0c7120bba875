/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Add-ons and the profiles made of them. Every number here was typed from the Cisco Expressway IP
 * Port Usage Configuration Guide: X14.3 and X15.0, for b1 to b17 X14.0.
 */
#include "unit.h"

#include "config/row.h"
#include "jgfw/policy/expand.h"

#include <stdio.h>
#include <string.h>

/** struct line - a line of a table */
struct line {
	const char *id, *from, *sport, *proto, *to, *dport;
};

enum {
	MAX_LINES = 40,
};

/* Mobile and Remote Access */
#define MRA(turn, demux, inside)                                                                   \
	{                                                                                          \
		{"m1", "wan", "1024-65535", "udp", "wan", "1024-65535"},                           \
			{"m2", "any", "1024-65535", "tls", "edge.public", "8443"},                 \
			{"m3", "any", "1024-65535", "tls", "edge.public", "5061"},                 \
			{"m4", "any", "1024-65535", "udp", "edge.public", "36000-59999"},          \
			{"m5", "edge.public", "36000-59999", "udp", "wan", "1024-65535"},          \
			{"m6", "any", "1024-65535", "tcp", "edge.public", "5222"},                 \
			{"m7", "any", "1024-65535", "udp", "edge.public", turn},                   \
			{"m8", "any", "1024-65535", "udp", "edge.public", "24000-29999"},          \
			{"m9", "core", "30000-35999", "tls", inside, "2222"},                      \
			{"m10", "core", "25000-29999", "tls", inside, "7001"},                     \
			{"m11", "core", "36000-59999", "udp", inside, demux},                      \
			{"m12", "core", "30000-35999", "tcp", inside, "7400"},                     \
			{"m13", "core", "1024-65535", "tcp+udp", inside, turn},                    \
			{"m14", "core", "25000-29999", "tcp", "cucm", "5060"},                     \
			{"m15", "cucm", "1024-65535", "tcp", "core", "5060"},                      \
			{"m16", "core", "25000-29999", "tls", "cucm", "5061"},                     \
			{"m17", "cucm", "1024-65535", "tls", "core", "5061"},                      \
			{"m18", "core", "25000-29999", "tls", "cucm", "5091"},                     \
			{"m19", "cucm", "5091", "tls", "core", "5061"},                            \
			{"m20", "core", "30000-35999", "tcp", "cucm", "6970"},                     \
			{"m21", "core", "30000-35999", "tls", "cucm", "6971"},                     \
			{"m22", "core", "30000-35999", "tls", "cucm", "6972"},                     \
			{"m23", "core", "30000-35999", "tls", "cucm", "443, 8443"},                \
			{"m24", "core", "30000-35999", "tls", "imp", "7400"},                      \
			{"m25", "core", "30000-35999", "tls", "imp", "8443"},                      \
			{"m26", "core", "30000-35999", "tls", "imp", "7336"},                      \
			{"m27", "core", "30000-35999", "tls", "unity", "443, 8443"},               \
			{"m28", "core", "30000-35999", "tcp", "unity", "7080"},                    \
			{"m29", "core", "30000-35999", "tls", "unity", "7443"},                    \
			{"m30", "core", "30000-35999", "tcp", "cucm", "9444"},                     \
			{"m31", "core", "36000-59999", "udp", "lan", "16384-32767"},               \
			{"m32", "edge.public", "30000-35999", "tls", "fos", "443"},                \
		{                                                                                  \
			"m33", "edge.public", "30000-35999", "tls", "idbroker", "443"              \
		}                                                                                  \
	}
/* business-to-business SIP */
#define B2B(turn, demux, inside)                                                                   \
	{                                                                                          \
		{"b1", "core", "25000-29999", "tcp", inside, "7001"},                              \
			{"b2", "core", "5060", "udp", "sip_endpoint", "5060"},                     \
			{"b3", "core", "25000-29999", "tcp", "sip_endpoint", "1024-65535"},        \
			{"b4", "edge.public", "25000-29999", "tcp", "wan", "1024-65535"},          \
			{"b7", "any", "1024-65535", "tls", "edge.public", "5061"},                 \
			{"b8", "any", "1024-65535", "tls", "edge.public", "5062"},                 \
			{"b9", "core", "36000-59999", "udp", inside, demux},                       \
			{"b10", "core", "36000-59999", "udp", inside, demux},                      \
			{"b11", "any", "1024-65535", "udp", "edge.public", "36000-59999"},         \
			{"b12", "any", "1024-65535", "udp", "edge.public", "36000-59999"},         \
			{"b13", "edge.public", "36000-59999", "udp", "wan", "1024-65535"},         \
			{"b14", "any", "1024-65535", "tcp+udp", "edge.public", turn},              \
			{"b15", "core", "1024-65535", "tcp+udp", inside, turn},                    \
			{"b16", "edge.public", "24000-29999", "tcp+udp", "wan", "1024-65535"},     \
		{                                                                                  \
			"b17", "any", "1024-65535", "tcp+udp", "edge.public", "24000-29999"        \
		}                                                                                  \
	}
/* Meeting Server web proxy */
#define CMS(inside)                                                                                \
	{                                                                                          \
		{"w1", "any", "1024-65535", "tls", "edge.public", "443"},                          \
			{"w2", "any", "1024-65535", "udp", "edge.public", "3478"},                 \
			{"w3", "admin", "1024-65535", "tls", inside, "8443"},                      \
			{"w4", "core", "30000-35999", "tcp", inside, "2222"},                      \
			{"w5", "core", "25000-29999", "tcp", inside, "7001"},                      \
			{"w6", "any", "1024-65535", "udp", "edge.public", "3478"},                 \
			{"w7", "any", "1024-65535", "tcp", "edge.public", "3478"},                 \
			{"w8", "core", "30000-35999", "tls", "meeting_server", "443"},             \
			{"w9", "meeting_server", "1024-65535", "tls", "core", "30000-35999"},      \
			{"w10", "meeting_server", "1024-65535", "udp", inside, "3478"},            \
			{"w11",	    "edge.public", "24000-29999",                                  \
			 "tcp+udp", "edge.public", "24000-29999"},                                 \
			{"w12", inside, "24000-29999", "tcp+udp", inside, "24000-29999"},          \
		{                                                                                  \
			"w13", "meeting_server", "1024-65535", "udp", "edge.public", "24000-29999" \
		}                                                                                  \
	}

/* Behind the rows of Jabber Guest, where there are any. */
static const struct {
	const char *profile, *with;
	size_t skip; /* rows of the profile itself */
	struct line lines[MAX_LINES];
} tables[] = {
	{"mra-dual-small", "", 0, MRA("3478", "36000-36001", "edge.inward")},
	{"mra-dual-medium", "", 0, MRA("3478", "36000-36001", "edge.inward")},
	{"mra-dual-large", "", 0, MRA("3478-3483", "36000-36011", "edge.inward")},
	{"mra-dual-large-mux", "", 0, MRA("3478", "36000-36011", "edge.inward")},
	{"mra-single-small", "", 0, MRA("3478", "36000-36001", "edge.private")},
	{"mra-single-medium", "", 0, MRA("3478", "36000-36001", "edge.private")},
	{"mra-single-large", "", 0, MRA("3478-3483", "36000-36011", "edge.private")},
	{"mra-single-large-mux", "", 0, MRA("3478", "36000-36011", "edge.private")},
	{"cms-dual-small", "", 0, CMS("edge.inward")},
	{"cms-dual-medium", "", 0, CMS("edge.inward")},
	{"cms-dual-large", "", 0, CMS("edge.inward")},
	{"cms-dual-large-mux", "", 0, CMS("edge.inward")},
	{"cms-single-small", "", 0, CMS("edge.private")},
	{"cms-single-medium", "", 0, CMS("edge.private")},
	{"cms-single-large", "", 0, CMS("edge.private")},
	{"cms-single-large-mux", "", 0, CMS("edge.private")},
	{"dual-small", "b2b", 10, B2B("3478", "36000-36001", "edge.inward")},
	{"dual-small-mux", "b2b", 10, B2B("3478", "36000-36001", "edge.inward")},
	{"dual-large", "b2b", 10, B2B("3478-3483", "36000-36011", "edge.inward")},
	{"dual-large-mux", "b2b", 10, B2B("3478", "36000-36011", "edge.inward")},
	{"single-small", "b2b", 13, B2B("3478", "36000-36001", "edge.private")},
	{"single-small-mux", "b2b", 13, B2B("3478", "36000-36001", "edge.private")},
	{"single-large", "b2b", 13, B2B("3478-3483", "36000-36011", "edge.private")},
	{"single-large-mux", "b2b", 13, B2B("3478", "36000-36011", "edge.private")},
	{"mra-dual-large", "b2b", 33, B2B("3478-3483", "36000-36011", "edge.inward")},
	{"cms-single-large-mux", "b2b", 13, B2B("3478", "36000-36011", "edge.private")},
	{"mra-single-small", "cms", 33, CMS("edge.private")},
	{"cms-dual-large", "mra", 13, MRA("3478-3483", "36000-36011", "edge.inward")},
	{"dual-medium",
	 "traversal",
	 10,
	 {{"t1", "core", "30000-35999", "tcp", "edge.inward", "2222"},
	  {"t2", "core", "25000-29999", "tcp", "edge.inward", "7001"}}},
	{"single-medium",
	 "b2b-unencrypted",
	 13,
	 {{"b5", "any", "1024-65535", "udp", "edge.public", "5060"},
	  {"b6", "any", "1024-65535", "tcp", "edge.public", "5060"}}},
	{"dual-large",
	 "edge-services",
	 10,
	 {{"a4", "edge.inward", "30000-35999", "tcp+udp", "dns", "53"},
	  {"a5", "edge.public", "30000-35999", "tcp+udp", "dns_external", "53"},
	  {"a6", "edge.inward", "123", "udp", "ntp", "123"},
	  {"a7", "edge.public", "123", "udp", "ntp_external", "123"},
	  {"a8", "edge.public", "30000-35999", "tls", "smart_licensing", "443"},
	  {"a9", "edge.public", "1024-65535", "tls", "smart_licensing", "443"},
	  {"a10", "edge.inward", "1024-65535", "tls", "cssm", "443"},
	  {"a11", "edge.inward", "1024-65535", "tls", "lan", ""},
	  {"a13", "edge.inward", "25826", "udp", "analytics", "25826"},
	  {"a14", "edge.inward", "30000-35999", "udp", "syslog", "514"},
	  {"a15", "edge.inward", "30000-35999", "tcp", "syslog", "514"},
	  {"a16", "edge.inward", "30000-35999", "tls", "syslog", "6514"}}},
	{"single-large",
	 "administration",
	 13,
	 {{"a1", "admin", "1024-65535", "tcp", "edge.private", "22"},
	  {"a2", "admin", "1024-65535", "tcp", "edge.private", "80"},
	  {"a3", "admin", "1024-65535", "tls", "edge.private", "443"},
	  {"a12", "snmp", "1024-65535", "udp", "core", "161"},
	  {"a17", "snmp", "1024-65535", "udp", "edge.private", "161"}}},
	{"dual-small",
	 "cluster",
	 10,
	 {{"c1", "edge.inward", "30000-35999", "tcp", "edge.inward", "4371"},
	  {"c2", "edge.inward", "30000-35999", "tls", "edge.inward", "4372"},
	  {"c3", "edge.inward", "1719", "udp", "edge.inward", "1719"},
	  {"c4", "edge.inward", "25000-29999", "tcp", "edge.inward", "5061"},
	  {"c5", "edge.inward", "25000-29999", "tls", "edge.inward", "5061"},
	  {"c6", "edge.inward", "36000-59999", "udp", "edge.inward", "36000-59999"}}},
};

static void load_table(int i, struct buf *text, struct loaded *ret_loaded)
{
	bool dual = strstr(tables[i].profile, "dual"), guest = !strchr("cm", *tables[i].profile);

	buf_printf(text,
		   "%s  - name: hq\n    profile: %s\n    with: [%s]\n%s    core: [10.10.0.20]\n%s",
		   dual ? DUAL_HEAD : SINGLE_HEAD, tables[i].profile, tables[i].with,
		   dual ? DUAL_EDGE : SINGLE_EDGE, guest ? "    guest: [10.10.0.30]\n" : "");
	load_site(buf_str(text), NULL, ret_loaded);
}

START_TEST(add_on_rows_are_the_vendors)
{
	struct buf text = {0};
	struct arena arena = {0};
	struct loaded l;
	const struct deployment *dep;
	size_t n = 0;

	load_table(_i, &text, &l);
	ck_assert_uint_eq(l.diag.errors, 0);
	dep = l.site->deployments.at[0];
	for (; tables[_i].lines[n].id; n++) {
		const struct line *line = &tables[_i].lines[n];
		const struct row *row = &dep->model->rows.at[tables[_i].skip + n];

		ck_assert_uint_lt(tables[_i].skip + n, dep->model->rows.n);
		ck_assert_str_eq(row->id.text, line->id);
		ck_assert_str_eq(row->from.text, line->from);
		ck_assert_str_eq(row->to.text, line->to);
		ck_assert_str_eq(proto_name(row->proto), line->proto);
		assert_ports(row_ports(dep, &row->sport, &arena), line->sport);
		assert_ports(row_ports(dep, &row->dport, &arena), line->dport);
		ck_assert_uint_eq(row->translate.n, 0);
	}
	ck_assert_uint_eq(dep->model->rows.n, tables[_i].skip + n);
	arena_free(&arena);
	loaded_free(&l);
	buf_free(&text);
}
END_TEST

#define GUEST(name, with, host)                                                                    \
	"  - name: " name "\n    profile: dual-large\n    with: [" with "]\n"                      \
	"    edge: [{name: e1, public: 203.0.113." host ", outward: 192.0.2." host                 \
	", inward: 198.51.100." host "}]\n" INSIDE

/* 10,000 deployments must not be 10,000 models. */
START_TEST(same_add_ons_are_the_same_model)
{
	struct loaded l;
	const struct deployment *a, *b, *c, *d;

	load_site(DUAL_HEAD GUEST("a", "traversal, b2b", "10") GUEST("b", "traversal, b2b", "11")
			  GUEST("c", "b2b, traversal", "12") GUEST("d", "", "13"),
		  NULL, &l);
	assert_clean(&l.diag);
	a = l.site->deployments.at[0];
	b = l.site->deployments.at[1];
	c = l.site->deployments.at[2];
	d = l.site->deployments.at[3];
	ck_assert_ptr_eq(a->model, b->model);
	ck_assert_ptr_eq(a->ports, b->ports);
	ck_assert_ptr_ne(a->model, c->model);
	ck_assert_uint_eq(a->model->rows.n, 27);
	ck_assert_uint_eq(d->model->rows.n, 10);
	ck_assert_str_eq(d->model->citation, a->model->parts.at[0]->citation);
	loaded_free(&l);
}
END_TEST

/* A shared port is one port: an override reaches the rows of model and add-ons. */
START_TEST(shared_ports_change_together)
{
	static const struct {
		const char *id, *ports;
	} rows[] = {{"d5", "3500"},	  {"b14", "3500"},     {"b15", "3500"},
		    {"d10", "2776-2777"}, {"b9", "2776-2777"}, {"b10", "2776-2777"},
		    {"b1", "7002-7003"},  {"t2", "7005"}};
	struct loaded l;
	struct arena arena = {0};
	const struct deployment *dep;

	load_policy(DUAL
		    "    with: [b2b, traversal]\n"
		    "    ports: {turn: 3500, media_demux: 2776-2777, b2b_traversal: 7002-7003, "
		    "traversal: 7005}\n",
		    &l);
	assert_clean(&l.diag);
	dep = l.site->deployments.at[0];
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		int k = rows_find(&dep->model->rows, rows[i].id);

		ck_assert_int_ge(k, 0);
		assert_ports(row_ports(dep, &dep->model->rows.at[k].dport, &arena), rows[i].ports);
	}
	arena_free(&arena);
	loaded_free(&l);
}
END_TEST

static enum flow_state state_of(const struct policy *policy, const char *id)
{
	vec_each(flow, &policy->flows)
		if (!strcmp(flow->row->id.text, id))
			return flow->state;
	ck_abort_msg("no flow of %s", id);
}

/* An Expressway-E meets its own public address at the gateway, its own private one nowhere. */
START_TEST(a_row_to_itself_waits)
{
	static const char site[] = "version: 1\n"
				   "gateway: {zones: {wan: eth0, dmz: [eth1, eth2], lan: eth3}}\n"
				   "deployments:\n"
				   "  - name: hq\n"
				   "    profile: cms-single-small\n"
				   "    edge:\n"
				   "      - {name: e1, public: 203.0.113.10, private: %s}\n"
				   "%s"
				   "    core: [10.10.0.20]\n"
				   "    hosts: {meeting_server: [10.10.0.50]}\n";
	char text[sizeof(site) + 100];
	struct loaded l;

	snprintf(text, sizeof(text), site, "192.0.2.10", "");
	load_policy(text, &l);
	assert_clean(&l.diag);
	ck_assert_int_eq(state_of(l.policy, "w11"), FLOW_IN_FORCE);
	ck_assert_int_eq(state_of(l.policy, "w12"), FLOW_ONE_MACHINE);
	loaded_free(&l);
	/* without static NAT both are one address */
	snprintf(text, sizeof(text), site, "203.0.113.10", "");
	load_policy(text, &l);
	ck_assert_int_eq(state_of(l.policy, "w11"), FLOW_ONE_MACHINE);
	loaded_free(&l);
	snprintf(text, sizeof(text), site, "192.0.2.10",
		 "      - {name: e2, public: 203.0.113.11, private: 192.0.2.11}\n");
	load_policy(text, &l);
	assert_clean(&l.diag);
	ck_assert_int_eq(state_of(l.policy, "w12"), FLOW_IN_FORCE);
	loaded_free(&l);
}
END_TEST

START_TEST(rows_without_addresses_wait)
{
	struct loaded l;

	load_policy(DUAL "    with: [edge-services, administration]\n    omit: [a3]\n"
			 "    hosts: {dns: [10.10.0.53], admin: [10.10.0.5]}\n",
		    &l);
	assert_clean(&l.diag);
	ck_assert_int_eq(state_of(l.policy, "a4"), FLOW_IN_FORCE);
	ck_assert_int_eq(state_of(l.policy, "a5"), FLOW_NO_ADDRESS);
	ck_assert_int_eq(state_of(l.policy, "a11"), FLOW_NEVER);
	ck_assert_int_eq(state_of(l.policy, "a16"), FLOW_NO_ADDRESS);
	ck_assert_int_eq(state_of(l.policy, "a1"), FLOW_IN_FORCE);
	ck_assert_int_eq(state_of(l.policy, "a2"), FLOW_NEVER);
	ck_assert_int_eq(state_of(l.policy, "a3"), FLOW_OMITTED);
	loaded_free(&l);
}
END_TEST

/* Also where the gateway has two interfaces to the internet, between which it could pass. */
START_TEST(row_that_is_never_in_force_is_not_between_two_interfaces)
{
	struct loaded l;

	load_policy(HEAD("{wan: [eth0, eth5], outward: eth1, inward: eth2, lan: eth3}")
			    DEPLOYMENT("hq", "mra-dual-small") DUAL_EDGE "    core: [10.10.0.20]\n",
		    &l);
	assert_clean(&l.diag);
	ck_assert_int_eq(state_of(l.policy, "m1"), FLOW_NEVER);
	ck_assert_int_eq(state_of(l.policy, "m2"), FLOW_IN_FORCE);
	loaded_free(&l);
}
END_TEST

Suite *add_ons_suite(void)
{
	Suite *s = suite_create("add-ons");
	TCase *tc = tcase_create("add-ons");

	add_table(tc, add_on_rows_are_the_vendors, tables);
	tcase_add_test(tc, same_add_ons_are_the_same_model);
	tcase_add_test(tc, shared_ports_change_together);
	tcase_add_test(tc, rows_without_addresses_wait);
	tcase_add_test(tc, a_row_to_itself_waits);
	tcase_add_test(tc, row_that_is_never_in_force_is_not_between_two_interfaces);
	suite_add_tcase(s, tc);
	return s;
}

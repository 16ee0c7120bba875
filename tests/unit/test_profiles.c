/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The vendor's two tables as the twelve profiles fill them in. Every number here was typed from the
 * Cisco Expressway IP Port Usage guide, chapter "Jabber Guest Services", Tables 1 and 2.
 */
#include "unit.h"

#include "jgfw/policy/expand.h"

#include <string.h>

/** struct line - a line of a table */
struct line {
	const char *id, *from, *sport, *proto, *to, *dport, *translate;
};

#define ANY_PORT "1024-65535"

/* Table 1 up to what differs between the sizes: d5 and d10 */
#define DUAL_LINES(turn, demux)                                                                    \
	{                                                                                          \
		{"d1", "any", ANY_PORT, "tcp", "edge.public", "80", "9980"},                       \
			{"d2", "any", ANY_PORT, "tls", "edge.public", "443", "9443"},              \
			{"d3", "", "", "tls", "edge.outward", "9980", ""},                         \
			{"d4", "", "", "tls", "edge.outward", "9443", ""},                         \
			{"d5", "any", ANY_PORT, "udp", "edge.public", turn, ""},                   \
			{"d6", "edge.inward", "30000-35999", "tcp", "guest", "5060", ""},          \
			{"d7", "edge.inward", "30000-35999", "tls", "guest", "5061", ""},          \
			{"d8", "guest", ANY_PORT, "tcp", "edge.inward", "5060", ""},               \
			{"d9", "guest", ANY_PORT, "tls", "edge.inward", "5061", ""},               \
			{"d10", "core", "36000-59999", "udp", "edge.inward", demux, ""},           \
	}

/* Table 2 up to s1 */
#define SINGLE_LINES(turn)                                                                         \
	{                                                                                          \
		{"s1", "any", ANY_PORT, "udp", "edge.public", turn, ""},                           \
			{"s2", "any", ANY_PORT, "tcp", "edge.public", "80", "9980"},               \
			{"s3", "any", ANY_PORT, "tls", "edge.public", "443", "9443"},              \
			{"s4", "", "", "tls", "edge.private", "9980", ""},                         \
			{"s5", "", "", "tls", "edge.private", "9443", ""},                         \
			{"s6", "core", "35000-35999", "tcp", "edge.public", "2222", ""},           \
			{"s7", "core", "25000-25999", "tls", "edge.public", "7001", ""},           \
			{"s8", "core", "36000-59999", "udp", "edge.public", "24000-29999", ""},    \
			{"s9", "edge.public", "24000-29999", "udp", "core", "36000-59999", ""},    \
			{"s10", "core", "30000-35999", "tcp", "guest", "5060", ""},                \
			{"s11", "core", "30000-35999", "tls", "guest", "5061", ""},                \
			{"s12", "guest", ANY_PORT, "tcp", "core", "5060", ""},                     \
			{"s13", "guest", ANY_PORT, "tls", "core", "5061", ""},                     \
	}

enum {
	DUAL_ROWS = 10,
	SINGLE_ROWS = 13,
};

static const struct {
	const char *name;
	bool warns; /* that multiplexing exists on Large systems only */
	size_t n;
	struct line lines[SINGLE_ROWS];
} profiles[] = {
	{"dual-small", false, DUAL_ROWS, DUAL_LINES("3478", "36000-36001")},
	{"dual-small-mux", true, DUAL_ROWS, DUAL_LINES("3478", "36000-36001")},
	{"dual-medium", false, DUAL_ROWS, DUAL_LINES("3478", "36000-36001")},
	{"dual-medium-mux", true, DUAL_ROWS, DUAL_LINES("3478", "36000-36001")},
	{"dual-large", false, DUAL_ROWS, DUAL_LINES("3478-3483", "36000-36011")},
	{"dual-large-mux", false, DUAL_ROWS, DUAL_LINES("3478", "36000-36011")},
	{"single-small", false, SINGLE_ROWS, SINGLE_LINES("3478")},
	{"single-small-mux", true, SINGLE_ROWS, SINGLE_LINES("3478")},
	{"single-medium", false, SINGLE_ROWS, SINGLE_LINES("3478")},
	{"single-medium-mux", true, SINGLE_ROWS, SINGLE_LINES("3478")},
	{"single-large", false, SINGLE_ROWS, SINGLE_LINES("3478-3483")},
	{"single-large-mux", false, SINGLE_ROWS, SINGLE_LINES("3478")},
};

/* Two interfaces inside, so that rows within lan are in force. */
#define SINGLE_HEAD_2 HEAD("{wan: eth0, dmz: eth1, lan: [eth2, eth3]}")

static void load_profile(int i, struct buf *text, struct loaded *ret_loaded)
{
	bool dual = profiles[i].n == DUAL_ROWS;

	buf_printf(text, "%s  - name: hq\n    profile: %s\n%s%s", dual ? DUAL_HEAD : SINGLE_HEAD_2,
		   profiles[i].name, dual ? DUAL_EDGE : SINGLE_EDGE, INSIDE);
	load_policy(buf_str(text), ret_loaded);
}

START_TEST(profile_rows_are_the_vendors)
{
	struct buf text = {0};
	struct arena arena = {0};
	struct loaded l;
	const struct deployment *dep;

	load_profile(_i, &text, &l);
	assert_clean(&l.diag);
	dep = l.site->deployments.at[0];
	ck_assert_uint_eq(dep->model->rows.n, profiles[_i].n);
	for (size_t i = 0; i < profiles[_i].n; i++) {
		const struct line *line = &profiles[_i].lines[i];
		const struct row *row = &dep->model->rows.at[i];

		ck_assert_str_eq(row->id.text, line->id);
		ck_assert_str_eq(row->from.text ? row->from.text : "", line->from);
		ck_assert_str_eq(row->to.text, line->to);
		ck_assert_str_eq(proto_name(row->proto), line->proto);
		assert_ports(row_ports(dep, &row->sport, &arena), line->sport);
		assert_ports(row_ports(dep, &row->dport, &arena), line->dport);
		assert_ports(row_ports(dep, &row->translate, &arena), line->translate);
	}
	arena_free(&arena);
	loaded_free(&l);
	buf_free(&text);
}
END_TEST

/* With all zones there, each line is one flow in force, but for those that tell a translation. */
START_TEST(profile_flows_are_the_vendors)
{
	struct buf text = {0};
	struct loaded l;

	load_profile(_i, &text, &l);
	assert_clean(&l.diag);
	ck_assert_uint_eq(l.policy->flows.n, profiles[_i].n);
	for (size_t i = 0; i < profiles[_i].n; i++) {
		const struct line *line = &profiles[_i].lines[i];
		const struct flow *flow = &l.policy->flows.at[i];
		bool translation = !*line->from;

		ck_assert_str_eq(flow->row->id.text, line->id);
		ck_assert_int_eq(flow->state, translation ? FLOW_TRANSLATION : FLOW_IN_FORCE);
		assert_ports(flow->sport, line->sport);
		assert_ports(flow->dport, line->dport);
		ck_assert_uint_eq(flow->translate, strtoul(line->translate, NULL, 10));
		if (!translation)
			ck_assert_uint_eq(flow->proto, strcmp(line->proto, "udp") ? 6 : 17);
	}
	loaded_free(&l);
	buf_free(&text);
}
END_TEST

START_TEST(profile_warns_of_multiplexing_without_effect)
{
	struct buf text = {0};
	struct loaded l;

	load_profile(_i, &text, &l);
	ck_assert_uint_eq(l.diag.warnings, profiles[_i].warns);
	ck_assert_uint_eq(message_count(&l.diag, "profile-warning"), profiles[_i].warns);
	loaded_free(&l);
	buf_free(&text);
}
END_TEST

START_TEST(profile_names_are_these_and_sorted)
{
	static const char *const sorted[] = {
		"cms-dual-large",     "cms-dual-large-mux",   "cms-dual-medium",
		"cms-dual-small",     "cms-single-large",     "cms-single-large-mux",
		"cms-single-medium",  "cms-single-small",     "dual-large",
		"dual-large-mux",     "dual-medium",	      "dual-medium-mux",
		"dual-small",	      "dual-small-mux",	      "mra-dual-large",
		"mra-dual-large-mux", "mra-dual-medium",      "mra-dual-small",
		"mra-single-large",   "mra-single-large-mux", "mra-single-medium",
		"mra-single-small",   "single-large",	      "single-large-mux",
		"single-medium",      "single-medium-mux",    "single-small",
		"single-small-mux",
	};
	struct library *lib = library_new(NULL);
	struct names names = {0};
	struct diag diag = {0};

	library_profile_names(lib, &names, &diag);
	ck_assert_uint_eq(names.n, ARRAY_SIZE(sorted));
	for (size_t i = 0; i < names.n; i++)
		ck_assert_str_eq(names.at[i], sorted[i]);
	vec_free(&names);
	library_free(lib);
}
END_TEST

Suite *profiles_suite(void)
{
	Suite *s = suite_create("profiles");
	TCase *tc = tcase_create("profiles");

	add_table(tc, profile_rows_are_the_vendors, profiles);
	add_table(tc, profile_flows_are_the_vendors, profiles);
	add_table(tc, profile_warns_of_multiplexing_without_effect, profiles);
	tcase_add_test(tc, profile_names_are_these_and_sorted);
	suite_add_tcase(s, tc);
	return s;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Named ports: what a site may override, what the profiles allow, how values resolve. */
#include "unit.h"

#include "config/ports.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PORTS(text) "    ports: {" text "}\n"

static void load_ports(const char *profile, const char *ports, struct buf *text,
		       struct loaded *ret_loaded)
{
	bool dual = !strncmp(profile, "dual", 4);

	buf_printf(text, "%s  - name: hq\n    profile: %s\n%s%s    ports: {%s}\n",
		   dual ? DUAL_HEAD : SINGLE_HEAD, profile, dual ? DUAL_EDGE : SINGLE_EDGE, INSIDE,
		   ports);
	load_site(buf_str(text), NULL, ret_loaded);
}

/* An override that is accepted, and the ports that a name then has. */
static const struct {
	const char *profile, *override, *name, *ports;
} accepted[] = {
	{"dual-medium", "http: 8080", "http", "8080"},
	{"dual-medium", "http: 8080", "https", "443"},
	{"dual-medium", "http: 1", "http", "1"},
	{"dual-medium", "http: 65535", "http", "65535"},
	{"dual-medium", "http: https", "http", "443"}, /* another name's */
	{"dual-medium", "turn: 443", "turn", "443"},
	{"dual-medium", "turn: 1024", "turn", "1024"},
	{"dual-small", "media_demux: 2776-2777", "media_demux", "2776-2777"},
	{"dual-medium", "media_demux: 2776-2777", "media_demux", "2776-2777"},
	{"dual-medium-mux", "media_demux: 2776-2777", "media_demux", "2776-2777"},
	{"dual-medium", "media_demux: [2777, 2776]", "media_demux", "2776-2777"},
	{"dual-medium", "media_demux: 36000-36001", "media_demux", "36000-36001"},
	{"dual-medium", "media_demux: {first: 2, of: media}", "media_demux", "36000-36001"},
	{"dual-medium", "media: 40000-49999", "media", "40000-49999"},
	{"dual-medium", "media: 40000-49999", "media_demux", "40000-40001"}, /* follows */
	{"dual-large", "media: 40000-49999", "media_demux", "40000-40011"},
	{"dual-medium", "media: [50000-50010, 40000]", "media_demux", "40000, 50000"},
	/* a choice that the other override makes impossible is no error while another fits */
	{"dual-medium", "media: 36000, media_demux: 2776-2777", "media_demux", "2776-2777"},
	{"dual-large", "media_demux: 36000-36011", "media_demux", "36000-36011"},
	{"dual-large", "turn: 3478-3479", "turn", "3478-3479"},
	{"dual-large", "turn: 5000-5005", "turn", "5000-5005"},
	{"dual-large-mux", "turn: 3479", "turn", "3479"},
	{"dual-medium", "client_source: 1-65535", "client_source", "1-65535"},
	{"dual-medium", "client_source: [1024-2000, 3000]", "client_source", "1024-2000, 3000"},
	{"dual-medium", "client_source: [2001-3000, 1024-2000]", "client_source", "1024-3000"},
	{"single-medium", "ssh_tunnel: 22", "ssh_tunnel", "22"},
	{"single-medium", "turn_relay: 30000-39999", "turn_relay", "30000-39999"},
	{"single-large", "traversal: 7002", "traversal", "7002"},
};

START_TEST(override_is_accepted)
{
	struct buf text = {0};
	struct loaded l;
	const struct deployment *dep;
	int i;

	load_ports(accepted[_i].profile, accepted[_i].override, &text, &l);
	assert_clean(&l.diag);
	dep = l.site->deployments.at[0];
	i = port_def_find(&dep->model->ports, accepted[_i].name);
	ck_assert_int_ge(i, 0);
	assert_ports((struct range_set){dep->ports[i].at, dep->ports[i].n}, accepted[_i].ports);
	loaded_free(&l);
	buf_free(&text);
}
END_TEST

static const struct {
	const char *profile, *override, *slug;
} refused[] = {
	{"dual-large", "media_demux: 2776-2777", "port-override"},
	{"dual-large-mux", "media_demux: 2776-2777", "port-override"},
	{"dual-large", "media_demux: 36000-36001", "port-override"},
	{"dual-medium", "media_demux: 36000-36011", "port-override"},
	{"dual-medium", "media_demux: 2776", "port-override"},
	{"dual-medium", "media_demux: 2776-2778", "port-override"},
	{"dual-medium", "media_demux: [2776-2777, 36000-36001]", "port-override"},
	{"dual-medium", "turn: 3478-3483", "port-override"},
	{"dual-medium", "turn: 1023", "port-override"},
	{"dual-medium-mux", "turn: 3478-3483", "port-override"},
	{"dual-large-mux", "turn: 3478-3483", "port-override"},
	{"dual-large", "turn: 3478", "port-override"},
	{"dual-large", "turn: 3478-3484", "port-override"},
	{"dual-large", "turn: [3478, 3480]", "port-override"}, /* not in a row */
	{"single-large", "turn: 443", "port-override"},
	{"dual-medium", "http: 80-81", "port-override"},
	{"dual-medium", "http: [80, 81]", "port-override"},
	{"dual-medium", "http_private: 9981", "port-override"}, /* no choice is given */
	{"dual-medium", "media: 35999-59999", "port-override"},
	{"dual-medium", "media: 36000-60000", "port-override"},
	{"dual-medium", "media: [36000-36010, 60000]", "port-override"},
	{"dual-medium", "media_demux: 2776-2777, sip_source: 80", "port-override"},
	{"dual-medium", "htpp: 80", "unknown-port"},
	{"dual-medium", "turn_relay: 24000-29999", "unknown-port"}, /* of single NIC */
	{"single-medium", "media_demux: 2776-2777", "unknown-port"},
	{"dual-medium", "http: htpps", "unknown-port"},
	{"dual-medium", "media: 36000", "bad-port"}, /* media_demux takes two of them */
	{"dual-medium", "http: 0", "bad-port"},
	{"dual-medium", "http: 65536", "bad-port"},
	{"dual-medium", "http: -80", "bad-port"},
	{"dual-medium", "http: 080", "bad-port"},
	{"dual-medium", "http: 8_0", "bad-port"},
	{"dual-medium", "http: 90-80", "bad-range"},
	{"dual-medium", "http: ", "wrong-type"},
	{"dual-medium", "http: []", "wrong-type"},
	{"dual-medium", "http: {first: 1}", "missing-key"},
	{"dual-medium", "http: {first: 1, of: 443}", "bad-port"},
	{"dual-medium", "media_demux: {first: 0, of: media}", "bad-number"},
	{"dual-medium", "http: https, https: http", "bad-port"}, /* a circle */
	{"dual-medium", "http: http", "bad-port"},
	{"dual-medium", "HTTP: 80", "bad-name"},
	{"dual-medium", "http: 8080, http: 8081", "duplicate-key"},
};

START_TEST(override_is_refused)
{
	struct buf text = {0};
	struct loaded l;

	load_ports(refused[_i].profile, refused[_i].override, &text, &l);
	ck_assert_ptr_null(l.site);
	ck_assert_str_eq(error_slug(&l.diag), refused[_i].slug);
	loaded_free(&l);
	buf_free(&text);
}
END_TEST

START_TEST(refusal_says_what_would_be_right)
{
	struct loaded l;

	load_site(DUAL PORTS("media_demux: 2778"), NULL, &l);
	ck_assert_str_eq(l.diag.messages[0]->text,
			 "profile 'dual-medium' does not allow these ports for 'media_demux': it "
			 "must be 36000-36001 or 2776-2777");
	ck_assert_uint_eq(l.diag.messages[0]->loc.line, 10);
	ck_assert_uint_eq(l.diag.messages[0]->loc.column, 26);
	ck_assert_uint_eq(l.diag.messages[0]->loc.len, 4);
	loaded_free(&l);
}
END_TEST

START_TEST(name_that_is_unknown_is_told_once)
{
	struct loaded l;

	load_site(DUAL PORTS("media: medja"), NULL, &l);
	ck_assert_uint_eq(l.diag.errors, 1);
	ck_assert_str_eq(l.diag.messages[0]->slug, "unknown-port");
	loaded_free(&l);
}
END_TEST

START_TEST(overrides_are_of_one_deployment)
{
	struct loaded l;
	struct arena arena = {0};
	const struct deployment *dep;

	load_site(DUAL PORTS("http: 8080")
			  DEPLOYMENT("b", "dual-medium") "    edge: [{name: e1, public: "
							 "203.0.113.20, outward: 192.0.2.20, "
							 "inward: 192.0.2.84}]\n" INSIDE,
		  NULL, &l);
	assert_clean(&l.diag);
	for (size_t i = 0; i < 2; i++) {
		dep = l.site->deployments.at[i];
		assert_ports(row_ports(dep, &dep->model->rows.at[0].dport, &arena),
			     i ? "80" : "8080");
	}
	arena_free(&arena);
	loaded_free(&l);
}
END_TEST

/* --- profiles of a site's own --------------------------------------------------------------- */

static char folder[128];

static void make_own_folder(void)
{
	temp_folder(folder);
}

static void folder_path(const char *name, char ret_path[160])
{
	snprintf(ret_path, 160, "%s%s", folder, name);
}

static void remove_folder(void)
{
	char path[160];

	folder_path("/profiles/own.yaml", path);
	unlink(path);
	folder_path("/profiles", path);
	rmdir(path);
	ck_assert_int_eq(rmdir(folder), 0);
}

/* Load a site with the profile "own": dual NIC with @rest. */
static void load_own(const char *rest, struct loaded *ret_loaded)
{
	char path[160];
	FILE *f;

	folder_path("/profiles", path);
	ck_assert_int_eq(mkdir(path, 0755), 0);
	folder_path("/profiles/own.yaml", path);
	f = fopen(path, "we");
	ck_assert_ptr_nonnull(f);
	fprintf(f,
		"profile: own\ntitle: own\nmodel: dual-nic\nsize: medium\nmultiplexing: false\n%s",
		rest);
	fclose(f);
	load_site(DUAL_HEAD DEPLOYMENT("hq", "own") DUAL_EDGE INSIDE, folder, ret_loaded);
}

START_TEST(own_profile_gives_values)
{
	struct arena arena = {0};
	struct loaded l;
	const struct deployment *dep;

	load_own("ports: {turn: 3479, media_demux: {first: 3, of: media}, http: 8080}\n", &l);
	assert_clean(&l.diag);
	dep = l.site->deployments.at[0];
	assert_ports(row_ports(dep, &dep->model->rows.at[0].dport, &arena), "8080");
	assert_ports(row_ports(dep, &dep->model->rows.at[4].dport, &arena), "3479");
	assert_ports(row_ports(dep, &dep->model->rows.at[9].dport, &arena), "36000-36002");
	arena_free(&arena);
	loaded_free(&l);
}
END_TEST

static const struct {
	const char *rest, *slug;
} own_refused[] = {
	{"ports: {media_demux: 2776-2777}\n", "missing-port"}, /* turn has no value */
	{"ports: {turn: 3478, media_demux: 2776-2777, trun: 1}\n", "unknown-port"},
	{"ports: {turn: 3478, media_demux: {first: 99999, of: media}}\n", "bad-number"},
	{"ports: {turn: 3478, media_demux: {first: 2, of: http}}\n", "bad-port"},
	{"ports: {turn: 3478, media_demux: media_demux}\n", "bad-port"},
	{"ports: {turn: 3478, turn: 3479, media_demux: 2776}\n", "duplicate-key"},
	{"ports: {turn: 3478, media_demux: 2776}\nallow: {turn: [1], turn: [2]}\n",
	 "duplicate-key"},
	{"ports: {turn: 3478, media_demux: 2776}\nallow: {turn: [{count: 2}]}\n", "bad-choice"},
	/* a translation is from one port to one port, whoever says otherwise */
	{"ports: {turn: 3478, media_demux: 2776, http: 80-81}\n", "bad-translation"},
	{"ports: {turn: 3478, media_demux: 2776, http_private: [9980, 9981]}\n", "bad-translation"},
};

START_TEST(own_profile_is_refused)
{
	struct loaded l;

	load_own(own_refused[_i].rest, &l);
	ck_assert_ptr_null(l.site);
	ck_assert_str_eq(error_slug(&l.diag), own_refused[_i].slug);
	loaded_free(&l);
}
END_TEST

/* The last that there may be is no reason to refuse what is said of one that is known. */
START_TEST(own_profile_has_many_ports)
{
	struct buf text = {0};
	struct loaded l;

	buf_puts(&text, "ports: {");
	for (int i = 0; i < MODEL_MAX_PORTS + _i; i++)
		buf_printf(&text, "p%d: 1, ", i);
	buf_puts(&text, "}\nallow: {p0: [1]}\n");
	load_own(buf_str(&text), &l);
	ck_assert_str_eq(error_slug(&l.diag), _i ? "too-many" : "unknown-port");
	loaded_free(&l);
	buf_free(&text);
}
END_TEST

Suite *ports_suite(void)
{
	Suite *s = suite_create("ports");
	TCase *tc = tcase_create("overrides");

	add_table(tc, override_is_accepted, accepted);
	add_table(tc, override_is_refused, refused);
	tcase_add_test(tc, refusal_says_what_would_be_right);
	tcase_add_test(tc, name_that_is_unknown_is_told_once);
	tcase_add_test(tc, overrides_are_of_one_deployment);
	suite_add_tcase(s, tc);
	tc = tcase_create("own");
	tcase_add_checked_fixture(tc, make_own_folder, remove_folder);
	tcase_add_test(tc, own_profile_gives_values);
	add_table(tc, own_profile_is_refused, own_refused);
	tcase_add_loop_test(tc, own_profile_has_many_ports, 0, 2);
	suite_add_tcase(s, tc);
	return s;
}

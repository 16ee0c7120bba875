/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the unit tests share. */
#ifndef JGFW_UNIT_H
#define JGFW_UNIT_H

#include "jgfw/config/library.h"
#include "jgfw/config/site.h"

#include <check.h>

enum {
	EXIT_EXHAUSTED = 99, /* of mem_exhausted() in the tests */
};

/** add_table - run @test once for each entry of the array @table */
#define add_table(tc, test, table) tcase_add_loop_test(tc, test, 0, (int)ARRAY_SIZE(table))

/* Not included: their enum field and the struct yaml_field of config/yaml.h exclude each other. */
struct policy;
struct ruleset;

/** struct loaded - a site that was read from a string, and whatever was made of it */
struct loaded {
	struct source source;
	struct library *lib;
	struct diag diag;
	struct site *site;     /* NULL after errors */
	struct policy *policy; /* NULL after errors */
	struct ruleset *rs;    /* NULL after errors */
};

/** load_site - read and check @text, which must outlive @ret_loaded; NULL @data_dir for none */
void load_site(const char *text, const char *data_dir, struct loaded *ret_loaded);

/** load_policy - load_site(), then expand what is without errors */
void load_policy(const char *text, struct loaded *ret_loaded);

/** load_ruleset - load_policy(), then compile what is without errors */
void load_ruleset(const char *text, struct loaded *ret_loaded);

void loaded_free(struct loaded *l);

/** message_find - the first message of @d with @slug, or NULL */
const struct message *message_find(const struct diag *d, const char *slug);

/** error_slug - the slug of the first error of @d, or "" */
const char *error_slug(const struct diag *d);

/** message_count - how many messages of @d bear @slug */
size_t message_count(const struct diag *d, const char *slug);

/** temp_folder - make a folder for temporary files, to be removed by the test */
void temp_folder(char ret_path[128]);

/** source_of - @text as a source named "test.yaml" */
struct source source_of(const char *text);

/** assert_ports - fail unless @set is written as @text */
void assert_ports(struct range_set set, const char *text);

/** assert_clean - fail with the first message of @d if it has any error */
void assert_clean(const struct diag *d);

/* Sites, to be put together: a head, one deployment or several, keys of a deployment. */
#define DUAL_ZONES  "{wan: eth0, outward: eth1, inward: eth2, lan: eth3}"
#define HEAD(zones) "version: 1\ngateway:\n  zones: " zones "\ndeployments:\n"
#define DUAL_HEAD   HEAD(DUAL_ZONES) /* its deployments begin in line 5 */
#define SINGLE_HEAD HEAD("{wan: eth0, dmz: eth1, lan: eth2}")

#define DEPLOYMENT(name, profile) "  - name: " name "\n    profile: " profile "\n"
#define DUAL_EDGE                                                                                  \
	"    edge: [{name: e1, public: 203.0.113.10, outward: 192.0.2.10, inward: 192.0.2.74}]\n"
#define SINGLE_EDGE "    edge: [{name: e1, public: 203.0.113.10, private: 192.0.2.10}]\n"
#define INSIDE	    "    core: [10.10.0.20]\n    guest: [10.10.0.30]\n"

#define DUAL   DUAL_HEAD DEPLOYMENT("hq", "dual-medium") DUAL_EDGE INSIDE
#define SINGLE SINGLE_HEAD DEPLOYMENT("hq", "single-medium") SINGLE_EDGE INSIDE

Suite *mem_suite(void);
Suite *text_suite(void);
Suite *addr_suite(void);
Suite *diag_suite(void);
Suite *file_suite(void);
Suite *yaml_suite(void);
Suite *ports_suite(void);
Suite *profiles_suite(void);
Suite *site_suite(void);
Suite *policy_suite(void);
Suite *ruleset_suite(void);
Suite *emit_suite(void);
Suite *wordless_suite(void);
Suite *run_suite(void);
Suite *chains_suite(void);
Suite *find_suite(void);
Suite *change_suite(void);
Suite *pack_suite(void);
Suite *recorded_suite(void);
Suite *refusals_suite(void);
Suite *packet_suite(void);
Suite *trace_suite(void);
Suite *diagram_suite(void);
Suite *pipeline_suite(void);
Suite *prove_suite(void);
Suite *page_suite(void);
Suite *add_ons_suite(void);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A site on its whole way: flows, reports, a ruleset, its text, its messages and back. */
#include "fuzz.h"
#include "jgfw/kernel/pack.h"

#include "jgfw/emit/ruleset.h"
#include "jgfw/kernel/kernel.h"
#include "jgfw/policy/compile.h"
#include "jgfw/policy/expand.h"
#include "jgfw/report/report.h"

#include <stdlib.h>
#include <string.h>

enum {
	CSV_COLUMNS = 13,
};

/* Each format is what its name says, whatever names and purposes say. */
static void check_report(const struct policy *policy, struct diag *diag)
{
	struct buf text[REPORT_HTML + 1] = {0}, json = {0};

	setenv("PATH", "/nowhere", true); /* dot would draw the pictures of each page */
	for (int format = REPORT_TEXT; format <= REPORT_HTML; format++)
		report_site(policy, (enum report_format)format, NULL, &text[format], diag);
	buf_putc(&json, '{');
	buf_add(&json, text[REPORT_JSON].at, text[REPORT_JSON].n);
	buf_putc(&json, '}');
	must(json_is_formed(json.at, json.n));
	must(csv_is_formed(text[REPORT_CSV].at, text[REPORT_CSV].n, CSV_COLUMNS));
	must(dot_is_formed(text[REPORT_DOT].at, text[REPORT_DOT].n));
	must(xml_is_formed(text[REPORT_HTML].at, text[REPORT_HTML].n));
	for (size_t i = 0; i < ARRAY_SIZE(text); i++) {
		must(text[i].n);
		buf_free(&text[i]);
	}
	buf_free(&json);
}

/* All that jgfw makes has words, and comes back from a file as it was. */
static void check_ruleset(const struct ruleset *rs)
{
	struct buf text = {0}, packed = {0};
	struct ruleset *back = NULL;
	struct change change;

	must(!ruleset_unsupported(rs));
	must(!emit_ruleset(rs, &text));
	must(!memchr(text.at, '\0', text.n));
	kernel_pack(rs, &packed);
	must(!kernel_unpack(packed.at, packed.n, RULESET_TABLE, &back));
	change_between(rs, back, &change);
	must(change_is_empty(&change));
	change_free(&change);
	ruleset_free(back);
	buf_free(&packed);
	buf_free(&text);
}

struct site *compile_text(const struct source *source, struct library *lib, struct ruleset **ret)
{
	struct diag diag = {0};
	struct site *site = site_load(source, lib, &diag);
	struct policy *policy = site ? policy_expand(site, &diag) : NULL;

	*ret = policy ? policy_compile(policy, &diag) : NULL;
	policy_free(policy);
	diag_free(&diag);
	if (!*ret) {
		site_free(site);
		site = NULL;
	}
	return site;
}

/* With a library of its own: an error in what it has is told once. */
void made_new(struct made *made, struct feed *f)
{
	*made = (struct made){.lib = library_new(NULL)};
	some_site(f, &made->text);
	made->source = (struct source){"site.yaml", buf_str(&made->text), made->text.n};
	made->site = compile_text(&made->source, made->lib, &made->rs);
}

void made_free(struct made *made)
{
	ruleset_free(made->rs);
	site_free(made->site);
	library_free(made->lib);
	buf_free(&made->text);
}

void check_site(const char *text, size_t len, const char *data_dir)
{
	struct source source = {"site.yaml", text, len};
	struct library *lib = library_new(data_dir);
	struct diag diag = {0};
	struct site *site = site_load(&source, lib, &diag);
	struct policy *policy = site ? policy_expand(site, &diag) : NULL;
	struct ruleset *rs = NULL;

	if (policy) {
		check_report(policy, &diag);
		rs = policy_compile(policy, &diag);
	}
	must(rs || diag.errors); /* nothing fails in silence */
	must(!rs || !diag.errors);
	if (rs)
		check_ruleset(rs);
	check_diag(&diag);
	ruleset_free(rs);
	policy_free(policy);
	site_free(site);
	library_free(lib);
	diag_free(&diag);
}

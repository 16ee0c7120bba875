/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A site on its whole way: flows, reports, a ruleset, its text, its messages and back. */
#include "fuzz.h"

#include "jgfw/emit.h"
#include "jgfw/kernel.h"
#include "jgfw/policy.h"
#include "jgfw/report.h"

#include <string.h>

/* Pages are drawn by another program. */
static void check_report(const struct policy *policy, struct diag *diag)
{
	struct buf out = {0};

	for (int format = REPORT_TEXT; format <= REPORT_DOT; format++)
		report_site(policy, (enum report_format)format, NULL, &out, diag);
	must(out.n > 0);
	buf_free(&out);
}

/* All that jgfw makes has words, and comes back from a file as it was. */
static void check_ruleset(const struct ruleset *rs)
{
	struct buf text = {0}, packed = {0};
	struct ruleset *back = NULL;
	struct change change;

	must(!ruleset_odd(rs));
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

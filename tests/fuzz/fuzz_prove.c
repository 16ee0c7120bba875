/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What jgfw makes of a site is proved to be what the site says; of another site's, or beside tables
 * of others, the prover may say anything; and one site's ruleset becomes the other's. */
#include "fuzz.h"

#include "jgfw/verify/proof/prove.h"

#include <stdio.h>
#include <string.h>

/* Rows may contradict each other so that one has no packet; a site may assert what is not so. */
static bool may_be_no(const struct finding *f)
{
	return f->loc.source || !strcmp(f->name, "rows");
}

static void check_own(const struct site *site, const struct ruleset *rs, const char *text)
{
	struct question question = {.site = site, .rulesets = &rs, .n_rulesets = 1};
	struct proof proof;

	verify(&question, &proof);
	vec_each(f, &proof.findings) {
		if (f->answer == ANSWER_YES || (f->answer == ANSWER_NO && may_be_no(f)))
			continue;
		fprintf(stderr, "%s\n%s: %s\n", text, f->name, f->detail ? f->detail : f->text);
		must(f->answer == ANSWER_YES);
	}
	proof_free(&proof);
}

static void check_others(const struct site *site, const struct ruleset *rs, struct feed *f)
{
	struct ruleset *other = some_ruleset(f, false);
	const struct ruleset *both[] = {rs, other};
	struct question question = {
		.site = site, .rulesets = both, .n_rulesets = is_loadable(other) ? 2 : 1};
	struct proof proof;

	other->table.name = "other";
	verify(&question, &proof);
	proof_free(&proof);
	ruleset_free(other);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct feed first = {data, size / 3}, second = {data + size / 3, size / 3},
		    rest = {data + 2 * (size / 3), size - 2 * (size / 3)};
	struct made a, b;

	made_new(&a, &first);
	made_new(&b, &second);
	if (a.rs)
		check_own(a.site, a.rs, buf_str(&a.text));
	if (a.rs && b.rs) {
		check_change(a.rs, b.rs);
		check_others(a.site, b.rs, &rest);
	}
	made_free(&a);
	made_free(&b);
	return 0;
}

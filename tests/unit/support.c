/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit.h"

#include "jgfw/policy/compile.h"
#include "jgfw/policy/expand.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct source source_of(const char *text)
{
	return (struct source){"test.yaml", text, strlen(text)};
}

void load_site(const char *text, const char *data_dir, struct loaded *ret_loaded)
{
	*ret_loaded = (struct loaded){.source = source_of(text), .lib = library_new(data_dir)};
	ret_loaded->site = site_load(&ret_loaded->source, ret_loaded->lib, &ret_loaded->diag);
}

void load_policy(const char *text, struct loaded *ret_loaded)
{
	load_site(text, NULL, ret_loaded);
	if (ret_loaded->site)
		ret_loaded->policy = policy_expand(ret_loaded->site, &ret_loaded->diag);
}

void load_ruleset(const char *text, struct loaded *ret_loaded)
{
	load_policy(text, ret_loaded);
	if (ret_loaded->policy)
		ret_loaded->rs = policy_compile(ret_loaded->policy, &ret_loaded->diag);
}

void loaded_free(struct loaded *l)
{
	ruleset_free(l->rs);
	policy_free(l->policy);
	site_free(l->site);
	library_free(l->lib);
	diag_free(&l->diag);
}

const struct message *message_find(const struct diag *d, const char *slug)
{
	for (size_t i = 0; i < d->n; i++)
		if (!strcmp(d->messages[i]->slug, slug))
			return d->messages[i];
	return NULL;
}

const char *error_slug(const struct diag *d)
{
	for (size_t i = 0; i < d->n; i++)
		if (d->messages[i]->severity == DIAG_ERROR)
			return d->messages[i]->slug;
	return "";
}

size_t message_count(const struct diag *d, const char *slug)
{
	size_t count = 0;

	for (size_t i = 0; i < d->n; i++)
		count += !strcmp(d->messages[i]->slug, slug);
	return count;
}

void assert_ports(struct range_set set, const char *text)
{
	struct buf b = {0};

	for (size_t i = 0; i < set.n; i++) {
		buf_printf(&b, "%s%u", i ? ", " : "", set.at[i].lo);
		if (set.at[i].hi != set.at[i].lo)
			buf_printf(&b, "-%u", set.at[i].hi);
	}
	ck_assert_str_eq(buf_str(&b), text);
	buf_free(&b);
}

void assert_clean(const struct diag *d)
{
	ck_assert_msg(!d->errors, "%u errors, the first: %u:%u %s", d->errors,
		      d->messages[0]->loc.line, d->messages[0]->loc.column, d->messages[0]->text);
}

void temp_folder(char ret_path[128])
{
	const char *parent = getenv("TMPDIR");

	snprintf(ret_path, 128, "%s/jgfw-unit-XXXXXX", parent ? parent : P_tmpdir);
	ck_assert_ptr_nonnull(mkdtemp(ret_path));
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages of nf_tables, as the kernel dumps them and as files keep them, damaged at any level. */
#include "fuzz.h"
#include "jgfw/kernel/pack.h"

#include "jgfw/emit/change.h"
#include "jgfw/emit/ruleset.h"
#include "jgfw/kernel/kernel.h"

#include <string.h>

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed)
{
	return messages_mutate(data, size, max_size, seed);
}

static void take_item(const char *text, uint32_t origin, void *data)
{
	(void)origin;
	*(size_t *)data += strlen(text);
}

static bool tell_change(const struct ruleset *old, const struct ruleset *new)
{
	struct change change;
	size_t told = 0;
	bool same;

	change_between(old, new, &change);
	same = change_is_empty(&change);
	emit_change(&change, take_item, &told);
	change_free(&change);
	return same;
}

/* Could the kernel have told it so? Of lookups and jumps the set or chain comes before; what is
 * known has attributes. */
static bool is_told_so(const struct ruleset *rs)
{
	vec_each(chain, &rs->table.chains)
		vec_each(rule, &(*chain)->rules)
			for (size_t i = 0; i < rule->n; i++) {
				const struct expr *e = &rule->at[i];

				if (e->kind == EXPR_UNKNOWN &&
				    e->unknown.effect != EFFECT_CONSTANT &&
				    (!e->unknown.len || !strcmp(e->unknown.name, "lookup") ||
				     !strcmp(e->unknown.name, "immediate")))
					return false;
			}
	return true;
}

/* What was understood as a whole is kept as a whole. */
static void check_kept(const struct ruleset *rs)
{
	struct buf packed = {0}, again = {0};
	struct ruleset *back = NULL;

	kernel_pack(rs, &packed);
	if (!ruleset_unsupported(rs) && is_loadable(rs) && is_told_so(rs)) {
		must(!kernel_unpack(packed.at, packed.n, RULESET_TABLE, &back));
		must(tell_change(rs, back));
		kernel_pack(back, &again);
		must(packed.n == again.n && !memcmp(packed.at, again.at, again.n));
	}
	ruleset_free(back);
	buf_free(&packed);
	buf_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct feed feed = {data, size};
	char *copy = mem_alloc(size);
	struct ruleset *rs = NULL;
	struct buf text = {0};

	memcpy(copy, data, size);
	if (!kernel_unpack(copy, size, RULESET_TABLE, &rs) && rs) {
		emit_ruleset(rs, &text);
		tell_change(NULL, rs);
		tell_change(rs, NULL);
		check_kept(rs);
		compare_ways(rs, &feed);
	}
	ruleset_free(rs);
	buf_free(&text);
	free(copy);
	return 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A change in nft's words, in the order in which it can be made. */

#include "jgfw/emit/change.h"

#include "jgfw/base/buf.h"
#include "jgfw/base/vec.h"
#include "jgfw/emit/rule.h"
#include "jgfw/emit/ruleset.h"
#include "jgfw/emit/value.h"
#include "jgfw/ruleset/change.h"
#include "jgfw/ruleset/ruleset.h"

#include <string.h>

/** struct teller - who is told, and the piece under construction */
struct teller {
	change_item_fn *fn;
	void *data;
	const char *table;
	struct buf text;
};

static void tell(struct teller *t, uint32_t origin)
{
	t->fn(buf_str(&t->text), origin, t->data);
	t->text.n = 0;
}

/* The piece so far speaks of something that nft could not be told of. */
static void remark_names(struct teller *t)
{
	if (memchr(t->text.at, '\\', t->text.n))
		buf_puts(&t->text, " # nft has no words for such a name;");
}

/* A rule as a comment: what has no words is told by its expressions. */
static void remark(struct teller *t, const struct rule *rule)
{
	struct buf words = {0};

	if (emit_rule(rule, &words)) {
		words.n = 0;
		emit_raw(rule, &words);
	}
	buf_printf(&t->text, " # %s", buf_str(&words));
	if (rule->unsupported)
		buf_printf(&t->text, " (%s)", rule->unsupported);
	buf_free(&words);
}

static void tell_rule(struct teller *t, const struct chain_change *chain,
		      const struct rule_edit *edit)
{
	if (edit->old) {
		buf_printf(&t->text, "delete rule inet %s ", t->table);
		emit_name(chain->old->name, &t->text);
		buf_printf(&t->text, " handle %llu", (unsigned long long)edit->old->handle);
		remark_names(t);
		remark(t, edit->old);
		tell(t, 0);
		return;
	}
	if (edit->before)
		buf_printf(&t->text, "insert rule inet %s %s handle %llu ", t->table,
			   chain->new->name, (unsigned long long)edit->before->handle);
	else
		buf_printf(&t->text, "add rule inet %s %s ", t->table, chain->new->name);
	emit_rule(edit->new, &t->text);
	tell(t, edit->new->origin);
}

static void tell_elements(struct teller *t, const char *verb, const struct set *set,
			  const uint32_t *at, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		bool strange = set->origins[at[i]] == ELEMENT_UNSUPPORTED;

		buf_printf(&t->text, "%s element inet %s %s { ", verb, t->table, set->name);
		emit_element(set, at[i], &t->text);
		buf_puts(&t->text, " }");
		remark_names(t);
		buf_puts(&t->text, strange ? " # it bears more than that" : "");
		tell(t, strange ? 0 : set->origins[at[i]]);
	}
}

/* What it has that jgfw would not write. */
static void remark_why(struct teller *t, const char *unsupported, const struct note *note)
{
	if (unsupported || note->what)
		buf_printf(&t->text, " # %s", unsupported ? unsupported : note->what);
}

static void tell_set_goes(struct teller *t, const struct set *set)
{
	buf_printf(&t->text, "delete %s inet %s ", set->n_data ? "map" : "set", t->table);
	emit_name(set->name, &t->text);
	remark_names(t);
	remark_why(t, set->unsupported, &set->note);
	tell(t, 0);
}

static void tell_going(struct teller *t, const struct change *change)
{
	vec_each(chain, &change->chains)
		vec_each(edit, &chain->rules)
			if (edit->old)
				tell_rule(t, chain, edit);
	vec_each(set, &change->sets)
		if (set->new && !set->renew)
			tell_elements(t, "delete", set->old, set->gone.at, set->gone.n);
	vec_each(set, &change->sets)
		if (set->old && (set->renew || !set->new))
			tell_set_goes(t, set->old);
	vec_each(chain, &change->chains) {
		if (!chain->old || (chain->new && !chain->renew))
			continue;
		buf_printf(&t->text, "delete chain inet %s ", t->table);
		emit_name(chain->old->name, &t->text);
		remark_names(t);
		remark_why(t, chain->old->unsupported, &chain->old->note);
		tell(t, 0);
	}
}

static void tell_chain_comes(struct teller *t, const struct chain_change *chain)
{
	if (!chain->new || (chain->old && !chain->renew && !chain->policy))
		return;
	if (chain->policy && !chain->renew) {
		buf_printf(&t->text, "add chain inet %s %s { policy %s; }", t->table,
			   chain->new->name, chain->new->policy_drop ? "drop" : "accept");
	} else {
		buf_printf(&t->text, "table inet %s {\n\tchain %s {\n", t->table, chain->new->name);
		emit_chain_head(chain->new, &t->text);
		buf_puts(&t->text, "\t}\n}");
	}
	tell(t, 0);
}

static void tell_coming(struct teller *t, const struct change *change)
{
	vec_each(chain, &change->chains)
		tell_chain_comes(t, chain);
	vec_each(set, &change->sets) {
		if (!set->new || (set->old && !set->renew && !change->whole))
			continue;
		buf_printf(&t->text, "table inet %s {\n", t->table);
		emit_set(set->new, &t->text);
		t->text.n--; /* the empty line behind it */
		buf_putc(&t->text, '}');
		tell(t, 0);
	}
	vec_each(chain, &change->chains)
		vec_each(edit, &chain->rules)
			if (edit->new)
				tell_rule(t, chain, edit);
	vec_each(set, &change->sets)
		if (set->old && set->new && !set->renew && !change->whole)
			tell_elements(t, "add", set->new, set->come.at, set->come.n);
}

void emit_change(const struct change *change, change_item_fn *fn, void *data)
{
	const struct ruleset *any = change->new ? change->new : change->old;
	struct teller t = {.fn = fn, .data = data};

	if (!any || change_is_empty(change))
		return;
	t.table = any->table.name;
	if (change->old && (change->whole || !change->new)) {
		buf_printf(&t.text, "delete table inet %s", t.table);
		if (change->whole)
			buf_printf(&t.text, " # %s", change->whole);
		tell(&t, 0);
	} else if (change->old) {
		tell_going(&t, change);
	}
	if (change->new)
		tell_coming(&t, change);
	buf_free(&t.text);
}

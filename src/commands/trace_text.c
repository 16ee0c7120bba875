/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "jgfw/base/text.h"
#include "trace_view.h"

#include <linux/netfilter.h>
#include <string.h>

enum {
	HOOK_COLUMN = 12, /* characters */
};

static void put_probe(const struct probe *probe, struct buf *out)
{
	struct buf text = {0};

	probe_format(probe, &text);
	shell_quote(buf_str(&text), out);
	buf_free(&text);
}

/* The step that ended the way, or NULL. */
static const struct trace_step *last_step(const struct trace_steps *steps)
{
	return steps->n ? &steps->at[steps->n - 1] : NULL;
}

/* The last step that knows its row. */
static const struct trace_step *row_step(const struct trace_steps *steps)
{
	for (size_t i = steps->n; i; i--)
		if (steps->at[i - 1].row)
			return &steps->at[i - 1];
	return NULL;
}

static bool is_foreign(const struct table *table)
{
	return table->family != NFPROTO_INET || strcmp(table->name, RULESET_TABLE) != 0;
}

static void text_step(const struct trace_step *s, bool has_ports, size_t chain_column,
		      size_t verdict_column, struct buf *out)
{
	struct buf verdict = {0};

	put_verdict(s, has_ports, &verdict);
	buf_printf(out, "  %-*s%-*s", HOOK_COLUMN, hook_name(s->hook), (int)chain_column,
		   s->run.chain->name);
	if (s->row || is_foreign(s->table))
		buf_printf(out, "%-*s", (int)verdict_column, buf_str(&verdict));
	else
		buf_puts(out, buf_str(&verdict));
	if (s->row)
		buf_printf(out, "%s of %s", s->row, s->deployment);
	if (s->row && s->loc.source)
		buf_printf(out, ", %s:%u", s->loc.source->name, s->loc.line);
	if (is_foreign(s->table))
		buf_printf(out, "(table %s %s)", family_name(s->table->family), s->table->name);
	buf_putc(out, '\n');
	buf_pad(out, ' ', HOOK_COLUMN + 2);
	if (s->run.rule)
		put_rule(s->run.rule, out);
	else
		buf_puts(out, "policy");
	buf_putc(out, '\n');
	buf_free(&verdict);
}

/* A policy that lets go on says nothing. */
static bool is_quiet(const struct trace_step *s)
{
	return !s->run.rule && s->run.verdict.kind == VERDICT_ACCEPT;
}

static void text_steps(const struct trace_steps *steps, bool has_ports, struct buf *out)
{
	size_t chain_column = 0, verdict_column = 0;

	vec_each(s, steps) {
		struct buf verdict = {0};
		size_t len = strlen(s->run.chain->name);

		if (is_quiet(s))
			continue;
		put_verdict(s, has_ports, &verdict);
		chain_column = len > chain_column ? len : chain_column;
		verdict_column = verdict.n > verdict_column ? verdict.n : verdict_column;
		buf_free(&verdict);
	}
	vec_each(s, steps)
		if (!is_quiet(s))
			text_step(s, has_ports, chain_column + 2, verdict_column + 2, out);
}

static void text_arrival(const struct packet *p, struct buf *out)
{
	if (p->nfproto != NFPROTO_IPV4)
		return;
	if (p->oif)
		buf_printf(out, "  leaves by %s as ", p->oif);
	else
		buf_puts(out, "  arrives as ");
	put_wire(p, out);
	buf_putc(out, '\n');
}

static void text_reply(const struct trace *t, struct buf *out)
{
	buf_puts(out, "reply     ");
	put_probe(&t->reply.probe, out);
	buf_putc(out, '\n');
	text_steps(&t->reply.steps, t->probe.has_ports, out);
	if (t->reply.fate == RUN_ACCEPT)
		text_arrival(&t->reply.arrived, out);
	else if (t->reply.fate == RUN_DROP)
		buf_puts(out, "  dropped\n");
	else
		buf_printf(out, "  undecided: %s\n", t->reply.reason ? t->reply.reason : "");
}

static void text_dropped(const struct trace *t, struct buf *out)
{
	const struct trace_step *last = last_step(&t->steps);
	const char *comment = last && last->run.rule ? last->run.rule->comment : NULL;

	if (!last)
		return;
	buf_printf(out, " in %s", last->run.chain->name);
	if (is_foreign(last->table))
		buf_printf(out, " of table %s %s", family_name(last->table->family),
			   last->table->name);
	if (comment)
		buf_printf(out, ": %s", comment);
	else if (!last->run.rule)
		buf_puts(out, ", by its policy");
}

static void text_near(const struct trace *t, struct buf *out)
{
	const struct near *near = &t->nearest;

	if (!near->row)
		return;
	buf_printf(out, "nearest   %s of %s: %s\n", near->row->id.text, near->dep->name.text,
		   near->row->purpose.text);
	vec_each(text, &near->mismatch)
		buf_printf(out, "          %s\n", *text);
	if (near->mismatch.n)
		return;
	buf_puts(out, "          this row allows it");
	if (t->fate == RUN_DROP) {
		buf_puts(out, "; something else dropped it");
		text_dropped(t, out);
	}
	buf_putc(out, '\n');
}

static void text_verdict(const struct trace *t, bool color, struct buf *out)
{
	static const char *const colors[] = {[RUN_ACCEPT] = "\033[1;32m",
					     [RUN_DROP] = "\033[1;31m",
					     [RUN_UNDECIDED] = "\033[1;33m"};
	static const char *const words[] = {
		[RUN_ACCEPT] = "accepted", [RUN_DROP] = "dropped", [RUN_UNDECIDED] = "undecided"};
	const struct trace_step *row = row_step(&t->steps);
	size_t begin;

	buf_printf(out, "%s%s%s", color ? colors[t->fate] : "", words[t->fate],
		   color ? "\033[0m" : "");
	begin = out->n;
	switch (t->fate) {
	case RUN_ACCEPT:
		if (t->local)
			buf_puts(out, " for the gateway itself");
		if (row)
			buf_printf(out, " by %s of %s", row->row, row->deployment);
		if (t->reply.told && t->reply.fate != RUN_ACCEPT)
			buf_printf(out, "; its reply is %s", words[t->reply.fate]);
		break;
	case RUN_DROP:
		text_dropped(t, out);
		break;
	case RUN_UNDECIDED:
		buf_printf(out, ": %s", t->reason ? t->reason : "a rule cannot be decided");
		break;
	}
	buf_putc(out, '\n');
	text_hide_unprintable(out->at + begin, out->n - begin, true);
}

/* Names of chains and tables are whatever others gave them. */
void trace_text(const struct trace *t, bool color, struct buf *out)
{
	size_t begin = out->n;

	buf_puts(out, "packet    ");
	put_probe(&t->probe, out);
	buf_putc(out, '\n');
	vec_each(text, &t->notes)
		buf_printf(out, "  note: %s\n", *text);
	text_steps(&t->steps, t->probe.has_ports, out);
	if (t->fate == RUN_ACCEPT)
		text_arrival(&t->arrived, out);
	if (t->reply.told)
		text_reply(t, out);
	text_near(t, out);
	text_hide_unprintable(out->at + begin, out->n - begin, true);
	text_verdict(t, color, out);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify_view.h"

#include "jgfw/base/text.h"
#include "jgfw/trace/trace.h"
#include "trace_view.h"

#include <string.h>

enum {
	NAME_COLUMN = 6, /* characters; the answer stands before it */
	PACKET_COLUMN = 11,
};

static const char *const answers[] = {
	[ANSWER_YES] = "ok", [ANSWER_NO] = "NO", [ANSWER_UNKNOWN] = "?"};

/* The assumptions of a proof, beside what its answers say. */
static const char *const assumptions[] = {
	("connection tracking is on, reassembles fragments, and calls established and related what "
	 "belongs to a flow that the rules allow"),
	"routes lead to each machine through the zone that the site puts it in",
	"nothing below or beside nf_tables takes packets: XDP, tc, IPVS, policy routing",
};

const char *verify_headline(const struct proof *proof)
{
	static const char *const lines[] = {
		[ANSWER_YES] = "proved for every packet: exactly the rows are allowed",
		[ANSWER_NO] = "NOT proved: counterexample below",
		[ANSWER_UNKNOWN] = "cannot decide",
	};

	return lines[proof_answer(proof)];
}

/* --- the rule behind it ----------------------------------------------------------------------- */

static int lead(uint32_t addr, struct hop *ret_hop, void *arg, struct diag *diag)
{
	const struct witness *w = arg;

	(void)addr;
	(void)diag;
	*ret_hop = (struct hop){w->is_local ? HOP_LOCAL : HOP_OUT, w->oif};
	return 0;
}

/* Take the packet through by the other way of reckoning; false where it cannot go there. */
static bool trace_witness(const struct question *q, const struct witness *w, struct trace *trace)
{
	union {
		const struct witness *borrowed;
		void *arg;
	} hop = {w};
	struct gateway gateway = {q->site, q->rulesets, q->n_rulesets, lead, hop.arg};
	struct diag diag = {0};
	bool done = w->probe.in && !trace_packet(&gateway, &w->probe, trace, &diag);

	diag_free(&diag);
	return done;
}

/* The step that says most: the last one that decided. */
static const struct trace_step *last_step(const struct trace *trace)
{
	const struct trace_step *last = NULL;

	vec_each(s, &trace->steps)
		if (s->run.result != RULE_HELD &&
		    (s->run.rule || !last || s->run.verdict.kind == VERDICT_DROP))
			last = s;
	return last;
}

static void put_step(const struct trace_step *s, struct buf *out)
{
	buf_printf(out, "%s, chain %s: ", hook_name(s->hook), s->run.chain->name);
	if (s->run.rule)
		put_rule(s->run.rule, out);
	else
		buf_puts(out, "policy");
}

/* --- text ------------------------------------------------------------------------------------- */

static void put_label(const char *label, int indent, struct buf *out)
{
	buf_pad(out, ' ', indent);
	buf_printf(out, "%-*s", PACKET_COLUMN, label);
}

static void put_probe(const struct witness *w, struct buf *out)
{
	struct probe probe = w->probe;
	struct buf text = {0};

	probe.out = w->oif;
	probe_format(&probe, &text);
	shell_quote(buf_str(&text), out);
	buf_free(&text);
}

void verify_witness(const struct question *q, const struct finding *f, int indent, struct buf *out)
{
	const struct witness *w = f->witness;
	const struct trace_step *last;
	struct trace trace;

	put_label("packet", indent, out);
	put_probe(w, out);
	buf_puts(out, w->is_local ? ", to the gateway itself\n" : "\n");
	if (w->provided) {
		put_label("where", indent, out);
		buf_printf(out, "%s\n", w->provided);
	}
	put_label(f->loc.source ? "asserted" : "table", indent, out);
	buf_printf(out, "%s\n", w->wanted);
	put_label("ruleset", indent, out);
	buf_printf(out, "%s\n", w->found);
	if (!w->probe.in || !trace_witness(q, w, &trace))
		return;
	last = last_step(&trace);
	if (last) {
		put_label("rule", indent, out);
		put_step(last, out);
		buf_putc(out, '\n');
	}
	trace_free(&trace);
}

static void text_finding(const struct question *q, const struct finding *f, bool color,
			 struct buf *out)
{
	static const char *const colors[] = {
		[ANSWER_YES] = "32", [ANSWER_NO] = "1;31", [ANSWER_UNKNOWN] = "33"};
	size_t begin;

	if (color)
		buf_printf(out, "  \033[%sm%-*s\033[0m", colors[f->answer], NAME_COLUMN - 2,
			   answers[f->answer]);
	else
		buf_printf(out, "  %-*s", NAME_COLUMN - 2, answers[f->answer]);
	begin = out->n;
	buf_printf(out, "%s\n", f->text);
	if (f->witness)
		verify_witness(q, f, NAME_COLUMN, out);
	if (f->detail) {
		buf_pad(out, ' ', NAME_COLUMN);
		buf_printf(out, "%s\n", f->detail);
	}
	text_hide_unprintable(out->at + begin, out->n - begin, true); /* names are others' */
}

void verify_text(const struct question *question, const struct proof *proof, bool color,
		 struct buf *out)
{
	size_t n = question->site->deployments.n;

	buf_printf(out, "%s\n", verify_headline(proof));
	vec_each(f, &proof->findings)
		text_finding(question, f, color, out);
	buf_printf(out, "%ju classes of packets, %zu deployment%s; assumptions:\n",
		   (uintmax_t)proof->classes, n, n == 1 ? "" : "s");
	for (size_t i = 0; i < ARRAY_SIZE(assumptions); i++)
		buf_printf(out, "  %s\n", assumptions[i]);
}

/* --- JSON ------------------------------------------------------------------------------------- */

static void json_witness(struct json *j, const struct question *q, const struct witness *w)
{
	struct probe probe = w->probe;
	const struct trace_step *last;
	struct trace trace;
	struct buf text = {0};

	probe.out = w->oif;
	probe_format(&probe, &text);
	json_string(j, "packet", buf_str(&text));
	json_bool(j, "local", w->is_local);
	if (w->provided)
		json_string(j, "provided", w->provided);
	json_string(j, "wanted", w->wanted);
	json_string(j, "found", w->found);
	if (trace_witness(q, w, &trace)) {
		last = last_step(&trace);
		text.n = 0;
		if (last) {
			put_step(last, &text);
			json_string(j, "rule", buf_str(&text));
		}
		trace_free(&trace);
	}
	buf_free(&text);
}

void verify_json(const struct question *question, const struct proof *proof, struct json *j)
{
	static const char *const words[] = {
		[ANSWER_YES] = "yes", [ANSWER_NO] = "no", [ANSWER_UNKNOWN] = "unknown"};

	json_string(j, "answer", words[proof_answer(proof)]);
	json_uint(j, "classes", proof->classes);
	json_list(j, "findings");
	vec_each(f, &proof->findings) {
		json_object(j, NULL);
		json_string(j, "name", f->name);
		json_string(j, "answer", words[f->answer]);
		json_string(j, "text", f->text);
		if (f->detail)
			json_string(j, "detail", f->detail);
		if (f->witness)
			json_witness(j, question, f->witness);
		json_end(j);
	}
	json_end(j);
	json_list(j, "assumptions");
	for (size_t i = 0; i < ARRAY_SIZE(assumptions); i++)
		json_string(j, NULL, assumptions[i]);
	json_end(j);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "trace_view.h"

#include <linux/netfilter.h>

static const char *fate_name(enum run_fate fate)
{
	static const char *const names[] = {
		[RUN_ACCEPT] = "accept", [RUN_DROP] = "drop", [RUN_UNDECIDED] = "undecided"};

	return names[fate];
}

static void json_member(const char *name, const char *value, struct buf *out)
{
	buf_printf(out, ",\"%s\":", name);
	if (value)
		buf_json_string(out, value);
	else
		buf_puts(out, "null");
}

static void json_loc(struct loc loc, struct buf *out)
{
	json_member("file", loc.source ? loc.source->name : NULL, out);
	if (loc.source)
		buf_printf(out, ",\"line\":%u", loc.line);
	else
		buf_puts(out, ",\"line\":null");
}

static void json_step(const struct trace_step *s, bool has_ports, struct buf *out)
{
	struct buf text = {0};

	buf_printf(out, "{\"hook\":\"%s\"", hook_name(s->hook));
	buf_printf(&text, "%s %s", family_name(s->table->family), s->table->name);
	json_member("table", buf_str(&text), out);
	json_member("chain", s->run.chain->name, out);
	text.n = 0;
	if (s->run.rule)
		put_rule(s->run.rule, &text);
	json_member("rule", s->run.rule ? buf_str(&text) : NULL, out);
	json_member("comment", s->run.rule ? s->run.rule->comment : NULL, out);
	json_member("row", s->row, out);
	json_member("deployment", s->deployment, out);
	json_loc(s->loc, out);
	text.n = 0;
	put_verdict(s, has_ports, &text);
	json_member("verdict", buf_str(&text), out);
	buf_putc(out, '}');
	buf_free(&text);
}

static void json_steps(const struct trace_steps *steps, bool has_ports, struct buf *out)
{
	buf_puts(out, ",\"steps\":[");
	vec_each(s, steps) {
		if (s != steps->at)
			buf_putc(out, ',');
		json_step(s, has_ports, out);
	}
	buf_putc(out, ']');
}

/* How a packet is on the wire, by which interface; null where it is not known or not there. */
static void json_wire(const char *name, const struct packet *p, const char *interface, bool there,
		      struct buf *out)
{
	struct buf wire = {0};

	if (there && p->nfproto == NFPROTO_IPV4)
		put_wire(p, &wire);
	buf_printf(out, ",\"%s\":", name);
	if (wire.n) {
		buf_puts(out, "{\"interface\":");
		if (interface)
			buf_json_string(out, interface);
		else
			buf_puts(out, "null");
		json_member("packet", buf_str(&wire), out);
		buf_putc(out, '}');
	} else {
		buf_puts(out, "null");
	}
	buf_free(&wire);
}

static void json_end(const char *name, const struct translation *t, bool has_ports, struct buf *out)
{
	struct buf text = {0};

	buf_printf(out, "\"%s\":", name);
	if (t->is_set && t->masquerade)
		buf_puts(&text, "masquerade");
	else if (t->is_set)
		put_translation(t, has_ports, &text);
	if (t->is_set)
		buf_json_string(out, buf_str(&text));
	else
		buf_puts(out, "null");
	buf_free(&text);
}

static void json_reply(const struct trace *t, struct buf *out)
{
	struct buf text = {0};

	buf_puts(out, ",\"reply\":");
	if (!t->reply.told) {
		buf_puts(out, "null");
		return;
	}
	probe_format(&t->reply.probe, &text);
	buf_printf(out, "{\"verdict\":\"%s\"", fate_name(t->reply.fate));
	json_member("packet", buf_str(&text), out);
	json_member("reason", t->reply.reason, out);
	json_steps(&t->reply.steps, t->probe.has_ports, out);
	json_wire("leaves", &t->reply.arrived, t->reply.arrived.oif, t->reply.fate == RUN_ACCEPT,
		  out);
	buf_putc(out, '}');
	buf_free(&text);
}

static void json_texts(const char *name, const struct names *texts, struct buf *out)
{
	buf_printf(out, ",\"%s\":[", name);
	vec_each(text, texts) {
		if (text != texts->at)
			buf_putc(out, ',');
		buf_json_string(out, *text);
	}
	buf_putc(out, ']');
}

static void json_nearest(const struct near *near, struct buf *out)
{
	struct loc loc;

	buf_puts(out, ",\"nearest\":");
	if (!near->row) {
		buf_puts(out, "null");
		return;
	}
	loc = near->row->of_site ? near->row->loc : near->dep->name.loc;
	buf_puts(out, "{\"row\":");
	buf_json_string(out, near->row->id.text);
	json_member("deployment", near->dep->name.text, out);
	json_loc(loc, out);
	json_texts("mismatch", &near->mismatch, out);
	buf_putc(out, '}');
}

void trace_json(const struct trace *t, bool live, struct buf *out)
{
	struct buf text = {0};

	probe_format(&t->probe, &text);
	json_member("verdict", fate_name(t->fate), out);
	json_member("packet", buf_str(&text), out);
	buf_printf(out, ",\"live\":%s,\"local\":%s", live ? "true" : "false",
		   t->local ? "true" : "false");
	json_member("reason", t->reason, out);
	json_texts("notes", &t->notes, out);
	json_steps(&t->steps, t->probe.has_ports, out);
	buf_puts(out, ",\"translation\":{");
	json_end("dnat", &t->dnat, t->probe.has_ports, out);
	buf_putc(out, ',');
	json_end("snat", &t->snat, t->probe.has_ports, out);
	buf_putc(out, '}');
	json_wire("leaves", &t->arrived, t->arrived.oif, t->fate == RUN_ACCEPT, out);
	json_reply(t, out);
	json_nearest(&t->nearest, out);
	buf_free(&text);
}

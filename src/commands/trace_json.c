/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "trace_view.h"

#include <linux/netfilter.h>

static const char *fate_name(enum run_fate fate)
{
	static const char *const names[] = {
		[RUN_ACCEPT] = "accept", [RUN_DROP] = "drop", [RUN_UNDECIDED] = "undecided"};

	return names[fate];
}

static void json_loc(struct json *j, struct loc loc)
{
	json_string(j, "file", loc.source ? loc.source->name : NULL);
	if (loc.source)
		json_uint(j, "line", loc.line);
	else
		json_null(j, "line");
}

/* The text that @text holds, which is emptied. */
static void json_taken(struct json *j, const char *key, struct buf *text)
{
	json_string(j, key, buf_str(text));
	buf_free(text);
}

static void json_step(struct json *j, const struct trace_step *s, bool has_ports)
{
	struct buf text = {0};

	json_object(j, NULL);
	json_string(j, "hook", hook_name(s->hook));
	buf_printf(&text, "%s %s", family_name(s->table->family), s->table->name);
	json_taken(j, "table", &text);
	json_string(j, "chain", s->run.chain->name);
	if (s->run.rule) {
		put_rule(s->run.rule, &text);
		json_taken(j, "rule", &text);
	} else {
		json_null(j, "rule");
	}
	json_string(j, "comment", s->run.rule ? s->run.rule->comment : NULL);
	json_string(j, "row", s->row);
	json_string(j, "deployment", s->deployment);
	json_loc(j, s->loc);
	put_verdict(s, has_ports, &text);
	json_taken(j, "verdict", &text);
	json_end(j);
}

static void json_steps(struct json *j, const struct trace_steps *steps, bool has_ports)
{
	json_list(j, "steps");
	vec_each(s, steps)
		json_step(j, s, has_ports);
	json_end(j);
}

/* How a packet is on the wire, by which interface; null where it is not known or not there. */
static void json_wire(struct json *j, const char *key, const struct packet *p,
		      const char *interface, bool there)
{
	struct buf wire = {0};

	if (!there || p->nfproto != NFPROTO_IPV4) {
		json_null(j, key);
		return;
	}
	put_wire(p, &wire);
	json_object(j, key);
	json_string(j, "interface", interface);
	json_taken(j, "packet", &wire);
	json_end(j);
}

static void json_translation(struct json *j, const char *key, const struct translation *t,
			     bool has_ports)
{
	struct buf text = {0};

	if (t->is_set && t->masquerade)
		buf_puts(&text, "masquerade");
	else if (t->is_set)
		put_translation(t, has_ports, &text);
	json_string(j, key, t->is_set ? buf_str(&text) : NULL);
	buf_free(&text);
}

static void json_reply(struct json *j, const struct trace *t)
{
	struct buf text = {0};

	if (!t->reply.told) {
		json_null(j, "reply");
		return;
	}
	json_object(j, "reply");
	json_string(j, "verdict", fate_name(t->reply.fate));
	probe_format(&t->reply.probe, &text);
	json_taken(j, "packet", &text);
	json_string(j, "reason", t->reply.reason);
	json_steps(j, &t->reply.steps, t->probe.has_ports);
	json_wire(j, "leaves", &t->reply.arrived, t->reply.arrived.oif,
		  t->reply.fate == RUN_ACCEPT);
	json_end(j);
}

static void json_texts(struct json *j, const char *key, const struct names *texts)
{
	json_list(j, key);
	vec_each(text, texts)
		json_string(j, NULL, *text);
	json_end(j);
}

static void json_nearest(struct json *j, const struct near *near)
{
	if (!near->row) {
		json_null(j, "nearest");
		return;
	}
	json_object(j, "nearest");
	json_string(j, "row", near->row->id.text);
	json_string(j, "deployment", near->dep->name.text);
	json_loc(j, near->row->of_site ? near->row->loc : near->dep->name.loc);
	json_texts(j, "mismatch", &near->mismatch);
	json_end(j);
}

void trace_json(const struct trace *t, bool live, struct json *j)
{
	struct buf text = {0};

	json_string(j, "verdict", fate_name(t->fate));
	probe_format(&t->probe, &text);
	json_taken(j, "packet", &text);
	json_bool(j, "live", live);
	json_bool(j, "local", t->local);
	json_string(j, "reason", t->reason);
	json_texts(j, "notes", &t->notes);
	json_steps(j, &t->steps, t->probe.has_ports);
	json_object(j, "translation");
	json_translation(j, "dnat", &t->dnat, t->probe.has_ports);
	json_translation(j, "snat", &t->snat, t->probe.has_ports);
	json_end(j);
	json_wire(j, "leaves", &t->arrived, t->arrived.oif, t->fate == RUN_ACCEPT);
	json_reply(j, t);
	json_nearest(j, &t->nearest);
}

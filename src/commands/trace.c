/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "jgfw/trace/trace.h"
#include "command.h"
#include "jgfw/kernel/conntrack.h"
#include "jgfw/kernel/route.h"
#include "jgfw/kernel/tables.h"
#include "jgfw/status/warnings.h"
#include "trace_view.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum {
	MAX_WORDS = 64, /* of a packet */
};

/** struct trace_request - a packet, the tables it is taken through, and what became of it */
struct trace_request {
	struct arena arena;
	struct source source; /* the packet's text */
	struct probe probe;
	struct tables tables;
	struct trace trace;
	bool traced, live, color;
};

/* --- what is around it ----------------------------------------------------------------------- */

static int find_hop(uint32_t addr, struct hop *ret_hop, void *arg, struct diag *diag)
{
	struct trace_request *v = arg;
	struct route route = {.addr = addr};
	int r = routes_find(&route, 1, diag);

	if (r)
		return r;
	*ret_hop = (struct hop){.kind = HOP_NONE};
	if (route.kind == ROUTE_LOCAL)
		ret_hop->kind = HOP_LOCAL;
	else if (route.kind == ROUTE_UNICAST)
		*ret_hop =
			(struct hop){HOP_OUT, arena_copy(&v->arena, route.oif, strlen(route.oif))};
	return 0;
}

/* --- the command ----------------------------------------------------------------------------- */

static enum exit_code read_packet(struct job *job, struct trace_request *v)
{
	struct buf text = {0};

	for (int i = 0; i < job->options.n_args; i++)
		buf_printf(&text, "%s%s", i ? " " : "", job->options.args[i]);
	v->source = (struct source){"PACKET", arena_copy(&v->arena, text.at, text.n), text.n};
	buf_free(&text);
	return probe_parse(&v->source, &v->arena, &v->probe, &job->diag) ? EXIT_USAGE : EXIT_DONE;
}

static enum exit_code collect(struct job *job, struct trace_request *v, struct ruleset **ret_own)
{
	enum exit_code code;

	if (!job->options.live) {
		code = job_compile(job, ret_own);
		if (!code)
			vec_add(&v->tables, *ret_own);
		return code;
	}
	code = job_read(job);
	if (!code && tables_read(&v->tables, &job->diag))
		code = EXIT_SYSTEM;
	return code;
}

/* What the rules do not say, and the kernel does all the same. */
static void look_around(struct trace_request *v, struct diag *diag)
{
	if (!tables_have_own(&v->tables))
		diag_warn(diag, (struct loc){0}, "no-table",
			  "the kernel holds no table inet " RULESET_TABLE);
	warn_forwarding(diag);
}

static enum exit_code follow(struct job *job, struct trace_request *v)
{
	static const enum exit_code codes[] = {
		[RUN_ACCEPT] = EXIT_DONE, [RUN_DROP] = EXIT_NO, [RUN_UNDECIDED] = EXIT_UNDECIDED};
	struct gateway gateway = {
		.site = job->site,
		.rulesets = (const struct ruleset *const *)v->tables.at,
		.n_rulesets = v->tables.n,
		.hop = v->live ? find_hop : NULL,
		.arg = v,
	};
	int r;

	if (v->live)
		look_around(v, &job->diag);
	r = trace_packet(&gateway, &v->probe, &v->trace, &job->diag);
	v->traced = !r;
	if (v->live && v->traced && tables_legacy()) {
		v->trace.fate = RUN_UNDECIDED;
		v->trace.reason = "the kernel has tables of iptables beside nf_tables "
				  "(iptables-legacy), which may decide otherwise";
	}
	return r == -EINVAL ? EXIT_USAGE : r ? EXIT_SYSTEM : codes[v->trace.fate];
}

static enum exit_code run(const struct command *self, int argc, char **argv)
{
	struct job job = {0};
	struct trace_request v = {0};
	struct buf out = {0};
	struct ruleset *own = NULL;
	struct json j;
	enum exit_code code, written;

	if (!options_parse(self, argc, argv, &job.options, &code))
		return code;
	if (!job.options.n_args)
		return usage_error(self, "no packet");
	v.live = job.options.live;
	v.color = wants_color(STDOUT_FILENO);
	code = read_packet(&job, &v);
	if (!code)
		code = collect(&job, &v, &own);
	if (!code)
		code = follow(&job, &v);
	diag_sort(&job.diag);
	if (job.options.json) {
		open_json(&job, &out, &j);
		if (v.traced)
			trace_json(&v.trace, v.live, &j);
		close_json(&j);
	} else if (v.traced) {
		trace_text(&v.trace, v.color, &out);
	}
	written = write_out(&out);
	buf_free(&out);
	trace_free(&v.trace);
	tables_free(&v.tables);
	/* errors tell of the packet's text, too */
	code = job_end(&job, told(code, written));
	arena_free(&v.arena);
	return code;
}

const struct command command_trace = {
	.name = "trace",
	.takes = TAKES(OPTION_SITE, OPTION_OR, OPTION_EXAMPLE, OPTION_LIVE, OPTION_JSON),
	.arguments = "PACKET",
	.max_args = MAX_WORDS,
	.summary = "Follow one packet step by step, up to the row that decides.",
	.notes =
		"PACKET: [in=IF] [out=IF] [state=STATE] PROTO ADDRESS[:PORT] > ADDRESS[:PORT]\n"
		"  'in=eth0 tcp 198.51.100.7:40000 > 203.0.113.10:22'\n"
		"  'in=lan icmp echo-request 10.10.0.20 > 192.0.2.74'\n"
		"  'in=wan proto=47 198.51.100.7 > 203.0.113.10'\n"
		"  'in=wan udp [2001:db8::1]:40000 > [2001:db8::2]:53'\n"
		"  IF is an interface or a zone; STATE is established, reply, related, invalid or\n"
		"  untracked; 'to' may stand for '>'. 0: it gets through, 1: it is dropped, 5: it\n"
		"  could not be decided.\n",
	.run = run,
};

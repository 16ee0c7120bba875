/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "jgfw/emit/ruleset.h"

#include "jgfw/base/buf.h"
#include "jgfw/base/mem.h"
#include "jgfw/base/vec.h"
#include "jgfw/emit/rule.h"
#include "jgfw/emit/value.h"
#include "jgfw/ruleset/ruleset.h"

#include <string.h>

static const char *const type_names[] = {
	[TYPE_VERDICT] = "verdict",
	[TYPE_NFPROTO] = "nf_proto",
	[TYPE_IPV4_ADDR] = "ipv4_addr",
	[TYPE_INET_PROTO] = "inet_proto",
	[TYPE_INET_SERVICE] = "inet_service",
	[TYPE_ICMP_TYPE] = "icmp_type",
	[TYPE_CT_STATE] = "ct_state",
	[TYPE_CT_STATUS] = "ct_status",
	[TYPE_IFNAME] = "ifname",
};

static void emit_types(const enum datatype *types, size_t n, struct buf *out)
{
	for (size_t i = 0; i < n; i++) {
		if (i)
			buf_puts(out, " . ");
		buf_puts(out, type_names[types[i]]);
	}
}

void emit_set(const struct set *set, struct buf *out)
{
	buf_printf(out, "\t%s %s {\n\t\ttype ", set->n_data ? "map" : "set", set->name);
	emit_types(set->key, set->n_key, out);
	if (set->n_data) {
		buf_puts(out, " : ");
		emit_types(set->data, set->n_data, out);
	}
	buf_putc(out, '\n');
	if (set->size)
		buf_printf(out, "\t\tsize %u\n", set->size);
	if (set->interval)
		buf_puts(out, "\t\tflags interval\n");
	if (set->counter)
		buf_puts(out, "\t\tcounter\n");
	if (set->n) {
		buf_puts(out, "\t\telements = {\n");
		for (size_t i = 0; i < set->n; i++) {
			buf_puts(out, "\t\t\t");
			emit_element(set, i, out);
			buf_puts(out, ",\n");
		}
		buf_puts(out, "\t\t}\n");
	}
	buf_puts(out, "\t}\n\n");
}

/* nft's names of standard priorities of family inet (std_prio_lookup()). */
static void emit_priority(int32_t priority, struct buf *out)
{
	static const struct {
		int32_t priority;
		const char *name;
	} known[] = {
		{-300, "raw"}, {-150, "mangle"}, {-100, "dstnat"}, {0, "filter"}, {100, "srcnat"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (known[i].priority == priority) {
			buf_puts(out, known[i].name);
			return;
		}
	buf_printf(out, "%d", priority);
}

void emit_chain_head(const struct chain *chain, struct buf *out)
{
	static const char *const hooks[] = {
		[HOOK_PREROUTING] = "prerouting",   [HOOK_INPUT] = "input",
		[HOOK_FORWARD] = "forward",	    [HOOK_OUTPUT] = "output",
		[HOOK_POSTROUTING] = "postrouting", [HOOK_INGRESS] = "ingress",
		[HOOK_EGRESS] = "egress",
	};
	static const char *const types[] = {
		[CHAIN_FILTER] = "filter", [CHAIN_NAT] = "nat", [CHAIN_ROUTE] = "route"};

	if (!chain->is_base)
		return;
	buf_printf(out, "\t\ttype %s hook %s priority ", types[chain->type], hooks[chain->hook]);
	emit_priority(chain->priority, out);
	buf_printf(out, "; policy %s;\n", chain->policy_drop ? "drop" : "accept");
}

static int emit_chain(const struct chain *chain, struct buf *out)
{
	int result = 0;

	buf_printf(out, "\tchain %s {\n", chain->name);
	emit_chain_head(chain, out);
	vec_each(rule, &chain->rules) {
		int r;

		buf_puts(out, "\t\t");
		r = emit_rule(rule, out);
		buf_putc(out, '\n');
		if (r)
			result = r;
	}
	buf_puts(out, "\t}\n\n");
	return result;
}

int emit_ruleset(const struct ruleset *rs, struct buf *out)
{
	const struct table *table = &rs->table;
	int result = 0;

	for (const char *line = rs->heading; line && *line;) {
		const char *end = strchr(line, '\n');
		size_t len = end ? (size_t)(end - line) : strlen(line);

		buf_puts(out, "# ");
		buf_add(out, line, len);
		buf_putc(out, '\n');
		line = end ? end + 1 : NULL;
	}
	/* the first makes sure that there is something to delete */
	buf_printf(out, "table inet %s\ndelete table inet %s\n\ntable inet %s {\n", table->name,
		   table->name, table->name);
	vec_each(set, &table->sets)
		emit_set(*set, out);
	vec_each(chain, &table->chains) {
		int r = emit_chain(*chain, out);

		if (r)
			result = r;
	}
	out->n--; /* the empty line behind the last */
	buf_puts(out, "}\n");
	return result;
}

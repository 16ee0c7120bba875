/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Words that texts and JSON share. */
#include "trace_view.h"

#include "jgfw/emit/rule.h"

#include <linux/netfilter.h>

const char *hook_name(enum hook hook)
{
	static const char *const names[] = {
		[HOOK_PREROUTING] = "prerouting",   [HOOK_INPUT] = "input",
		[HOOK_FORWARD] = "forward",	    [HOOK_OUTPUT] = "output",
		[HOOK_POSTROUTING] = "postrouting", [HOOK_INGRESS] = "ingress",
		[HOOK_EGRESS] = "egress",
	};

	return names[hook];
}

const char *family_name(uint8_t family)
{
	return family == NFPROTO_INET	? "inet"
	       : family == NFPROTO_IPV4 ? "ip"
	       : family == NFPROTO_IPV6 ? "ip6"
					: "netdev";
}

static void put_end(uint32_t addr, bool unknown, uint16_t port, bool has_port, struct buf *out)
{
	if (unknown)
		buf_puts(out, "the gateway's address");
	else
		buf_ipv4(out, addr);
	if (has_port)
		buf_printf(out, ":%u", port);
}

/* A > B, as it is on the wire. */
void put_wire(const struct packet *p, struct buf *out)
{
	bool ports = proto_has_ports(p->l4proto);

	put_end(p->saddr, p->saddr_unknown, p->sport, ports, out);
	buf_puts(out, " > ");
	put_end(p->daddr, p->daddr_unknown, p->dport, ports, out);
}

void put_translation(const struct translation *t, bool has_ports, struct buf *out)
{
	buf_ipv4(out, t->addr);
	if (t->has_port && has_ports)
		buf_printf(out, ":%u", t->port);
}

void put_verdict(const struct trace_step *s, bool has_ports, struct buf *out)
{
	static const char *const verdicts[] = {[VERDICT_ACCEPT] = "accept",
					       [VERDICT_DROP] = "drop",
					       [VERDICT_JUMP] = "jump ",
					       [VERDICT_GOTO] = "goto ",
					       [VERDICT_RETURN] = "return"};
	const struct run_step *run = &s->run;

	if (run->result == RULE_UNDECIDED) {
		buf_puts(out, "undecided");
	} else if (run->result != RULE_DECIDED) {
		buf_puts(out, "continue");
	} else if (run->nat && s->to.masquerade) {
		buf_puts(out, "masquerade");
	} else if (run->nat) {
		buf_puts(out, run->nat->nat.kind == NAT_DNAT ? "dnat to " : "snat to ");
		put_translation(&s->to, has_ports, out);
	} else {
		buf_puts(out, verdicts[run->verdict.kind]);
		if (run->verdict.chain)
			buf_puts(out, run->verdict.chain->name);
	}
}

void put_rule(const struct rule *rule, struct buf *out)
{
	size_t before = out->n;

	if (!emit_rule(rule, out))
		return;
	out->n = before;
	emit_raw(rule, out);
}

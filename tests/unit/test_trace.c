/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packets traced through example sites: expectations are typed from the vendor's tables. */
#include "unit.h"

#include "jgfw/trace/trace.h"

#include <string.h>

/* Single NIC with two interfaces inside, so that s10 to s13 pass through the gateway. */
#define SINGLE_TWO                                                                                 \
	HEAD("{wan: eth0, dmz: eth1, lan: [eth2, eth3]}")                                          \
	DEPLOYMENT("hq", "single-medium")                                                          \
	SINGLE_EDGE INSIDE
#define LARGE DUAL_HEAD DEPLOYMENT("hq", "dual-large") DUAL_EDGE INSIDE
#define OWN_ROWS                                                                                   \
	DUAL "    rows:\n"                                                                         \
	     "      - {id: ping, purpose: test, from: core, to: edge.inward, proto: icmp, "        \
	     "icmp: echo-request}\n"                                                               \
	     "      - {id: ssh, purpose: admin, from: \"lan:10.10.0.0/24\", to: e1.inward, "       \
	     "proto: tcp, dport: [22, 8000-8010]}\n"                                               \
	     "      - {id: dns, purpose: names, from: edge.outward, to: \"wan:9.9.9.9\", "         \
	     "proto: tcp+udp, dport: 53}\n"
#define SHARED                                                                                     \
	"version: 1\ngateway:\n  public_addresses: shared\n  zones: " DUAL_ZONES                   \
	"\ndeployments:\n" DEPLOYMENT("hq", "dual-medium") DUAL_EDGE INSIDE
#define EXTERNAL   HEAD("{wan: eth0, outward: eth1}") DEPLOYMENT("hq", "dual-medium") DUAL_EDGE INSIDE
#define AS_GATEWAY SINGLE "    reflection_source: gateway\n"

/* --- packets that pass ------------------------------------------------------------------------ */

/* @leaves, @reply: interface and addresses at the other side, and of the reply back here. */
static const struct {
	const char *site, *packet, *row, *leaves, *reply;
} passing[] = {
	/* d1 with d3, d2 with d4, d5 */
	{DUAL, "in=eth0 tcp 198.51.100.7:1024 > 203.0.113.10:80", "d1",
	 "eth1 198.51.100.7:1024 > 192.0.2.10:9980", "eth0 203.0.113.10:80 > 198.51.100.7:1024"},
	{DUAL, "in=wan tls 198.51.100.7:65535 > 203.0.113.10:443", "d2",
	 "eth1 198.51.100.7:65535 > 192.0.2.10:9443", "eth0 203.0.113.10:443 > 198.51.100.7:65535"},
	{DUAL, "in=eth0 udp 198.51.100.7:40000 > 203.0.113.10:3478", "d5",
	 "eth1 198.51.100.7:40000 > 192.0.2.10:3478",
	 "eth0 203.0.113.10:3478 > 198.51.100.7:40000"},
	{LARGE, "in=eth0 udp 198.51.100.7:40000 > 203.0.113.10:3483", "d5",
	 "eth1 198.51.100.7:40000 > 192.0.2.10:3483",
	 "eth0 203.0.113.10:3483 > 198.51.100.7:40000"},
	/* d6 to d10 */
	{DUAL, "in=inward tcp 192.0.2.74:30000 > 10.10.0.30:5060", "d6",
	 "eth3 192.0.2.74:30000 > 10.10.0.30:5060", "eth2 10.10.0.30:5060 > 192.0.2.74:30000"},
	{DUAL, "tcp 192.0.2.74:35999 > 10.10.0.30:5061", "d7",
	 "eth3 192.0.2.74:35999 > 10.10.0.30:5061", "eth2 10.10.0.30:5061 > 192.0.2.74:35999"},
	{DUAL, "in=eth3 tcp 10.10.0.30:1024 > 192.0.2.74:5060", "d8",
	 "eth2 10.10.0.30:1024 > 192.0.2.74:5060", "eth3 192.0.2.74:5060 > 10.10.0.30:1024"},
	{DUAL, "in=eth3 out=eth2 tcp 10.10.0.30:65535 > 192.0.2.74:5061", "d9",
	 "eth2 10.10.0.30:65535 > 192.0.2.74:5061", "eth3 192.0.2.74:5061 > 10.10.0.30:65535"},
	{DUAL, "in=lan udp 10.10.0.20:59999 > 192.0.2.74:36001", "d10",
	 "eth2 10.10.0.20:59999 > 192.0.2.74:36001", "eth3 192.0.2.74:36001 > 10.10.0.20:59999"},
	/* s1, s2 with s4, s3 with s5 */
	{SINGLE, "in=wan udp 198.51.100.7:40000 > 203.0.113.10:3478", "s1",
	 "eth1 198.51.100.7:40000 > 192.0.2.10:3478",
	 "eth0 203.0.113.10:3478 > 198.51.100.7:40000"},
	{SINGLE, "in=wan tcp 198.51.100.7:40000 > 203.0.113.10:80", "s2",
	 "eth1 198.51.100.7:40000 > 192.0.2.10:9980", "eth0 203.0.113.10:80 > 198.51.100.7:40000"},
	{SINGLE, "in=wan tcp 198.51.100.7:40000 > 203.0.113.10:443", "s3",
	 "eth1 198.51.100.7:40000 > 192.0.2.10:9443", "eth0 203.0.113.10:443 > 198.51.100.7:40000"},
	/* s6 to s8: reflection keeps the source */
	{SINGLE, "in=lan tcp 10.10.0.20:35000 > 203.0.113.10:2222", "s6",
	 "eth1 10.10.0.20:35000 > 192.0.2.10:2222", "eth2 203.0.113.10:2222 > 10.10.0.20:35000"},
	{SINGLE, "in=lan tcp 10.10.0.20:25999 > 203.0.113.10:7001", "s7",
	 "eth1 10.10.0.20:25999 > 192.0.2.10:7001", "eth2 203.0.113.10:7001 > 10.10.0.20:25999"},
	{SINGLE, "in=lan udp 10.10.0.20:36000 > 203.0.113.10:29999", "s8",
	 "eth1 10.10.0.20:36000 > 192.0.2.10:29999", "eth2 203.0.113.10:29999 > 10.10.0.20:36000"},
	{AS_GATEWAY, "in=lan tcp 10.10.0.20:35000 > 203.0.113.10:2222", "s6",
	 "eth1 ?:35000 > 192.0.2.10:2222", "eth2 203.0.113.10:2222 > 10.10.0.20:35000"},
	/* s9: with the peer's public address */
	{SINGLE, "in=dmz udp 192.0.2.10:24000 > 10.10.0.20:59999", "s9",
	 "eth2 203.0.113.10:24000 > 10.10.0.20:59999", "eth1 10.10.0.20:59999 > 192.0.2.10:24000"},
	/* s10 to s13: the other one of two interfaces inside */
	{SINGLE_TWO, "in=eth2 tcp 10.10.0.20:30000 > 10.10.0.30:5060", "s10",
	 "eth3 10.10.0.20:30000 > 10.10.0.30:5060", "eth2 10.10.0.30:5060 > 10.10.0.20:30000"},
	{SINGLE_TWO, "in=eth3 tcp 10.10.0.20:35999 > 10.10.0.30:5061", "s11",
	 "eth2 10.10.0.20:35999 > 10.10.0.30:5061", "eth3 10.10.0.30:5061 > 10.10.0.20:35999"},
	{SINGLE_TWO, "in=eth2 tcp 10.10.0.30:1024 > 10.10.0.20:5060", "s12",
	 "eth3 10.10.0.30:1024 > 10.10.0.20:5060", "eth2 10.10.0.20:5060 > 10.10.0.30:1024"},
	{SINGLE_TWO, "in=eth2 tcp 10.10.0.30:65535 > 10.10.0.20:5061", "s13",
	 "eth3 10.10.0.30:65535 > 10.10.0.20:5061", "eth2 10.10.0.20:5061 > 10.10.0.30:65535"},
	/* rows of the site's own */
	{OWN_ROWS, "in=lan icmp 10.10.0.20 > 192.0.2.74", "ping", "eth2 10.10.0.20 > 192.0.2.74",
	 "eth3 192.0.2.74 > 10.10.0.20"},
	{OWN_ROWS, "tcp 10.10.0.77:5 > 192.0.2.74:8005", "ssh",
	 "eth2 10.10.0.77:5 > 192.0.2.74:8005", "eth3 192.0.2.74:8005 > 10.10.0.77:5"},
	{OWN_ROWS, "in=outward udp 192.0.2.10:999 > 9.9.9.9:53", "dns",
	 "eth0 203.0.113.10:999 > 9.9.9.9:53", "eth1 9.9.9.9:53 > 192.0.2.10:999"},
};

/** struct traced - a packet's trace, and what it is made of */
struct traced {
	struct loaded l;
	struct arena arena;
	struct source source;
	struct trace trace;
	int result;
};

static void trace_text(const char *site, const char *packet, struct traced *t)
{
	struct gateway gateway = {0};
	struct probe probe;

	*t = (struct traced){.source = {"PACKET", packet, strlen(packet)}};
	load_ruleset(site, &t->l);
	assert_clean(&t->l.diag);
	ck_assert_int_eq(probe_parse(&t->source, &t->arena, &probe, &t->l.diag), 0);
	gateway.site = t->l.site;
	gateway.rulesets = (const struct ruleset *const *)&t->l.rs;
	gateway.n_rulesets = 1;
	t->result = trace_packet(&gateway, &probe, &t->trace, &t->l.diag);
}

static void traced_free(struct traced *t)
{
	trace_free(&t->trace);
	arena_free(&t->arena);
	loaded_free(&t->l);
}

static const char *row_of(const struct trace *t)
{
	const char *row = "";

	vec_each(s, &t->steps)
		if (s->row)
			row = s->row;
	return row;
}

static void put_end(uint32_t addr, bool unknown, uint16_t port, bool ports, struct buf *out)
{
	if (unknown)
		buf_putc(out, '?');
	else
		buf_ipv4(out, addr);
	if (ports)
		buf_printf(out, ":%u", port);
}

static void assert_leaves(const struct packet *p, const char *expected)
{
	struct buf out = {0};
	bool ports = proto_has_ports(p->l4proto);

	buf_printf(&out, "%s ", p->oif ? p->oif : "?");
	put_end(p->saddr, p->saddr_unknown, p->sport, ports, &out);
	buf_puts(&out, " > ");
	put_end(p->daddr, p->daddr_unknown, p->dport, ports, &out);
	ck_assert_str_eq(buf_str(&out), expected);
	buf_free(&out);
}

START_TEST(packet_and_reply_pass)
{
	struct traced t;

	trace_text(passing[_i].site, passing[_i].packet, &t);
	assert_clean(&t.l.diag);
	ck_assert_int_eq(t.result, 0);
	ck_assert_int_eq(t.trace.fate, RUN_ACCEPT);
	ck_assert(!t.trace.local);
	ck_assert_str_eq(row_of(&t.trace), passing[_i].row);
	ck_assert_ptr_null(t.trace.nearest.row);
	assert_leaves(&t.trace.arrived, passing[_i].leaves);
	ck_assert(t.trace.reply.told);
	ck_assert_int_eq(t.trace.reply.fate, RUN_ACCEPT);
	assert_leaves(&t.trace.reply.arrived, passing[_i].reply);
	traced_free(&t);
}
END_TEST

/* What leaves at the other side, turned around, is the reply: state=reply finds the same flow. */
START_TEST(reply_alone_is_translated_back)
{
	const char *arrow = strstr(passing[_i].leaves, " > ");
	const char *from = strchr(passing[_i].leaves, ' ') + 1;
	struct traced t, back;
	struct buf text = {0};

	trace_text(passing[_i].site, passing[_i].packet, &t);
	if (!t.trace.arrived.saddr_unknown) {
		buf_printf(&text, "in=%.*s out=%s state=reply ",
			   (int)(from - 1 - passing[_i].leaves), passing[_i].leaves,
			   t.trace.sent.iif);
		proto_format(t.trace.probe.l4proto, &text);
		if (t.trace.probe.l4proto == 1)
			buf_puts(&text, " echo-reply");
		buf_printf(&text, " %s > %.*s", arrow + 3, (int)(arrow - from), from);
		trace_text(passing[_i].site, buf_str(&text), &back);
		ck_assert_int_eq(back.trace.fate, RUN_ACCEPT);
		assert_leaves(&back.trace.arrived, passing[_i].reply);
		ck_assert_uint_eq(back.trace.notes.n, 0);
		traced_free(&back);
	}
	buf_free(&text);
	traced_free(&t);
}
END_TEST

/* --- near misses ------------------------------------------------------------------------------ */

static const struct {
	const char *site, *packet, *row;
	const char *mismatch[3];
} missing[] = {
	{DUAL,
	 "in=eth0 tcp 198.51.100.7:1023 > 203.0.113.10:80",
	 "d1",
	 {"source port 1023 is outside 1024-65535 of d1"}},
	{DUAL,
	 "in=eth0 tcp 198.51.100.7:40000 > 203.0.113.10:81",
	 "d1",
	 {"destination port 81 is not 80 of d1"}},
	{DUAL,
	 "in=eth0 udp 198.51.100.7:40000 > 203.0.113.10:443",
	 "d2",
	 {"protocol udp is not tls of d2"}},
	{DUAL,
	 "in=eth0 tcp 198.51.100.7:40000 > 203.0.113.10:9443",
	 "d2",
	 {"destination port 9443 is what 443 of d2 is translated to, and not what it is sent to"}},
	{DUAL,
	 "in=eth0 tcp 198.51.100.7:40000 > 192.0.2.10:443",
	 "d2",
	 {"destination 192.0.2.10 is the address behind 203.0.113.10, and that is what d2 is sent "
	  "to"}},
	{DUAL,
	 "in=eth3 out=eth1 tcp 10.10.0.20:40000 > 203.0.113.10:443",
	 "d2",
	 {"arrived on eth3 (lan); d2 is for packets from wan (eth0)"}},
	{DUAL,
	 "in=eth0 tcp 10.10.0.20:40000 > 203.0.113.10:443",
	 "d2",
	 {"source 10.10.0.20 is an own address, which new flows from wan may not bear"}},
	{DUAL,
	 "in=eth0 udp 198.51.100.7:40000 > 203.0.113.10:3479",
	 "d5",
	 {"destination port 3479 is not 3478 of d5"}},
	{LARGE,
	 "in=eth0 udp 198.51.100.7:40000 > 203.0.113.10:3484",
	 "d5",
	 {"destination port 3484 is outside 3478-3483 of d5"}},
	{DUAL,
	 "in=eth2 tcp 192.0.2.74:4000 > 10.10.0.30:5060",
	 "d6",
	 {"source port 4000 is outside 30000-35999 of d6"}},
	{DUAL,
	 "in=eth2 tcp 192.0.2.74:36000 > 10.10.0.30:5061",
	 "d7",
	 {"source port 36000 is outside 30000-35999 of d7"}},
	{DUAL,
	 "in=eth2 tcp 192.0.2.74:30000 > 10.10.0.20:5060",
	 "d6",
	 {"destination 10.10.0.20 is not 10.10.0.30 (guest) of d6"}},
	{DUAL,
	 "in=eth3 tcp 10.10.0.20:40000 > 192.0.2.74:5060",
	 "d8",
	 {"source 10.10.0.20 is not 10.10.0.30 (guest) of d8"}},
	{DUAL,
	 "in=eth3 tcp 10.10.0.30:40000 > 192.0.2.74:5062",
	 "d9",
	 {"destination port 5062 is not 5061 of d9"}},
	{DUAL,
	 "in=eth1 tcp 10.10.0.30:40000 > 192.0.2.74:5061",
	 "d9",
	 {"arrived on eth1 (outward); d9 is for packets from lan (eth3)"}},
	{DUAL,
	 "in=eth3 udp 10.10.0.20:36000 > 192.0.2.74:2776",
	 "d10",
	 {"destination port 2776 is outside 36000-36001 of d10"}},
	{DUAL,
	 "in=eth3 udp 10.10.0.20:60000 > 192.0.2.74:36000",
	 "d10",
	 {"source port 60000 is outside 36000-59999 of d10"}},
	{DUAL,
	 "in=eth3 state=invalid udp 10.10.0.20:40000 > 192.0.2.74:36000",
	 "d10",
	 {"state invalid is not new, as the first packet of d10 is"}},
	{DUAL "    omit: [d5]\n",
	 "in=eth0 udp 198.51.100.7:40000 > 203.0.113.10:3478",
	 "d5",
	 {"d5 is omitted by the site"}},
	{EXTERNAL,
	 "in=eth1 tcp 192.0.2.74:30000 > 10.10.0.30:5060",
	 "d6",
	 {"d6 is not in force: the gateway has no zone inward"}},
	{SINGLE,
	 "in=eth0 udp 198.51.100.7:1000 > 203.0.113.10:3478",
	 "s1",
	 {"source port 1000 is outside 1024-65535 of s1"}},
	{SINGLE,
	 "in=eth0 udp 198.51.100.7:40000 > 203.0.113.10:80",
	 "s2",
	 {"protocol udp is not tcp of s2"}},
	{SINGLE,
	 "in=eth0 tcp 198.51.100.7:40000 > 192.0.2.10:9443",
	 "s3",
	 {"destination port 9443 is what 443 of s3 is translated to, and not what it is sent to",
	  "destination 192.0.2.10 is the address behind 203.0.113.10, and that is what s3 is sent "
	  "to"}},
	{SINGLE,
	 "in=eth2 tcp 10.10.0.20:34999 > 203.0.113.10:2222",
	 "s6",
	 {"source port 34999 is outside 35000-35999 of s6"}},
	{SINGLE,
	 "in=eth2 tcp 10.10.0.20:35000 > 192.0.2.10:2222",
	 "s6",
	 {"destination 192.0.2.10 is the address behind 203.0.113.10, and that is what s6 is sent "
	  "to"}},
	{SINGLE,
	 "in=eth2 tcp 10.10.0.30:25000 > 203.0.113.10:7001",
	 "s7",
	 {"source 10.10.0.30 is not 10.10.0.20 (core) of s7"}},
	{SINGLE,
	 "in=eth2 udp 10.10.0.20:36000 > 203.0.113.10:30000",
	 "s8",
	 {"destination port 30000 is outside 24000-29999 of s8"}},
	{SINGLE,
	 "in=eth1 udp 192.0.2.10:23999 > 10.10.0.20:36000",
	 "s9",
	 {"source port 23999 is outside 24000-29999 of s9"}},
	{SINGLE,
	 "in=eth1 udp 203.0.113.10:24000 > 10.10.0.20:36000",
	 "s9",
	 {"source 203.0.113.10 is its public address; as edge.public of s9 it sends with "
	  "192.0.2.10, which is translated"}},
	{SINGLE_TWO,
	 "in=eth2 tcp 10.10.0.20:4000 > 10.10.0.30:5060",
	 "s10",
	 {"source port 4000 is outside 30000-35999 of s10"}},
	{SINGLE_TWO,
	 "in=eth2 tcp 10.10.0.20:4000 > 10.10.0.30:5061",
	 "s11",
	 {"source port 4000 is outside 30000-35999 of s11"}},
	{SINGLE_TWO,
	 "in=eth2 out=eth2 tcp 10.10.0.30:4000 > 10.10.0.20:5060",
	 "s12",
	 {"it leaves by eth2, which it came by; s12 goes from one interface to another"}},
	{SINGLE,
	 "in=eth2 tcp 10.10.0.30:4000 > 10.10.0.20:5061",
	 "s13",
	 {"s13 is not in force: both its ends are in lan, which has one interface"}},
	{OWN_ROWS,
	 "in=eth3 icmp 13 10.10.0.20 > 192.0.2.74",
	 "ping",
	 {"type 13 of ICMP is not 8 (echo-request) of ping"}},
	{OWN_ROWS,
	 "in=eth3 tcp 10.11.0.5:5 > 192.0.2.74:22",
	 "ssh",
	 {"source 10.11.0.5 is outside 10.10.0.0/24 of ssh"}},
	{OWN_ROWS,
	 "in=eth3 tcp 10.10.0.5:5 > 192.0.2.74:23",
	 "ssh",
	 {"destination port 23 is outside 22, 8000-8010 of ssh"}},
	{OWN_ROWS,
	 "in=eth1 udp 192.0.2.10:5 > 8.8.8.8:53",
	 "dns",
	 {"destination 8.8.8.8 is outside 9.9.9.9 of dns"}},
};

START_TEST(near_miss_is_told)
{
	struct traced t;
	const struct near *near = &t.trace.nearest;
	size_t n = 0;

	trace_text(missing[_i].site, missing[_i].packet, &t);
	assert_clean(&t.l.diag);
	ck_assert_int_eq(t.trace.fate, RUN_DROP);
	ck_assert(!t.trace.reply.told);
	ck_assert_ptr_nonnull(near->row);
	for (; n < ARRAY_SIZE(missing[_i].mismatch) && missing[_i].mismatch[n]; n++)
		if (n < near->mismatch.n)
			ck_assert_str_eq(near->mismatch.at[n], missing[_i].mismatch[n]);
	ck_assert_uint_eq(near->mismatch.n, n);
	ck_assert_str_eq(near->row->id.text, missing[_i].row);
	ck_assert_str_eq(near->dep->name.text, "hq");
	traced_free(&t);
}
END_TEST

/* --- other ends ------------------------------------------------------------------------------- */

static const struct {
	const char *site, *packet;
	enum run_fate fate;
	bool local;
	const char *note; /* the first, or NULL */
} others[] = {
	/* the gateway itself */
	{DUAL, "in=eth0 icmp 198.51.100.7 > 203.0.113.10", RUN_DROP, true, NULL},
	{SHARED, "in=eth0 icmp 198.51.100.7 > 203.0.113.10", RUN_ACCEPT, true, NULL},
	{SHARED, "in=eth0 tcp 198.51.100.7:4000 > 203.0.113.10:22", RUN_ACCEPT, true, NULL},
	{SHARED, "in=eth0 tcp 10.10.0.20:4000 > 203.0.113.10:22", RUN_DROP, true, NULL},
	/* flows that exist */
	{DUAL, "in=eth0 tcp 198.51.100.7:4000 > 203.0.113.10:443 state=established", RUN_ACCEPT,
	 false, NULL},
	{DUAL, "in=eth1 tcp 192.0.2.10:9443 > 198.51.100.7:4000 state=reply", RUN_ACCEPT, false,
	 NULL},
	{DUAL, "in=eth1 tcp 192.0.2.10:9999 > 198.51.100.7:4000 state=reply", RUN_ACCEPT, false,
	 "no flow that the rules would let begin now is answered by it; state=reply is taken as "
	 "given"},
	{DUAL, "in=eth3 tcp 10.10.0.30:80 > 192.0.2.74:9 state=established", RUN_ACCEPT, false,
	 "no rule would let such a flow begin now; established is taken as given"},
	{DUAL, "in=eth0 icmp 3 9.9.9.9 > 203.0.113.10 state=related", RUN_ACCEPT, false,
	 "it is taken to be about a flow that is translated to 192.0.2.10"},
	{DUAL, "in=eth0 icmp 3 9.9.9.9 > 192.0.2.10", RUN_DROP, false,
	 "this type of ICMP opens no flow: without state=related or state=reply it is invalid"},
	{DUAL, "in=eth0 tcp 198.51.100.7:4000 > 203.0.113.10:443 state=untracked", RUN_DROP, true,
	 NULL},
	/* what is not said */
	{DUAL, "in=eth0 tcp 198.51.100.7 > 203.0.113.10:443", RUN_ACCEPT, false,
	 "source port 40000 is taken, which d2 of hq allows"},
	{DUAL, "in=eth2 tcp 192.0.2.74 > 10.10.0.30:5060", RUN_ACCEPT, false,
	 "source port 30000 is taken, which d6 of hq allows"},
	{DUAL, "tcp 198.51.100.7:4000 > 203.0.113.10:443", RUN_ACCEPT, false,
	 "in=eth0: the way to the source"},
	{SINGLE_TWO, "in=lan tcp 10.10.0.20:30000 > 10.10.0.30:5060", RUN_ACCEPT, false,
	 "lan has 2 interfaces; in=eth2 is taken"},
	{SINGLE_TWO, "in=eth3 tcp 10.10.0.20:30000 > 10.10.0.30:5060", RUN_ACCEPT, false,
	 "lan has 2 interfaces; eth2 is taken, which lets it through"},
	{DUAL, "in=eth9 tcp 198.51.100.7:4000 > 203.0.113.10:443", RUN_DROP, true,
	 "eth9 is no interface of this site's zones"},
	{DUAL, "in=eth3 tcp 10.10.0.20:4000 > 10.77.0.1:443", RUN_DROP, false,
	 "which interface leads to the destination is not known; it makes no difference here"},
	/* IPv6 */
	{DUAL, "in=eth0 tcp [2001:db8::1]:4000 > [2001:db8::2]:443", RUN_DROP, false,
	 "which interface leads to the destination is not known; it makes no difference here"},
	{DUAL, "in=eth0 out=eth1 state=established udp [2001:db8::1]:4000 > [2001:db8::2]:443",
	 RUN_DROP, false, "no rule would let such a flow begin now; established is taken as given"},
};

START_TEST(packet_comes_to_another_end)
{
	struct traced t;

	trace_text(others[_i].site, others[_i].packet, &t);
	assert_clean(&t.l.diag);
	ck_assert_int_eq(t.result, 0);
	ck_assert_int_eq(t.trace.fate, others[_i].fate);
	ck_assert_int_eq(t.trace.local, others[_i].local);
	ck_assert_int_eq(!t.trace.notes.n, !others[_i].note);
	if (others[_i].note)
		ck_assert_str_eq(t.trace.notes.at[0], others[_i].note);
	traced_free(&t);
}
END_TEST

/* A packet that does not say enough, or says what the site does not know. */
static const struct {
	const char *packet, *said;
	uint32_t column;
} refused[] = {
	{"in=dmz tcp 1.2.3.4:5 > 203.0.113.10:443",
	 "'dmz' is no zone of this gateway's, and no interface of its zones", 4},
	{"out=dmz in=eth0 tcp 1.2.3.4:5 > 203.0.113.10:443",
	 "'dmz' is no zone of this gateway's, and no interface of its zones", 5},
	{"tcp 203.0.113.10:5 > 203.0.113.10:443",
	 "which interface this comes in by is not known: say in=INTERFACE", 5},
	{"tcp 10.77.0.1:5 > 203.0.113.10:443",
	 "which interface this comes in by is not known: say in=INTERFACE", 5},
	{"tcp [::1]:5 > [::2]:443",
	 "which interface this comes in by is not known: say in=INTERFACE", 5},
};

START_TEST(packet_is_refused)
{
	struct traced t;

	trace_text(DUAL, refused[_i].packet, &t);
	ck_assert_int_ne(t.result, 0);
	ck_assert_uint_eq(t.l.diag.errors, 1);
	ck_assert_str_eq(t.l.diag.messages[0]->slug, "bad-packet");
	ck_assert_str_eq(t.l.diag.messages[0]->text, refused[_i].said);
	ck_assert_uint_eq(t.l.diag.messages[0]->loc.column, refused[_i].column);
	traced_free(&t);
}
END_TEST

Suite *trace_suite(void)
{
	Suite *s = suite_create("trace");
	TCase *tc = tcase_create("packets");

	add_table(tc, packet_and_reply_pass, passing);
	add_table(tc, reply_alone_is_translated_back, passing);
	add_table(tc, near_miss_is_told, missing);
	add_table(tc, packet_comes_to_another_end, others);
	add_table(tc, packet_is_refused, refused);
	suite_add_tcase(s, tc);
	return s;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packets as people write them: read, printed, and what is said of those that are none. */
#include "unit.h"

#include "jgfw/trace/packet.h"

#include <string.h>

enum {
	ICMP = 1,
	TCP = 6,
	UDP = 17,
	GRE = 47,
	ICMPV6 = 58,
	SCTP = 132,
	IPV4 = 2,
	IPV6 = 10,
};

/** struct reading - a packet on its way through the parser */
struct reading {
	struct arena arena;
	struct diag diag;
	struct source source;
	struct probe probe;
	int result;
};

static void read_packet(const char *text, struct reading *r)
{
	*r = (struct reading){.source = {"PACKET", text, strlen(text)}};
	r->result = probe_parse(&r->source, &r->arena, &r->probe, &r->diag);
}

static void reading_free(struct reading *r)
{
	diag_free(&r->diag);
	arena_free(&r->arena);
}

static void assert_same(const char *a, const char *b)
{
	ck_assert_int_eq(!a, !b);
	if (a)
		ck_assert_str_eq(a, b);
}

/* NULL @again: it is printed as it was read. Source ports of -1 are not given. */
static const struct {
	const char *text, *in, *out;
	uint8_t nfproto, l4proto, icmp_type;
	enum probe_state state;
	uint32_t saddr;
	int sport;
	uint32_t daddr;
	int dport;
	const char *again;
} good[] = {
	{"in=eth0 tcp 198.51.100.7:40000 > 203.0.113.10:443", "eth0", NULL, IPV4, TCP, 0, STATE_NEW,
	 0xc6336407, 40000, 0xcb00710a, 443, NULL},
	{"in=eth0 tcp 198.51.100.7:40000 to 203.0.113.10:443", "eth0", NULL, IPV4, TCP, 0,
	 STATE_NEW, 0xc6336407, 40000, 0xcb00710a, 443,
	 "in=eth0 tcp 198.51.100.7:40000 > 203.0.113.10:443"},
	{"  tcp   198.51.100.7:40000>203.0.113.10:443 ", NULL, NULL, IPV4, TCP, 0, STATE_NEW,
	 0xc6336407, 40000, 0xcb00710a, 443, "tcp 198.51.100.7:40000 > 203.0.113.10:443"},
	{"in=wan out=dmz tls 1.2.3.4 > 5.6.7.8:0", "wan", "dmz", IPV4, TCP, 0, STATE_NEW,
	 0x01020304, -1, 0x05060708, 0, "in=wan out=dmz tcp 1.2.3.4 > 5.6.7.8:0"},
	{"udp 1.2.3.4:65535 > 5.6.7.8:53 state=established in=x out=y", "x", "y", IPV4, UDP, 0,
	 STATE_ESTABLISHED, 0x01020304, 65535, 0x05060708, 53,
	 "in=x out=y state=established udp 1.2.3.4:65535 > 5.6.7.8:53"},
	{"in=a.b-c_d@1 state=reply sctp 1.2.3.4:1 > 5.6.7.8:2", "a.b-c_d@1", NULL, IPV4, SCTP, 0,
	 STATE_REPLY, 0x01020304, 1, 0x05060708, 2, NULL},
	{"state=related icmp destination-unreachable 1.2.3.4 > 5.6.7.8", NULL, NULL, IPV4, ICMP, 3,
	 STATE_RELATED, 0x01020304, -1, 0x05060708, -1, NULL},
	{"state=invalid icmp 200 1.2.3.4 > 5.6.7.8", NULL, NULL, IPV4, ICMP, 200, STATE_INVALID,
	 0x01020304, -1, 0x05060708, -1, NULL},
	{"icmp 1.2.3.4 > 5.6.7.8", NULL, NULL, IPV4, ICMP, 8, STATE_NEW, 0x01020304, -1, 0x05060708,
	 -1, "icmp echo-request 1.2.3.4 > 5.6.7.8"},
	{"icmp echo-request 1.2.3.4 > 5.6.7.8", NULL, NULL, IPV4, ICMP, 8, STATE_NEW, 0x01020304,
	 -1, 0x05060708, -1, NULL},
	{"proto=47 1.2.3.4 > 5.6.7.8", NULL, NULL, IPV4, GRE, 0, STATE_NEW, 0x01020304, -1,
	 0x05060708, -1, NULL},
	{"proto=17 1.2.3.4:5 > 5.6.7.8:6 state=new", NULL, NULL, IPV4, UDP, 0, STATE_NEW,
	 0x01020304, 5, 0x05060708, 6, "udp 1.2.3.4:5 > 5.6.7.8:6"},
	{"state=untracked proto=0 1.2.3.4 > 5.6.7.8", NULL, NULL, IPV4, 0, 0, STATE_UNTRACKED,
	 0x01020304, -1, 0x05060708, -1, NULL},
	{"in=eth0 udp [2001:db8::1]:5 > [2001:db8::2]:443", "eth0", NULL, IPV6, UDP, 0, STATE_NEW,
	 0, 5, 0, 443, NULL},
	{"icmpv6 [::1] > [2001:DB8:0::2]", NULL, NULL, IPV6, ICMPV6, 0, STATE_NEW, 0, -1, 0, -1,
	 "icmpv6 [::1] > [2001:db8::2]"},
};

START_TEST(packet_is_read_and_printed)
{
	struct reading r;
	struct buf out = {0};
	const struct probe *p = &r.probe;

	read_packet(good[_i].text, &r);
	assert_clean(&r.diag);
	ck_assert_int_eq(r.result, 0);
	assert_same(p->in, good[_i].in);
	assert_same(p->out, good[_i].out);
	ck_assert_uint_eq(p->nfproto, good[_i].nfproto);
	ck_assert_uint_eq(p->l4proto, good[_i].l4proto);
	ck_assert_uint_eq(p->icmp_type, good[_i].icmp_type);
	ck_assert_int_eq((int)p->state, (int)good[_i].state);
	ck_assert_uint_eq(p->src.addr, good[_i].saddr);
	ck_assert_uint_eq(p->dst.addr, good[_i].daddr);
	ck_assert_int_eq(p->src.has_port ? p->src.port : -1, good[_i].sport);
	ck_assert_int_eq(p->dst.has_port ? p->dst.port : -1, good[_i].dport);
	probe_format(p, &out);
	ck_assert_str_eq(buf_str(&out), good[_i].again ? good[_i].again : good[_i].text);
	buf_free(&out);
	reading_free(&r);
}
END_TEST

/* What is printed is read as the same, and printed as the same. */
START_TEST(printed_packet_is_a_fixed_point)
{
	struct reading r, again;
	struct buf first = {0}, second = {0};

	read_packet(good[_i].text, &r);
	probe_format(&r.probe, &first);
	read_packet(buf_str(&first), &again);
	ck_assert_int_eq(again.result, 0);
	probe_format(&again.probe, &second);
	ck_assert_str_eq(buf_str(&first), buf_str(&second));
	buf_free(&first);
	buf_free(&second);
	reading_free(&r);
	reading_free(&again);
}
END_TEST

/* The first error, with its place: a column and so many characters. */
static const struct {
	const char *text;
	uint32_t column, len;
	const char *said;
} bad[] = {
	{"", 1, 1,
	 "expected a protocol (tcp, udp, icmp, proto=NUMBER) here, where the packet ends"},
	{"in=eth0", 8, 1,
	 "expected a protocol (tcp, udp, icmp, proto=NUMBER) here, where the packet ends"},
	{"tpc 1.2.3.4:1 > 5.6.7.8:2", 1, 3,
	 "expected a protocol (tcp, udp, icmp, proto=NUMBER), found 'tpc'"},
	{"1.2.3.4:1 > 5.6.7.8:2", 1, 9,
	 "expected a protocol (tcp, udp, icmp, proto=NUMBER), found '1.2.3.4:1'"},
	{"in= tcp 1.2.3.4:1 > 5.6.7.8:2", 1, 3, "expected an interface or a zone behind in="},
	{"in=a in=b tcp 1.2.3.4:1 > 5.6.7.8:2", 6, 4, "in= is given twice"},
	{"tcp 1.2.3.4:1 > 5.6.7.8:2 out=a out=b", 33, 5, "out= is given twice"},
	{"in=sixteen-letters- tcp 1.2.3.4:1 > 5.6.7.8:2", 4, 16,
	 "'sixteen-letters-' is no name of an interface"},
	{"out=a/b tcp 1.2.3.4:1 > 5.6.7.8:2", 5, 3, "'a/b' is no name of an interface"},
	{"state=fresh tcp 1.2.3.4:1 > 5.6.7.8:2", 7, 5,
	 "'fresh' is no state: new, established, reply, related, invalid or untracked"},
	{"state=new state=new tcp 1.2.3.4:1 > 5.6.7.8:2", 11, 9, "state= is given twice"},
	{"proto=256 1.2.3.4 > 5.6.7.8", 7, 3, "'256' is no number of a protocol, 0 to 255"},
	{"proto=gre 1.2.3.4 > 5.6.7.8", 7, 3, "'gre' is no number of a protocol, 0 to 255"},
	{"proto= 1.2.3.4 > 5.6.7.8", 7, 1, "'' is no number of a protocol, 0 to 255"},
	{"icmp echo 1.2.3.4 > 5.6.7.8", 6, 4, "'echo' is no type of ICMP, and no address"},
	{"icmp 256 1.2.3.4 > 5.6.7.8", 6, 3, "'256' is no type of ICMP, and no address"},
	{"tcp", 4, 1, "expected an address here, where the packet ends"},
	{"tcp > 5.6.7.8:2", 5, 1, "expected an address, found '>'"},
	{"tcp to 5.6.7.8:2", 5, 2, "expected an address, found 'to'"},
	{"tcp 1.2.3.4:1 >", 16, 1, "expected an address here, where the packet ends"},
	{"tcp 1.2.3.4:1", 14, 1, "expected '>' or 'to' here, where the packet ends"},
	{"tcp 1.2.3.4:1 5.6.7.8:2", 15, 9, "expected '>' or 'to', found '5.6.7.8:2'"},
	{"tcp 1.2.3.4:1 -> 5.6.7.8:2", 15, 1, "expected '>' or 'to', found '-'"},
	{"tcp 1.2.3.4:1 > > 5.6.7.8:2", 17, 1, "expected an address, found '>'"},
	{"tcp 1.2.3:1 > 5.6.7.8:2", 5, 5, "'1.2.3' is not an IPv4 address"},
	{"tcp 1.2.3.256:1 > 5.6.7.8:2", 5, 9, "'1.2.3.256' is not an IPv4 address"},
	{"tcp 1.2.3.4:1 > e1.public:443", 17, 9, "'e1.public' is not an IPv4 address"},
	{"tcp 1.2.3.4:1 > 10.0.0.0/8:2", 17, 10, "'10.0.0.0/8' is not an IPv4 address"},
	{"tcp 1.2.3.4: > 5.6.7.8:2", 13, 1, "'' is no port, 0 to 65535"},
	{"tcp 1.2.3.4:65536 > 5.6.7.8:2", 13, 5, "'65536' is no port, 0 to 65535"},
	{"tcp 1.2.3.4:1 > 5.6.7.8:http", 25, 4, "'http' is no port, 0 to 65535"},
	{"tcp 1.2.3.4:1 > 5.6.7.8:1-2", 25, 3, "'1-2' is no port, 0 to 65535"},
	{"tcp 1.2.3.4:01 > 5.6.7.8:2", 13, 2, "'01' is no port, 0 to 65535"},
	{"tcp 1.2.3.4:1 > 5.6.7.8", 17, 7, "the destination port is missing: ADDRESS:PORT"},
	{"icmp 1.2.3.4:1 > 5.6.7.8", 14, 1, "this protocol has no ports"},
	{"proto=47 1.2.3.4 > 5.6.7.8:9", 28, 1, "this protocol has no ports"},
	{"tcp 1.2.3.4:1 > 5.6.7.8:2 please", 27, 6, "expected the end, found 'please'"},
	{"tcp 2001:db8::1 > 5.6.7.8:2", 5, 11, "an IPv6 address stands in brackets: [2001:db8::1]"},
	{"tcp [2001:db8::1:1 > [::2]:2", 5, 14, "there is no ']' behind '[2001:db8::1:1'"},
	{"tcp [2001:db8::g]:1 > [::2]:2", 6, 11, "'2001:db8::g' is no IPv6 address"},
	{"tcp [::1]1 > [::2]:2", 10, 1, "expected ':' and a port, found '1'"},
	{"tcp [::1]:1 > 5.6.7.8:2", 15, 9, "one address is of IPv4, the other of IPv6"},
	{"tcp 5.6.7.8:2 > [::1]:1", 17, 7, "one address is of IPv4, the other of IPv6"},
	{"icmp [::1] > [::2]", 6, 5, "icmp is of IPv4; that of IPv6 is icmpv6"},
	{"icmpv6 1.2.3.4 > 5.6.7.8", 8, 7, "icmpv6 is of IPv6; that of IPv4 is icmp"},
	{"tcp 1.2.3.4:1\t> 5.6.7.8:2", 14, 1, "a packet is written in printable ASCII"},
	{"tcp 1.2.3.4:1 > 5.6.7.8:2\n", 26, 1, "a packet is written in printable ASCII"},
	{"in=\xc3\xa9 tcp 1.2.3.4:1 > 5.6.7.8:2", 4, 1, "a packet is written in printable ASCII"},
};

START_TEST(malformed_packet_is_told_with_its_place)
{
	struct reading r;

	read_packet(bad[_i].text, &r);
	ck_assert_int_ne(r.result, 0);
	ck_assert_uint_eq(r.diag.errors, 1);
	ck_assert_str_eq(r.diag.messages[0]->slug, "bad-packet");
	ck_assert_str_eq(r.diag.messages[0]->text, bad[_i].said);
	ck_assert_uint_eq(r.diag.messages[0]->loc.column, bad[_i].column);
	ck_assert_uint_eq(r.diag.messages[0]->loc.len, bad[_i].len);
	reading_free(&r);
}
END_TEST

START_TEST(long_packet_is_refused)
{
	struct reading r;
	char text[2000];

	memset(text, ' ', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	memcpy(text, "tcp 1.2.3.4:1 > 5.6.7.8:2", strlen("tcp 1.2.3.4:1 > 5.6.7.8:2"));
	read_packet(text, &r);
	ck_assert_int_ne(r.result, 0);
	ck_assert_uint_eq(r.diag.n, 1);
	ck_assert_str_eq(r.diag.messages[0]->text, "it is longer than 1000 characters");
	reading_free(&r);
}
END_TEST

/* No prefix of a good packet does any harm. */
START_TEST(prefixes_are_read_or_refused)
{
	for (size_t len = 0; len < strlen(good[_i].text); len++) {
		char text[128] = {0};
		struct reading r;

		memcpy(text, good[_i].text, len);
		read_packet(text, &r);
		ck_assert_uint_eq(r.diag.errors, r.result ? 1 : 0);
		reading_free(&r);
	}
}
END_TEST

static const struct {
	const char *text, *quoted;
} quotes[] = {
	{"", "''"},
	{"a > b", "'a > b'"},
	{"in=it's", "'in=it'\\''s'"},
	{"$(x) \\", "'$(x) \\'"},
};

START_TEST(text_is_quoted_for_a_shell)
{
	struct buf out = {0};

	shell_quote(quotes[_i].text, &out);
	ck_assert_str_eq(buf_str(&out), quotes[_i].quoted);
	buf_free(&out);
}
END_TEST

Suite *packet_suite(void)
{
	Suite *s = suite_create("packet");
	TCase *tc = tcase_create("packets");

	add_table(tc, packet_is_read_and_printed, good);
	add_table(tc, printed_packet_is_a_fixed_point, good);
	add_table(tc, malformed_packet_is_told_with_its_place, bad);
	add_table(tc, prefixes_are_read_or_refused, good);
	add_table(tc, text_is_quoted_for_a_shell, quotes);
	tcase_add_test(tc, long_packet_is_refused);
	suite_add_tcase(s, tc);
	return s;
}

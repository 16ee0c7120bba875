/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "jgfw/trace/packet.h"

#include "jgfw/base/addr.h"
#include "jgfw/base/icmp.h"
#include "jgfw/base/text.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include <linux/netfilter.h>

enum {
	PACKET_MAX_SIZE = 1000, /* bytes: many times what any packet needs */
	ICMP_ECHO_REQUEST = 8,	/* RFC 792 */
};

#define NO_PACKET "bad-packet"

static const struct {
	const char *name;
	uint8_t l4proto;
	bool has_ports;
} protos[] = {
	{"tcp", IPPROTO_TCP, true},    {"tls", IPPROTO_TCP, true},
	{"udp", IPPROTO_UDP, true},    {"sctp", IPPROTO_SCTP, true},
	{"dccp", IPPROTO_DCCP, true},  {"udplite", IPPROTO_UDPLITE, true},
	{"icmp", IPPROTO_ICMP, false}, {"icmpv6", IPPROTO_ICMPV6, false},
};

static const char *const states[] = {
	[STATE_NEW] = "new",	     [STATE_ESTABLISHED] = "established",
	[STATE_REPLY] = "reply",     [STATE_RELATED] = "related",
	[STATE_INVALID] = "invalid", [STATE_UNTRACKED] = "untracked",
};

const char *probe_state_name(enum probe_state state)
{
	return states[state];
}

/** struct packet_scanner - a packet on its way into a struct probe */
struct packet_scanner {
	const struct source *source;
	struct arena *arena;
	struct diag *diag;
	struct probe *probe;
	size_t at;	  /* behind the word that was read last */
	const char *word; /* that word; NULL at the end */
	struct loc loc;	  /* of it, or the end */
	bool failed;
};

/* --- words ---------------------------------------------------------------------------------- */

static void fail(struct packet_scanner *s, struct loc loc, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* Only the first error is told: the rest is guesswork. */
static void fail(struct packet_scanner *s, struct loc loc, const char *fmt, ...)
{
	va_list ap;
	char *text;

	if (s->failed)
		return;
	s->failed = true;
	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		mem_exhausted();
	va_end(ap);
	diag_error(s->diag, loc, NO_PACKET, "%s", text);
	free(text);
}

/* "expected WHAT", and what there is instead */
static void expected(struct packet_scanner *s, const char *what)
{
	if (s->word)
		fail(s, s->loc, "expected %s, found '%s'", what, s->word);
	else
		fail(s, s->loc, "expected %s here, where the packet ends", what);
}

/* Part of the word that was read last. */
static struct loc part(const struct packet_scanner *s, size_t from, size_t len)
{
	struct loc loc = s->loc;

	loc.column += (uint32_t)from;
	loc.len = len ? (uint32_t)len : 1;
	return loc;
}

static void next_word(struct packet_scanner *s)
{
	const char *text = s->source->text;
	size_t from, len = s->source->len;

	while (s->at < len && text[s->at] == ' ')
		s->at++;
	from = s->at;
	if (s->at < len && text[s->at] == '>')
		s->at++;
	else
		while (s->at < len && text[s->at] != ' ' && text[s->at] != '>')
			s->at++;
	s->loc = (struct loc){s->source, 1, (uint32_t)from + 1,
			      s->at > from ? (uint32_t)(s->at - from) : 1};
	s->word = s->at > from ? arena_copy(s->arena, text + from, s->at - from) : NULL;
}

static bool word_is(const struct packet_scanner *s, const char *text)
{
	return s->word && !strcmp(s->word, text);
}

/* The value where the word is KEY=VALUE, else NULL. */
static const char *value_of(const struct packet_scanner *s, const char *key)
{
	size_t len = strlen(key);

	return s->word && !strncmp(s->word, key, len) && s->word[len] == '=' ? s->word + len + 1
									     : NULL;
}

/* --- in=, out=, state= ---------------------------------------------------------------------- */

static void take_interface(struct packet_scanner *s, const char *key, const char *value,
			   const char **ret, struct loc *ret_loc)
{
	size_t before = strlen(key) + 1, len = strlen(value);

	if (*ret)
		fail(s, s->loc, "%s= is given twice", key);
	else if (!len)
		fail(s, s->loc, "expected an interface or a zone behind %s=", key);
	else if (len >= IF_NAMESIZE || strpbrk(value, "/:\"\\"))
		fail(s, part(s, before, len), "'%s' is no name of an interface", value);
	*ret = value;
	*ret_loc = part(s, before, len);
}

static void take_state(struct packet_scanner *s, const char *value)
{
	struct loc loc = part(s, strlen("state="), strlen(value));

	if (s->probe->has_state)
		fail(s, s->loc, "state= is given twice");
	s->probe->has_state = true;
	for (size_t i = 0; i < ARRAY_SIZE(states); i++)
		if (!strcmp(states[i], value)) {
			s->probe->state = (enum probe_state)i;
			return;
		}
	fail(s, loc, "'%s' is no state: new, established, reply, related, invalid or untracked",
	     value);
}

/* The next word that is not KEY=VALUE of these. */
static void advance(struct packet_scanner *s)
{
	static const char *const keys[] = {"in", "out", "state"};
	const char *value;

	for (next_word(s);; next_word(s)) {
		size_t i = 0;

		while (i < ARRAY_SIZE(keys) && !(value = value_of(s, keys[i])))
			i++;
		if (i == ARRAY_SIZE(keys))
			return;
		if (i == 0)
			take_interface(s, keys[i], value, &s->probe->in, &s->probe->in_loc);
		else if (i == 1)
			take_interface(s, keys[i], value, &s->probe->out, &s->probe->out_loc);
		else
			take_state(s, value);
	}
}

/* --- the protocol --------------------------------------------------------------------------- */

static void take_number(struct packet_scanner *s, const char *value)
{
	uint64_t number;

	if (text_uint(value, UINT8_MAX, &number))
		fail(s, part(s, strlen("proto="), strlen(value)),
		     "'%s' is no number of a protocol, 0 to %d", value, UINT8_MAX);
	else
		s->probe->l4proto = (uint8_t)number;
	for (size_t i = 0; i < ARRAY_SIZE(protos); i++)
		if (protos[i].l4proto == s->probe->l4proto)
			s->probe->has_ports = protos[i].has_ports;
}

static void take_proto(struct packet_scanner *s)
{
	const char *value = value_of(s, "proto");
	size_t i = 0;

	if (value) {
		take_number(s, value);
		advance(s);
		return;
	}
	while (i < ARRAY_SIZE(protos) && !word_is(s, protos[i].name))
		i++;
	if (i == ARRAY_SIZE(protos)) {
		expected(s, "a protocol (tcp, udp, icmp, proto=NUMBER)");
		return;
	}
	s->probe->l4proto = protos[i].l4proto;
	s->probe->has_ports = protos[i].has_ports;
	advance(s);
}

/* A type of ICMP is what stands in an address's place and is none. */
static void take_icmp_type(struct packet_scanner *s)
{
	const char *word = s->word;

	if (s->probe->l4proto != IPPROTO_ICMP)
		return;
	s->probe->icmp_type = ICMP_ECHO_REQUEST;
	if (!word || strpbrk(word, ".:[>"))
		return;
	if (!icmp_type_parse(word, &s->probe->icmp_type))
		fail(s, s->loc, "'%s' is no type of ICMP, and no address", word);
	advance(s);
}

/* --- addresses ------------------------------------------------------------------------------ */

static void take_port(struct packet_scanner *s, const char *text, size_t from,
		      struct probe_end *end)
{
	uint64_t port;

	if (!s->probe->has_ports)
		fail(s, part(s, from, strlen(text)), "this protocol has no ports");
	else if (text_uint(text, PORT_MAX, &port))
		fail(s, part(s, from, strlen(text)), "'%s' is no port, 0 to %d", text, PORT_MAX);
	else
		end->port = (uint16_t)port;
	end->has_port = true;
}

/* [ADDRESS] or [ADDRESS]:PORT */
static void take_ipv6(struct packet_scanner *s, struct probe_end *end)
{
	const char *close = strchr(s->word, ']');
	char *text;

	if (!close) {
		fail(s, s->loc, "there is no ']' behind '%s'", s->word);
		return;
	}
	text = arena_copy(s->arena, s->word + 1, (size_t)(close - s->word - 1));
	if (inet_pton(AF_INET6, text, end->addr6) != 1)
		fail(s, part(s, 1, strlen(text)), "'%s' is no IPv6 address", text);
	if (close[1] == ':')
		take_port(s, close + 2, (size_t)(close + 2 - s->word), end);
	else if (close[1])
		fail(s, part(s, (size_t)(close + 1 - s->word), strlen(close + 1)),
		     "expected ':' and a port, found '%s'", close + 1);
}

/* ADDRESS or ADDRESS:PORT */
static void take_ipv4(struct packet_scanner *s, struct probe_end *end)
{
	const char *colon = strchr(s->word, ':');
	size_t len = colon ? (size_t)(colon - s->word) : strlen(s->word);
	char *text = arena_copy(s->arena, s->word, len);
	uint8_t ignored[ADDR6_LEN];

	if (inet_pton(AF_INET6, s->word, ignored) == 1)
		fail(s, s->loc, "an IPv6 address stands in brackets: [%s]", s->word);
	if (ipv4_parse(text, &end->addr))
		fail(s, part(s, 0, len), "'%s' is not an IPv4 address", text);
	if (colon)
		take_port(s, colon + 1, len + 1, end);
}

static void take_end(struct packet_scanner *s, struct probe_end *end)
{
	bool is_ipv6;

	if (s->failed)
		return;
	if (!s->word || word_is(s, ">") || word_is(s, "to")) {
		expected(s, "an address");
		return;
	}
	end->loc = s->loc;
	is_ipv6 = s->word[0] == '[';
	if (end == &s->probe->src)
		s->probe->nfproto = is_ipv6 ? NFPROTO_IPV6 : NFPROTO_IPV4;
	else if (is_ipv6 != (s->probe->nfproto == NFPROTO_IPV6))
		fail(s, s->loc, "one address is of IPv4, the other of IPv6");
	if (is_ipv6)
		take_ipv6(s, end);
	else
		take_ipv4(s, end);
	advance(s);
}

/* --- packets -------------------------------------------------------------------------------- */

static void check(struct packet_scanner *s)
{
	const struct probe *p = s->probe;

	if (s->failed)
		return;
	if (p->has_ports && !p->dst.has_port)
		fail(s, p->dst.loc, "the destination port is missing: ADDRESS:PORT");
	else if (p->l4proto == IPPROTO_ICMP && p->nfproto == NFPROTO_IPV6)
		fail(s, p->src.loc, "icmp is of IPv4; that of IPv6 is icmpv6");
	else if (p->l4proto == IPPROTO_ICMPV6 && p->nfproto == NFPROTO_IPV4)
		fail(s, p->src.loc, "icmpv6 is of IPv6; that of IPv4 is icmp");
}

int probe_parse(const struct source *source, struct arena *arena, struct probe *ret_probe,
		struct diag *diag)
{
	struct probe probe = {0};
	struct packet_scanner s = {.source = source, .arena = arena, .diag = diag, .probe = &probe};

	for (size_t i = 0; i < source->len; i++)
		if (source->text[i] < ' ' || source->text[i] > '~') {
			fail(&s, (struct loc){source, 1, (uint32_t)i + 1, 1},
			     "a packet is written in printable ASCII");
			return -EINVAL;
		}
	if (source->len > PACKET_MAX_SIZE)
		fail(&s, (struct loc){source, 1, 1, 1}, "it is longer than %d characters",
		     PACKET_MAX_SIZE);
	advance(&s);
	if (!s.failed)
		take_proto(&s);
	if (!s.failed)
		take_icmp_type(&s);
	take_end(&s, &probe.src);
	if (!word_is(&s, ">") && !word_is(&s, "to"))
		expected(&s, "'>' or 'to'");
	if (!s.failed)
		advance(&s);
	take_end(&s, &probe.dst);
	if (s.word)
		expected(&s, "the end");
	check(&s);
	if (s.failed)
		return -EINVAL;
	*ret_probe = probe;
	return 0;
}

/* --- printing ------------------------------------------------------------------------------- */

void proto_format(uint8_t l4proto, struct buf *out)
{
	for (size_t i = 0; i < ARRAY_SIZE(protos); i++)
		if (protos[i].l4proto == l4proto) {
			buf_puts(out, protos[i].name);
			return;
		}
	buf_printf(out, "proto=%u", l4proto);
}

static void format_end(const struct probe *p, const struct probe_end *end, struct buf *out)
{
	char text[INET6_ADDRSTRLEN];

	if (p->nfproto == NFPROTO_IPV6) {
		inet_ntop(AF_INET6, end->addr6, text, sizeof(text));
		buf_printf(out, "[%s]", text);
	} else {
		buf_ipv4(out, end->addr);
	}
	if (end->has_port)
		buf_printf(out, ":%u", end->port);
}

void probe_format(const struct probe *probe, struct buf *out)
{
	if (probe->in)
		buf_printf(out, "in=%s ", probe->in);
	if (probe->out)
		buf_printf(out, "out=%s ", probe->out);
	if (probe->state != STATE_NEW)
		buf_printf(out, "state=%s ", states[probe->state]);
	proto_format(probe->l4proto, out);
	if (probe->l4proto == IPPROTO_ICMP) {
		const char *name = icmp_type_name(probe->icmp_type);

		if (name)
			buf_printf(out, " %s", name);
		else
			buf_printf(out, " %u", probe->icmp_type);
	}
	buf_putc(out, ' ');
	format_end(probe, &probe->src, out);
	buf_puts(out, " > ");
	format_end(probe, &probe->dst, out);
}

void shell_quote(const char *text, struct buf *out)
{
	buf_putc(out, '\'');
	for (; *text; text++)
		if (*text == '\'')
			buf_puts(out, "'\\''");
		else
			buf_putc(out, *text);
	buf_putc(out, '\'');
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "jgfw/emit/value.h"

#include "jgfw/base/addr.h"
#include "jgfw/base/buf.h"
#include "jgfw/base/icmp.h"
#include "jgfw/base/text.h"
#include "jgfw/ruleset/ruleset.h"

#include <netinet/in.h>
#include <string.h>

static uint32_t number(const uint8_t *at, size_t len)
{
	uint32_t v = 0;

	for (size_t i = 0; i < len; i++)
		v = v << 8 | at[i];
	return v;
}

/* nft's own words (/etc/protocols may say something else on another machine). */
static void emit_protocol(uint8_t proto, struct buf *out)
{
	switch (proto) {
	case IPPROTO_ICMP:
		buf_puts(out, "icmp");
		return;
	case IPPROTO_TCP:
		buf_puts(out, "tcp");
		return;
	case IPPROTO_UDP:
		buf_puts(out, "udp");
		return;
	default:
		buf_uint(out, proto);
	}
}

static void emit_hidden(const char *at, size_t n, struct buf *out)
{
	for (size_t i = 0; i < n; i++)
		buf_printf(out, "\\x%02x", (unsigned char)at[i]);
}

/* What nft's scanner takes for a name. */
static bool is_of_names(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '-' || c == '.' || c == '/';
}

void emit_name(const char *name, struct buf *out)
{
	for (; *name; name++)
		if (is_of_names(*name))
			buf_putc(out, *name);
		else
			emit_hidden(name, 1, out);
}

void emit_quoted(const char *text, size_t len, struct buf *out)
{
	buf_putc(out, '"');
	for (size_t i = 0, n; i < len; i += n) {
		char c[5] = {0};

		n = utf8_len(text + i, len - i);
		if (n)
			memcpy(c, text + i, n);
		else
			n = 1;
		if (*c && *c != '"' && text_is_printable(c))
			buf_add(out, text + i, n);
		else
			emit_hidden(text + i, n, out);
	}
	buf_putc(out, '"');
}

void emit_value(enum datatype type, const uint8_t *at, struct buf *out)
{
	switch (type) {
	case TYPE_IPV4_ADDR:
		buf_ipv4(out, number(at, 4));
		return;
	case TYPE_INET_PROTO:
		emit_protocol(*at, out);
		return;
	case TYPE_ICMP_TYPE:
		if (icmp_type_name(*at))
			buf_puts(out, icmp_type_name(*at));
		else
			buf_uint(out, *at);
		return;
	case TYPE_IFNAME:
		emit_quoted((const char *)at, strnlen((const char *)at, VALUE_MAX), out);
		return;
	case TYPE_INET_SERVICE:
	case TYPE_NFPROTO:
	case TYPE_CT_STATE:
	case TYPE_CT_STATUS:
	case TYPE_VERDICT:
		break;
	}
	buf_uint(out, number(at, datatype_len(type)));
}

void emit_range(enum datatype type, const uint8_t *lo, const uint8_t *hi, struct buf *out)
{
	size_t len = datatype_len(type);
	struct range r = {number(lo, len > 4 ? 4 : len), number(hi, len > 4 ? 4 : len)};
	int prefix = type == TYPE_IPV4_ADDR ? ipv4_prefix_len(r) : -1;

	emit_value(type, lo, out);
	if (!memcmp(lo, hi, len))
		return;
	if (prefix >= 0) {
		buf_printf(out, "/%d", prefix);
		return;
	}
	buf_putc(out, '-');
	emit_value(type, hi, out);
}

void emit_verdict(const struct verdict *verdict, struct buf *out)
{
	switch (verdict->kind) {
	case VERDICT_ACCEPT:
		buf_puts(out, "accept");
		return;
	case VERDICT_DROP:
		buf_puts(out, "drop");
		return;
	case VERDICT_RETURN:
		buf_puts(out, "return");
		return;
	case VERDICT_JUMP:
	case VERDICT_GOTO:
		break;
	}
	buf_puts(out, verdict->kind == VERDICT_JUMP ? "jump " : "goto ");
	emit_name(verdict->chain->name, out);
}

void emit_element(const struct set *set, size_t i, struct buf *out)
{
	const uint8_t *lo = set->bytes + i * set->stride;
	const uint8_t *hi = lo + set->key_len;
	const uint8_t *data = set->interval ? hi + set->key_len : hi;

	for (size_t k = 0; k < set->n_key; k++) {
		if (k)
			buf_puts(out, " . ");
		if (set->interval)
			emit_range(set->key[k], lo, hi, out);
		else
			emit_value(set->key[k], lo, out);
		lo += datatype_len(set->key[k]);
		hi += datatype_len(set->key[k]);
	}
	if (!set->n_data)
		return;
	buf_puts(out, " : ");
	if (set->data[0] == TYPE_VERDICT) {
		emit_verdict(&set->verdicts[i], out);
		return;
	}
	for (size_t k = 0; k < set->n_data; k++) {
		if (k)
			buf_puts(out, " . ");
		emit_value(set->data[k], data, out);
		data += datatype_len(set->data[k]);
	}
}

void emit_elements(const struct set *set, struct buf *out)
{
	buf_puts(out, "{ ");
	for (size_t i = 0; i < set->n; i++) {
		if (i)
			buf_puts(out, ", ");
		emit_element(set, i, out);
	}
	buf_puts(out, " }");
}

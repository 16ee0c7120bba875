/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rules back from expressions into nft's words.
 *
 * A walk along the expressions that knows what each register holds. Tests that nft adds by itself
 * for what follows them (meta nfproto before ip, meta l4proto before tcp) wait until it is seen
 * whether something follows.
 */

#include "jgfw/emit/rule.h"

#include "jgfw/base/buf.h"
#include "jgfw/base/mem.h"
#include "jgfw/emit/value.h"
#include "jgfw/ruleset/ruleset.h"

#include <errno.h>
#include <netinet/in.h>

#include <linux/netfilter.h>
#include <string.h>

struct loaded {
	const struct expr *from;
	const struct expr *map; /* the lookup that put a map's data here */
};

struct rule_walk {
	struct buf *out;
	const struct rule *rule;
	size_t at;
	struct loaded slots[REGISTER_SLOTS];
	int l4proto;	    /* known from a test that was seen; -1: unknown */
	bool l4proto_waits; /* that test was not yet told */
	int nfproto_waits;  /* a family whose test was not yet told; -1: none */
	bool started;
	struct buf map_key; /* of the map looked up last */
	bool map_waits;	    /* its data was not yet used */
};

/** struct phrase - a field of packets as nft names it */
struct phrase {
	const char *proto, *name; /* told one behind the other */
	enum datatype type;
	bool is_ipv4, is_l4; /* implies the test for IPv4; for a protocol */
};

static void separate(struct rule_walk *w)
{
	if (w->started)
		buf_putc(w->out, ' ');
	w->started = true;
}

static bool payload_words(const struct rule_walk *w, const struct expr *e, struct phrase *words)
{
	static const struct {
		enum payload_base base;
		uint16_t offset, len;
		const char *name;
		enum datatype type;
	} known[] = {
		{PAYLOAD_NETWORK, 12, 4, "ip saddr", TYPE_IPV4_ADDR},
		{PAYLOAD_NETWORK, 16, 4, "ip daddr", TYPE_IPV4_ADDR},
		{PAYLOAD_TRANSPORT, 0, 2, "sport", TYPE_INET_SERVICE},
		{PAYLOAD_TRANSPORT, 2, 2, "dport", TYPE_INET_SERVICE},
		{PAYLOAD_TRANSPORT, 0, 1, "type", TYPE_ICMP_TYPE},
	};
	const char *proto = w->l4proto == IPPROTO_TCP	 ? "tcp "
			    : w->l4proto == IPPROTO_UDP	 ? "udp "
			    : w->l4proto == IPPROTO_ICMP ? "icmp "
							 : "th ";
	bool transport = e->payload.base == PAYLOAD_TRANSPORT;

	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		if (known[i].base != e->payload.base || known[i].offset != e->payload.offset ||
		    known[i].len != e->payload.len)
			continue;
		if ((known[i].type == TYPE_ICMP_TYPE) != (transport && w->l4proto == IPPROTO_ICMP))
			return false;
		words->proto = transport ? proto : "";
		words->name = known[i].name;
		words->type = known[i].type;
		words->is_ipv4 = !transport || w->l4proto == IPPROTO_ICMP;
		words->is_l4 = transport && strcmp(proto, "th ");
		return true;
	}
	return false;
}

static bool load_words(const struct rule_walk *w, const struct expr *e, struct phrase *words)
{
	static const struct phrase metas[] = {
		[META_NFPROTO] = {"", "meta nfproto", .type = TYPE_NFPROTO},
		[META_L4PROTO] = {"", "meta l4proto", .type = TYPE_INET_PROTO},
		[META_IIFNAME] = {"", "iifname", .type = TYPE_IFNAME},
		[META_OIFNAME] = {"", "oifname", .type = TYPE_IFNAME},
	};

	if (!e)
		return false;
	if (e->kind == EXPR_META) {
		*words = metas[e->meta.key];
		return true;
	}
	*words = (struct phrase){0};
	return e->kind == EXPR_PAYLOAD && payload_words(w, e, words);
}

/* Write the tests that wait, unless @words imply them. */
static void write_waiting_tests(struct rule_walk *w, const struct phrase *words)
{
	if (w->nfproto_waits >= 0 &&
	    !(words && words->is_ipv4 && w->nfproto_waits == NFPROTO_IPV4)) {
		separate(w);
		buf_printf(w->out, "meta nfproto %s",
			   w->nfproto_waits == NFPROTO_IPV4 ? "ipv4" : "ipv6");
	}
	w->nfproto_waits = -1;
	if (w->l4proto_waits && !(words && words->is_l4)) {
		uint8_t proto = (uint8_t)w->l4proto;

		separate(w);
		buf_puts(w->out, "meta l4proto ");
		emit_value(TYPE_INET_PROTO, &proto, w->out);
	}
	w->l4proto_waits = false;
}

/* The concatenation of what is in the slots from @slot on, typed like the key of @set, to @out. */
static bool emit_key(struct rule_walk *w, const struct set *set, uint8_t slot, struct buf *out)
{
	struct phrase words[SET_MAX_FIELDS];
	struct phrase all = {0};

	if (!set->n_key) /* of a type that has no words here */
		return false;
	for (size_t i = 0; i < set->n_key; i++) {
		if (slot >= REGISTER_SLOTS || !load_words(w, w->slots[slot].from, &words[i]) ||
		    words[i].type != set->key[i])
			return false;
		all.is_ipv4 |= words[i].is_ipv4;
		all.is_l4 |= words[i].is_l4;
		slot = (uint8_t)(slot + (datatype_len(set->key[i]) + 3) / 4);
	}
	write_waiting_tests(w, &all);
	if (out == w->out)
		separate(w);
	for (size_t i = 0; i < set->n_key; i++)
		buf_printf(out, "%s%s%s", i ? " . " : "", words[i].proto, words[i].name);
	return true;
}

static void emit_set_name(const struct set *set, struct buf *out)
{
	if (set->name) {
		buf_putc(out, '@');
		emit_name(set->name, out);
	} else {
		emit_elements(set, out);
	}
}

static bool emit_lookup(struct rule_walk *w, const struct expr *e)
{
	const struct set *set = e->lookup.set;
	bool vmap = set->n_data && set->data[0] == TYPE_VERDICT;

	if (set->n_data && e->lookup.invert)
		return false;
	if (set->n_data && !vmap) { /* told with the statement that uses the data */
		if (w->map_waits)
			return false;
		w->map_waits = true;
		w->map_key.n = 0;
		if (!emit_key(w, set, e->lookup.sreg, &w->map_key))
			return false;
		w->slots[e->lookup.dreg] = (struct loaded){.map = e};
		if (set->n_data == 2 && e->lookup.dreg + 1 < REGISTER_SLOTS)
			w->slots[e->lookup.dreg + 1] = (struct loaded){.map = e};
		return true;
	}
	if (!emit_key(w, set, e->lookup.sreg, w->out))
		return false;
	buf_puts(w->out, e->lookup.invert ? " != " : vmap ? " vmap " : " ");
	emit_set_name(set, w->out);
	return true;
}

static const struct expr *next_expr(const struct rule_walk *w, size_t ahead)
{
	return w->at + ahead < w->rule->n ? &w->rule->at[w->at + ahead] : NULL;
}

static bool emit_cmp(struct rule_walk *w, const struct expr *e)
{
	static const char *const ops[] = {
		[CMP_EQ] = " ", [CMP_NEQ] = " != ", [CMP_LTE] = " <= ", [CMP_GTE] = " >= "};
	const struct expr *next = next_expr(w, 1);
	const struct expr *from = w->slots[e->cmp.sreg].from;
	struct phrase words;

	if (!load_words(w, from, &words) || e->cmp.value.len != datatype_len(words.type))
		return false;
	if (words.type == TYPE_NFPROTO) {
		if (w->nfproto_waits >= 0)
			write_waiting_tests(w, NULL);
		w->nfproto_waits = e->cmp.value.bytes[0];
		return e->cmp.op == CMP_EQ &&
		       (w->nfproto_waits == NFPROTO_IPV4 || w->nfproto_waits == NFPROTO_IPV6);
	}
	if (from->kind == EXPR_META && from->meta.key == META_L4PROTO && e->cmp.op == CMP_EQ) {
		if (w->l4proto_waits)
			write_waiting_tests(w, NULL);
		w->l4proto = e->cmp.value.bytes[0];
		w->l4proto_waits = true;
		return true;
	}
	write_waiting_tests(w, &words);
	separate(w);
	buf_printf(w->out, "%s%s", words.proto, words.name);
	if (e->cmp.op == CMP_GTE && next && next->kind == EXPR_CMP && next->cmp.op == CMP_LTE &&
	    next->cmp.sreg == e->cmp.sreg && next->cmp.value.len == e->cmp.value.len) {
		buf_putc(w->out, ' ');
		emit_range(words.type, e->cmp.value.bytes, next->cmp.value.bytes, w->out);
		w->at++;
		return true;
	}
	buf_puts(w->out, ops[e->cmp.op]);
	emit_value(words.type, e->cmp.value.bytes, w->out);
	return true;
}

/* ct KEY & MASK != 0, which nft writes as a list of names. */
static bool emit_ct(struct rule_walk *w, const struct expr *e)
{
	static const char *const words[][7] = {
		[CT_STATE] = {"invalid", "established", "related", "new", NULL, NULL, "untracked"},
		[CT_STATUS] = {"expected", "seen-reply", "assured", "confirmed", "snat", "dnat",
			       "dying"},
	};
	const char *const *names = words[e->ct.key];
	const size_t n_names = ARRAY_SIZE(*words);
	const struct expr *mask = next_expr(w, 1), *cmp = next_expr(w, 2);
	const char *separator = " ";
	uint32_t bits = 0;

	if (!mask || !cmp || mask->kind != EXPR_BITWISE || cmp->kind != EXPR_CMP ||
	    cmp->cmp.op != CMP_NEQ || mask->bitwise.mask.len != 4 || cmp->cmp.value.len != 4 ||
	    mask->bitwise.sreg != e->ct.dreg || cmp->cmp.sreg != mask->bitwise.dreg)
		return false;
	for (int i = 0; i < 4; i++) {
		bits = bits << 8 | mask->bitwise.mask.bytes[i];
		if (cmp->cmp.value.bytes[i])
			return false;
	}
	if (!bits || bits >> n_names)
		return false;
	for (size_t i = 0; i < n_names; i++)
		if (bits & 1u << i && !names[i])
			return false;
	write_waiting_tests(w, NULL);
	separate(w);
	buf_puts(w->out, e->ct.key == CT_STATE ? "ct state" : "ct status");
	for (size_t i = 0; i < n_names; i++)
		if (bits & 1u << i) {
			buf_printf(w->out, "%s%s", separator, names[i]);
			separator = ",";
		}
	w->at += 2;
	return true;
}

static bool emit_nat(struct rule_walk *w, const struct expr *e)
{
	const struct expr *map = w->slots[e->nat.addr].map;
	struct buf *out = w->out;

	if (e->nat.kind == NAT_MASQUERADE) {
		write_waiting_tests(w, NULL);
		separate(w);
		buf_puts(out, "masquerade");
		return true;
	}
	if (!map || (e->nat.has_port && w->slots[e->nat.port].map != map) ||
	    e->nat.has_port != (map->lookup.set->n_data == 2))
		return false;
	w->map_waits = false;
	separate(w);
	buf_printf(out, "%s ip to ", e->nat.kind == NAT_DNAT ? "dnat" : "snat");
	buf_add(out, w->map_key.at, w->map_key.n);
	buf_puts(out, " map ");
	emit_set_name(map->lookup.set, out);
	return true;
}

static void emit_log(const char *prefix, struct buf *out)
{
	buf_puts(out, "log prefix ");
	emit_quoted(prefix, strlen(prefix), out);
}

static bool emit_expr(struct rule_walk *w, const struct expr *e)
{
	switch (e->kind) {
	case EXPR_META:
		w->slots[e->meta.dreg] = (struct loaded){.from = e};
		return true;
	case EXPR_PAYLOAD:
		w->slots[e->payload.dreg] = (struct loaded){.from = e};
		return true;
	case EXPR_CT:
		return emit_ct(w, e);
	case EXPR_CMP:
		return emit_cmp(w, e);
	case EXPR_LOOKUP:
		return emit_lookup(w, e);
	case EXPR_NAT:
		return emit_nat(w, e);
	case EXPR_BITWISE:
	case EXPR_UNKNOWN:
		return false;
	case EXPR_VERDICT:
	case EXPR_COUNTER:
	case EXPR_LIMIT:
	case EXPR_LOG:
		break;
	}
	write_waiting_tests(w, NULL);
	separate(w);
	if (e->kind == EXPR_VERDICT)
		emit_verdict(&e->verdict, w->out);
	else if (e->kind == EXPR_COUNTER)
		buf_puts(w->out, "counter");
	else if (e->kind == EXPR_LIMIT)
		buf_printf(w->out, "limit rate %llu/second burst %u packets",
			   (unsigned long long)e->limit.rate, e->limit.burst);
	else
		emit_log(e->log.prefix, w->out);
	return true;
}

void emit_raw(const struct rule *rule, struct buf *out)
{
	static const char *const names[] = {
		[EXPR_META] = "meta",
		[EXPR_PAYLOAD] = "payload",
		[EXPR_CT] = "ct",
		[EXPR_CMP] = "cmp",
		[EXPR_BITWISE] = "bitwise",
		[EXPR_LOOKUP] = "lookup",
		[EXPR_VERDICT] = "immediate",
		[EXPR_NAT] = "nat",
		[EXPR_COUNTER] = "counter",
		[EXPR_LIMIT] = "limit",
		[EXPR_LOG] = "log",
	};

	for (size_t i = 0; i < rule->n; i++) {
		const struct expr *e = &rule->at[i];

		buf_puts(out, i ? " [" : "[");
		if (e->kind == EXPR_UNKNOWN) {
			buf_puts(out, "unknown: ");
			emit_name(e->unknown.name, out);
			buf_printf(out, ", %zu bytes]", e->unknown.len);
		} else {
			buf_printf(out, "%s]", names[e->kind]);
		}
	}
}

int emit_rule(const struct rule *rule, struct buf *out)
{
	struct rule_walk w = {.out = out, .rule = rule, .l4proto = -1, .nfproto_waits = -1};
	size_t start = out->n;

	while (w.at < rule->n && emit_expr(&w, &rule->at[w.at]))
		w.at++;
	buf_free(&w.map_key);
	if (w.at < rule->n || w.map_waits) {
		out->n = start;
		buf_printf(out, "# a rule that has no words: expression %zu", w.at + 1);
		return -EOPNOTSUPP;
	}
	write_waiting_tests(&w, NULL);
	if (rule->comment) {
		buf_puts(out, " comment ");
		emit_quoted(rule->comment, strlen(rule->comment), out);
	}
	return 0;
}

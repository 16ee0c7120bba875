/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rulesets of any kind that the kernel would take, from bytes that choose. */
#include "fuzz.h"

#include <netinet/in.h>
#include <string.h>

#include <linux/netfilter.h>

enum {
	MAX_BASE = 4,
	MAX_CHAINS = 9, /* base chains first */
	MAX_RULES = 6,
	MAX_TESTS = 4,
	MAX_SET = 8,
};

/** struct maker - a ruleset under construction */
struct maker {
	struct feed *f;
	struct ruleset *rs;
	struct chain *chains[MAX_CHAINS];
	unsigned int nat_of[MAX_CHAINS]; /* what nat statements may stand in it */
	unsigned int n, at;		 /* the chain that rules are made for */
	bool named_sets;
};

enum {
	MAY_NOTHING,
	MAY_DNAT,
	MAY_SNAT,
};

/* --- values and sets ------------------------------------------------------------------------ */

static enum datatype type_of(enum field field)
{
	static const enum datatype types[] = {
		[FIELD_IP_SADDR] = TYPE_IPV4_ADDR,  [FIELD_IP_DADDR] = TYPE_IPV4_ADDR,
		[FIELD_SPORT] = TYPE_INET_SERVICE,  [FIELD_DPORT] = TYPE_INET_SERVICE,
		[FIELD_ICMP_TYPE] = TYPE_ICMP_TYPE, [FIELD_L4PROTO] = TYPE_INET_PROTO,
		[FIELD_IIFNAME] = TYPE_IFNAME,	    [FIELD_OIFNAME] = TYPE_IFNAME,
	};

	return types[field];
}

static struct value some_value(struct maker *m, enum datatype type)
{
	switch (type) {
	case TYPE_IPV4_ADDR:
		return value_u32(some_addr(m->f));
	case TYPE_INET_SERVICE:
		return value_u16(some_port(m->f));
	case TYPE_INET_PROTO:
		return value_u8(some_proto(m->f));
	case TYPE_ICMP_TYPE:
		return value_u8((uint8_t)feed_below(m->f, 20));
	case TYPE_IFNAME:
		return value_ifname(feed_below(m->f, 8) ? some_name(m->f) : "eth");
	case TYPE_VERDICT:
	case TYPE_NFPROTO:
	case TYPE_CT_STATE:
	case TYPE_CT_STATUS:
		break;
	}
	return value_u32(feed_u32(m->f));
}

static struct verdict some_verdict(struct maker *m)
{
	static const enum verdict_kind kinds[] = {VERDICT_ACCEPT, VERDICT_DROP, VERDICT_RETURN,
						  VERDICT_JUMP, VERDICT_GOTO};
	struct verdict v = {.kind = kinds[feed_below(m->f, ARRAY_SIZE(kinds))]};

	if (v.kind != VERDICT_JUMP && v.kind != VERDICT_GOTO)
		return v;
	/* to a later chain, so that there are no circles, where the same translations may be */
	for (unsigned int i = m->at + 1 + feed_below(m->f, 3); i < m->n; i++)
		if (!m->chains[i]->is_base && m->nat_of[i] == m->nat_of[m->at]) {
			v.chain = m->chains[i];
			return v;
		}
	return (struct verdict){.kind = VERDICT_RETURN};
}

static void put_fields(struct maker *m, uint8_t *at, const struct set *set)
{
	uint8_t *hi = at + set->key_len;

	for (size_t i = 0; i < set->n_key; i++) {
		struct value a = some_value(m, set->key[i]);
		struct value b =
			set->interval && feed_below(m->f, 2) ? some_value(m, set->key[i]) : a;
		bool turned = memcmp(a.bytes, b.bytes, a.len) > 0;

		at = set_put(at, turned ? b : a);
		if (set->interval)
			hi = set_put(hi, turned ? a : b);
	}
	at += set->interval ? set->key_len : 0;
	for (size_t i = 0; i < set->n_data && !set_is_vmap(set); i++)
		at = set_put(at, some_value(m, set->data[i]));
}

static struct set *some_set(struct maker *m, const enum field *fields, size_t n,
			    const enum datatype *data, size_t n_data)
{
	enum datatype key[SET_MAX_FIELDS];
	const char *name = NULL;
	struct set *set;
	size_t a, b;

	for (size_t i = 0; i < n; i++)
		key[i] = type_of(fields[i]);
	if (m->named_sets)
		name = arena_printf(&m->rs->arena, "set%zu", m->rs->table.sets.n);
	set = ruleset_set(m->rs, name, key, n, data, n_data);
	set->interval = feed_below(m->f, 2);
	for (unsigned int i = feed_below(m->f, MAX_SET + 1); i--;) {
		put_fields(m, set_add(set, 0), set);
		if (set_is_vmap(set))
			set->verdicts[set->n - 1] = some_verdict(m);
	}
	if (set_sort(m->rs, set, &a, &b) || (set->n && !feed_below(m->f, 32)))
		set->unsupported = "it is not what it was made for";
	return set;
}

/* --- expressions ---------------------------------------------------------------------------- */

static struct expr *add(struct builder *b, enum expr_kind kind)
{
	struct expr *e = vec_push_in(&b->rs->arena, b->rule);

	*e = (struct expr){.kind = kind};
	return e;
}

static size_t some_fields(struct maker *m, enum field *fields)
{
	size_t n = 1 + feed_below(m->f, 3);

	for (size_t i = 0; i < n; i++)
		fields[i] = (enum field)feed_below(m->f, FIELD_OIFNAME + 1);
	return n;
}

static void compare(struct maker *m, struct builder *b, uint8_t slot, size_t len)
{
	struct expr *e = add(b, EXPR_CMP);

	e->cmp.op = (enum cmp_op)feed_below(m->f, CMP_GTE + 1);
	e->cmp.sreg = slot;
	e->cmp.value.len = (uint8_t)len;
	if (len == sizeof(uint32_t) && feed_below(m->f, 2))
		e->cmp.value = value_u32(some_addr(m->f));
	else if (len == sizeof(uint16_t) && feed_below(m->f, 2))
		e->cmp.value = value_u16(some_port(m->f));
	else
		for (size_t i = 0; i < len; i++)
			e->cmp.value.bytes[i] = (uint8_t)feed_below(m->f, 256);
}

static void mask(struct maker *m, struct builder *b, uint8_t slot, size_t len)
{
	static const uint8_t bytes[] = {0, 0xff, 0xf0, 0x0f, 0x20, 0x01, 0x80, 0xfe};
	struct expr *e = add(b, EXPR_BITWISE);

	e->bitwise.sreg = e->bitwise.dreg = slot;
	e->bitwise.mask.len = (uint8_t)len;
	for (size_t i = 0; i < len; i++)
		e->bitwise.mask.bytes[i] = bytes[feed_below(m->f, ARRAY_SIZE(bytes))];
}

/* Bytes of a header, wherever they begin. */
static void test_payload(struct maker *m, struct builder *b)
{
	uint8_t slot = (uint8_t)(4 * feed_below(m->f, 3));
	struct expr *e = add(b, EXPR_PAYLOAD);
	size_t len = 1 + feed_below(m->f, 8);

	e->payload.base = feed_below(m->f, 2) ? PAYLOAD_NETWORK : PAYLOAD_TRANSPORT;
	e->payload.offset = (uint16_t)feed_below(m->f, 24);
	e->payload.len = (uint16_t)len;
	e->payload.dreg = slot;
	if (feed_below(m->f, 2))
		mask(m, b, slot, len);
	compare(m, b, slot, 1 + feed_below(m->f, (unsigned int)len));
}

static void test_ct(struct maker *m, struct builder *b)
{
	struct expr *e = add(b, EXPR_CT);
	bool masked = feed_below(m->f, 2);
	uint32_t bits;

	e->ct.key = feed_below(m->f, 2) ? CT_STATE : CT_STATUS;
	if (masked) {
		e = add(b, EXPR_BITWISE);
		bits = 1u << feed_below(m->f, 10);
		bits |= 1u << feed_below(m->f, 10);
		e->bitwise.mask = value_u32(bits);
	}
	e = add(b, EXPR_CMP);
	e->cmp.op = feed_below(m->f, 2) ? CMP_EQ : CMP_NEQ;
	e->cmp.value = value_u32(feed_below(m->f, 2) ? 1u << feed_below(m->f, 10) : 0);
}

static void test_set(struct maker *m, struct builder *b)
{
	static const enum datatype data[] = {TYPE_IPV4_ADDR, TYPE_INET_SERVICE};
	enum field fields[SET_MAX_FIELDS];
	size_t n = some_fields(m, fields);
	bool is_map = !feed_below(m->f, 4);
	struct set *set = some_set(m, fields, n, data, is_map ? 2 : 0);

	rule_lookup(b, fields, n, set, !is_map && feed_below(m->f, 2));
	if (is_map)
		compare(m, b, 0, 4);
}

static void test_unknown(struct maker *m, struct builder *b)
{
	struct expr *e = add(b, EXPR_UNKNOWN);

	e->unknown.name = "unknown";
	e->unknown.effect = (enum effect)feed_below(m->f, EFFECT_CONSTANT + 1);
	e->unknown.value = value_u32(some_addr(m->f));
}

static void test(struct maker *m, struct builder *b)
{
	enum field field = (enum field)feed_below(m->f, FIELD_OIFNAME + 1);
	struct value one = some_value(m, type_of(field)), other;

	switch (feed_below(m->f, 10)) {
	case 0:
	case 1:
		rule_match(b, field, one);
		break;
	case 2:
		other = some_value(m, type_of(field));
		rule_match_range(b, field, one, other);
		break;
	case 3:
	case 4:
	case 5:
		test_set(m, b);
		break;
	case 6:
		test_payload(m, b);
		break;
	case 7:
		test_ct(m, b);
		break;
	case 8:
		rule_limit_log(b, 1, 1, "x");
		break;
	default:
		test_unknown(m, b);
	}
}

/* --- verdicts and translations -------------------------------------------------------------- */

/* Ports are translated of what has ports: nft asks for that, too. */
static void translate(struct maker *m, struct builder *b)
{
	static const enum datatype data[] = {TYPE_IPV4_ADDR, TYPE_INET_SERVICE};
	enum nat_kind kind = m->nat_of[m->at] == MAY_DNAT ? NAT_DNAT : NAT_SNAT;
	size_t n_data = 1 + feed_below(m->f, 2), n;
	enum field fields[SET_MAX_FIELDS];

	if (kind == NAT_SNAT && feed_below(m->f, 3) == 2) {
		rule_masquerade(b);
		return;
	}
	if (n_data == 2)
		rule_l4proto(b, feed_below(m->f, 2) ? IPPROTO_TCP : IPPROTO_UDP);
	n = some_fields(m, fields);
	rule_nat_map(b, kind, fields, n, some_set(m, fields, n, data, n_data));
}

static void end_rule(struct maker *m, struct builder *b)
{
	static const enum datatype verdict[] = {TYPE_VERDICT};
	enum field fields[SET_MAX_FIELDS];
	struct verdict v;
	size_t n;

	switch (feed_below(m->f, 6)) {
	case 0:
		rule_counter(b);
		break;
	case 1:
		n = some_fields(m, fields);
		rule_lookup(b, fields, n, some_set(m, fields, n, verdict, 1), false);
		break;
	case 2:
	case 3:
		if (m->nat_of[m->at]) {
			translate(m, b);
			break;
		}
		/* fall through */
	default:
		v = some_verdict(m);
		rule_verdict(b, v.kind, v.chain);
	}
}

/* --- chains --------------------------------------------------------------------------------- */

static void make_base(struct maker *m)
{
	static const struct {
		enum chain_type type;
		enum hook hook;
		int32_t priority;
		unsigned int may;
	} kinds[] = {
		{CHAIN_FILTER, HOOK_PREROUTING, -300, MAY_NOTHING},
		{CHAIN_FILTER, HOOK_PREROUTING, -150, MAY_NOTHING},
		{CHAIN_NAT, HOOK_PREROUTING, -100, MAY_DNAT},
		{CHAIN_NAT, HOOK_PREROUTING, 0, MAY_DNAT},
		{CHAIN_FILTER, HOOK_PREROUTING, 0, MAY_NOTHING},
		{CHAIN_FILTER, HOOK_INPUT, 0, MAY_NOTHING},
		{CHAIN_FILTER, HOOK_FORWARD, 0, MAY_NOTHING},
		{CHAIN_FILTER, HOOK_FORWARD, 10, MAY_NOTHING},
		{CHAIN_FILTER, HOOK_OUTPUT, -300, MAY_NOTHING},
		{CHAIN_FILTER, HOOK_OUTPUT, 0, MAY_NOTHING},
		{CHAIN_NAT, HOOK_OUTPUT, -100, MAY_DNAT},
		{CHAIN_FILTER, HOOK_POSTROUTING, 0, MAY_NOTHING},
		{CHAIN_NAT, HOOK_POSTROUTING, 100, MAY_SNAT},
		{CHAIN_FILTER, HOOK_POSTROUTING, 150, MAY_NOTHING},
		{CHAIN_NAT, HOOK_INPUT, 100, MAY_NOTHING},
	};
	unsigned int kind = feed_below(m->f, ARRAY_SIZE(kinds));

	m->nat_of[m->n] = kinds[kind].may;
	m->chains[m->n] = ruleset_base_chain(m->rs, arena_printf(&m->rs->arena, "base%u", m->n),
					     kinds[kind].type, kinds[kind].hook,
					     kinds[kind].priority, feed_below(m->f, 4) == 3);
	m->n++;
}

static void make_chain(struct maker *m)
{
	m->nat_of[m->n] = m->nat_of[feed_below(m->f, m->n)];
	m->chains[m->n] = ruleset_chain(m->rs, arena_printf(&m->rs->arena, "chain%u", m->n));
	m->n++;
}

static void make_rules(struct maker *m)
{
	for (unsigned int i = feed_below(m->f, MAX_RULES + 1); i--;) {
		struct builder b = rule_begin(m->rs, m->chains[m->at]);

		for (unsigned int k = feed_below(m->f, MAX_TESTS); k--;)
			test(m, &b);
		end_rule(m, &b);
	}
}

struct ruleset *some_ruleset(struct feed *f, bool named_sets)
{
	struct maker m = {.f = f, .rs = ruleset_new(RULESET_TABLE), .named_sets = named_sets};

	for (unsigned int i = 1 + feed_below(f, MAX_BASE); i--;)
		make_base(&m);
	for (unsigned int i = feed_below(f, MAX_CHAINS - MAX_BASE + 1); i--;)
		make_chain(&m);
	for (m.at = 0; m.at < m.n; m.at++)
		make_rules(&m);
	return m.rs;
}

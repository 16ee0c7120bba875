/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Expressions from messages. One is taken for known only where every attribute of it is: anything
 * else stays as the bytes that it is, under the kernel's name.
 */
#include "decode_expr.h"

#include "effect.h"
#include "parse.h"

#include <string.h>

#include <linux/netfilter.h>
#include <linux/netfilter/nf_nat.h>
#include <linux/netfilter/nf_tables.h>

/** struct context - a rule on its way; what a register holds tells the byte order of its values */
struct context {
	struct decoder *d;
	bool host_order[REGISTER_SLOTS];
};

/* A register as a slot; false where it is the verdict's or none. */
static bool slot_of(uint32_t reg, uint8_t *ret_slot)
{
	if (reg >= NFT_REG_1 && reg <= NFT_REG_4)
		*ret_slot = (uint8_t)((reg - NFT_REG_1) * 4);
	else if (reg >= NFT_REG32_00 && reg <= NFT_REG32_15)
		*ret_slot = (uint8_t)(reg - NFT_REG32_00);
	else
		return false;
	return true;
}

static bool take_slot(struct attrs *a, unsigned int number, uint8_t *ret_slot)
{
	return slot_of(attr_u32(a, number), ret_slot);
}

/* NFTA_DATA_VALUE in @nest as a value in network order. */
static bool take_value(const struct nlattr *nest, bool host, struct value *ret)
{
	struct attrs a = attrs_of(nest);
	const struct nlattr *attr = a.at[NFTA_DATA_VALUE];

	if (!attr || !attrs_within(&a, ATTR_BIT(NFTA_DATA_VALUE)) ||
	    mnl_attr_get_payload_len(attr) > VALUE_MAX ||
	    (host && mnl_attr_get_payload_len(attr) != sizeof(uint32_t)))
		return false;
	*ret = (struct value){.len = (uint8_t)mnl_attr_get_payload_len(attr)};
	memcpy(ret->bytes, mnl_attr_get_payload(attr), ret->len);
	if (host)
		*ret = value_u32(mnl_attr_get_u32(attr));
	return true;
}

/* What is loaded into the @len bytes of registers from @slot on. */
static void note_order(struct context *c, uint8_t slot, size_t len, bool host)
{
	size_t end = slot + (len + 3) / 4;

	for (size_t i = slot; i < REGISTER_SLOTS && i < end; i++)
		c->host_order[i] = host;
}

static bool decode_meta(struct context *c, struct attrs *a, struct expr *e)
{
	static const struct {
		uint32_t nft;
		enum meta_key key;
	} keys[] = {
		{NFT_META_NFPROTO, META_NFPROTO},
		{NFT_META_L4PROTO, META_L4PROTO},
		{NFT_META_IIFNAME, META_IIFNAME},
		{NFT_META_OIFNAME, META_OIFNAME},
	};
	uint32_t key = attr_u32(a, NFTA_META_KEY);

	e->kind = EXPR_META;
	if (!attrs_within(a, ATTR_BIT(NFTA_META_KEY) | ATTR_BIT(NFTA_META_DREG)) ||
	    !take_slot(a, NFTA_META_DREG, &e->meta.dreg))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (keys[i].nft == key) {
			e->meta.key = keys[i].key;
			note_order(c, e->meta.dreg, VALUE_MAX, false);
			return true;
		}
	return false;
}

static bool decode_payload(struct context *c, struct attrs *a, struct expr *e)
{
	const uint32_t known = ATTR_BIT(NFTA_PAYLOAD_DREG) | ATTR_BIT(NFTA_PAYLOAD_BASE) |
			       ATTR_BIT(NFTA_PAYLOAD_OFFSET) | ATTR_BIT(NFTA_PAYLOAD_LEN);
	uint32_t base = attr_u32(a, NFTA_PAYLOAD_BASE);
	uint32_t offset = attr_u32(a, NFTA_PAYLOAD_OFFSET), len = attr_u32(a, NFTA_PAYLOAD_LEN);

	if (!attrs_within(a, known) || !take_slot(a, NFTA_PAYLOAD_DREG, &e->payload.dreg) ||
	    (base != NFT_PAYLOAD_NETWORK_HEADER && base != NFT_PAYLOAD_TRANSPORT_HEADER) ||
	    offset > UINT16_MAX || len > VALUE_MAX)
		return false;
	e->kind = EXPR_PAYLOAD;
	e->payload.base = base == NFT_PAYLOAD_NETWORK_HEADER ? PAYLOAD_NETWORK : PAYLOAD_TRANSPORT;
	e->payload.offset = (uint16_t)offset;
	e->payload.len = (uint16_t)len;
	note_order(c, e->payload.dreg, len, false);
	return true;
}

static bool decode_ct(struct context *c, struct attrs *a, struct expr *e)
{
	uint32_t key = attr_u32(a, NFTA_CT_KEY);

	if (!attrs_within(a, ATTR_BIT(NFTA_CT_KEY) | ATTR_BIT(NFTA_CT_DREG)) ||
	    !take_slot(a, NFTA_CT_DREG, &e->ct.dreg) ||
	    (key != NFT_CT_STATE && key != NFT_CT_STATUS))
		return false;
	e->kind = EXPR_CT;
	e->ct.key = key == NFT_CT_STATE ? CT_STATE : CT_STATUS;
	c->host_order[e->ct.dreg] = true;
	return true;
}

static bool decode_cmp(struct context *c, struct attrs *a, struct expr *e)
{
	static const struct {
		uint32_t nft;
		enum cmp_op op;
	} ops[] = {{NFT_CMP_EQ, CMP_EQ},
		   {NFT_CMP_NEQ, CMP_NEQ},
		   {NFT_CMP_LTE, CMP_LTE},
		   {NFT_CMP_GTE, CMP_GTE}};
	uint32_t op = attr_u32(a, NFTA_CMP_OP);

	if (!attrs_within(a, ATTR_BIT(NFTA_CMP_SREG) | ATTR_BIT(NFTA_CMP_OP) |
				     ATTR_BIT(NFTA_CMP_DATA)) ||
	    !take_slot(a, NFTA_CMP_SREG, &e->cmp.sreg) ||
	    !take_value(a->at[NFTA_CMP_DATA], c->host_order[e->cmp.sreg], &e->cmp.value))
		return false;
	e->kind = EXPR_CMP;
	/* the kernel compares bytes, which have another order than the numbers */
	if (c->host_order[e->cmp.sreg] && op != NFT_CMP_EQ && op != NFT_CMP_NEQ)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(ops); i++)
		if (ops[i].nft == op) {
			e->cmp.op = ops[i].op;
			return true;
		}
	return false;
}

/* From 1.1 on nft loads a range of values as one expression. It is taken for the two comparisons
 * that it was before, so that a rule is the same whichever nft loaded it. What is outside of a
 * range are no two comparisons: that stays unknown. */
static bool decode_range(const struct context *c, struct attrs *a, struct expr *from,
			 struct expr *to)
{
	const uint32_t known = ATTR_BIT(NFTA_RANGE_SREG) | ATTR_BIT(NFTA_RANGE_OP) |
			       ATTR_BIT(NFTA_RANGE_FROM_DATA) | ATTR_BIT(NFTA_RANGE_TO_DATA);
	uint8_t sreg;

	if (!attrs_within(a, known) || a->seen != known ||
	    attr_u32(a, NFTA_RANGE_OP) != NFT_RANGE_EQ || !take_slot(a, NFTA_RANGE_SREG, &sreg) ||
	    c->host_order[sreg]) /* its bytes have another order than the numbers */
		return false;
	*from = (struct expr){.kind = EXPR_CMP, .cmp = {.op = CMP_GTE, .sreg = sreg}};
	*to = (struct expr){.kind = EXPR_CMP, .cmp = {.op = CMP_LTE, .sreg = sreg}};
	return take_value(a->at[NFTA_RANGE_FROM_DATA], false, &from->cmp.value) &&
	       take_value(a->at[NFTA_RANGE_TO_DATA], false, &to->cmp.value) &&
	       from->cmp.value.len == to->cmp.value.len;
}

static bool decode_bitwise(struct context *c, struct attrs *a, struct expr *e)
{
	static const struct value zero;
	const uint32_t known = ATTR_BIT(NFTA_BITWISE_SREG) | ATTR_BIT(NFTA_BITWISE_DREG) |
			       ATTR_BIT(NFTA_BITWISE_LEN) | ATTR_BIT(NFTA_BITWISE_MASK) |
			       ATTR_BIT(NFTA_BITWISE_XOR) | ATTR_BIT(NFTA_BITWISE_OP);
	uint32_t op = a->at[NFTA_BITWISE_OP] ? attr_u32(a, NFTA_BITWISE_OP) : NFT_BITWISE_BOOL;
	struct value xor ;

	if (!attrs_within(a, known) || op != NFT_BITWISE_BOOL ||
	    !take_slot(a, NFTA_BITWISE_SREG, &e->bitwise.sreg) ||
	    !take_slot(a, NFTA_BITWISE_DREG, &e->bitwise.dreg) ||
	    !take_value(a->at[NFTA_BITWISE_MASK], c->host_order[e->bitwise.sreg],
			&e->bitwise.mask) ||
	    !take_value(a->at[NFTA_BITWISE_XOR], false, &xor) || xor.len != e->bitwise.mask.len ||
	    memcmp(xor.bytes, zero.bytes, xor.len) || attr_u32(a, NFTA_BITWISE_LEN) != xor.len)
		return false;
	e->kind = EXPR_BITWISE;
	c->host_order[e->bitwise.dreg] = c->host_order[e->bitwise.sreg];
	return true;
}

static bool is_host_order(enum datatype type)
{
	return type == TYPE_CT_STATE || type == TYPE_CT_STATUS;
}

/* Are the registers from @slot on in the order that the key's fields are read in? */
static bool fits_key(const struct context *c, const struct set *set, size_t slot)
{
	for (size_t f = 0; f < set->n_key && slot < REGISTER_SLOTS; f++) {
		if (c->host_order[slot] != is_host_order(set->key[f]))
			return false;
		slot += (datatype_len(set->key[f]) + 3) / 4;
	}
	return true;
}

static void note_data(struct context *c, const struct set *set, uint8_t slot)
{
	for (size_t f = 0; f < set->n_data; f++) {
		size_t len = datatype_len(set->data[f]);

		note_order(c, slot, len, is_host_order(set->data[f]));
		slot = (uint8_t)(slot + (len + 3) / 4);
	}
}

static bool decode_lookup(struct context *c, struct attrs *a, struct expr *e)
{
	const uint32_t known = ATTR_BIT(NFTA_LOOKUP_SET) | ATTR_BIT(NFTA_LOOKUP_SREG) |
			       ATTR_BIT(NFTA_LOOKUP_DREG) | ATTR_BIT(NFTA_LOOKUP_SET_ID) |
			       ATTR_BIT(NFTA_LOOKUP_FLAGS);
	const char *name = attr_str(a, NFTA_LOOKUP_SET);
	uint32_t id = a->at[NFTA_LOOKUP_SET_ID] ? attr_u32(a, NFTA_LOOKUP_SET_ID) : 0;
	uint32_t flags = a->at[NFTA_LOOKUP_FLAGS] ? attr_u32(a, NFTA_LOOKUP_FLAGS) : 0;
	struct set *set = name ? decoder_find_set(c->d, name, id) : NULL;

	if (!set || !attrs_within(a, known) || flags & ~(uint32_t)NFT_LOOKUP_F_INV ||
	    !take_slot(a, NFTA_LOOKUP_SREG, &e->lookup.sreg) || !fits_key(c, set, e->lookup.sreg))
		return false;
	e->kind = EXPR_LOOKUP;
	e->lookup.set = set;
	e->lookup.invert = flags & NFT_LOOKUP_F_INV;
	if (!a->at[NFTA_LOOKUP_DREG])
		return !set->n_data;
	if (!set->n_data)
		return false;
	if (set->data[0] == TYPE_VERDICT)
		return attr_u32(a, NFTA_LOOKUP_DREG) == NFT_REG_VERDICT;
	if (!take_slot(a, NFTA_LOOKUP_DREG, &e->lookup.dreg))
		return false;
	note_data(c, set, e->lookup.dreg);
	return true;
}

bool decode_verdict(struct decoder *d, const struct nlattr *nest, struct verdict *ret)
{
	static const struct {
		uint32_t code;
		enum verdict_kind kind;
	} codes[] = {
		{NF_ACCEPT, VERDICT_ACCEPT},
		{NF_DROP, VERDICT_DROP},
		{(uint32_t)NFT_JUMP, VERDICT_JUMP},
		{(uint32_t)NFT_GOTO, VERDICT_GOTO},
		{(uint32_t)NFT_RETURN, VERDICT_RETURN},
	};
	struct attrs a = attrs_of(nest);
	uint32_t code = attr_u32(&a, NFTA_VERDICT_CODE);
	const char *name = a.at[NFTA_VERDICT_CHAIN] ? attr_str(&a, NFTA_VERDICT_CHAIN) : NULL;
	const struct chain *chain;

	if (!attrs_within(&a, ATTR_BIT(NFTA_VERDICT_CODE) | ATTR_BIT(NFTA_VERDICT_CHAIN)))
		return false;
	chain = name ? decoder_find_chain(d, name) : NULL;
	for (size_t i = 0; i < ARRAY_SIZE(codes); i++) {
		bool jumps = codes[i].kind == VERDICT_JUMP || codes[i].kind == VERDICT_GOTO;

		if (codes[i].code != code || jumps != (chain != NULL))
			continue;
		*ret = (struct verdict){codes[i].kind, chain};
		return true;
	}
	return false;
}

static bool decode_immediate(struct context *c, struct attrs *a, struct expr *e)
{
	struct attrs data = attrs_of(a->at[NFTA_IMMEDIATE_DATA]);

	if (!attrs_within(a, ATTR_BIT(NFTA_IMMEDIATE_DREG) | ATTR_BIT(NFTA_IMMEDIATE_DATA)) ||
	    attr_u32(a, NFTA_IMMEDIATE_DREG) != NFT_REG_VERDICT ||
	    !attrs_within(&data, ATTR_BIT(NFTA_DATA_VERDICT)))
		return false;
	e->kind = EXPR_VERDICT;
	return decode_verdict(c->d, data.at[NFTA_DATA_VERDICT], &e->verdict);
}

/* A value for a register, as a translation to one address has it. */
static void decode_constant(struct context *c, const struct nlattr *data, struct expr *e)
{
	struct attrs a = attrs_of(data);

	if (a.at[NFTA_IMMEDIATE_DATA] && take_slot(&a, NFTA_IMMEDIATE_DREG, &e->unknown.dreg) &&
	    take_value(a.at[NFTA_IMMEDIATE_DATA], false, &e->unknown.value)) {
		e->unknown.effect = EFFECT_CONSTANT;
		note_order(c, e->unknown.dreg, e->unknown.value.len, false);
	}
}

/* A set that packets fill holds tomorrow what it does not hold today. */
static void decode_filling(struct context *c, const struct nlattr *data)
{
	struct attrs a = attrs_of(data);
	const char *name = a.at[NFTA_DYNSET_SET_NAME] ? attr_str(&a, NFTA_DYNSET_SET_NAME) : NULL;
	uint32_t id = a.at[NFTA_DYNSET_SET_ID] ? attr_u32(&a, NFTA_DYNSET_SET_ID) : 0;
	struct set *set = name ? decoder_find_set(c->d, name, id) : NULL;

	if (set)
		set->filled = true;
}

/* Where a range has only one end, the kernel tells it twice. */
static bool take_end(struct attrs *a, unsigned int min, unsigned int max, uint8_t *ret_slot)
{
	return take_slot(a, min, ret_slot) && (!a->at[max] || attr_u32(a, max) == attr_u32(a, min));
}

static bool decode_nat(struct attrs *a, struct expr *e)
{
	const uint32_t known = ATTR_BIT(NFTA_NAT_TYPE) | ATTR_BIT(NFTA_NAT_FAMILY) |
			       ATTR_BIT(NFTA_NAT_REG_ADDR_MIN) | ATTR_BIT(NFTA_NAT_REG_ADDR_MAX) |
			       ATTR_BIT(NFTA_NAT_REG_PROTO_MIN) | ATTR_BIT(NFTA_NAT_REG_PROTO_MAX) |
			       ATTR_BIT(NFTA_NAT_FLAGS);
	uint32_t type = attr_u32(a, NFTA_NAT_TYPE);
	uint32_t flags = a->at[NFTA_NAT_FLAGS] ? attr_u32(a, NFTA_NAT_FLAGS) : 0;

	if (!attrs_within(a, known) || attr_u32(a, NFTA_NAT_FAMILY) != NFPROTO_IPV4 ||
	    (type != NFT_NAT_DNAT && type != NFT_NAT_SNAT) ||
	    flags & ~(uint32_t)(NF_NAT_RANGE_MAP_IPS | NF_NAT_RANGE_PROTO_SPECIFIED) ||
	    (flags & NF_NAT_RANGE_PROTO_SPECIFIED && !a->at[NFTA_NAT_REG_PROTO_MIN]) ||
	    !take_end(a, NFTA_NAT_REG_ADDR_MIN, NFTA_NAT_REG_ADDR_MAX, &e->nat.addr))
		return false;
	e->kind = EXPR_NAT;
	e->nat.kind = type == NFT_NAT_DNAT ? NAT_DNAT : NAT_SNAT;
	e->nat.has_port = a->at[NFTA_NAT_REG_PROTO_MIN];
	return !e->nat.has_port ||
	       take_end(a, NFTA_NAT_REG_PROTO_MIN, NFTA_NAT_REG_PROTO_MAX, &e->nat.port);
}

static bool decode_masquerade(struct attrs *a, struct expr *e)
{
	e->kind = EXPR_NAT;
	e->nat.kind = NAT_MASQUERADE;
	return attrs_within(a, ATTR_BIT(NFTA_MASQ_FLAGS)) &&
	       (!a->at[NFTA_MASQ_FLAGS] || !attr_u32(a, NFTA_MASQ_FLAGS));
}

bool decode_counter(const struct nlattr *nest, struct counter *ret)
{
	struct attrs a = attrs_of(nest);

	ret->packets = a.at[NFTA_COUNTER_PACKETS] ? attr_u64(&a, NFTA_COUNTER_PACKETS) : 0;
	ret->bytes = a.at[NFTA_COUNTER_BYTES] ? attr_u64(&a, NFTA_COUNTER_BYTES) : 0;
	return attrs_within(&a, ATTR_BIT(NFTA_COUNTER_PACKETS) | ATTR_BIT(NFTA_COUNTER_BYTES) |
					ATTR_BIT(NFTA_COUNTER_PAD));
}

static bool decode_limit(struct attrs *a, struct expr *e)
{
	const uint32_t known = ATTR_BIT(NFTA_LIMIT_RATE) | ATTR_BIT(NFTA_LIMIT_UNIT) |
			       ATTR_BIT(NFTA_LIMIT_BURST) | ATTR_BIT(NFTA_LIMIT_TYPE) |
			       ATTR_BIT(NFTA_LIMIT_FLAGS) | ATTR_BIT(NFTA_LIMIT_PAD);

	e->kind = EXPR_LIMIT;
	e->limit.rate = attr_u64(a, NFTA_LIMIT_RATE);
	e->limit.unit = LIMIT_SECOND;
	e->limit.burst = a->at[NFTA_LIMIT_BURST] ? attr_u32(a, NFTA_LIMIT_BURST) : 0;
	return attr_u64(a, NFTA_LIMIT_UNIT) == 1 &&
	       (!a->at[NFTA_LIMIT_TYPE] || attr_u32(a, NFTA_LIMIT_TYPE) == NFT_LIMIT_PKTS) &&
	       (!a->at[NFTA_LIMIT_FLAGS] || !attr_u32(a, NFTA_LIMIT_FLAGS)) &&
	       attrs_within(a, known);
}

static bool decode_log(struct context *c, struct attrs *a, struct expr *e)
{
	const uint32_t known =
		ATTR_BIT(NFTA_LOG_PREFIX) | ATTR_BIT(NFTA_LOG_LEVEL) | ATTR_BIT(NFTA_LOG_FLAGS);
	const char *prefix = attr_str(a, NFTA_LOG_PREFIX);

	if (!prefix || !attrs_within(a, known) ||
	    (a->at[NFTA_LOG_LEVEL] && attr_u32(a, NFTA_LOG_LEVEL) != NFT_LOGLEVEL_WARNING) ||
	    (a->at[NFTA_LOG_FLAGS] && attr_u32(a, NFTA_LOG_FLAGS)))
		return false;
	e->kind = EXPR_LOG;
	e->log.prefix = arena_copy(&c->d->rs->arena, prefix, strlen(prefix));
	return true;
}

/* One expression of the kernel's is one of ours, or two: how many, 0 where it is not known. */
static size_t known_expr(struct context *c, const char *name, const struct nlattr *data,
			 struct expr e[2])
{
	struct attrs a = attrs_of(data);
	bool known = false;

	if (!strcmp(name, "range"))
		return decode_range(c, &a, &e[0], &e[1]) && !a.strange ? 2 : 0;
	if (!strcmp(name, "meta"))
		known = decode_meta(c, &a, e);
	else if (!strcmp(name, "payload"))
		known = decode_payload(c, &a, e);
	else if (!strcmp(name, "ct"))
		known = decode_ct(c, &a, e);
	else if (!strcmp(name, "cmp"))
		known = decode_cmp(c, &a, e);
	else if (!strcmp(name, "bitwise"))
		known = decode_bitwise(c, &a, e);
	else if (!strcmp(name, "lookup"))
		known = decode_lookup(c, &a, e);
	else if (!strcmp(name, "immediate"))
		known = decode_immediate(c, &a, e);
	else if (!strcmp(name, "nat"))
		known = decode_nat(&a, e);
	else if (!strcmp(name, "masq"))
		known = decode_masquerade(&a, e);
	else if (!strcmp(name, "limit"))
		known = decode_limit(&a, e);
	else if (!strcmp(name, "log"))
		known = decode_log(c, &a, e);
	else if (!strcmp(name, "counter")) {
		e->kind = EXPR_COUNTER;
		return decode_counter(data, &e->counter);
	}
	return known && !a.strange;
}

/* What is not known, as the bytes that it is. */
static void keep_expr(struct context *c, const char *name, const struct nlattr *data,
		      struct expr *e)
{
	struct arena *arena = &c->d->rs->arena;

	*e = (struct expr){.kind = EXPR_UNKNOWN};
	e->unknown.name = name ? arena_copy(arena, name, strlen(name)) : "";
	if (!data)
		return;
	e->unknown.effect = effect_of(e->unknown.name, data);
	if (!strcmp(e->unknown.name, "immediate"))
		decode_constant(c, data, e);
	if (!strcmp(e->unknown.name, "dynset"))
		decode_filling(c, data);
	e->unknown.len = mnl_attr_get_payload_len(data);
	e->unknown.bytes =
		(const uint8_t *)arena_copy(arena, mnl_attr_get_payload(data), e->unknown.len);
}

static void decode_expr(struct context *c, const struct nlattr *element, struct rule *rule)
{
	struct attrs a = attrs_of(element);
	const char *name = attr_str(&a, NFTA_EXPR_NAME);
	const struct nlattr *data = a.at[NFTA_EXPR_DATA];
	struct expr found[2] = {0};
	size_t n = 0;

	if (!attrs_within(&a, ATTR_BIT(NFTA_EXPR_NAME) | ATTR_BIT(NFTA_EXPR_DATA)))
		unsupported(c->d, &rule->unsupported,
			    "an expression has attributes that jgfw does not know");
	else if (name)
		n = known_expr(c, name, data, found);
	if (!n) {
		keep_expr(c, name, data, &found[0]);
		n = 1;
	}
	for (size_t i = 0; i < n; i++)
		*(struct expr *)vec_push_in(&c->d->rs->arena, rule) = found[i];
}

/* nft reads two fields that lie next to each other as one where both are compared: ports, or
 * addresses. They are taken apart again, so that a rule is the same however it was loaded. */
static bool is_pair(const struct expr *load, const struct expr *cmp)
{
	return load->kind == EXPR_PAYLOAD && cmp->kind == EXPR_CMP && cmp->cmp.op == CMP_EQ &&
	       cmp->cmp.sreg == load->payload.dreg && cmp->cmp.value.len == load->payload.len &&
	       ((load->payload.base == PAYLOAD_TRANSPORT && load->payload.offset == 0 &&
		 load->payload.len == 4) ||
		(load->payload.base == PAYLOAD_NETWORK && load->payload.offset == 12 &&
		 load->payload.len == 8));
}

static uint32_t slots(uint8_t slot, size_t len)
{
	return (uint32_t)(((UINT64_C(1) << (len + 3) / 4) - 1) << slot);
}

static uint32_t slots_of_key(const struct set *set, uint8_t slot)
{
	uint32_t all = set->n_key ? 0 : UINT32_MAX;

	for (size_t f = 0; f < set->n_key; f++) {
		size_t len = datatype_len(set->key[f]);

		all |= slots(slot, len);
		slot = (uint8_t)(slot + (len + 3) / 4);
	}
	return all;
}

static uint32_t slots_read(const struct expr *e)
{
	switch (e->kind) {
	case EXPR_CMP:
		return slots(e->cmp.sreg, e->cmp.value.len);
	case EXPR_BITWISE:
		return slots(e->bitwise.sreg, e->bitwise.mask.len);
	case EXPR_LOOKUP:
		return slots_of_key(e->lookup.set, e->lookup.sreg);
	case EXPR_NAT:
		return slots(e->nat.addr, e->nat.kind != NAT_MASQUERADE) |
		       slots(e->nat.port, e->nat.has_port);
	case EXPR_UNKNOWN:
		return e->unknown.effect == EFFECT_NONE ? 0 : UINT32_MAX;
	case EXPR_META:
	case EXPR_PAYLOAD:
	case EXPR_CT:
	case EXPR_VERDICT:
	case EXPR_COUNTER:
	case EXPR_LIMIT:
	case EXPR_LOG:
		break;
	}
	return 0;
}

static uint32_t slots_written(const struct expr *e)
{
	if (e->kind == EXPR_PAYLOAD)
		return slots(e->payload.dreg, e->payload.len);
	if (e->kind == EXPR_META)
		return slots(e->meta.dreg, 1);
	return e->kind == EXPR_CT ? slots(e->ct.dreg, sizeof(uint32_t)) : 0;
}

/* Does something look at what the pair at @i left in its registers? */
static bool is_used(const struct rule *rule, size_t i)
{
	uint32_t left = slots_written(&rule->at[i]);

	for (i += 2; i < rule->n && left; i++) {
		if (slots_read(&rule->at[i]) & left)
			return true;
		left &= ~slots_written(&rule->at[i]);
	}
	return false;
}

static void split_pair(struct decoder *d, struct rule *rule, size_t i)
{
	struct expr load = rule->at[i], cmp = rule->at[i + 1];
	uint16_t len = load.payload.len / 2;
	size_t behind = rule->n - i - 2;

	vec_push_in(&d->rs->arena, rule);
	vec_push_in(&d->rs->arena, rule);
	memmove(&rule->at[i + 4], &rule->at[i + 2], behind * sizeof(*rule->at));
	for (size_t half = 0; half < 2; half++) {
		struct expr *part = &rule->at[i + 2 * half];

		part[0] = load;
		part[0].payload.offset = (uint16_t)(load.payload.offset + half * len);
		part[0].payload.len = len;
		part[1] = cmp;
		part[1].cmp.value = (struct value){.len = (uint8_t)len};
		memcpy(part[1].cmp.value.bytes, cmp.cmp.value.bytes + half * len, len);
	}
}

void decode_exprs(struct decoder *d, const struct nlattr *list, struct rule *rule)
{
	struct context c = {.d = d};

	nest_each(element, list)
		decode_expr(&c, element, rule);
	for (size_t i = 0; i + 1 < rule->n; i++)
		if (is_pair(&rule->at[i], &rule->at[i + 1]) && !is_used(rule, i))
			split_pair(d, rule, i);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules in nft's words, as nft encodes them in the kernel's expressions. */
#include "jgfw/ruleset/ruleset.h"

#include <linux/netfilter.h>
#include <string.h>

enum {
	PORTS_NAME_MAX = 64, /* of a set's name that tells its ports */
	FEW_PORTS = 256,
};

/* Where a field is loaded from: RFC 791 (IP), RFC 9293 and 768 (ports), RFC 792 (ICMP type). */
static const struct {
	enum expr_kind kind;
	enum meta_key meta;
	enum payload_base base;
	uint16_t offset;
	enum datatype type;
	bool of_ipv4;
} fields[] = {
	[FIELD_IP_SADDR] = {EXPR_PAYLOAD, 0, PAYLOAD_NETWORK, 12, TYPE_IPV4_ADDR, true},
	[FIELD_IP_DADDR] = {EXPR_PAYLOAD, 0, PAYLOAD_NETWORK, 16, TYPE_IPV4_ADDR, true},
	[FIELD_SPORT] = {EXPR_PAYLOAD, 0, PAYLOAD_TRANSPORT, 0, TYPE_INET_SERVICE, false},
	[FIELD_DPORT] = {EXPR_PAYLOAD, 0, PAYLOAD_TRANSPORT, 2, TYPE_INET_SERVICE, false},
	[FIELD_ICMP_TYPE] = {EXPR_PAYLOAD, 0, PAYLOAD_TRANSPORT, 0, TYPE_ICMP_TYPE, true},
	[FIELD_L4PROTO] = {EXPR_META, META_L4PROTO, 0, 0, TYPE_INET_PROTO, false},
	[FIELD_IIFNAME] = {EXPR_META, META_IIFNAME, 0, 0, TYPE_IFNAME, false},
	[FIELD_OIFNAME] = {EXPR_META, META_OIFNAME, 0, 0, TYPE_IFNAME, false},
};

static struct expr *expr_add(struct builder *b, enum expr_kind kind)
{
	struct expr *e = vec_push_in(&b->rs->arena, b->rule);

	*e = (struct expr){.kind = kind};
	return e;
}

static void load(struct builder *b, enum field field, uint8_t dreg)
{
	struct expr *e = expr_add(b, fields[field].kind);

	if (e->kind == EXPR_META) {
		e->meta.key = fields[field].meta;
		e->meta.dreg = dreg;
	} else {
		e->payload.base = fields[field].base;
		e->payload.offset = fields[field].offset;
		e->payload.len = (uint16_t)datatype_len(fields[field].type);
		e->payload.dreg = dreg;
	}
}

static void compare(struct builder *b, enum cmp_op op, struct value value)
{
	struct expr *e = expr_add(b, EXPR_CMP);

	e->cmp.op = op;
	e->cmp.value = value;
}

struct builder rule_begin(struct ruleset *rs, struct chain *chain)
{
	struct rule *rule = vec_push_in(&rs->arena, &chain->rules);

	*rule = (struct rule){0};
	return (struct builder){.rs = rs, .rule = rule};
}

void rule_nfproto(struct builder *b, uint8_t family)
{
	struct expr *e = expr_add(b, EXPR_META);

	e->meta.key = META_NFPROTO;
	compare(b, CMP_EQ, value_u8(family));
}

void rule_ipv4(struct builder *b)
{
	if (!b->is_ipv4)
		rule_nfproto(b, NFPROTO_IPV4);
	b->is_ipv4 = true;
}

void rule_l4proto(struct builder *b, uint8_t proto)
{
	load(b, FIELD_L4PROTO, 0);
	compare(b, CMP_EQ, value_u8(proto));
}

void rule_match(struct builder *b, enum field field, struct value value)
{
	if (fields[field].of_ipv4)
		rule_ipv4(b);
	load(b, field, 0);
	compare(b, CMP_EQ, value);
}

void rule_match_range(struct builder *b, enum field field, struct value lo, struct value hi)
{
	if (fields[field].of_ipv4)
		rule_ipv4(b);
	load(b, field, 0);
	compare(b, CMP_GTE, lo);
	compare(b, CMP_LTE, hi);
}

/* A long name's place is taken by its hash (FNV-1a). */
/* A name that tells the ports, or where they are many a number made of them (FNV-1a). */
static void name_ports(struct range_set ports, struct buf *name)
{
	uint64_t hash = 0xcbf29ce484222325;

	buf_puts(name, "ports");
	for (size_t i = 0; i < ports.n; i++) {
		buf_printf(name, "_%u", ports.at[i].lo);
		if (ports.at[i].lo != ports.at[i].hi)
			buf_printf(name, "_to_%u", ports.at[i].hi);
	}
	if (name->n <= PORTS_NAME_MAX)
		return;
	for (size_t i = 0; i < name->n; i++)
		hash = (hash ^ (uint8_t)name->at[i]) * 0x100000001b3;
	name->n = 0;
	buf_printf(name, "ports_%016llx", (unsigned long long)hash);
}

/*
 * The kernel fills a new set of ranges a moment after the rules that look it up are in force. So
 * few ports are told one by one; for many the set has a name, by which it stays when rules change.
 */
static struct set *port_set(struct builder *b, struct range_set ports)
{
	static const enum datatype key[] = {TYPE_INET_SERVICE};
	bool ranges = range_set_count(ports) > FEW_PORTS;
	struct buf name = {0};
	struct set *set;

	if (ranges) {
		name_ports(ports, &name);
		vec_each(it, &b->rs->table.sets)
			if (!strcmp((*it)->name, buf_str(&name))) {
				buf_free(&name);
				return *it;
			}
	}
	set = ruleset_set(b->rs, ranges ? buf_str(&name) : NULL, key, 1, NULL, 0);
	set->interval = ranges;
	for (size_t i = 0; i < ports.n; i++)
		for (uint32_t port = ports.at[i].lo; port <= ports.at[i].hi; port++) {
			uint8_t *at = set_put(set_add(set, 0), value_u16((uint16_t)port));

			if (!ranges)
				continue;
			set_put(at, value_u16((uint16_t)ports.at[i].hi));
			break;
		}
	buf_free(&name);
	return set;
}

void rule_ports(struct builder *b, enum field field, struct range_set ports, bool invert)
{
	if (ports.n == 1 && ports.at[0].lo == ports.at[0].hi) { /* as nft takes a set of one */
		load(b, field, 0);
		compare(b, invert ? CMP_NEQ : CMP_EQ, value_u16((uint16_t)ports.at[0].lo));
		return;
	}
	if (ports.n == 1 && !invert) {
		rule_match_range(b, field, value_u16((uint16_t)ports.at[0].lo),
				 value_u16((uint16_t)ports.at[0].hi));
		return;
	}
	rule_lookup(b, &field, 1, port_set(b, ports), invert);
}

/* Load a concatenation into the registers from slot 0 on, each field at a slot of its own. */
static void load_all(struct builder *b, const enum field *list, size_t n)
{
	uint8_t slot = 0;

	for (size_t i = 0; i < n; i++)
		if (fields[list[i]].of_ipv4)
			rule_ipv4(b);
	for (size_t i = 0; i < n; i++) {
		load(b, list[i], slot);
		slot = (uint8_t)(slot + (datatype_len(fields[list[i]].type) + 3) / 4);
	}
}

void rule_lookup(struct builder *b, const enum field *list, size_t n, struct set *set, bool invert)
{
	struct expr *e;

	load_all(b, list, n);
	e = expr_add(b, EXPR_LOOKUP);
	e->lookup.set = set;
	e->lookup.invert = invert;
}

static void rule_ct_bits(struct builder *b, enum ct_key key, uint32_t mask)
{
	struct expr *e = expr_add(b, EXPR_CT);

	e->ct.key = key;
	e = expr_add(b, EXPR_BITWISE);
	e->bitwise.mask = value_u32(mask);
	compare(b, CMP_NEQ, value_u32(0));
}

void rule_ct_state(struct builder *b, uint32_t mask)
{
	rule_ct_bits(b, CT_STATE, mask);
}

void rule_ct_status(struct builder *b, uint32_t mask)
{
	rule_ct_bits(b, CT_STATUS, mask);
}

void rule_counter(struct builder *b)
{
	expr_add(b, EXPR_COUNTER);
}

void rule_limit_log(struct builder *b, uint64_t per_second, uint32_t burst, const char *prefix)
{
	struct expr *e = expr_add(b, EXPR_LIMIT);

	e->limit.rate = per_second;
	e->limit.unit = LIMIT_SECOND;
	e->limit.burst = burst;
	e = expr_add(b, EXPR_LOG);
	e->log.prefix = arena_copy(&b->rs->arena, prefix, strlen(prefix));
}

void rule_verdict(struct builder *b, enum verdict_kind kind, const struct chain *chain)
{
	struct expr *e = expr_add(b, EXPR_VERDICT);

	e->verdict = (struct verdict){kind, chain};
}

void rule_nat_map(struct builder *b, enum nat_kind kind, const enum field *list, size_t n,
		  struct set *map)
{
	struct expr *e;

	rule_ipv4(b);
	rule_lookup(b, list, n, map, false);
	e = expr_add(b, EXPR_NAT);
	e->nat.kind = kind;
	e->nat.has_port = map->n_data == 2;
	e->nat.port = e->nat.has_port ? 1 : 0; /* behind the four bytes of the address */
}

void rule_masquerade(struct builder *b)
{
	struct expr *e;

	e = expr_add(b, EXPR_NAT);
	e->nat.kind = NAT_MASQUERADE;
}

void rule_comment(struct builder *b, const char *text)
{
	b->rule->comment = arena_copy(&b->rs->arena, text, strlen(text));
}

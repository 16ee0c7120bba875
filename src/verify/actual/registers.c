/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "registers.h"

#include <string.h>

#include <linux/netfilter.h>

enum {
	SLOT_LEN = 4,
	/* RFC 791 */
	IPV4_PROTOCOL = 9,
	IPV4_SADDR = 12,
	IPV4_DADDR = 16,
	/* RFC 8200 */
	IPV6_SADDR = 8,
	IPV6_DADDR = 24,
	IPV6_WORDS = 4,
	/* linux/netfilter/nf_conntrack_common.h: IPS_NAT_MASK, IPS_NAT_DONE_MASK */
	STATUS_OF_NAT = 3 << 4 | 3 << 7,
	IFNAME_LEN = 16,
	MAX_INTERVALS = 1 << 12, /* of a condition on masked bits */
};

static size_t width(unsigned int var)
{
	switch (var) {
	case VAR_DPORT:
	case VAR_SPORT:
		return 2;
	case VAR_PROTO:
		return 1;
	default:
		return 4;
	}
}

/* --- loads ---------------------------------------------------------------------------------- */

static struct byte constant(uint8_t value)
{
	return (struct byte){.kind = BYTE_CONST, .value = value};
}

/* The registers that @len bytes from @slot on take; NULL where there are not so many. What a load
 * leaves of the last one is zero. */
static struct byte *room(struct registers *r, uint8_t slot, size_t len)
{
	size_t at = (size_t)slot * SLOT_LEN, end = at + (len + SLOT_LEN - 1) / SLOT_LEN * SLOT_LEN;

	if (end > REGISTER_BYTES)
		return NULL;
	for (size_t i = at; i < end; i++)
		r->at[i] = constant(0);
	return r->at + at;
}

void registers_constant(struct registers *r, uint8_t slot, struct value v)
{
	struct byte *to = room(r, slot, v.len);

	for (size_t i = 0; to && i < v.len; i++)
		to[i] = constant(v.bytes[i]);
}

static struct byte field_byte(unsigned int var, size_t at)
{
	return (struct byte){BYTE_FIELD, UINT8_MAX, (uint8_t)at, (uint8_t)var, NULL};
}

static void put_name(struct registers *r, uint8_t slot, unsigned int var)
{
	struct byte *to = room(r, slot, IFNAME_LEN);

	for (size_t i = 0; to && i < IFNAME_LEN; i++)
		to[i] = (struct byte){BYTE_NAME, UINT8_MAX, (uint8_t)i, (uint8_t)var, NULL};
}

static void load_meta(struct registers *r, const struct view *view, const struct expr *e)
{
	struct byte *to;

	switch (e->meta.key) {
	case META_NFPROTO:
		registers_constant(r, e->meta.dreg, value_u8(view->nfproto));
		return;
	case META_L4PROTO:
		to = room(r, e->meta.dreg, 1);
		if (to)
			*to = field_byte(VAR_PROTO, 0);
		return;
	case META_IIFNAME:
		if (view->has_iif)
			put_name(r, e->meta.dreg, VAR_IIF);
		else
			registers_constant(r, e->meta.dreg, value_ifname(""));
		return;
	case META_OIFNAME:
		if (view->has_oif)
			put_name(r, e->meta.dreg, VAR_OIF);
		else
			registers_constant(r, e->meta.dreg, value_ifname(""));
		return;
	}
}

static struct byte network_byte(const struct view *view, size_t at)
{
	static const struct byte unknown;

	if (view->nfproto == NFPROTO_IPV4) {
		if (at == IPV4_PROTOCOL)
			return field_byte(VAR_PROTO, 0);
		if (at >= IPV4_SADDR && at < IPV4_DADDR)
			return view->source_unknown ? unknown
						    : field_byte(VAR_SADDR, at - IPV4_SADDR);
		if (at >= IPV4_DADDR && at < IPV4_DADDR + 4)
			return field_byte(VAR_DADDR, at - IPV4_DADDR);
		return unknown;
	}
	if (at >= IPV6_SADDR && at < IPV6_DADDR)
		return field_byte(VAR_SADDR6 + (unsigned int)(at - IPV6_SADDR) / IPV6_WORDS,
				  (at - IPV6_SADDR) % IPV6_WORDS);
	if (at >= IPV6_DADDR && at < IPV6_DADDR + 16)
		return field_byte(VAR_DADDR6 + (unsigned int)(at - IPV6_DADDR) / IPV6_WORDS,
				  (at - IPV6_DADDR) % IPV6_WORDS);
	return unknown;
}

static struct byte transport_byte(const struct view *view, size_t at)
{
	static const struct byte unknown;

	if (at < 2)
		return view->source_unknown ? unknown : field_byte(VAR_SPORT, at);
	return at < 4 ? field_byte(VAR_DPORT, at - 2) : unknown;
}

static void load_payload(struct registers *r, const struct view *view, const struct expr *e)
{
	struct byte *to = room(r, e->payload.dreg, e->payload.len);

	for (size_t i = 0; to && i < e->payload.len; i++)
		to[i] = e->payload.base == PAYLOAD_NETWORK
				? network_byte(view, e->payload.offset + i)
				: transport_byte(view, e->payload.offset + i);
}

/* The ct status of a new packet after nat. One bit is a variable, VAR_TRANSLATED: IPS_DST_NAT,
 * which the kernel sets where the destination became another. The byte that holds it is a field of
 * that bit; the other bits say whether nat was looked for, and what it did to the source, and are
 * not known. So "ct status dnat" is decided, and "ct status snat" is not. */
static void load_status(struct registers *r, const struct view *view, uint8_t slot)
{
	struct value v = value_u32(0);
	struct byte *to = room(r, slot, v.len);

	for (size_t i = 0; to && i < v.len; i++)
		if (view->status == STATUS_UNKNOWN ||
		    (view->status == STATUS_NEW &&
		     STATUS_OF_NAT >> 8 * (v.len - 1 - i) & UINT8_MAX))
			to[i] = (struct byte){0};
	if (to && view->status == STATUS_NEW)
		to[v.len - 1] = field_byte(VAR_TRANSLATED, 0);
}

bool registers_load(struct registers *r, const struct view *view, const struct expr *e)
{
	if (e->kind == EXPR_META) {
		load_meta(r, view, e);
	} else if (e->kind == EXPR_PAYLOAD) {
		load_payload(r, view, e);
	} else if (e->ct.key == CT_STATE) {
		registers_constant(r, e->ct.dreg, value_u32(view->ct_state));
	} else {
		if (view->status == STATUS_ABSENT)
			return false;
		load_status(r, view, e->ct.dreg);
	}
	return true;
}

void registers_mask(struct registers *r, const struct expr *e)
{
	size_t len = e->bitwise.mask.len;
	struct byte copy[VALUE_MAX];
	struct byte *to;

	if ((size_t)e->bitwise.sreg * SLOT_LEN + len > REGISTER_BYTES)
		return;
	memcpy(copy, r->at + (size_t)e->bitwise.sreg * SLOT_LEN, len * sizeof(*copy));
	to = room(r, e->bitwise.dreg, len);
	for (size_t i = 0; to && i < len; i++) {
		uint8_t mask = e->bitwise.mask.bytes[i];

		to[i] = mask ? copy[i] : constant(0);
		if (to[i].kind == BYTE_CONST || to[i].kind == BYTE_FIELD || to[i].kind == BYTE_NAME)
			to[i].value &= mask;
		else if (mask && mask != UINT8_MAX)
			to[i] = (struct byte){0};
	}
}

void registers_forget(struct registers *r)
{
	*r = (struct registers){0};
}

/* --- comparisons ---------------------------------------------------------------------------- */

/** struct stretch - bytes of one field, next to each other, beside what they are compared with */
struct stretch {
	const struct byte *bytes;
	const uint8_t *value;
	size_t len;
};

/** enum relation - of a stretch to its value */
enum relation {
	IS_LESS,
	IS_EQUAL,
};

static bool joins(const struct byte *a, const struct byte *b)
{
	if (a->kind != b->kind || a->var != b->var || a->found != b->found)
		return false;
	return a->kind == BYTE_CONST || a->kind == BYTE_UNKNOWN || b->at == a->at + 1;
}

static struct stretch first_stretch(const struct byte *bytes, const uint8_t *value, size_t len)
{
	size_t n = 1;

	while (n < len && joins(&bytes[n - 1], &bytes[n]))
		n++;
	return (struct stretch){bytes, value, n};
}

/** struct bits - a number, masked, beside another, and the ranges where the relation holds */
struct bits {
	uint32_t mask, value;
	enum relation relation;
	struct range_vec ranges;
	bool too_many;
};

static void add_range(struct bits *b, uint32_t lo, uint32_t hi)
{
	if (b->ranges.n && b->ranges.at[b->ranges.n - 1].hi + 1 == lo && lo)
		b->ranges.at[b->ranges.n - 1].hi = hi;
	else if (b->ranges.n < MAX_INTERVALS)
		vec_add(&b->ranges, ((struct range){lo, hi}));
	else
		b->too_many = true;
}

/* The numbers from @base to @base + 2^@n - 1, halved until all or none of a half fulfil the
 * comparison: each half that all of fulfil is a range. For example, "tcp dport & 0xfffe == 4" is
 * decided at once for all halves but those around 4, and gives the range 4-5. */
static void walk_bits(struct bits *b, uint32_t base, unsigned int n)
{
	uint32_t low = n >= 32 ? UINT32_MAX : (1u << n) - 1, half;
	uint32_t mask = b->mask & low, value = b->value & low;
	bool equal = b->relation == IS_EQUAL;

	if (b->too_many || (equal ? value & ~mask : !value))
		return;
	if (equal ? !mask : value > mask) {
		add_range(b, base, base | low);
		return;
	}
	half = 1u << (n - 1);
	if (!(mask & half)) {
		walk_bits(b, base, n - 1);
		walk_bits(b, base | half, n - 1);
	} else if (!(value & half)) {
		walk_bits(b, base, n - 1);
	} else {
		if (!equal)
			add_range(b, base, base | (half - 1));
		walk_bits(b, base | half, n - 1);
	}
}

static node undecided(struct space *s)
{
	return space_free_variable(s, FREE_UNKNOWN);
}

static node compare_field(struct space *s, const struct stretch *x, enum relation relation)
{
	unsigned int var = x->bytes->var;
	size_t bytes = width(var);
	struct bits b = {.relation = relation};
	node f;

	for (size_t i = 0; i < x->len; i++) {
		unsigned int shift = 8 * (unsigned int)(bytes - 1 - x->bytes[i].at);

		b.mask |= (uint32_t)x->bytes[i].value << shift;
		b.value |= (uint32_t)x->value[i] << shift;
	}
	walk_bits(&b, 0, 8 * (unsigned int)bytes);
	if (b.too_many)
		f = undecided(s);
	else if (!b.ranges.n)
		f = terminal(TERMINAL_NO);
	else
		f = in_ranges(s, var, (struct range_set){b.ranges.at, b.ranges.n});
	vec_free(&b.ranges);
	return f;
}

/* A comparison of the byte of ct status that holds IPS_DST_NAT. Where a mask has left that bit
 * alone, the byte has one of two values, 0 or the bit: "ct status & dnat != 0" compares it with 0
 * and holds where VAR_TRANSLATED is 1. */
static node compare_mark(struct space *s, const struct stretch *x, enum relation relation)
{
	uint8_t marked = CT_STATUS_DNAT & x->bytes->value, value = *x->value;
	bool with = relation == IS_EQUAL ? marked == value : marked < value;
	bool without = relation == IS_EQUAL ? !value : value;

	if (x->bytes->value & STATUS_OF_NAT & ~CT_STATUS_DNAT)
		return undecided(s);
	return diagram_range(s->d, VAR_TRANSLATED, (struct range){1, 1},
			     terminal(with ? TERMINAL_YES : TERMINAL_NO),
			     terminal(without ? TERMINAL_YES : TERMINAL_NO));
}

static bool name_is(const char *name, const void *arg)
{
	const struct stretch *x = arg;
	struct value v = value_ifname(name);

	return !memcmp(v.bytes + x->bytes->at, x->value, x->len);
}

/* Are all its bits looked at? Of names that are alike in some bits no list has all. */
static bool is_whole(const struct stretch *x)
{
	for (size_t i = 0; i < x->len; i++)
		if (x->bytes[i].value != UINT8_MAX)
			return false;
	return !x->bytes->at;
}

/** struct data_test - data of a map's elements beside a value */
struct data_test {
	const struct stretch *x;
	enum relation relation;
};

static node data_holds(uint32_t value, void *arg)
{
	const struct data_test *t = arg;
	const struct set *map = t->x->bytes->found->map;
	const uint8_t *data;
	int order;

	if (value == TERMINAL_NO)
		return terminal(TERMINAL_NO);
	data = map->bytes + (value - TERMINAL_FIRST_OUTCOME + 1) * map->stride - map->data_len;
	order = memcmp(data + t->x->bytes->at, t->x->value, t->x->len);
	return terminal((t->relation == IS_EQUAL ? !order : order < 0) ? TERMINAL_YES
								       : TERMINAL_NO);
}

static node compare_stretch(struct space *s, const struct stretch *x, enum relation relation)
{
	struct data_test data = {x, relation};
	int order = 0;

	switch (x->bytes->kind) {
	case BYTE_CONST:
		for (size_t i = 0; !order && i < x->len; i++)
			order = x->bytes[i].value - x->value[i];
		return terminal((relation == IS_EQUAL ? !order : order < 0) ? TERMINAL_YES
									    : TERMINAL_NO);
	case BYTE_FIELD:
		return x->bytes->var == VAR_TRANSLATED ? compare_mark(s, x, relation)
						       : compare_field(s, x, relation);
	case BYTE_NAME:
		if (relation == IS_EQUAL && is_whole(x))
			return in_names(s, x->bytes->var, name_is, x);
		break;
	case BYTE_DATA:
		return diagram_map_terminals(s->d, x->bytes->found->elements, data_holds, &data);
	case BYTE_UNKNOWN:
		break;
	}
	return undecided(s);
}

static node equal(struct space *s, const struct byte *bytes, const uint8_t *value, size_t len)
{
	node f = terminal(TERMINAL_YES);

	for (size_t i = 0; i < len;) {
		struct stretch x = first_stretch(bytes + i, value + i, len - i);

		f = both(s, f, compare_stretch(s, &x, IS_EQUAL));
		i += x.len;
	}
	return f;
}

/* Byte strings are compared as such, from the first byte on. */
static node less(struct space *s, const struct byte *bytes, const uint8_t *value, size_t len)
{
	struct stretch x;

	if (!len)
		return terminal(TERMINAL_NO);
	x = first_stretch(bytes, value, len);
	return either(s, compare_stretch(s, &x, IS_LESS),
		      both(s, compare_stretch(s, &x, IS_EQUAL),
			   less(s, bytes + x.len, value + x.len, len - x.len)));
}

node registers_compare(struct space *s, const struct registers *r, const struct expr *e)
{
	const struct byte *bytes = r->at + (size_t)e->cmp.sreg * SLOT_LEN;
	const uint8_t *value = e->cmp.value.bytes;
	size_t len = e->cmp.value.len;

	if ((size_t)e->cmp.sreg * SLOT_LEN + len > REGISTER_BYTES)
		return undecided(s);
	switch (e->cmp.op) {
	case CMP_EQ:
		return equal(s, bytes, value, len);
	case CMP_NEQ:
		return negation(s, equal(s, bytes, value, len));
	case CMP_LTE:
		return either(s, less(s, bytes, value, len), equal(s, bytes, value, len));
	case CMP_GTE:
		return negation(s, less(s, bytes, value, len));
	}
	return undecided(s);
}

/* --- data of maps ---------------------------------------------------------------------------- */

void registers_data(struct registers *r, const struct expr *e, const struct found *found)
{
	const struct set *map = e->lookup.set;
	uint8_t slot = e->lookup.dreg, at = 0;

	for (size_t f = 0; f < map->n_data; f++) {
		size_t len = datatype_len(map->data[f]);
		struct byte *to = room(r, slot, len);

		if (!to)
			return;
		for (size_t i = 0; i < len; i++, at++)
			to[i] = (struct byte){BYTE_DATA, UINT8_MAX, at, 0, found};
		slot = (uint8_t)(slot + (len + SLOT_LEN - 1) / SLOT_LEN);
	}
}

bool registers_number(const struct registers *r, uint8_t slot, size_t len,
		      const struct found **ret_found, size_t *ret_at, uint32_t *ret_value)
{
	const struct byte *bytes = r->at + (size_t)slot * SLOT_LEN;

	if ((size_t)slot * SLOT_LEN + len > REGISTER_BYTES)
		return false;
	*ret_found = bytes->kind == BYTE_DATA ? bytes->found : NULL;
	*ret_at = bytes->at;
	*ret_value = 0;
	for (size_t i = 0; i < len; i++) {
		if (bytes[i].kind != bytes->kind || (i && !joins(&bytes[i - 1], &bytes[i])) ||
		    (bytes->kind != BYTE_DATA && bytes->kind != BYTE_CONST))
			return false;
		*ret_value = *ret_value << 8 | bytes[i].value;
	}
	return true;
}

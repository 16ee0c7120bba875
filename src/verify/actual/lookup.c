/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sets looked up with fields. */
#include "registers.h"

#include <string.h>

enum {
	SLOT_LEN = 4,
	IFNAME_LEN = 16,
};

/** struct dimension - a field of a set's key, and what it is looked up with */
struct dimension {
	size_t at, len; /* bytes in the key */
	bool is_name, is_const;
	unsigned int var;
	uint8_t bytes[VALUE_MAX]; /* of a constant */
};

/** struct key_shape - what the registers hold of a key: its fields in the order of variables */
struct key_shape {
	struct dimension at[SET_MAX_FIELDS];
	size_t n;
	unsigned int vars[SET_MAX_FIELDS]; /* of those that are not constant, without doubles */
	size_t n_vars;
};

static int dimension_order(const void *a, const void *b)
{
	const struct dimension *x = a, *y = b;

	if (x->is_const != y->is_const)
		return x->is_const ? 1 : -1;
	return x->var < y->var ? -1 : x->var > y->var;
}

/* The number of bytes of @var, which a field of a key must have whole. */
static size_t whole(const struct byte *bytes)
{
	if (bytes->kind == BYTE_NAME)
		return 16;
	switch (bytes->var) {
	case VAR_DADDR:
	case VAR_SADDR:
		return 4;
	case VAR_DPORT:
	case VAR_SPORT:
		return 2;
	case VAR_PROTO:
		return 1;
	default:
		return 0;
	}
}

static bool take_dimension(const struct byte *bytes, struct dimension *dim)
{
	dim->is_const = bytes->kind == BYTE_CONST;
	dim->is_name = bytes->kind == BYTE_NAME;
	dim->var = bytes->var;
	if (bytes->kind == BYTE_UNKNOWN || bytes->kind == BYTE_DATA)
		return false;
	if (!dim->is_const && whole(bytes) != dim->len)
		return false;
	for (size_t i = 0; i < dim->len; i++) {
		if (bytes[i].kind != bytes->kind || bytes[i].var != bytes->var)
			return false;
		dim->bytes[i] = bytes[i].value;
		if (!dim->is_const && (bytes[i].at != i || bytes[i].value != UINT8_MAX))
			return false;
	}
	return true;
}

static bool take_shape(const struct registers *r, const struct expr *e, struct key_shape *shape)
{
	const struct set *set = e->lookup.set;
	size_t at = 0, slot = e->lookup.sreg;

	*shape = (struct key_shape){.n = set->n_key};
	for (size_t f = 0; f < set->n_key; f++) {
		struct dimension *dim = &shape->at[f];

		*dim = (struct dimension){.at = at, .len = datatype_len(set->key[f])};
		if (slot * SLOT_LEN + dim->len > REGISTER_BYTES ||
		    !take_dimension(r->at + slot * SLOT_LEN, dim))
			return false;
		at += dim->len;
		slot += (dim->len + SLOT_LEN - 1) / SLOT_LEN;
	}
	qsort(shape->at, shape->n, sizeof(*shape->at), dimension_order);
	for (size_t f = 0; f < shape->n; f++)
		if (!shape->at[f].is_const &&
		    (!shape->n_vars || shape->vars[shape->n_vars - 1] != shape->at[f].var))
			shape->vars[shape->n_vars++] = shape->at[f].var;
	return true;
}

static uint32_t number_at(const uint8_t *bytes, size_t len)
{
	uint32_t v = 0;

	for (size_t i = 0; i < len; i++)
		v = v << 8 | bytes[i];
	return v;
}

/* The names from @lo to @hi as indices, which are in order; false where there is none. */
static bool take_names(const struct space *s, const uint8_t *lo, const uint8_t *hi,
		       struct range *ret)
{
	bool any = false;

	for (size_t i = 0; i < s->names.n; i++) {
		struct value v = value_ifname(s->names.at[i]);

		if (memcmp(v.bytes, lo, v.len) < 0 || memcmp(v.bytes, hi, v.len) > 0)
			continue;
		if (!any)
			ret->lo = (uint32_t)i;
		ret->hi = (uint32_t)i;
		any = true;
	}
	return any;
}

/* The packets whose key is in the element; false where there are none. */
static bool take_box(const struct space *s, const struct key_shape *shape, const struct set *set,
		     size_t element, struct box *box)
{
	const uint8_t *lo = set->bytes + element * set->stride;
	const uint8_t *hi = set->interval ? lo + set->key_len : lo;
	size_t v = 0;

	for (size_t f = 0; f < shape->n; f++) {
		const struct dimension *dim = &shape->at[f];
		struct range r;

		if (dim->is_const) {
			if (memcmp(dim->bytes, lo + dim->at, dim->len) < 0 ||
			    memcmp(dim->bytes, hi + dim->at, dim->len) > 0)
				return false;
			continue;
		}
		if (!dim->is_name)
			r = (struct range){number_at(lo + dim->at, dim->len),
					   number_at(hi + dim->at, dim->len)};
		else if (!take_names(s, lo + dim->at, hi + dim->at, &r))
			return false;
		if (f && shape->at[f - 1].var == dim->var) {
			struct range *before = &box->at[v - 1];

			*before = (struct range){r.lo > before->lo ? r.lo : before->lo,
						 r.hi < before->hi ? r.hi : before->hi};
			if (before->lo > before->hi)
				return false;
			continue;
		}
		box->at[v++] = r;
	}
	return true;
}

/* Of names between two others no list has all, but for one name and all that begin so. */
static bool has_name_ranges(const struct set *set)
{
	size_t at = 0;

	for (size_t f = 0; f < set->n_key; at += datatype_len(set->key[f++]))
		for (size_t i = 0; set->interval && set->key[f] == TYPE_IFNAME && i < set->n; i++) {
			const uint8_t *lo = set->bytes + i * set->stride + at;

			if (!name_begins(lo, lo + set->key_len) &&
			    memcmp(lo, lo + set->key_len, IFNAME_LEN) != 0)
				return true;
		}
	return false;
}

static bool is_unsupported(const struct set *set)
{
	if (set->unsupported || set->filled || has_name_ranges(set))
		return true;
	for (size_t i = 0; i < set->n; i++)
		if (set->origins[i] == ELEMENT_UNSUPPORTED)
			return true;
	return false;
}

static node make(struct symbolic *s, const struct key_shape *shape, const struct set *set,
		 const struct part *part)
{
	size_t n = part ? part->n : set->n, used = 0;
	struct box *boxes = mem_resize(NULL, n, sizeof(*boxes));
	node f;

	for (size_t i = 0; i < n; i++) {
		size_t element = part ? part->elements[i] : i;

		if (!take_box(s->space, shape, set, element, &boxes[used]))
			continue;
		boxes[used++].to =
			terminal(part || !set->n_data ? TERMINAL_YES
						      : TERMINAL_FIRST_OUTCOME + (uint32_t)element);
	}
	f = in_boxes(s->space, shape->vars, shape->n_vars, boxes, used, terminal(TERMINAL_NO));
	free(boxes);
	return f;
}

/** struct lookup_key - a set, a part of it, and the fields it is looked up with; without padding,
 * as it is found by its bytes */
struct lookup_key {
	const struct set *set;
	uint64_t part; /* its first element + 1 */
	uint64_t fields[SET_MAX_FIELDS];
	uint8_t constants[SET_MAX_FIELDS][VALUE_MAX];
};

static struct lookup_key key_of(const struct set *set, const struct key_shape *shape,
				const struct part *part)
{
	struct lookup_key key = {.set = set, .part = part ? part->elements[0] + 1ull : 0};

	for (size_t f = 0; f < shape->n; f++) {
		const struct dimension *dim = &shape->at[f];

		key.fields[f] = (uint64_t)dim->is_const << 63 | (uint64_t)dim->at << 32 | dim->var;
		memcpy(key.constants[f], dim->bytes, VALUE_MAX);
	}
	return key;
}

/* Diagrams are made once for a set and the fields it is looked up with. */
bool registers_part(struct symbolic *s, const struct registers *r, const struct expr *e,
		    const struct part *part, node *ret)
{
	const struct set *set = e->lookup.set;
	struct key_shape shape;
	struct lookup_key key;
	void *known;

	if (is_unsupported(set) || !take_shape(r, e, &shape))
		return false;
	key = key_of(set, &shape, part);
	known = index_get(&s->lookups, &key, sizeof(key));
	if (!known) {
		known = (void *)((uintptr_t)make(s, &shape, set, part) + 1);
		*index_find(&s->lookups, &key, sizeof(key)) = known;
	}
	*ret = (node)((uintptr_t)known - 1);
	return true;
}

bool registers_lookup(struct symbolic *s, const struct registers *r, const struct expr *e,
		      node *ret)
{
	return registers_part(s, r, e, NULL, ret);
}

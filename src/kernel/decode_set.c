/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sets and their elements from messages. */
#include "decode_set.h"

#include "decode_expr.h"
#include "decode_note.h"
#include "parse.h"
#include "wire.h"

#include <errno.h>
#include <string.h>

#include <linux/netfilter/nf_tables.h>

enum {
	/* newer than the headers we build with, and of no consequence: enum nft_set_attributes */
	SET_TYPE = 19,
	SET_COUNT = 20,
	OPAQUE_MAX = SET_MAX_FIELDS * VALUE_MAX,      /* the kernel takes up to 64 */
	ELEMENT_MAX = 3 * SET_MAX_FIELDS * VALUE_MAX, /* both ends of an interval, and data */
};

/** struct bound - one end of an interval: its first value, or what is behind its last */
struct bound {
	uint8_t key[VALUE_MAX], data[SET_MAX_FIELDS * VALUE_MAX];
	struct verdict verdict;
	struct counter counter;
	bool is_end, is_unsupported;
};

struct bounds {
	struct set *set;
	VEC(struct bound);
};

/* --- sets ----------------------------------------------------------------------------------- */

static bool known_type(uint32_t type)
{
	switch ((enum datatype)type) {
	case TYPE_NFPROTO:
	case TYPE_IPV4_ADDR:
	case TYPE_INET_PROTO:
	case TYPE_INET_SERVICE:
	case TYPE_ICMP_TYPE:
	case TYPE_CT_STATE:
	case TYPE_CT_STATUS:
	case TYPE_IFNAME:
		return true;
	case TYPE_VERDICT:
		break;
	}
	return false;
}

/* The fields of a concatenation's type; 0 where jgfw does not know one of them. */
static size_t split_type(uint32_t type, uint32_t len, enum datatype *ret)
{
	size_t n = 1;

	for (uint32_t rest = type >> TYPE_BITS; rest; rest >>= TYPE_BITS)
		n++;
	if (n > SET_MAX_FIELDS)
		return 0;
	for (size_t i = n; i--; type >>= TYPE_BITS) {
		uint32_t one = type & ((1u << TYPE_BITS) - 1);

		if (!known_type(one))
			return 0;
		ret[i] = (enum datatype)one;
	}
	return wire_len(ret, n) == len ? n : 0;
}

static bool is_counter(const struct nlattr *nest, struct counter *ret)
{
	struct attrs a = attrs_of(nest);
	const char *name = attr_str(&a, NFTA_EXPR_NAME);

	return name && !strcmp(name, "counter") && decode_counter(a.at[NFTA_EXPR_DATA], ret);
}

/* The expression of a set or an element, which is told alone or as a list of one. */
static bool take_counter(const struct attrs *a, unsigned int alone, unsigned int list,
			 struct counter *ret)
{
	size_t n = 0;

	if (a->at[alone])
		return is_counter(a->at[alone], ret);
	nest_each(attr, a->at[list])
		if (n++ || !is_counter(attr, ret))
			return false;
	return n == 1;
}

/* Are the fields of @list, by which ranges are looked up, those of the type? */
static bool fields_fit(const struct nlattr *list, const struct set *set)
{
	size_t n = 0;

	nest_each(field, list) {
		struct attrs a = attrs_of(field);

		if (n == set->n_key || !a.at[NFTA_SET_FIELD_LEN] ||
		    attr_u32(&a, NFTA_SET_FIELD_LEN) != datatype_len(set->key[n++]))
			return false;
	}
	return n == set->n_key;
}

static void decode_desc(struct decoder *d, const struct nlattr *nest, struct set *set)
{
	struct attrs a = attrs_of(nest);

	if (a.at[NFTA_SET_DESC_SIZE] && set->name)
		set->size = attr_u32(&a, NFTA_SET_DESC_SIZE);
	if (!attrs_within(&a, ATTR_BIT(NFTA_SET_DESC_SIZE) | ATTR_BIT(NFTA_SET_DESC_CONCAT)) ||
	    (a.at[NFTA_SET_DESC_CONCAT] && set->interval && set->n_key &&
	     !fields_fit(a.at[NFTA_SET_DESC_CONCAT], set)))
		unsupported(d, &set->unsupported, "it has a description of its own");
}

static void decode_details(struct decoder *d, struct attrs *a, uint32_t flags, struct set *set)
{
	const uint32_t known =
		ATTR_BIT(NFTA_SET_TABLE) | ATTR_BIT(NFTA_SET_NAME) | ATTR_BIT(NFTA_SET_FLAGS) |
		ATTR_BIT(NFTA_SET_KEY_TYPE) | ATTR_BIT(NFTA_SET_KEY_LEN) |
		ATTR_BIT(NFTA_SET_DATA_TYPE) | ATTR_BIT(NFTA_SET_DATA_LEN) |
		ATTR_BIT(NFTA_SET_DESC) | ATTR_BIT(NFTA_SET_ID) | ATTR_BIT(NFTA_SET_USERDATA) |
		ATTR_BIT(NFTA_SET_PAD) | ATTR_BIT(NFTA_SET_HANDLE) | ATTR_BIT(NFTA_SET_EXPR) |
		ATTR_BIT(NFTA_SET_EXPRESSIONS) | ATTR_BIT(SET_TYPE) | ATTR_BIT(SET_COUNT);
	uint32_t usual = NFT_SET_INTERVAL | NFT_SET_CONCAT | NFT_SET_MAP | NFT_SET_EXPR |
			 (set->name ? 0 : NFT_SET_ANONYMOUS | NFT_SET_CONSTANT);
	struct counter none;

	/* its flag tells whether ranges are of the whole key or of each field */
	if (flags & ~usual ||
	    (set->interval && set->n_key && (set->n_key > 1) != !!(flags & NFT_SET_CONCAT)))
		unsupported(d, &set->unsupported, "it has flags 0x%x", flags);
	if (a->at[NFTA_SET_DESC])
		decode_desc(d, a->at[NFTA_SET_DESC], set);
	if (a->at[NFTA_SET_EXPR] || a->at[NFTA_SET_EXPRESSIONS]) {
		set->counter = take_counter(a, NFTA_SET_EXPR, NFTA_SET_EXPRESSIONS, &none);
		if (!set->counter)
			unsupported(d, &set->unsupported, "its elements have expressions");
	}
	/* an anonymous set is told with its rule, whatever nft noted of it */
	if (set->name && !note_of_set(d, a->at[NFTA_SET_USERDATA], &set->note))
		unsupported(d, &set->unsupported, "it has user data that jgfw does not know");
	if (!attrs_within(a, known))
		unsupported(d, &set->unsupported, "it has attributes that jgfw does not use");
}

/* An interval of one field comes as two elements, which wait until all were seen. */
static void expect_bounds(struct decoder *d, struct set *set)
{
	struct bounds *bounds = mem_alloc(sizeof(*bounds));

	bounds->set = set;
	vec_add(&d->bounds, bounds);
}

/* The length of keys whose type is not one of jgfw's, and which stay as they come; 0: too long. */
static size_t opaque_len(struct attrs *a)
{
	uint32_t len = attr_u32(a, NFTA_SET_KEY_LEN);

	return len <= OPAQUE_MAX ? len : 0;
}

int decode_set(struct decoder *d, const struct nlmsghdr *message)
{
	struct attrs a = attrs_of_message(message);
	const char *table = attr_str(&a, NFTA_SET_TABLE), *name = attr_str(&a, NFTA_SET_NAME);
	uint32_t flags = a.at[NFTA_SET_FLAGS] ? attr_u32(&a, NFTA_SET_FLAGS) : 0;
	uint32_t key_type = a.at[NFTA_SET_KEY_TYPE] ? attr_u32(&a, NFTA_SET_KEY_TYPE) : 0;
	uint32_t data_type = 0, data_len = 0, id = 0;
	enum datatype key[SET_MAX_FIELDS], data[SET_MAX_FIELDS] = {TYPE_VERDICT};
	size_t n_key, n_data = 0;
	struct set *set;

	if (!table || !name)
		return -EBADMSG;
	if (!is_of(d, message, table))
		return 0;
	if (a.at[NFTA_SET_ID])
		id = attr_u32(&a, NFTA_SET_ID);
	n_key = split_type(key_type, attr_u32(&a, NFTA_SET_KEY_LEN), key);
	if (flags & NFT_SET_MAP) {
		data_type = attr_u32(&a, NFTA_SET_DATA_TYPE);
		data_len = a.at[NFTA_SET_DATA_LEN] ? attr_u32(&a, NFTA_SET_DATA_LEN) : 0;
		n_data = data_type == NFT_DATA_VERDICT ? 1 : split_type(data_type, data_len, data);
	}
	set = ruleset_set(d->rs, flags & NFT_SET_ANONYMOUS ? NULL : name, key, n_key, data, n_data);
	*index_find(&d->sets, name, strlen(name) + 1) = set;
	if (id)
		*index_find(&d->sets, &id, sizeof(id)) = set;
	set->interval = flags & NFT_SET_INTERVAL;
	decode_details(d, &a, flags, set);
	if (!n_key || (flags & NFT_SET_MAP && !n_data)) {
		unsupported(d, &set->unsupported, "its type is not one of jgfw's");
		if (set_is_vmap(set)) /* where it leads counts all the same */
			set->key_len = opaque_len(&a);
	}
	if (n_key == 1 && set->interval)
		expect_bounds(d, set);
	return 0;
}

/* --- elements ------------------------------------------------------------------------------- */

/* @types from @nest, where they are padded, to @to; false where the length is another. */
static bool take_fields(const struct nlattr *nest, const enum datatype *types, size_t n,
			uint8_t *to)
{
	struct attrs a = attrs_of(nest);
	const struct nlattr *attr = a.at[NFTA_DATA_VALUE];
	const uint8_t *from;

	if (!attr || mnl_attr_get_payload_len(attr) != wire_len(types, n))
		return false;
	from = mnl_attr_get_payload(attr);
	for (size_t i = 0; i < n; i++) {
		size_t len = datatype_len(types[i]);

		copy_field(to, from, types[i]);
		for (size_t k = len; n > 1 && k < padded(len); k++)
			if (from[k]) /* no packet has it there */
				return false;
		to += len;
		from += padded(len);
	}
	return true;
}

static bool take_key(const struct set *set, const struct nlattr *nest, uint8_t *to)
{
	struct attrs a = attrs_of(nest);
	const struct nlattr *attr = a.at[NFTA_DATA_VALUE];

	if (set->n_key)
		return take_fields(nest, set->key, set->n_key, to);
	if (!attr || mnl_attr_get_payload_len(attr) != set->key_len)
		return false;
	memcpy(to, mnl_attr_get_payload(attr), set->key_len);
	return true;
}

static bool take_data(struct decoder *d, const struct set *set, const struct nlattr *nest,
		      uint8_t *to, struct verdict *ret_verdict)
{
	struct attrs a = attrs_of(nest);

	if (!set_is_vmap(set))
		return take_fields(nest, set->data, set->n_data, to);
	return attrs_within(&a, ATTR_BIT(NFTA_DATA_VERDICT)) && a.at[NFTA_DATA_VERDICT] &&
	       decode_verdict(d, a.at[NFTA_DATA_VERDICT], ret_verdict);
}

/* nft marks elements of intervals with user data of its own. */
static int take_element_udata(const struct nftnl_udata *attr, void *data)
{
	bool *strange = data;

	*strange |= nftnl_udata_type(attr) != NFTNL_UDATA_SET_ELEM_FLAGS;
	return 0;
}

/* Does the element bear more than jgfw gives to it? */
static bool is_unsupported(const struct set *set, const struct attrs *a,
			   struct counter *ret_counter)
{
	uint32_t known = ATTR_BIT(NFTA_SET_ELEM_KEY) | ATTR_BIT(NFTA_SET_ELEM_KEY_END) |
			 ATTR_BIT(NFTA_SET_ELEM_DATA) | ATTR_BIT(NFTA_SET_ELEM_FLAGS) |
			 ATTR_BIT(NFTA_SET_ELEM_PAD) | ATTR_BIT(NFTA_SET_ELEM_USERDATA);
	const struct nlattr *udata = a->at[NFTA_SET_ELEM_USERDATA];
	bool strange = false;

	*ret_counter = (struct counter){0};
	if (set->counter && (a->at[NFTA_SET_ELEM_EXPR] || a->at[NFTA_SET_ELEM_EXPRESSIONS])) {
		known |= ATTR_BIT(NFTA_SET_ELEM_EXPR) | ATTR_BIT(NFTA_SET_ELEM_EXPRESSIONS);
		strange = !take_counter(a, NFTA_SET_ELEM_EXPR, NFTA_SET_ELEM_EXPRESSIONS,
					ret_counter);
	}
	if (udata && !udata_each_of(udata, take_element_udata, &strange))
		strange = true;
	return strange || !attrs_within(a, known);
}

static struct bounds *bounds_of(struct decoder *d, const struct set *set)
{
	vec_each(b, &d->bounds)
		if ((*b)->set == set)
			return *b;
	return NULL;
}

static bool decode_bound(struct decoder *d, struct bounds *bounds, struct attrs *a, bool is_end)
{
	struct bound *b = vec_push(bounds);
	const struct set *set = bounds->set;

	*b = (struct bound){.is_end = is_end};
	b->is_unsupported = is_unsupported(set, a, &b->counter);
	return !a->at[NFTA_SET_ELEM_KEY_END] &&
	       take_fields(a->at[NFTA_SET_ELEM_KEY], set->key, set->n_key, b->key) &&
	       (is_end || !set->n_data ||
		take_data(d, set, a->at[NFTA_SET_ELEM_DATA], b->data, &b->verdict));
}

static void add_element(struct set *set, const uint8_t *bytes, bool is_unsupported,
			struct verdict verdict, struct counter counter)
{
	uint8_t *at = set_add(set, is_unsupported ? ELEMENT_UNSUPPORTED : 0);

	memcpy(at, bytes, set->stride);
	if (set->verdicts)
		set->verdicts[set->n - 1] = verdict;
	if (set->counters)
		set->counters[set->n - 1] = counter;
}

/* False where the element cannot be one of this set as we understand it. */
static bool decode_element(struct decoder *d, struct set *set, struct bounds *bounds,
			   const struct nlattr *nest)
{
	struct attrs a = attrs_of(nest);
	uint32_t flags = a.at[NFTA_SET_ELEM_FLAGS] ? attr_u32(&a, NFTA_SET_ELEM_FLAGS) : 0;
	uint8_t bytes[ELEMENT_MAX] = {0};
	uint8_t *end = bytes + set->key_len;
	struct verdict verdict = {0};
	struct counter counter;
	bool strange;

	if (flags == NFT_SET_ELEM_CATCHALL && set_is_vmap(set)) {
		if (take_data(d, set, a.at[NFTA_SET_ELEM_DATA], end, &verdict))
			add_element(set, bytes, true, verdict, (struct counter){0});
		return false; /* where it leads counts, but what it stands for has no key */
	}
	if (flags & ~(uint32_t)NFT_SET_ELEM_INTERVAL_END || a.strange)
		return false;
	if (bounds)
		return decode_bound(d, bounds, &a, flags & NFT_SET_ELEM_INTERVAL_END);
	strange = is_unsupported(set, &a, &counter);
	if (flags && !set->n_key) /* the end of an opaque interval says nothing more */
		return true;
	if (flags || !take_key(set, a.at[NFTA_SET_ELEM_KEY], bytes))
		return false;
	if (set->interval) {
		const struct nlattr *last = a.at[NFTA_SET_ELEM_KEY_END];

		if (!take_key(set, last ? last : a.at[NFTA_SET_ELEM_KEY], end))
			return false;
		end += set->key_len;
	}
	if (set->n_data && !take_data(d, set, a.at[NFTA_SET_ELEM_DATA], end, &verdict))
		strange = true;
	add_element(set, bytes, strange, verdict, counter);
	return true;
}

int decode_elements(struct decoder *d, const struct nlmsghdr *message)
{
	struct attrs a = attrs_of_message(message);
	const char *table = attr_str(&a, NFTA_SET_ELEM_LIST_TABLE);
	const char *name = attr_str(&a, NFTA_SET_ELEM_LIST_SET);
	uint32_t id = a.at[NFTA_SET_ELEM_LIST_SET_ID] ? attr_u32(&a, NFTA_SET_ELEM_LIST_SET_ID) : 0;
	struct bounds *bounds;
	struct set *set;

	if (!table || !name)
		return -EBADMSG;
	if (!is_of(d, message, table))
		return 0;
	set = decoder_find_set(d, name, id);
	if (!set)
		return -EBADMSG;
	if (!set->key_len || (set->n_data && !set->data_len && !set_is_vmap(set)) ||
	    !a.at[NFTA_SET_ELEM_LIST_ELEMENTS])
		return 0; /* of a type that is not one of ours: the set says so itself */
	bounds = bounds_of(d, set);
	nest_each(nest, a.at[NFTA_SET_ELEM_LIST_ELEMENTS])
		if (!decode_element(d, set, bounds, nest))
			unsupported(d, &set->unsupported,
				    "it has an element that jgfw does not understand");
	return 0;
}

/* --- the end -------------------------------------------------------------------------------- */

static int bound_order(const void *a, const void *b)
{
	const struct bound *x = a, *y = b;
	int order = memcmp(x->key, y->key, sizeof(x->key));

	return order ? order : (int)y->is_end - (int)x->is_end;
}

/* Take one from a number in network order. */
static void decrement(uint8_t *number, size_t len)
{
	while (len--)
		if (number[len]--)
			return;
}

/* From starts and ends to intervals; the last may be open. */
static void close_intervals(struct decoder *d, struct bounds *v)
{
	struct set *set = v->set;

	if (v->n)
		qsort(v->at, v->n, sizeof(*v->at), bound_order);
	for (size_t i = 0; i < v->n; i++) {
		const struct bound *b = &v->at[i];
		uint8_t bytes[ELEMENT_MAX];
		uint8_t *end = bytes + set->key_len;

		if (b->is_end)
			continue;
		memcpy(bytes, b->key, set->key_len);
		memset(end, 0xff, set->key_len);
		if (i + 1 < v->n) {
			memcpy(end, v->at[i + 1].key, set->key_len);
			decrement(end, set->key_len);
			if (!v->at[i + 1].is_end && set->data_len == 0 && !set->verdicts)
				unsupported(d, &set->unsupported, "its intervals are not closed");
		}
		memcpy(end + set->key_len, b->data, set->data_len);
		add_element(set, bytes, b->is_unsupported, b->verdict, b->counter);
	}
}

void decode_finish(struct decoder *d)
{
	size_t a, b;

	vec_each(bounds, &d->bounds) {
		close_intervals(d, *bounds);
		vec_free(*bounds);
		free(*bounds);
	}
	vec_free(&d->bounds);
	vec_each(set, &d->rs->table.sets)
		if (set_sort(d->rs, *set, &a, &b))
			unsupported(d, &(*set)->unsupported, "two elements have the same key");
	vec_each(set, &d->rs->anonymous)
		if (set_sort(d->rs, *set, &a, &b))
			unsupported(d, &(*set)->unsupported, "two elements have the same key");
	index_free(&d->sets);
	index_free(&d->chains);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sets and their elements as messages. */

#include "sets.h"

#include "message.h"
#include "wire.h"

#include <arpa/inet.h>
#include <endian.h>
#include <string.h>

#include <libmnl/libmnl.h>
#include <libnftnl/expr.h>
#include <libnftnl/set.h>
#include <libnftnl/udata.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

enum {
	ELEMENTS_ROOM = 32 << 10, /* an attribute's length has 16 bits: split long before */
};

static uint32_t wire_type(const enum datatype *types, size_t n)
{
	uint32_t type = 0;

	for (size_t i = 0; i < n; i++)
		type = type << TYPE_BITS | types[i];
	return type;
}

/* nft's enum byteorder, which it needs to print elements: 0 for concatenations and verdicts,
 * 1 host, 2 big. */
static uint32_t byteorder(const enum datatype *types, size_t n)
{
	return n > 1 || types[0] == TYPE_VERDICT ? 0 : types[0] == TYPE_IFNAME ? 1 : 2;
}

static void set_userdata(struct nftnl_set *s, const struct set *set)
{
	struct nftnl_udata_buf *udata;

	if (set->note.len) {
		need_set(nftnl_set_set_data(s, NFTNL_SET_USERDATA, set->note.bytes,
					    (uint32_t)set->note.len));
		return;
	}
	udata = need(nftnl_udata_buf_alloc(NFT_USERDATA_MAXLEN));
	nftnl_udata_put_u32(udata, NFTNL_UDATA_SET_KEYBYTEORDER, byteorder(set->key, set->n_key));
	if (set->n_data)
		nftnl_udata_put_u32(udata, NFTNL_UDATA_SET_DATABYTEORDER,
				    byteorder(set->data, set->n_data));
	need_set(nftnl_set_set_data(s, NFTNL_SET_USERDATA, nftnl_udata_buf_data(udata),
				    nftnl_udata_buf_len(udata)));
	nftnl_udata_buf_free(udata);
}

static uint32_t set_flags(const struct set *set)
{
	uint32_t flags = 0;

	if (!set->name)
		flags |= NFT_SET_ANONYMOUS | NFT_SET_CONSTANT;
	if (set->interval)
		flags |= NFT_SET_INTERVAL;
	if (set->interval && set->n_key > 1)
		flags |= NFT_SET_CONCAT;
	if (set->n_data)
		flags |= NFT_SET_MAP;
	return flags;
}

const char *set_name(const struct set *set)
{
	return set->name ? set->name : set->n_data ? "__map%d" : "__set%d";
}

void encode_set(struct batch *batch, const struct table *table, const struct set *set)
{
	struct nftnl_set *s = need(nftnl_set_alloc());
	struct nlmsghdr *message;
	uint32_t size = set->name ? set->size : (uint32_t)set->n;
	uint8_t lens[SET_MAX_FIELDS];

	batch->about = (struct about){.set = set};
	message = message_begin(batch, NFT_MSG_NEWSET, NLM_F_CREATE);
	need_set(nftnl_set_set_str(s, NFTNL_SET_TABLE, table->name));
	need_set(nftnl_set_set_str(s, NFTNL_SET_NAME, set_name(set)));
	nftnl_set_set_u32(s, NFTNL_SET_FAMILY, NFPROTO_INET);
	nftnl_set_set_u32(s, NFTNL_SET_ID, batch_set_id(batch, set, true));
	nftnl_set_set_u32(s, NFTNL_SET_FLAGS, set_flags(set));
	nftnl_set_set_u32(s, NFTNL_SET_KEY_TYPE, wire_type(set->key, set->n_key));
	nftnl_set_set_u32(s, NFTNL_SET_KEY_LEN, wire_len(set->key, set->n_key));
	if (set_is_vmap(set)) {
		nftnl_set_set_u32(s, NFTNL_SET_DATA_TYPE, NFT_DATA_VERDICT);
		nftnl_set_set_u32(s, NFTNL_SET_DATA_LEN, 16); /* as nft says it */
	} else if (set->n_data) {
		nftnl_set_set_u32(s, NFTNL_SET_DATA_TYPE, wire_type(set->data, set->n_data));
		nftnl_set_set_u32(s, NFTNL_SET_DATA_LEN, wire_len(set->data, set->n_data));
	}
	if (size && !(set->interval && !set->name))
		nftnl_set_set_u32(s, NFTNL_SET_DESC_SIZE, size);
	if (set->interval && set->n_key > 1) {
		for (size_t i = 0; i < set->n_key; i++)
			lens[i] = (uint8_t)datatype_len(set->key[i]);
		need_set(nftnl_set_set_data(s, NFTNL_SET_DESC_CONCAT, lens, (uint32_t)set->n_key));
	}
	if (set->counter)
		nftnl_set_add_expr(s, need(nftnl_expr_alloc("counter")));
	set_userdata(s, set);
	nftnl_set_nlmsg_build_payload(message, s);
	nftnl_set_free(s);
	message_end(batch, message);
}

/* @types at @from, each field padded to a register, to @to. */
static void put_fields(uint8_t *to, const enum datatype *types, size_t n, const uint8_t *from)
{
	for (size_t i = 0; i < n; i++) {
		size_t len = datatype_len(types[i]);

		memset(to, 0, padded(len));
		copy_field(to, from, types[i]);
		to += padded(len);
		from += len;
	}
}

static void put_key(struct nlmsghdr *message, uint16_t attribute, const struct set *set,
		    const uint8_t *key)
{
	struct nlattr *nest = mnl_attr_nest_start(message, attribute);
	uint8_t bytes[SET_MAX_FIELDS * VALUE_MAX];

	put_fields(bytes, set->key, set->n_key, key);
	mnl_attr_put(message, NFTA_DATA_VALUE, wire_len(set->key, set->n_key), bytes);
	mnl_attr_nest_end(message, nest);
}

static void put_data(struct nlmsghdr *message, const struct set *set, size_t i, const uint8_t *data)
{
	struct nlattr *nest = mnl_attr_nest_start(message, NFTA_SET_ELEM_DATA);

	if (set_is_vmap(set)) {
		const struct verdict *v = &set->verdicts[i];
		struct nlattr *verdict = mnl_attr_nest_start(message, NFTA_DATA_VERDICT);

		mnl_attr_put_u32(message, NFTA_VERDICT_CODE, htonl(verdict_code(v->kind)));
		if (v->chain)
			mnl_attr_put_strz(message, NFTA_VERDICT_CHAIN, v->chain->name);
		mnl_attr_nest_end(message, verdict);
	} else {
		uint8_t bytes[SET_MAX_FIELDS * VALUE_MAX];

		put_fields(bytes, set->data, set->n_data, data);
		mnl_attr_put(message, NFTA_DATA_VALUE, wire_len(set->data, set->n_data), bytes);
	}
	mnl_attr_nest_end(message, nest);
}

/* Add one to a number in network order; false where it wraps. */
static bool increment(uint8_t *number, size_t len)
{
	while (len--)
		if (++number[len])
			return true;
	return false;
}

static void put_bound(struct nlmsghdr *message, const struct set *set, const uint8_t *key)
{
	struct nlattr *nest = mnl_attr_nest_start(message, NFTA_LIST_ELEM);

	mnl_attr_put_u32(message, NFTA_SET_ELEM_FLAGS, htonl(NFT_SET_ELEM_INTERVAL_END));
	put_key(message, NFTA_SET_ELEM_KEY, set, key);
	mnl_attr_nest_end(message, nest);
}

static void put_counter(struct nlmsghdr *message, const struct counter *counter)
{
	struct nlattr *nest = mnl_attr_nest_start(message, NFTA_SET_ELEM_EXPR), *data;

	mnl_attr_put_strz(message, NFTA_EXPR_NAME, "counter");
	data = mnl_attr_nest_start(message, NFTA_EXPR_DATA);
	mnl_attr_put_u64(message, NFTA_COUNTER_BYTES, htobe64(counter->bytes));
	mnl_attr_put_u64(message, NFTA_COUNTER_PACKETS, htobe64(counter->packets));
	mnl_attr_nest_end(message, data);
	mnl_attr_nest_end(message, nest);
}

static void put_element(struct nlmsghdr *message, const struct set *set, size_t i,
			const struct counter *counter)
{
	const uint8_t *key = set->bytes + i * set->stride;
	const uint8_t *end = key + set->key_len;
	const uint8_t *data = set->interval ? end + set->key_len : end;
	struct nlattr *nest = mnl_attr_nest_start(message, NFTA_LIST_ELEM);
	uint8_t behind[VALUE_MAX];

	put_key(message, NFTA_SET_ELEM_KEY, set, key);
	if (set->interval && set->n_key > 1)
		put_key(message, NFTA_SET_ELEM_KEY_END, set, end);
	if (set->n_data)
		put_data(message, set, i, data);
	if (counter && counter->packets)
		put_counter(message, counter);
	mnl_attr_nest_end(message, nest);
	if (!set->interval || set->n_key != 1) /* 0: keys of a type that is not known */
		return;
	/* an interval of one field is two elements: its start, and what is behind its end */
	memcpy(behind, end, set->key_len);
	if (increment(behind, set->key_len))
		put_bound(message, set, behind);
}

void encode_elements(struct batch *batch, const struct table *table, struct elements elements,
		     uint16_t type)
{
	static const uint8_t zero[VALUE_MAX];
	const struct set *set = elements.set;
	size_t n = elements.at ? elements.n : set->n;
	uint32_t id = type == NFT_MSG_NEWSETELEM ? batch_set_id(batch, set, false) : 0;

	batch->about = (struct about){.set = set};
	for (size_t k = 0; k < n;) {
		struct nlmsghdr *message =
			message_begin(batch, type, type == NFT_MSG_NEWSETELEM ? NLM_F_CREATE : 0);
		struct nlattr *list;

		mnl_attr_put_strz(message, NFTA_SET_ELEM_LIST_TABLE, table->name);
		mnl_attr_put_strz(message, NFTA_SET_ELEM_LIST_SET, set_name(set));
		if (id)
			mnl_attr_put_u32(message, NFTA_SET_ELEM_LIST_SET_ID, htonl(id));
		list = mnl_attr_nest_start(message, NFTA_SET_ELEM_LIST_ELEMENTS);
		/* what is below the first interval of a tree is outside too */
		if (!k && !elements.at && set->interval && set->n_key == 1 &&
		    memcmp(set->bytes, zero, set->key_len))
			put_bound(message, set, zero);
		do { /* one at least, however long the names in front are */
			size_t i = elements.at ? elements.at[k] : k;

			put_element(message, set, i,
				    elements.counters ? &elements.counters[i] : NULL);
		} while (++k < n && message->nlmsg_len < ELEMENTS_ROOM);
		mnl_attr_nest_end(message, list);
		message_end(batch, message);
	}
}

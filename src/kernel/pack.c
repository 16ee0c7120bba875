/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rulesets as bytes for a file: the messages that make them, and behind these the elements of big
 * sets as they lie in memory, since there are many of them.
 */
#include "jgfw/kernel/pack.h"

#include "decode.h"
#include "decode_set.h"
#include "encode.h"
#include "message.h"
#include "sets.h"
#include "socket.h"
#include "wire.h"

#include <errno.h>
#include <string.h>

#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_tables.h>

/** struct block - what stands in front of the elements of a set */
struct block {
	uint32_t name_len, stride;
	uint64_t counted; /* counters follow the elements */
	uint64_t n;
};

/* Elements that jump to chains are few, and told in messages. */
static bool in_blocks(const struct set *set)
{
	return set->name && !set_is_vmap(set);
}

static void pack_skeleton(struct batch *batch, const struct ruleset *rs)
{
	const struct table *table = &rs->table;

	encode_table(batch, table, NFT_MSG_NEWTABLE, NLM_F_CREATE);
	vec_each(chain, &table->chains)
		encode_chain(batch, table, *chain);
	vec_each(set, &table->sets)
		encode_set(batch, table, *set);
	vec_each(chain, &table->chains)
		vec_each(rule, &(*chain)->rules)
			encode_rule(batch, table, *chain, rule, 0, NULL);
	vec_each(set, &table->sets)
		if (!in_blocks(*set))
			encode_elements(batch, table, (struct elements){.set = *set},
					NFT_MSG_NEWSETELEM);
}

void kernel_pack(const struct ruleset *rs, struct buf *out)
{
	struct batch batch;
	uint64_t len;

	batch_begin(&batch, 0, 0);
	if (rs)
		pack_skeleton(&batch, rs);
	len = batch.bytes.n;
	buf_add(out, &len, sizeof(len));
	buf_add(out, batch.bytes.at, batch.bytes.n);
	batch_free(&batch);
	if (!rs)
		return;
	vec_each(it, &rs->table.sets) {
		const struct set *set = *it;
		struct block block = {(uint32_t)strlen(set->name), (uint32_t)set->stride,
				      set->counters != NULL, set->n};

		if (!in_blocks(set) || !set->n)
			continue;
		buf_add(out, &block, sizeof(block));
		buf_add(out, set->name, block.name_len);
		buf_add(out, set->bytes, set->n * set->stride);
		if (set->counters)
			buf_add(out, set->counters, set->n * sizeof(*set->counters));
	}
}

/** struct pack_reader - bytes that are left */
struct pack_reader {
	const char *at;
	size_t left;
};

static const void *take(struct pack_reader *r, size_t len)
{
	const char *at = r->at;

	if (len > r->left)
		return NULL;
	r->at += len;
	r->left -= len;
	return at;
}

static const void *take_array(struct pack_reader *r, size_t n, size_t size)
{
	return n > r->left / size ? NULL : take(r, n * size);
}

static bool fill_set(struct set *set, struct pack_reader *r, const struct block *block)
{
	size_t stride = set->key_len * (set->interval ? 2 : 1) + set->data_len;
	const void *bytes, *counters = NULL;

	if (!stride || block->stride != stride || set->n || (block->counted && !set->counter))
		return false;
	bytes = take_array(r, block->n, stride);
	if (block->counted)
		counters = take_array(r, block->n, sizeof(struct counter));
	if (!bytes || (block->counted && !counters))
		return false;
	set->stride = stride;
	set->n = set->cap = block->n;
	set->bytes = mem_resize(NULL, set->n, stride);
	memcpy(set->bytes, bytes, set->n * stride);
	set->origins = mem_alloc(set->n * sizeof(*set->origins));
	if (set->counter)
		set->counters = mem_alloc(set->n * sizeof(*set->counters));
	if (counters)
		memcpy(set->counters, counters, set->n * sizeof(*set->counters));
	return true;
}

static bool take_blocks(struct decoder *d, struct pack_reader *r)
{
	while (r->left) {
		const void *head = take(r, sizeof(struct block)), *name;
		struct block block;
		struct set *set;
		char *copy;

		if (!head)
			return false;
		memcpy(&block, head, sizeof(block));
		name = take(r, block.name_len);
		if (!name)
			return false;
		copy = arena_copy(&d->rs->arena, name, block.name_len);
		set = decoder_find_set(d, copy, 0);
		if (!set || set_is_vmap(set) || !fill_set(set, r, &block))
			return false;
	}
	return true;
}

static int take_messages(struct decoder *d, const void *bytes, size_t len, bool *ret_any)
{
	char *copy = mem_alloc(padded(len)); /* aligned, and read up to their padding */
	const struct nlmsghdr *m = (const struct nlmsghdr *)(const void *)copy;
	int left = (int)len, r = 0;

	memcpy(copy, bytes, len);
	/* the library takes a length of more than 31 bits for a negative one */
	for (; !r && mnl_nlmsg_ok(m, left) && m->nlmsg_len <= (uint32_t)left;
	     m = mnl_nlmsg_next(m, &left)) {
		*ret_any |= m->nlmsg_type >> 8; /* a subsystem's: not the mark in front */
		r = decode_message(d, m);
	}
	free(copy);
	return r || left <= 0 ? r : -EBADMSG;
}

int kernel_unpack(const void *bytes, size_t len, const char *table, struct ruleset **ret)
{
	struct decoder d = {.rs = ruleset_new(table)};
	struct pack_reader reader = {bytes, len};
	const void *size = take(&reader, sizeof(uint64_t)), *messages = NULL;
	uint64_t messages_len = 0;
	bool any = false;
	int r = -EBADMSG;

	if (size) {
		memcpy(&messages_len, size, sizeof(messages_len));
		messages = messages_len <= INT32_MAX ? take(&reader, messages_len) : NULL;
	}
	if (messages)
		r = take_messages(&d, messages, messages_len, &any);
	if (!r && !take_blocks(&d, &reader))
		r = -EBADMSG;
	decode_finish(&d);
	if (r || !any) {
		ruleset_free(d.rs);
		d.rs = NULL;
	}
	*ret = d.rs;
	return r;
}

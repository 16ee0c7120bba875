/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "jgfw/base/index.h"

#include <stdlib.h>
#include <string.h>

/* Eight bytes at a time, each multiplied into the whole (the constant is FNV's 64-bit prime). */
uint64_t hash_bytes(const void *data, size_t len)
{
	const unsigned char *p = data;
	uint64_t h = len, word;

	for (; len; p += sizeof(word)) {
		size_t n = len < sizeof(word) ? len : sizeof(word);

		word = 0;
		memcpy(&word, p, n);
		h = (h ^ word) * 0x100000001b3;
		h ^= h >> 32;
		len -= n;
		if (n < sizeof(word))
			break;
	}
	return h * 0x9e3779b97f4a7c15 >> 20; /* Fibonacci hashing: the high bits are the best */
}

/* Open addressing; the number of slots is a power of two, at most half of them are used. */
static struct index_slot *probe(const struct index *index, const void *key, uint32_t len,
				uint32_t hash)
{
	size_t i = hash & (index->n_slots - 1);

	for (; index->slots[i].key; i = (i + 1) & (index->n_slots - 1)) {
		const struct index_slot *slot = &index->slots[i];

		if (slot->hash == hash && slot->len == len &&
		    (!len || !memcmp(slot->key, key, len)))
			break;
	}
	return &index->slots[i];
}

static void grow(struct index *index)
{
	struct index old = *index;

	index->n_slots = old.n_slots ? old.n_slots * 2 : 64;
	index->slots = mem_alloc(index->n_slots * sizeof(*index->slots));
	for (size_t i = 0; i < old.n_slots; i++) {
		const struct index_slot *slot = &old.slots[i];

		if (slot->key)
			*probe(index, slot->key, slot->len, slot->hash) = *slot;
	}
	free(old.slots);
}

void **index_find(struct index *index, const void *key, size_t len)
{
	uint32_t hash = (uint32_t)hash_bytes(key, len);
	struct index_slot *slot;

	if (len > UINT32_MAX || index->used > UINT32_MAX / 2)
		mem_exhausted();
	if (index->used * 2 >= index->n_slots)
		grow(index);
	slot = probe(index, key, (uint32_t)len, hash);
	if (!slot->key) {
		slot->key = arena_copy(&index->arena, key, len);
		slot->len = (uint32_t)len;
		slot->hash = hash;
		index->used++;
	}
	return &slot->value;
}

void *index_get(const struct index *index, const void *key, size_t len)
{
	if (!index->n_slots)
		return NULL;
	return probe(index, key, (uint32_t)len, (uint32_t)hash_bytes(key, len))->value;
}

void index_free(struct index *index)
{
	free(index->slots);
	arena_free(&index->arena);
	*index = (struct index){0};
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "jgfw/index.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Eight bytes at a time, each multiplied into the whole (the constant is FNV's 64-bit prime). */
static uint64_t hash_bytes(const void *data, size_t len)
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
static struct index_slot *probe(struct index_slot *slots, size_t n, const void *key, size_t len)
{
	size_t i = hash_bytes(key, len) & (n - 1);

	while (slots[i].key && (slots[i].len != len || memcmp(slots[i].key, key, len)))
		i = (i + 1) & (n - 1);
	return &slots[i];
}

static void grow(struct index *index)
{
	size_t n = index->n_slots ? index->n_slots * 2 : 64;
	struct index_slot *slots = mem_alloc(n * sizeof(*slots));

	for (size_t i = 0; i < index->n_slots; i++)
		if (index->slots[i].key)
			*probe(slots, n, index->slots[i].key, index->slots[i].len) =
				index->slots[i];
	free(index->slots);
	index->slots = slots;
	index->n_slots = n;
}

void **index_find(struct index *index, const void *key, size_t len)
{
	struct index_slot *slot;

	if (index->used * 2 >= index->n_slots)
		grow(index);
	slot = probe(index->slots, index->n_slots, key, len);
	if (!slot->key) {
		slot->key = arena_copy(&index->arena, key, len);
		slot->len = len;
		index->used++;
	}
	return &slot->value;
}

void *index_get(const struct index *index, const void *key, size_t len)
{
	if (!index->n_slots)
		return NULL;
	return probe(index->slots, index->n_slots, key, len)->value;
}

void index_free(struct index *index)
{
	free(index->slots);
	arena_free(&index->arena);
	*index = (struct index){0};
}

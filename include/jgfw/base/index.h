/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A hash table from byte strings to pointers. */
#ifndef JGFW_BASE_INDEX_H
#define JGFW_BASE_INDEX_H

#include "jgfw/base/mem.h"

#include <stdint.h>

struct index_slot {
	const char *key;
	uint32_t len, hash;
	void *value;
};

/** struct index - zero-initialised is empty */
struct index {
	struct index_slot *slots;
	size_t n_slots, used;
	struct arena arena;
};

/** hash_bytes - a number to find @len bytes by; its low bits are as good as its high ones */
uint64_t hash_bytes(const void *data, size_t len);

/** index_find - the place of the value of @key (copied), NULL in it where it is new; valid until
 * the next call */
void **index_find(struct index *index, const void *key, size_t len);
/** index_get - the value of @key, or NULL where it has none */
void *index_get(const struct index *index, const void *key, size_t len);
void index_free(struct index *index);

#endif

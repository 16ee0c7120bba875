/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "jgfw/mem.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	BLOCK_SIZE = 64 * 1024,
	ALIGNMENT = _Alignof(max_align_t),
};

struct arena_block {
	struct arena_block *older;
	size_t size;
	_Alignas(max_align_t) unsigned char bytes[];
};

void *mem_alloc(size_t size)
{
	void *p = calloc(1, size ? size : 1);

	if (!p)
		mem_exhausted();
	return p;
}

void *mem_resize(void *old, size_t n, size_t size)
{
	void *p = reallocarray(old, n ? n : 1, size);

	if (!p)
		mem_exhausted();
	return p;
}

void *arena_alloc(struct arena *a, size_t size)
{
	if (size > SIZE_MAX / 2)
		mem_exhausted();
	size = (size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
	if (a->left < size || !a->blocks) {
		size_t room = size > BLOCK_SIZE / 4 ? size : BLOCK_SIZE;
		struct arena_block *b = mem_alloc(sizeof(*b) + room);

		b->size = room;
		b->older = a->blocks;
		a->blocks = b;
		a->left = room;
	}
	a->left -= size;
	return a->blocks->bytes + (a->blocks->size - a->left - size);
}

void *arena_alloc_array(struct arena *a, size_t n, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(n, size, &bytes))
		mem_exhausted();
	return arena_alloc(a, bytes);
}

char *arena_copy(struct arena *a, const void *data, size_t len)
{
	char *s = arena_alloc(a, len + 1);

	if (len)
		memcpy(s, data, len);
	return s;
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap;
	va_list again;
	int n;
	char *s;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	s = arena_alloc(a, (size_t)(n < 0 ? 0 : n) + 1);
	vsnprintf(s, (size_t)(n < 0 ? 0 : n) + 1, fmt, again);
	va_end(again);
	return s;
}

void arena_free(struct arena *a)
{
	while (a->blocks) {
		struct arena_block *b = a->blocks;

		a->blocks = b->older;
		free(b);
	}
	a->left = 0;
}

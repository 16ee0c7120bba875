/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "jgfw/base/mem.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum {
	FIRST_BLOCK = 1 << 12, /* each is twice as large as the one before, up to the last */
	LAST_BLOCK = 1 << 19,
	MAPPED_BLOCK = 1 << 17, /* from here on a block goes back to the system when it is freed */
	RESERVE = 1 << 20,
	ALIGNMENT = _Alignof(max_align_t),
};

/* What is done when memory runs out: no way leads there that could hand it on. */
static struct {
	void (*end)(void);
	void (*act)(void *arg);
	void *arg, *reserve;
} last;

void mem_end_by(void (*end)(void))
{
	last.end = end;
}

void mem_exhausted(void)
{
	if (last.end)
		last.end();
	abort();
}

void mem_at_exhaustion(void (*act)(void *arg), void *arg)
{
	last.act = act;
	last.arg = arg;
	free(last.reserve);
	last.reserve = NULL;
	if (act)
		last.reserve = mem_alloc(RESERVE);
}

void mem_last_act(void)
{
	void (*act)(void *arg) = last.act;

	last.act = NULL;
	free(last.reserve);
	last.reserve = NULL;
	if (act)
		act(last.arg);
}

struct arena_block {
	struct arena_block *older;
	size_t size; /* with this head */
	_Alignas(max_align_t) char bytes[];
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

/* Large blocks are mapped with their pages in place: that is cheaper than a fault for each. */
static struct arena_block *block_new(size_t size)
{
	struct arena_block *b;

	if (size < MAPPED_BLOCK) {
		b = mem_alloc(size);
	} else {
		b = mmap(NULL, size, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
		if (b == MAP_FAILED)
			mem_exhausted();
	}
	b->size = size;
	return b;
}

static void block_free(struct arena_block *b)
{
	if (b->size < MAPPED_BLOCK)
		free(b);
	else
		munmap(b, b->size);
}

/* Something too large to share a block gets one of its own, behind the newest. */
static char *add_own_block(struct arena *a, size_t size)
{
	struct arena_block *b = block_new(sizeof(*b) + size);

	if (!a->blocks) {
		*a = (struct arena){b, b->bytes, 0};
	} else {
		b->older = a->blocks->older;
		a->blocks->older = b;
	}
	return b->bytes;
}

/* Make room for @size bytes in the newest block, or a new one; false where that is not worth it. */
static bool make_room(struct arena *a, size_t size)
{
	size_t block = a->blocks ? a->blocks->size * 2 : FIRST_BLOCK;
	struct arena_block *b;

	if (a->left >= size && a->blocks)
		return true;
	if (block > LAST_BLOCK)
		block = LAST_BLOCK;
	if (size > block / 4)
		return false;
	b = block_new(block);
	b->older = a->blocks;
	*a = (struct arena){b, b->bytes, block - sizeof(*b)};
	return true;
}

void *arena_alloc(struct arena *a, size_t size)
{
	char *p;

	if (size > SIZE_MAX / 2)
		mem_exhausted();
	size = (size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
	if (!make_room(a, size))
		return add_own_block(a, size);
	p = a->next;
	a->next += size;
	a->left -= size;
	return p;
}

void *arena_alloc_array(struct arena *a, size_t n, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(n, size, &bytes))
		mem_exhausted();
	return arena_alloc(a, bytes);
}

/* Room for @size bytes, aligned for nothing. */
static char *string_alloc(struct arena *a, size_t size)
{
	if (!make_room(a, size))
		return arena_alloc(a, size);
	a->left -= size;
	return a->next + a->left;
}

char *arena_copy(struct arena *a, const void *data, size_t len)
{
	char *s = string_alloc(a, len + 1);

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
	s = string_alloc(a, (size_t)(n < 0 ? 0 : n) + 1);
	vsnprintf(s, (size_t)(n < 0 ? 0 : n) + 1, fmt, again);
	va_end(again);
	return s;
}

void arena_free(struct arena *a)
{
	while (a->blocks) {
		struct arena_block *b = a->blocks;

		a->blocks = b->older;
		block_free(b);
	}
	*a = (struct arena){0};
}

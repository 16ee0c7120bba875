/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory: checked allocation, and an arena for objects that die together. */
#ifndef JGFW_BASE_MEM_H
#define JGFW_BASE_MEM_H

#include <stdarg.h>
#include <stddef.h>

#define ARRAY_SIZE(a)	  (sizeof(a) / sizeof((a)[0]))
#define PRINTF_LIKE(f, a) __attribute__((format(printf, f, a)))

/** mem_end_by - @end ends the program when an allocation fails; it does not return
 *
 * To be said before the first allocation, so that only programs decide how they end.
 */
void mem_end_by(void (*end)(void));

/** mem_exhausted - end the program as mem_end_by() said, for want of memory */
_Noreturn void mem_exhausted(void);

/** mem_at_exhaustion - what mem_last_act() does: @act with @arg, for a program that cannot leave
 * things as they are. It may allocate: a reserve is kept for it. NULL: nothing any more. */
void mem_at_exhaustion(void (*act)(void *arg), void *arg);
/** mem_last_act - to be called by what mem_end_by() was given, before the end; once, the second
 * time it is nothing */
void mem_last_act(void);

/** mem_alloc - @size zeroed bytes, owned by the caller (free()); never NULL */
void *mem_alloc(size_t size) __attribute__((malloc, returns_nonnull));

/** mem_resize - realloc() for @n items of @size bytes that cannot overflow; never NULL */
void *mem_resize(void *old, size_t n, size_t size) __attribute__((returns_nonnull));

struct arena_block;

/** struct arena - owner of many objects that are freed at once; zero-initialised is empty */
struct arena {
	struct arena_block *blocks;
	char *next;  /* where the newest block is free: objects grow up, strings down */
	size_t left; /* bytes free there */
};

/** arena_alloc - @size zeroed bytes, aligned for any type, owned by @a; never NULL */
void *arena_alloc(struct arena *a, size_t size) __attribute__((returns_nonnull));
/** arena_alloc_array - room for @n items of @size bytes; the product cannot overflow */
void *arena_alloc_array(struct arena *a, size_t n, size_t size) __attribute__((returns_nonnull));
/** arena_copy - a copy of @len bytes of @data with a NUL behind them, owned by @a */
char *arena_copy(struct arena *a, const void *data, size_t len) __attribute__((returns_nonnull));
/** arena_printf - a formatted string, owned by @a */
char *arena_printf(struct arena *a, const char *fmt, ...) PRINTF_LIKE(2, 3);
/** arena_free - free everything in @a and leave it empty */
void arena_free(struct arena *a);

#define arena_new(a, type)	((type *)arena_alloc((a), sizeof(type)))
#define arena_array(a, n, type) ((type *)arena_alloc_array((a), (n), sizeof(type)))

#endif

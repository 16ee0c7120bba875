/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A growing array of any type: `struct NAME { VEC(T); }`, zero-initialised is empty. */
#ifndef JGFW_BASE_VEC_H
#define JGFW_BASE_VEC_H

#include "jgfw/base/mem.h"

#include <stdlib.h>
#include <string.h>

#define VEC(type)                                                                                  \
	type *at;                                                                                  \
	size_t n, cap

/** vec_push - append one item and give its address, valid until the next push; contents unset */
#define vec_push(v)                                                                                \
	((v)->n == (v)->cap ? (void)((v)->at = vec_grow((v)->at, &(v)->cap, sizeof(*(v)->at)))     \
			    : (void)0,                                                             \
	 &(v)->at[(v)->n++])

/** vec_add - append the value @x */
#define vec_add(v, x) (*vec_push(v) = (x))

/** vec_push_in - vec_push() for an array that lives, with all it outgrew, in arena @a; such an
 * array is never freed by itself, and never grows by vec_push() */
#define vec_push_in(a, v)                                                                          \
	((v)->n == (v)->cap                                                                        \
		 ? (void)((v)->at = vec_grow_in((a), (v)->at, &(v)->cap, sizeof(*(v)->at)))        \
		 : (void)0,                                                                        \
	 &(v)->at[(v)->n++])
#define vec_add_in(a, v, x) (*vec_push_in(a, v) = (x))

/** vec_free - free the array and leave it empty */
#define vec_free(v) (free((v)->at), (v)->at = NULL, (v)->n = (v)->cap = 0)

/** vec_move_to - move an array that has its final length into arena @a, without room to spare */
#define vec_move_to(a, v)                                                                          \
	((v)->at = vec_move_in((a), (v)->at, (v)->n, sizeof(*(v)->at)), (v)->cap = (v)->n)

/** vec_reserve - make room for @count items in an empty array */
#define vec_reserve(v, count)                                                                      \
	((v)->at = mem_resize((v)->at, (count), sizeof(*(v)->at)), (v)->cap = (count))

/** vec_each - for (@it: address of each item) */
#define vec_each(it, v)                                                                            \
	for (__typeof__(*(v)->at) *it = (v)->at, *it##_end = (v)->n ? it + (v)->n : it;            \
	     it != it##_end; it++)

/** struct names - strings that belong to somebody else */
struct names {
	VEC(const char *);
};

static inline void *vec_grow(void *old, size_t *cap, size_t size)
{
	*cap = *cap ? *cap * 2 : 8;
	return mem_resize(old, *cap, size);
}

static inline void *vec_grow_in(struct arena *a, const void *old, size_t *cap, size_t size)
{
	size_t n = *cap;
	void *at;

	*cap = n ? n * 2 : 1;
	at = arena_alloc(a, *cap * size);
	if (old)
		memcpy(at, old, n * size);
	return at;
}

static inline void *vec_move_in(struct arena *a, void *old, size_t n, size_t size)
{
	void *at = arena_alloc_array(a, n, size);

	if (old)
		memcpy(at, old, n * size);
	free(old);
	return at;
}

#endif

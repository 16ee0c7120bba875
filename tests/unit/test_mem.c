/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mem.h, vec.h, index.h */
#include "unit.h"

#include "jgfw/base/index.h"
#include "jgfw/base/vec.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int exit_status_of(void (*f)(void))
{
	pid_t pid = fork();
	int status;

	ck_assert_int_ge(pid, 0);
	if (!pid) {
		f();
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static bool all_zero(const void *at, size_t len)
{
	const unsigned char *p = at;

	for (size_t i = 0; i < len; i++)
		if (p[i])
			return false;
	return true;
}

START_TEST(mem_alloc_zeroes)
{
	void *p = mem_alloc(1000);

	ck_assert(all_zero(p, 1000));
	free(p);
}
END_TEST

START_TEST(mem_alloc_of_nothing_is_not_null)
{
	void *p = mem_alloc(0);

	ck_assert_ptr_nonnull(p);
	free(p);
}
END_TEST

START_TEST(mem_resize_keeps_contents)
{
	char *p = mem_resize(NULL, 4, 1);

	memset(p, 'a', 4);
	p = mem_resize(p, 1000, 16);
	ck_assert_mem_eq(p, "aaaa", 4);
	free(p);
}
END_TEST

#ifndef __SANITIZE_ADDRESS__ /* its allocator ends the program itself */
static void resize_too_much(void)
{
	volatile size_t n = SIZE_MAX / 2; /* a constant would be a mistake that compilers find */

	free(mem_resize(NULL, n, 4));
}

START_TEST(mem_resize_does_not_wrap)
{
	ck_assert_int_eq(exit_status_of(resize_too_much), EXIT_EXHAUSTED);
}
END_TEST
#endif

static void arena_too_much(void)
{
	struct arena a = {0};

	arena_alloc(&a, SIZE_MAX - 1);
}

START_TEST(arena_alloc_does_not_wrap)
{
	ck_assert_int_eq(exit_status_of(arena_too_much), EXIT_EXHAUSTED);
}
END_TEST

START_TEST(arena_objects_are_zeroed_aligned_and_apart)
{
	static const size_t sizes[] = {1, 3, 16, 17, 4096, 20000, 70000, 5};
	unsigned char *at[64 * ARRAY_SIZE(sizes)];
	struct arena a = {0};

	for (size_t i = 0; i < ARRAY_SIZE(at); i++) {
		size_t size = sizes[i % ARRAY_SIZE(sizes)];

		at[i] = arena_alloc(&a, size);
		ck_assert_uint_eq((uintptr_t)at[i] % _Alignof(max_align_t), 0);
		ck_assert(all_zero(at[i], size));
		memset(at[i], (int)(i % 251) + 1, size);
	}
	for (size_t i = 0; i < ARRAY_SIZE(at); i++) {
		size_t size = sizes[i % ARRAY_SIZE(sizes)];

		ck_assert_uint_eq(at[i][0], i % 251 + 1);
		ck_assert_uint_eq(at[i][size - 1], i % 251 + 1);
	}
	arena_free(&a);
	ck_assert_ptr_null(a.blocks);
	ck_assert_uint_eq(a.left, 0);
}
END_TEST

START_TEST(arena_strings_and_objects_are_apart)
{
	struct {
		VEC(const char *);
	} strings = {0};
	struct {
		VEC(uint64_t *);
	} numbers = {0};
	struct arena a = {0};
	char text[600];

	for (size_t i = 0; i < 5000; i++) {
		memset(text, 'a' + (int)(i % 26), sizeof(text));
		vec_add(&strings, arena_copy(&a, text, i % sizeof(text)));
		vec_add(&numbers, arena_new(&a, uint64_t));
		ck_assert_uint_eq((uintptr_t)numbers.at[i] % _Alignof(max_align_t), 0);
		ck_assert_uint_eq(*numbers.at[i], 0);
		*numbers.at[i] = ~i;
	}
	for (size_t i = 0; i < 5000; i++) {
		memset(text, 'a' + (int)(i % 26), sizeof(text));
		text[i % sizeof(text)] = '\0';
		ck_assert_str_eq(strings.at[i], text);
		ck_assert_uint_eq(*numbers.at[i], ~i);
	}
	vec_free(&strings);
	vec_free(&numbers);
	arena_free(&a);
}
END_TEST

/* What is too large for a block leaves the rest of the newest to others. */
START_TEST(arena_keeps_its_block_beside_a_large_object)
{
	struct arena a = {0};
	size_t left;
	char *first = arena_alloc(&a, 16), *large, *next;

	left = a.left;
	large = arena_alloc(&a, 1000000);
	next = arena_alloc(&a, 16);
	ck_assert(all_zero(large, 1000000));
	ck_assert_ptr_eq(next, first + 16);
	ck_assert_uint_eq(a.left, left - 16);
	arena_free(&a);
}
END_TEST

START_TEST(arena_copy_ends_with_nul)
{
	struct arena a = {0};

	ck_assert_str_eq(arena_copy(&a, "abcdef", 3), "abc");
	ck_assert_str_eq(arena_copy(&a, NULL, 0), "");
	arena_free(&a);
}
END_TEST

START_TEST(arena_printf_is_as_long_as_needed)
{
	struct arena a = {0};
	const char *s = arena_printf(&a, "%0*d|%s", 70000, 7, "end");

	ck_assert_uint_eq(strlen(s), 70004);
	ck_assert_str_eq(s + 69999, "7|end");
	arena_free(&a);
}
END_TEST

START_TEST(vec_keeps_items_while_it_grows)
{
	struct {
		VEC(int);
	} v = {0};
	int expected = 0;

	for (int i = 0; i < 1000; i++)
		vec_add(&v, i * 3);
	ck_assert_uint_eq(v.n, 1000);
	vec_each(item, &v)
		ck_assert_int_eq(*item, 3L * expected++);
	ck_assert_int_eq(expected, 1000);
	vec_free(&v);
	ck_assert_ptr_null(v.at);
	ck_assert_uint_eq(v.n + v.cap, 0);
}
END_TEST

START_TEST(vec_in_an_arena_keeps_items)
{
	struct {
		VEC(int);
	} v = {0};
	struct arena a = {0};

	for (int i = 0; i < 1000; i++)
		vec_add_in(&a, &v, i * 3);
	for (int i = 0; i < 1000; i++)
		ck_assert_int_eq(v.at[i], 3L * i);
	arena_free(&a);
}
END_TEST

START_TEST(vec_settles_in_an_arena)
{
	struct {
		VEC(int);
	} v = {0}, nothing = {0};
	struct arena a = {0};

	vec_reserve(&v, 3);
	ck_assert_uint_eq(v.n, 0);
	for (int i = 0; i < 100; i++)
		vec_add(&v, i * 3);
	vec_move_to(&a, &v);
	ck_assert_uint_eq(v.n, 100);
	ck_assert_uint_eq(v.cap, 100);
	for (int i = 0; i < 100; i++)
		ck_assert_int_eq(v.at[i], 3L * i);
	vec_move_to(&a, &nothing);
	ck_assert_uint_eq(nothing.n + nothing.cap, 0);
	arena_free(&a);
}
END_TEST

START_TEST(vec_each_of_nothing)
{
	struct {
		VEC(int);
	} v = {0};
	int seen = 0;

	vec_each(item, &v)
		seen += 1 + *item;
	ck_assert_int_eq(seen, 0);
}
END_TEST

START_TEST(index_finds_what_was_put)
{
	static const int values[5000];
	struct index index = {0};
	char key[16];

	for (int i = 0; i < 5000; i++) {
		void **at = index_find(&index, key, (size_t)sprintf(key, "key%d", i));

		ck_assert_ptr_null(*at);
		*at = (void *)(uintptr_t)&values[i];
	}
	for (int i = 0; i < 5000; i++) {
		void **at = index_find(&index, key, (size_t)sprintf(key, "key%d", i));

		ck_assert_ptr_eq(*at, &values[i]);
	}
	ck_assert_uint_eq(index.used, 5000);
	index_free(&index);
	ck_assert_ptr_null(index.slots);
}
END_TEST

START_TEST(index_get_adds_nothing)
{
	struct index index = {0};
	int a;

	ck_assert_ptr_null(index_get(&index, "x", 1));
	*index_find(&index, "x", 1) = &a;
	ck_assert_ptr_eq(index_get(&index, "x", 1), &a);
	ck_assert_ptr_null(index_get(&index, "y", 1));
	ck_assert_uint_eq(index.used, 1);
	index_free(&index);
}
END_TEST

START_TEST(index_keys_are_bytes_with_a_length)
{
	struct index index = {0};
	int a, b, c, d;

	*index_find(&index, "x\0y", 3) = &a;
	*index_find(&index, "x\0z", 3) = &b;
	*index_find(&index, "x", 1) = &c;
	*index_find(&index, "", 0) = &d;
	ck_assert_ptr_eq(*index_find(&index, "x\0y", 3), &a);
	ck_assert_ptr_eq(*index_find(&index, "x\0z", 3), &b);
	ck_assert_ptr_eq(*index_find(&index, "x", 1), &c);
	ck_assert_ptr_eq(*index_find(&index, "", 0), &d);
	index_free(&index);
}
END_TEST

START_TEST(index_copies_its_keys)
{
	struct index index = {0};
	char key[] = "abc";
	int value;

	*index_find(&index, key, 3) = &value;
	key[0] = 'X';
	ck_assert_ptr_eq(*index_find(&index, "abc", 3), &value);
	ck_assert_ptr_null(*index_find(&index, key, 3));
	index_free(&index);
}
END_TEST

Suite *mem_suite(void)
{
	Suite *s = suite_create("mem");
	TCase *tc = tcase_create("mem");

	tcase_add_test(tc, mem_alloc_zeroes);
	tcase_add_test(tc, mem_alloc_of_nothing_is_not_null);
	tcase_add_test(tc, mem_resize_keeps_contents);
#ifndef __SANITIZE_ADDRESS__
	tcase_add_test(tc, mem_resize_does_not_wrap);
#endif
	tcase_add_test(tc, arena_alloc_does_not_wrap);
	tcase_add_test(tc, arena_objects_are_zeroed_aligned_and_apart);
	tcase_add_test(tc, arena_strings_and_objects_are_apart);
	tcase_add_test(tc, arena_keeps_its_block_beside_a_large_object);
	tcase_add_test(tc, arena_copy_ends_with_nul);
	tcase_add_test(tc, arena_printf_is_as_long_as_needed);
	suite_add_tcase(s, tc);
	tc = tcase_create("vec");
	tcase_add_test(tc, vec_keeps_items_while_it_grows);
	tcase_add_test(tc, vec_in_an_arena_keeps_items);
	tcase_add_test(tc, vec_settles_in_an_arena);
	tcase_add_test(tc, vec_each_of_nothing);
	suite_add_tcase(s, tc);
	tc = tcase_create("index");
	tcase_add_test(tc, index_finds_what_was_put);
	tcase_add_test(tc, index_get_adds_nothing);
	tcase_add_test(tc, index_keys_are_bytes_with_a_length);
	tcase_add_test(tc, index_copies_its_keys);
	suite_add_tcase(s, tc);
	return s;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * To be put under a program by LD_PRELOAD: memory that runs out, and files that come in pieces.
 *
 * FAIL_ALLOC=N    the Nth allocation fails, of whichever library
 * FAIL_ALLOC=N+   so do all behind it
 * FAIL_ALLOC=log  none does; descriptor 3 gets a letter for each: "n" where no other was asked for
 * in the same way before, or "." FAIL_SHORT=N    read() and write() take N bytes at a time
 *
 * Where an allocation failed descriptor 3 gets a "!". Children have what they want.
 */
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* NOLINTBEGIN(readability-inconsistent-declaration-parameter-name): glibc's are reserved */

enum {
	FRAMES = 24,
	WAYS = 1 << 14,
};

static struct {
	pid_t pid; /* of the program; 0 before it has begun, and where nothing is to fail */
	bool log, on, inside;
	long nth, n;
	size_t piece;
} plan;

__attribute__((constructor)) static void begin(void)
{
	const char *alloc = getenv("FAIL_ALLOC"), *piece = getenv("FAIL_SHORT");
	void *frames[1];

	plan.piece = piece ? strtoul(piece, NULL, 10) : 0;
	unsetenv("FAIL_ALLOC"); /* what the program starts is not meant */
	unsetenv("FAIL_SHORT");
	if (!alloc)
		return;
	backtrace(frames, 1); /* it allocates the first time */
	plan.log = !strcmp(alloc, "log");
	plan.on = strchr(alloc, '+');
	plan.nth = strtol(alloc, NULL, 10);
	plan.pid = getpid();
}

/* Is this way to an allocation one that was not seen before? */
static bool is_new_way(void)
{
	static uint64_t ways[WAYS];
	void *frames[FRAMES];
	int n = backtrace(frames, FRAMES);
	uint64_t way = 0xcbf29ce484222325u;
	size_t i;

	for (int k = 0; k < n; k++)
		way = (way ^ (uintptr_t)frames[k]) * 0x100000001b3u;
	for (i = way % WAYS; ways[i] && ways[i] != way; i = (i + 1) % WAYS)
		;
	if (ways[i])
		return false;
	ways[i] = way;
	return true;
}

static bool fails(void)
{
	bool hit;

	if (!plan.pid || plan.inside || plan.pid != getpid())
		return false;
	plan.n++;
	if (plan.log) {
		plan.inside = true;
		(void)!write(3, is_new_way() ? "n" : ".", 1);
		plan.inside = false;
	}
	hit = plan.n == plan.nth || (plan.on && plan.n > plan.nth);
	if (hit) {
		(void)!write(3, "!", 1);
		errno = ENOMEM;
	}
	return hit;
}

/* What stands behind this library: the C library's, or a sanitizer's. */
#define NEXT(name)                                                                                 \
	static __typeof__(&name) next;                                                             \
	if (!next)                                                                                 \
	next = (__typeof__(&name))(uintptr_t)dlsym(RTLD_NEXT, #name)

void *malloc(size_t size)
{
	NEXT(malloc);
	return fails() ? NULL : next(size);
}

void *calloc(size_t n, size_t size)
{
	NEXT(calloc);
	return fails() ? NULL : next(n, size);
}

void *realloc(void *old, size_t size)
{
	NEXT(realloc);
	return fails() ? NULL : next(old, size);
}

void *reallocarray(void *old, size_t n, size_t size)
{
	NEXT(reallocarray);
	return fails() ? NULL : next(old, n, size);
}

void *mmap(void *at, size_t len, int prot, int flags, int fd, off_t offset)
{
	NEXT(mmap);
	return flags & MAP_ANONYMOUS && fails() ? MAP_FAILED
						: next(at, len, prot, flags, fd, offset);
}

ssize_t read(int fd, void *to, size_t len)
{
	NEXT(read);
	return next(fd, to, plan.piece && len > plan.piece ? plan.piece : len);
}

ssize_t write(int fd, const void *from, size_t len)
{
	NEXT(write);
	return next(fd, from, plan.piece && len > plan.piece ? plan.piece : len);
}

/* NOLINTEND(readability-inconsistent-declaration-parameter-name) */

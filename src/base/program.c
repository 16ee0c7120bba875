/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "jgfw/base/program.h"

#include "jgfw/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* Until there is something to read from @fd, or its end. */
static int wait_for(int fd, uint64_t deadline_ms)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	for (;;) {
		uint64_t now = now_ms();
		int n;

		if (now >= deadline_ms)
			return -ETIME;
		n = poll(&p, 1, deadline_ms - now > INT_MAX ? INT_MAX : (int)(deadline_ms - now));
		if (n > 0)
			return 0;
		if (n < 0 && errno != EINTR)
			return -errno;
	}
}

static int read_all(int fd, size_t max, uint64_t deadline_ms, struct buf *out)
{
	char chunk[1 << 14];
	int r;

	while (!(r = wait_for(fd, deadline_ms))) {
		ssize_t n = read(fd, chunk, sizeof(chunk));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (!n)
			return 0;
		if (out->n + (size_t)n > max)
			return -EFBIG;
		buf_add(out, chunk, (size_t)n);
	}
	return r;
}

/* The end of @child, which is brought about where it does not come in time or after @failure. */
static int reap(pid_t child, uint64_t deadline_ms, int failure)
{
	int status, fd = pidfd_open(child, 0);

	if (!failure)
		failure = fd < 0 ? -errno : wait_for(fd, deadline_ms);
	if (failure)
		kill(child, SIGKILL);
	if (fd >= 0)
		close(fd);
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	if (failure)
		return failure;
	return WIFEXITED(status) && !WEXITSTATUS(status) ? 0 : -EPROTO;
}

/* A nameless file with @input, read from its start; or -errno. */
static int input_file(const struct buf *input)
{
	int fd = memfd_create("input", MFD_CLOEXEC);
	int r = fd < 0 ? -errno : file_write_all(fd, input->at, input->n);

	if (!r && lseek(fd, 0, SEEK_SET) < 0)
		r = -errno;
	if (r && fd >= 0)
		close(fd);
	return r ? r : fd;
}

/* The child; or -errno. */
static pid_t spawn(const char *const *argv, int in, int out)
{
	posix_spawn_file_actions_t actions;
	pid_t child;
	int r = posix_spawn_file_actions_init(&actions);

	if (r)
		return -r;
	r = posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
	if (!r)
		r = posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
	if (!r)
		r = posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY,
						     0);
	if (!r)
		r = posix_spawnp(&child, argv[0], &actions, NULL, (char *const *)(uintptr_t)argv,
				 environ);
	posix_spawn_file_actions_destroy(&actions);
	return r ? -r : child;
}

int program_apart(program_part *part, void *arg, size_t max, unsigned int timeout_ms,
		  struct buf *ret_output)
{
	uint64_t deadline_ms = now_ms() + timeout_ms;
	struct buf output = {0};
	int ends[2], r;
	pid_t child;

	if (pipe2(ends, O_CLOEXEC))
		return -errno;
	child = fork();
	r = child < 0 ? -errno : 0;
	if (!child)
		_exit(part(ends[1], arg));
	close(ends[1]);
	if (!r)
		r = reap(child, deadline_ms, read_all(ends[0], max, deadline_ms, &output));
	close(ends[0]);
	if (r)
		buf_free(&output);
	else
		*ret_output = output;
	return r;
}

int program_filter(const char *const *argv, const struct buf *input, size_t max,
		   unsigned int timeout_ms, struct buf *ret_output)
{
	uint64_t deadline_ms = now_ms() + timeout_ms;
	struct buf output = {0};
	int ends[2], r, in = input_file(input);
	pid_t child;

	if (in < 0)
		return in;
	r = pipe2(ends, O_CLOEXEC) ? -errno : 0;
	if (!r) {
		child = spawn(argv, in, ends[1]);
		close(ends[1]);
		r = child < 0 ? child
			      : reap(child, deadline_ms,
				     read_all(ends[0], max, deadline_ms, &output));
		close(ends[0]);
	}
	close(in);
	if (r)
		buf_free(&output);
	else
		*ret_output = output;
	return r;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who takes an apply back when its time is over: a process of its own. */
#include "pending.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define SELF "/proc/self/exe"

/* Become the guard; returns only where that fails. */
static void become_guard(const struct state *state, int report)
{
	const char *const argv[] = {"jgfw", "rollback", "--guard", "--state", state->given, NULL};
	int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);
	int error;

	signal(SIGHUP, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	for (int fd = 0; fd <= 2; fd++)
		dup2(nowhere, fd);
	close_range(3, (unsigned int)report - 1, 0);
	close_range((unsigned int)report + 1, ~0u, 0);
	if (chdir("/") == 0)
		execv(SELF, (char *const *)(uintptr_t)argv);
	error = errno;
	while (write(report, &error, sizeof(error)) < 0 && errno == EINTR)
		;
}

/* A session of its own, and no parent that waits for it. */
static pid_t detach(const struct state *state, int report)
{
	pid_t child = fork();

	if (child)
		return child;
	setsid();
	child = fork();
	if (!child)
		become_guard(state, report);
	_exit(child < 0);
}

int guard_arm(const struct state *state, const struct record *pending, struct diag *diag)
{
	int report[2], error = 0, status = 0;
	pid_t child;

	(void)pending;
	if (pipe2(report, O_CLOEXEC))
		return io_error(diag, "start", "the guard", -errno);
	child = detach(state, report[1]);
	if (child < 0)
		error = errno;
	close(report[1]);
	if (child > 0) {
		while (waitpid(child, &status, 0) < 0 && errno == EINTR)
			;
		if (status)
			error = EAGAIN;
		/* the pipe ends without a word where the guard took over */
		while (read(report[0], &error, sizeof(error)) < 0 && errno == EINTR)
			;
	}
	close(report[0]);
	return error ? io_error(diag, "start", "the guard", -error) : 0;
}

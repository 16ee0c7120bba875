/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who takes an apply back when its time is over: a process of its own, and a timer of systemd's
 * where that runs, which outlives the service or the session that this program belongs to.
 */
#include "pending.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define SELF "/proc/self/exe"

/* Become the guard; returns only where that fails. */
static void become_guard(const char *folder, int report)
{
	const char *const argv[] = {"jgfw", "rollback", "--guard", "--state", folder, NULL};
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
static pid_t detach(const char *folder, int report)
{
	pid_t child = fork();

	if (child)
		return child;
	setsid();
	child = fork();
	if (!child)
		become_guard(folder, report);
	_exit(child < 0);
}

static int start_process(const struct state *state, struct diag *diag)
{
	int report[2], error = 0, status = 0;
	char *folder;
	pid_t child;

	if (pipe2(report, O_CLOEXEC))
		return io_error(diag, "start", "the guard", -errno);
	/* not by way of folders that may be gone until then, as with a/../b */
	folder = *state->given ? realpath(state->given, NULL) : NULL;
	child = detach(folder ? folder : state->given, report[1]);
	if (child < 0)
		error = errno;
	free(folder);
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

/* Is this the network namespace in which systemd's own services live? */
static bool is_machines_own(void)
{
	struct stat here, init;

	return !stat("/proc/self/ns/net", &here) && !stat("/proc/1/ns/net", &init) &&
	       here.st_dev == init.st_dev && here.st_ino == init.st_ino;
}

/* Run a program to its end, without a word of it; its exit status. */
static int run_quietly(const char *const *argv)
{
	int status = -1, nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);
	pid_t child = fork();

	if (!child) {
		for (int fd = 0; fd <= 2; fd++)
			dup2(nowhere, fd);
		execvp(argv[0], (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	close(nowhere);
	while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	return child > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* The timer runs the guard too: it looks for itself whether something waits, and how long. */
static void start_timer(struct state *state, const struct record *pending, struct diag *diag)
{
	char self[PATH_MAX];
	ssize_t len = readlink(SELF, self, sizeof(self) - 1);
	uint64_t now = boottime_ns();
	uint64_t left_s =
		pending->deadline_ns > now ? (pending->deadline_ns - now) / 1000000000 : 0;
	const char *next = state_next(state, &pending->id);
	const char *const argv[] = {
		"systemd-run",
		"--quiet",
		"--collect",
		arena_printf(&state->arena, "--unit=jgfw-rollback-%s", strrchr(next, '-') + 1),
		arena_printf(&state->arena, "--on-active=%llus", (unsigned long long)left_s + 1),
		"--timer-property=AccuracySec=100ms",
		self,
		"rollback",
		"--guard",
		"--state",
		state->given,
		NULL};

	if (len < 0 || access("/run/systemd/system", F_OK) || !is_machines_own())
		return;
	self[len] = '\0';
	if (run_quietly(argv))
		diag_warn(diag, (struct loc){0}, "no-timer",
			  "systemd-run could not set a timer: if the process that guards this "
			  "apply is killed, the previous ruleset returns only with the next jgfw "
			  "command or boot");
}

int guard_arm(struct state *state, const struct record *pending, struct diag *diag)
{
	int r = start_process(state, diag);

	if (!r)
		start_timer(state, pending, diag);
	return r;
}

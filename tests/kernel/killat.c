/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * killat [-j SECONDS] [-s] N COMMAND [ARGUMENT]...
 *
 * Run a command and kill -9 it at the Nth moment: there are two for each of its system calls,
 * before it and behind it. With N 0 it runs to its end, and descriptor 3 gets a letter for each
 * moment: "-" before it opens the first file below $KILLAT_STATE, then "c" for calls that change
 * something and
 * "." for others. Its children run untouched. With -j it lives that many seconds later on
 * CLOCK_BOOTTIME. With -s it is stopped instead, and left so.
 *
 * The exit status is the command's, 137 where it was killed, 99 where it could not be run.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	TROUBLE = 99,
};

static void trouble(const char *what)
{
	perror(what);
	exit(TROUBLE);
}

/* The children of this program live @seconds later. */
static void jump(const char *seconds)
{
	int fd;

	if (unshare(CLONE_NEWTIME))
		trouble("unshare");
	fd = open("/proc/self/timens_offsets", O_WRONLY | O_CLOEXEC);
	if (fd < 0 || dprintf(fd, "boottime %s 0\n", seconds) < 0 || close(fd))
		trouble("timens_offsets");
}

static pid_t begin(char **argv)
{
	int status;
	pid_t pid = fork();

	if (pid < 0)
		trouble("fork");
	if (!pid) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		execv(argv[0], argv);
		perror(argv[0]);
		_exit(TROUBLE);
	}
	if (waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status))
		trouble("waitpid");
	if (ptrace(PTRACE_SETOPTIONS, pid, NULL,
		   (void *)(PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL | PTRACE_O_TRACEEXEC)))
		trouble("ptrace");
	return pid;
}

/* Does openat() name the state here? */
static bool names_state(pid_t pid, unsigned long long address)
{
	const char *state = getenv("KILLAT_STATE");
	char text[256] = "";
	struct iovec to = {text, sizeof(text) - 1}, from = {(void *)address, sizeof(text) - 1};

	/* the page may end before */
	while (process_vm_readv(pid, &to, 1, &from, 1, 0) < 0 && to.iov_len > 16)
		to.iov_len = from.iov_len /= 2;
	return state && *state && strstr(text, state);
}

static bool changes_something(long long call)
{
	static const long long calls[] = {
		SYS_sendmsg,  SYS_renameat2, SYS_unlinkat, SYS_linkat, SYS_fsync,
		SYS_flock,    SYS_wait4,     SYS_clone,	   SYS_clone3, SYS_pipe2,
#ifdef SYS_rename /* not on every machine */
		SYS_rename,   SYS_unlink,    SYS_link,
#endif
#ifdef SYS_renameat
		SYS_renameat,
#endif
	};

	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		if (calls[i] == call)
			return true;
	return false;
}

static void log_moment(pid_t pid)
{
	static bool in_state;
	static long long call;
	struct __ptrace_syscall_info info;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, (void *)sizeof(info), &info) < 0)
		trouble("ptrace");
	if (info.op == PTRACE_SYSCALL_INFO_ENTRY) {
		call = (long long)info.entry.nr;
		in_state |= call == SYS_openat && names_state(pid, info.entry.args[1]);
	}
	dprintf(3, "%c", !in_state ? '-' : changes_something(call) ? 'c' : '.');
}

int main(int argc, char **argv)
{
	bool started = false, stop = false;
	long at, moment = 0;
	int status, give = 0;
	pid_t pid;

	if (argc > 2 && !strcmp(argv[1], "-j")) {
		jump(argv[2]);
		argc -= 2;
		argv += 2;
	}
	if (argc > 1 && !strcmp(argv[1], "-s")) {
		stop = true;
		argc--;
		argv++;
	}
	if (argc < 3)
		return TROUBLE;
	at = strtol(argv[1], NULL, 10);
	pid = begin(argv + 2);
	for (;;) {
		if (ptrace(PTRACE_SYSCALL, pid, NULL, (void *)(long)give) && errno != ESRCH)
			trouble("ptrace");
		if (waitpid(pid, &status, 0) != pid)
			trouble("waitpid");
		if (WIFEXITED(status))
			return WEXITSTATUS(status);
		if (WIFSIGNALED(status))
			return 128 + WTERMSIG(status);
		give = 0;
		if (status >> 8 == (SIGTRAP | PTRACE_EVENT_EXEC << 8)) {
			started = true;
		} else if (WSTOPSIG(status) == (SIGTRAP | 0x80)) {
			if (!started)
				continue;
			moment++;
			if (moment == at && stop)
				return ptrace(PTRACE_DETACH, pid, NULL, (void *)SIGSTOP) ? TROUBLE
											 : 0;
			if (moment == at)
				kill(pid, SIGKILL);
			else if (!at)
				log_moment(pid);
		} else {
			give = WSTOPSIG(status);
		}
	}
}

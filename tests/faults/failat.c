/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * failat [-j SECONDS] HOW N CALL COMMAND [ARGUMENT]...
 *
 * Run a command of which one system call does not do what it should: the Nth, or the next CALL
 * behind it, as how many are made differs from run to run. HOW is
 *
 * - log: nothing fails; descriptor 3 gets a line for each call: its name and the errors it can have
 * - E: the call is not made and fails with the error of that number
 * - E+: so do all calls of the same name behind it
 * - -E: a request over netlink is swallowed, and the error E is the kernel's answer to it
 *
 * Calls of the dynamic loader before the program begins do not count, and those of children are
 * left alone. With -j the command lives that many seconds later on CLOCK_BOOTTIME.
 *
 * The exit status is the command's, 128 and more where a signal ended it, 99 where it could not be
 * run; 98 where it had no such call.
 */
#include <elf.h>
#include <errno.h>
#include <linux/netlink.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	NO_SUCH_CALL = 98,
	TROUBLE = 99,
};

/* The calls that can fail, and how. What no sane kernel lets fail is left out (close, exit). */
static const struct call {
	int nr;
	const char *name;
	int errors[5];
} calls[] = {
#ifdef SYS_open /* and others that newer machines do not have */
	{SYS_access, "access", {EIO, ENOENT}},
	{SYS_link, "link", {EPERM, ENOSPC}},
	{SYS_mkdir, "mkdir", {EACCES, ENOSPC}},
	{SYS_poll, "poll", {EINTR, ENOMEM}},
	{SYS_readlink, "readlink", {EACCES}},
	{SYS_rename, "rename", {EIO, ENOSPC}},
	{SYS_unlink, "unlink", {EIO, EBUSY}},
#endif
	{SYS_bind, "bind", {ENOMEM}},
	{SYS_chdir, "chdir", {EIO}},
	{SYS_clone, "clone", {EAGAIN, ENOMEM}},
	{SYS_clone3, "clone3", {EAGAIN}},
	{SYS_fchmod, "fchmod", {EIO}},
	{SYS_flock, "flock", {EINTR, ENOLCK}},
	{SYS_fstat, "fstat", {EIO}},
	{SYS_fsync, "fsync", {EIO, ENOSPC}},
	{SYS_getcwd, "getcwd", {ENOENT}},
	{SYS_getdents64, "getdents64", {EIO}},
	{SYS_getrandom, "getrandom", {EINTR}},
	{SYS_getsockname, "getsockname", {ENOBUFS}},
	{SYS_getsockopt, "getsockopt", {ENOPROTOOPT}},
	{SYS_ioctl, "ioctl", {EIO, ENODEV}},
	{SYS_landlock_add_rule, "landlock_add_rule", {ENOMEM}},
	{SYS_landlock_create_ruleset, "landlock_create_ruleset", {ENOSYS, EMFILE}},
	{SYS_landlock_restrict_self, "landlock_restrict_self", {E2BIG}},
	{SYS_lseek, "lseek", {EIO}},
	{SYS_memfd_create, "memfd_create", {EMFILE, ENOMEM}},
	{SYS_mmap, "mmap", {ENOMEM}},
	{SYS_mprotect, "mprotect", {ENOMEM}},
	{SYS_mremap, "mremap", {ENOMEM}},
	{SYS_newfstatat, "newfstatat", {EIO, EACCES}},
	{SYS_openat, "openat", {EACCES, EMFILE, EIO}},
	{SYS_pidfd_open, "pidfd_open", {EMFILE}},
	{SYS_pipe2, "pipe2", {EMFILE}},
	{SYS_prctl, "prctl", {EINVAL}},
	{SYS_read, "read", {EINTR, EIO}},
	{SYS_recvfrom, "recvfrom", {EINTR, ENOBUFS, ENOMEM}},
	{SYS_recvmsg, "recvmsg", {EINTR, ENOBUFS, ENOMEM}},
	{SYS_sendmsg, "sendmsg", {EINTR, ENOBUFS, ENOMEM, EPERM}},
	{SYS_sendto, "sendto", {EINTR, ENOBUFS, ENOMEM}},
	{SYS_setns, "setns", {ENOMEM}},
	{SYS_setsockopt, "setsockopt", {ENOMEM}},
	{SYS_socket, "socket", {EMFILE, EAFNOSUPPORT}},
	{SYS_statx, "statx", {EIO}},
	{SYS_unlinkat, "unlinkat", {EIO}},
	{SYS_unshare, "unshare", {ENOMEM, EPERM}},
	{SYS_wait4, "wait4", {EINTR}},
	{SYS_waitid, "waitid", {EINTR}},
	{SYS_write, "write", {EINTR, EAGAIN, ENOSPC, EIO}},
};

/** struct stop - a system call of the tracee, at its entry or its exit */
struct stop {
	pid_t pid;
	bool entry;
	struct __ptrace_syscall_info info;
};

static void trouble(const char *what)
{
	perror(what);
	exit(TROUBLE);
}

/* --- the tracee's registers and memory ------------------------------------------------------ */

#if defined(__x86_64__)
static void set_result(pid_t pid, bool entry, long result)
{
	struct user_regs_struct regs;

	if (ptrace(PTRACE_GETREGS, pid, NULL, &regs))
		trouble("ptrace");
	if (entry)
		regs.orig_rax = -1ull; /* no call */
	else
		regs.rax = (unsigned long long)result;
	if (ptrace(PTRACE_SETREGS, pid, NULL, &regs))
		trouble("ptrace");
}
#elif defined(__aarch64__)
static void set_result(pid_t pid, bool entry, long result)
{
	struct user_regs_struct regs;
	int none = -1;
	struct iovec call = {&none, sizeof(none)}, all = {&regs, sizeof(regs)};

	if (entry && ptrace(PTRACE_SETREGSET, pid, (void *)NT_ARM_SYSTEM_CALL, &call))
		trouble("ptrace");
	if (ptrace(PTRACE_GETREGSET, pid, (void *)NT_PRSTATUS, &all))
		trouble("ptrace");
	regs.regs[0] = (unsigned long long)result;
	if (!entry && ptrace(PTRACE_SETREGSET, pid, (void *)NT_PRSTATUS, &all))
		trouble("ptrace");
}
#else
#error "how is a system call kept from being made on this machine?"
#endif

static void peek(pid_t pid, unsigned long long from, void *to, size_t len)
{
	struct iovec here = {to, len}, there = {(void *)from, len};

	if (process_vm_readv(pid, &here, 1, &there, 1, 0) != (ssize_t)len)
		trouble("process_vm_readv");
}

static void poke(pid_t pid, unsigned long long to, const void *from, size_t len)
{
	struct iovec here = {(void *)(uintptr_t)from, len}, there = {(void *)to, len};

	if (process_vm_writev(pid, &here, 1, &there, 1, 0) != (ssize_t)len)
		trouble("process_vm_writev");
}

/* --- netlink -------------------------------------------------------------------------------- */

/* The buffer that a call sends from or receives to, with its length. */
static struct iovec buffer_of(const struct stop *s)
{
	const uint64_t *args = s->info.entry.args;
	struct msghdr msg;
	struct iovec iov = {(void *)args[1], args[2]};

	if (s->info.entry.nr == SYS_sendmsg || s->info.entry.nr == SYS_recvmsg) {
		peek(s->pid, args[1], &msg, sizeof(msg));
		peek(s->pid, (unsigned long long)msg.msg_iov, &iov, sizeof(iov));
	}
	return iov;
}

static bool receives(const struct stop *s)
{
	return s->info.entry.nr == SYS_recvmsg || s->info.entry.nr == SYS_recvfrom;
}

/* The kernel's answer to a request: an error. */
static long answer(const struct stop *s, const struct nlmsghdr *request, int error)
{
	struct {
		struct nlmsghdr head;
		struct nlmsgerr error;
	} message = {.head = {sizeof(message), NLMSG_ERROR, 0, request->nlmsg_seq, 0},
		     .error = {-error, *request}};
	struct iovec to = buffer_of(s);

	poke(s->pid, (unsigned long long)to.iov_base, &message, sizeof(message));
	return sizeof(message);
}

/* --- the command ---------------------------------------------------------------------------- */

/* The children of this program live @seconds later. */
static void jump(const char *seconds)
{
	FILE *f;

	if (unshare(CLONE_NEWTIME))
		trouble("unshare");
	f = fopen("/proc/self/timens_offsets", "we");
	if (!f || fprintf(f, "boottime %s 0\n", seconds) < 0 || fclose(f))
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

/* To the next stop at a system call; false where the command has ended, with its @ret_status. */
static bool next_stop(struct stop *s, int *ret_status)
{
	int status, give = 0;

	for (;;) {
		if (ptrace(PTRACE_SYSCALL, s->pid, NULL, (void *)(long)give) && errno != ESRCH)
			trouble("ptrace");
		if (waitpid(s->pid, &status, 0) != s->pid)
			trouble("waitpid");
		if (!WIFSTOPPED(status)) {
			*ret_status =
				WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
			return false;
		}
		if (WSTOPSIG(status) == (SIGTRAP | 0x80))
			break;
		give = status >> 8 == (SIGTRAP | PTRACE_EVENT_EXEC << 8) ? 0 : WSTOPSIG(status);
	}
	if (ptrace(PTRACE_GET_SYSCALL_INFO, s->pid, (void *)sizeof(s->info), &s->info) < 0)
		trouble("ptrace");
	s->entry = s->info.op == PTRACE_SYSCALL_INFO_ENTRY;
	return true;
}

/* Is the call made by the dynamic loader? */
static bool by_loader(const struct stop *s)
{
	char path[64], line[512];
	bool found = false;
	FILE *maps;

	snprintf(path, sizeof(path), "/proc/%d/maps", s->pid);
	maps = fopen(path, "re");
	while (maps && fgets(line, sizeof(line), maps)) {
		char *end;
		unsigned long long from = strtoull(line, &end, 16),
				   to = strtoull(end + 1, NULL, 16);

		found |= strstr(line, "/ld-linux") && s->info.instruction_pointer >= from &&
			 s->info.instruction_pointer < to;
	}
	if (maps)
		fclose(maps);
	return found;
}

static const struct call *call_of(const struct stop *s)
{
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		if ((uint64_t)calls[i].nr == s->info.entry.nr)
			return &calls[i];
	return NULL;
}

static void log_call(const struct stop *s)
{
	const struct call *call = call_of(s);

	dprintf(3, "%s", call ? call->name : "other");
	for (size_t k = 0; call && k < 5 && call->errors[k]; k++)
		dprintf(3, " %d", call->errors[k]);
	dprintf(3, "\n");
}

static bool is_named(const struct stop *s, const char *name)
{
	const struct call *call = call_of(s);

	return call && !strcmp(call->name, name);
}

/* Let the call of @s fail, whose entry it is. */
static bool fail(struct stop *s, int error, int *ret_status)
{
	set_result(s->pid, true, 0);
	if (!next_stop(s, ret_status))
		return false;
	set_result(s->pid, false, -error);
	return true;
}

/* Swallow a request, and let the next call that receives have the error. */
static bool refuse(struct stop *s, int error, int *ret_status)
{
	struct iovec from = buffer_of(s);
	struct nlmsghdr request;
	struct stop entry;

	peek(s->pid, (unsigned long long)from.iov_base, &request, sizeof(request));
	if (!fail(s, -(int)from.iov_len, ret_status))
		return false;
	do {
		if (!next_stop(s, ret_status))
			return false;
	} while (!s->entry || !receives(s));
	entry = *s;
	if (!fail(s, 0, ret_status))
		return false;
	set_result(s->pid, false, answer(&entry, &request, error));
	return true;
}

int main(int argc, char **argv)
{
	bool log, on, started = false, failed = false;
	struct stop s;
	int error, status;
	long nth;

	if (argc > 2 && !strcmp(argv[1], "-j")) {
		jump(argv[2]);
		argc -= 2;
		argv += 2;
	}
	if (argc < 5)
		return TROUBLE;
	log = !strcmp(argv[1], "log");
	on = strchr(argv[1], '+');
	error = (int)strtol(argv[1], NULL, 10);
	nth = strtol(argv[2], NULL, 10);
	s.pid = begin(argv + 4);
	for (long n = 0; next_stop(&s, &status);) {
		bool hit;

		if (!s.entry || (!started && by_loader(&s)))
			continue;
		started |= s.info.entry.nr != SYS_execve;
		if (!started)
			continue;
		n++;
		hit = n >= nth && (!failed || on) && is_named(&s, argv[3]);
		if (log)
			log_call(&s);
		if (log || !hit)
			continue;
		failed = true;
		if (!(error < 0 ? refuse(&s, -error, &status) : fail(&s, error, &status)))
			return status;
	}
	return log || failed ? status : NO_SUCH_CALL;
}

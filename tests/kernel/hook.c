/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * To be put under jgfw by LD_PRELOAD: what happens between its reading and its sending, and what it
 * asks the kernel.
 *
 * HOOK is a command that runs before a transaction is sent, HOOK_TIMES times at most (default 1);
 * the file HOOK_LOG gets a line "transaction" for each, and "elements" for each set that is read.
 * Landlock, which would keep all that from happening, is not there.
 */
#include <dlfcn.h>
#include <errno.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

typedef ssize_t sendmsg_fn(int fd, const struct msghdr *msg, int flags);
typedef ssize_t sendto_fn(int fd, const void *data, size_t len, int flags,
			  const struct sockaddr *to, socklen_t to_len);

static void note(const char *line)
{
	const char *path = getenv("HOOK_LOG");
	FILE *log = path ? fopen(path, "ae") : NULL;

	if (!log)
		return;
	fputs(line, log);
	fclose(log);
}

long syscall(long sysno, ...)
{
	long (*real)(long, ...) = (long (*)(long, ...))dlsym(RTLD_NEXT, "syscall");
	long a[6];
	va_list ap;

	va_start(ap, sysno);
	for (int i = 0; i < 6; i++)
		a[i] = va_arg(ap, long);
	va_end(ap);
	if (sysno == SYS_landlock_create_ruleset) {
		errno = ENOSYS;
		return -1;
	}
	return real(sysno, a[0], a[1], a[2], a[3], a[4], a[5]);
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
	sendmsg_fn *real = (sendmsg_fn *)dlsym(RTLD_NEXT, "sendmsg");
	const char *hook = getenv("HOOK"), *times = getenv("HOOK_TIMES");
	static int n;

	note("transaction\n");
	unsetenv("LD_PRELOAD");
	/* NOLINTNEXTLINE(cert-env33-c): a shell's command is what the tests write */
	if (hook && n++ < (times ? atoi(times) : 1) && system(hook))
		note("the hook failed\n");
	return real(fd, message, flags);
}

ssize_t sendto(int fd, const void *buf, size_t n, int flags, const struct sockaddr *addr,
	       socklen_t addr_len)
{
	sendto_fn *real = (sendto_fn *)dlsym(RTLD_NEXT, "sendto");
	const struct nlmsghdr *m = buf;

	if (n >= sizeof(*m) && m->nlmsg_type == (NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETSETELEM))
		note("elements\n");
	return real(fd, buf, n, flags, addr, addr_len);
}

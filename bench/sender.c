/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sends frames and tells the time that took. usage: sender FRAMES
 *
 * FRAMES is a file of frames of ETH_ZLEN bytes each. A line "SOCKET FIRST COUNT" of standard input
 * has COUNT of them sent through an inherited packet socket; the answer is a line with the
 * nanoseconds of processor time that this took.
 *
 * A veth pair hands a packet on within the system call that sent it, and so does each one behind
 * it: the time is that of all namespaces on the way.
 */
#include <fcntl.h>
#include <linux/if_ether.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>

enum {
	BATCH = 64,
};

/* Softirqs that run within a system call count as its thread's; what interrupts it for longer does
 * not, unlike by the clock. */
static int64_t processor_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static void send_frames(int fd, unsigned char *frame, size_t n)
{
	struct iovec parts[BATCH];
	struct mmsghdr messages[BATCH] = {0};

	while (n) {
		unsigned int batch = n < BATCH ? (unsigned int)n : BATCH;

		for (unsigned int i = 0; i < batch; i++, frame += ETH_ZLEN) {
			parts[i] = (struct iovec){frame, ETH_ZLEN};
			messages[i].msg_hdr =
				(struct msghdr){.msg_iov = &parts[i], .msg_iovlen = 1};
		}
		if (sendmmsg(fd, messages, batch, 0) != (int)batch)
			fail("sendmmsg");
		n -= batch;
	}
}

int main(int argc, char **argv)
{
	int file = argc == 2 ? open(argv[1], O_RDONLY | O_CLOEXEC) : -1;
	unsigned char *frames;
	size_t first, n, n_frames;
	struct stat st;
	int fd;

	if (file < 0 || fstat(file, &st) < 0)
		fail("usage: sender FRAMES");
	n_frames = (size_t)st.st_size / ETH_ZLEN;
	frames = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED | MAP_POPULATE, file, 0);
	if (frames == MAP_FAILED)
		fail("mmap");
	while (scanf("%d %zu %zu", &fd, &first, &n) == 3) {
		int64_t begin;

		if (first > n_frames || n > n_frames - first)
			return 1;
		begin = processor_ns();
		send_frames(fd, frames + first * ETH_ZLEN, n);
		printf("%jd\n", (intmax_t)(processor_ns() - begin));
		fflush(stdout);
	}
	return 0;
}

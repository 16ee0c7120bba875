/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "jgfw/base/file.h"

#include "jgfw/base/buf.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int read_fd(int fd, size_t max, struct buf *b)
{
	char chunk[64 * 1024];

	for (;;) {
		ssize_t n = read(fd, chunk, sizeof(chunk));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (!n)
			return 0;
		if (b->n + (size_t)n > max)
			return -EFBIG;
		buf_add(b, chunk, (size_t)n);
	}
}

int file_read(const char *path, size_t max, char **ret_text, size_t *ret_len)
{
	struct buf b = {0};
	int fd = STDIN_FILENO;
	int r;

	if (strcmp(path, "-"))
		fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	r = read_fd(fd, max, &b);
	if (fd != STDIN_FILENO)
		close(fd);
	if (r) {
		buf_free(&b);
		return r;
	}
	buf_str(&b);
	*ret_text = b.at;
	*ret_len = b.n;
	return 0;
}

int file_write_all(int fd, const void *data, size_t len)
{
	const char *p = data;

	while (len) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

/* Into what is there already: a terminal, a pipe. */
static int write_through(const char *path, const void *data, size_t len)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	int r;

	if (fd < 0)
		return -errno;
	r = file_write_all(fd, data, len);
	if (close(fd) && !r)
		r = -errno;
	return r;
}

int file_write(const char *path, const void *data, size_t len, bool sync)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	int r;

	if (fd < 0)
		return -errno;
	r = file_write_all(fd, data, len);
	if (!r && sync && fsync(fd))
		r = -errno;
	if (close(fd) && !r)
		r = -errno;
	return r;
}

/* A rename is on disk only when its folder is. */
static int sync_folder(const char *folder)
{
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = 0;

	if (fd < 0 || fsync(fd))
		r = errno == EINVAL ? 0 : -errno; /* some file systems cannot */
	if (fd >= 0)
		close(fd);
	return r;
}

int file_move(const char *from, const char *to, const char *folder)
{
	return rename(from, to) ? -errno : sync_folder(folder);
}

/* A new file beside @path takes its place. */
static int replace(const char *path, mode_t mode, const void *data, size_t len)
{
	struct buf temp = {0}, folder = {0};
	int fd, r;

	buf_printf(&temp, "%s.XXXXXX", path);
	buf_str(&temp);
	buf_puts(&folder, path);
	buf_str(&folder);
	fd = mkostemp(temp.at, O_CLOEXEC);
	r = fd < 0 || fchmod(fd, mode) ? -errno : file_write_all(fd, data, len);
	if (!r && fsync(fd))
		r = -errno;
	if (fd >= 0 && close(fd) && !r)
		r = -errno;
	if (!r)
		r = file_move(temp.at, path, dirname(folder.at));
	if (r && fd >= 0)
		unlink(temp.at);
	buf_free(&temp);
	buf_free(&folder);
	return r;
}

int file_replace(const char *path, const void *data, size_t len)
{
	struct stat st;

	if (!stat(path, &st))
		return S_ISREG(st.st_mode) ? replace(path, st.st_mode & 0777, data, len)
					   : write_through(path, data, len);
	/* what cannot be looked at may be no file to be replaced */
	return errno == ENOENT ? replace(path, 0644, data, len) : -errno;
}

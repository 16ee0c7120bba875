/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files: whole ones read, whole ones written or nothing. */
#ifndef JGFW_BASE_FILE_H
#define JGFW_BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>

/** file_read - all of @path, or of standard input for "-"
 *
 * @ret_text is owned by the caller. Returns 0, -EFBIG where it has more than @max bytes, or another
 * -errno.
 */
int file_read(const char *path, size_t max, char **ret_text, size_t *ret_len);

/** file_write_all - write @len bytes to the descriptor @fd; 0 or -errno */
int file_write_all(int fd, const void *data, size_t len);

/** file_replace - write a new file beside @path, sync it and rename it into place
 *
 * At any failure the old file stays as it was, unless it was the last step, to have its folder on
 * disk, that failed: then the new one is there. Follows no symbolic link at @path: it is replaced.
 * A
 * @path that is no regular file (a terminal, a pipe) is written to as it is. Returns 0 or -errno.
 */
int file_replace(const char *path, const void *data, size_t len);

/** file_write - write the file @path in its place, on disk when it returns where @sync
 *
 * For files whose readers tell a torn one. Returns 0 or -errno.
 */
int file_write(const char *path, const void *data, size_t len, bool sync);

/** file_move - rename @from to @to in @folder, on disk when it returns; 0 or -errno. It allocates
 * nothing. */
int file_move(const char *from, const char *to, const char *folder);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Other programs. */
#ifndef JGFW_BASE_PROGRAM_H
#define JGFW_BASE_PROGRAM_H

#include "jgfw/base/buf.h"

/** program_filter - run @argv[0], sought in PATH, with @input as its standard input
 *
 * No shell and no file with a name is involved; what it says on standard error is lost. Its
 * standard output is in @ret_output, owned by the caller. Returns 0; -ENOENT where there is no such
 * program; -EPROTO where it ends with another status than 0; -ETIME or -EFBIG where it was killed
 * as it took longer than @timeout_ms or wrote more than @max bytes; or another -errno.
 */
int program_filter(const char *const *argv, const struct buf *input, size_t max,
		   unsigned int timeout_ms, struct buf *ret_output);

/** program_part - what a child does, with descriptor @out for what it has to say; its exit status
 */
typedef int program_part(int out, void *arg);

/** program_apart - run @part in a child: for what may end the program that it runs in
 *
 * What it says is in @ret_output; as for program_filter().
 */
int program_apart(program_part *part, void *arg, size_t max, unsigned int timeout_ms,
		  struct buf *ret_output);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A growing text buffer. */
#ifndef JGFW_BASE_BUF_H
#define JGFW_BASE_BUF_H

#include "jgfw/base/mem.h"

#include <stdint.h>

/** struct buf - text under construction; zero-initialised is empty; @at is not NUL-terminated */
struct buf {
	char *at;
	size_t n, cap;
};

/** buf_add - append @len bytes */
void buf_add(struct buf *b, const void *data, size_t len);
/** buf_puts - append a string */
void buf_puts(struct buf *b, const char *s);
/** buf_putc - append one byte */
void buf_putc(struct buf *b, char c);
/** buf_pad - append @n times @c; nothing where @n is not positive */
void buf_pad(struct buf *b, char c, long n);
/** buf_printf - append formatted text */
void buf_printf(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);
/** buf_uint - append a decimal number */
void buf_uint(struct buf *b, uint64_t v);
/** buf_ipv4 - append @addr (host byte order) as a dotted quad */
void buf_ipv4(struct buf *b, uint32_t addr);
/** buf_str - the text as a NUL-terminated string, valid until the next change; owned by @b */
const char *buf_str(struct buf *b);
/** buf_free - free the text and leave the buffer empty */
void buf_free(struct buf *b);

/** buf_json_string - append @s as a JSON string, quotes included; bytes that are not UTF-8 become
 * U+FFFD */
void buf_json_string(struct buf *b, const char *s);

#endif

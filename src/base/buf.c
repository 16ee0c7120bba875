/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "jgfw/base/buf.h"

#include "jgfw/base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *reserve(struct buf *b, size_t more)
{
	if (b->cap - b->n < more) {
		size_t cap = b->cap ? b->cap : 256;

		while (cap - b->n < more)
			cap *= 2;
		b->at = mem_resize(b->at, cap, 1);
		b->cap = cap;
	}
	return b->at + b->n;
}

void buf_add(struct buf *b, const void *data, size_t len)
{
	if (!len)
		return;
	memcpy(reserve(b, len), data, len);
	b->n += len;
}

void buf_puts(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

void buf_putc(struct buf *b, char c)
{
	*reserve(b, 1) = c;
	b->n++;
}

void buf_pad(struct buf *b, char c, long n)
{
	for (; n > 0; n--)
		buf_putc(b, c);
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n <= 0)
		return;
	reserve(b, (size_t)n + 1);
	va_start(ap, fmt);
	vsnprintf(b->at + b->n, (size_t)n + 1, fmt, ap);
	va_end(ap);
	b->n += (size_t)n;
}

void buf_uint(struct buf *b, uint64_t v)
{
	char digits[20];
	size_t n = sizeof(digits);

	do {
		digits[--n] = (char)('0' + v % 10);
		v /= 10;
	} while (v);
	buf_add(b, digits + n, sizeof(digits) - n);
}

void buf_ipv4(struct buf *b, uint32_t addr)
{
	char *start = reserve(b, sizeof("255.255.255.255"));
	char *p = start;

	for (int shift = 24; shift >= 0; shift -= 8) {
		unsigned int octet = (addr >> shift) & 0xff;

		if (octet >= 100)
			*p++ = (char)('0' + octet / 100);
		if (octet >= 10)
			*p++ = (char)('0' + octet / 10 % 10);
		*p++ = (char)('0' + octet % 10);
		*p++ = '.';
	}
	b->n += (size_t)(p - start) - 1; /* without the last dot */
}

const char *buf_str(struct buf *b)
{
	*reserve(b, 1) = '\0';
	return b->at;
}

void buf_free(struct buf *b)
{
	free(b->at);
	*b = (struct buf){0};
}

void buf_json_string(struct buf *b, const char *s)
{
	buf_putc(b, '"');
	while (*s) {
		size_t n = utf8_len(s, strlen(s));
		unsigned char c = (unsigned char)*s;

		if (!n) {
			buf_puts(b, "\\ufffd");
			n = 1;
		} else if (c == '"' || c == '\\') {
			buf_putc(b, '\\');
			buf_putc(b, *s);
		} else if (c == '\n') {
			buf_puts(b, "\\n");
		} else if (c < 0x20 || c == 0x7f) {
			buf_printf(b, "\\u%04x", c);
		} else {
			buf_add(b, s, n);
		}
		s += n;
	}
	buf_putc(b, '"');
}

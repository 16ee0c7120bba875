/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "jgfw/base/text.h"

#include <errno.h>
#include <string.h>

enum {
	LONGEST_WORD = 32,
};

int text_uint(const char *s, uint64_t max, uint64_t *ret_value)
{
	uint64_t v = 0;

	if (!*s || (s[0] == '0' && s[1]))
		return -EINVAL;
	for (const char *p = s; *p; p++)
		if (*p < '0' || *p > '9')
			return -EINVAL;
	for (; *s; s++) {
		unsigned int digit = (unsigned int)(*s - '0');

		if (digit > max || v > (max - digit) / 10)
			return -ERANGE;
		v = v * 10 + digit;
	}
	*ret_value = v;
	return 0;
}

/* Optimal string alignment: insertions, deletions, substitutions, swaps of neighbours. */
static size_t distance(const char *a, size_t la, const char *b, size_t lb)
{
	size_t d[3][LONGEST_WORD + 1];

	for (size_t j = 0; j <= lb; j++)
		d[0][j] = j;
	for (size_t i = 1; i <= la; i++) {
		size_t *row = d[i % 3];
		const size_t *up = d[(i + 2) % 3];
		const size_t *up2 = d[(i + 1) % 3];

		row[0] = i;
		for (size_t j = 1; j <= lb; j++) {
			size_t best = up[j - 1] + (a[i - 1] != b[j - 1]);

			if (up[j] + 1 < best)
				best = up[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    up2[j - 2] + 1 < best)
				best = up2[j - 2] + 1;
			row[j] = best;
		}
	}
	return d[la % 3][lb];
}

int text_nearest(const char *s, const char *const *words, size_t n)
{
	size_t len = strlen(s);
	size_t best = SIZE_MAX;
	int found = -1;

	if (len > LONGEST_WORD)
		return -1;
	for (size_t i = 0; i < n; i++) {
		size_t wlen = strlen(words[i]);
		size_t longer = wlen > len ? wlen : len;
		size_t d;

		if (wlen > LONGEST_WORD)
			continue;
		d = distance(s, len, words[i], wlen);
		if (d < best && d <= (longer + 2) / 3 && d < longer) {
			best = d;
			found = (int)i;
		}
	}
	return found;
}

size_t utf8_len(const char *s, size_t max)
{
	const unsigned char *p = (const unsigned char *)s;
	uint32_t c;
	size_t n;

	if (!max)
		return 0;
	if (p[0] < 0x80)
		return 1;
	if (p[0] >= 0xc2 && p[0] <= 0xdf)
		n = 2;
	else if ((p[0] & 0xf0) == 0xe0)
		n = 3;
	else if (p[0] >= 0xf0 && p[0] <= 0xf4)
		n = 4;
	else
		return 0;
	if (n > max)
		return 0;
	c = p[0] & (0xffu >> (n + 1));
	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (p[i] & 0x3f);
	}
	if ((n == 3 && c < 0x800) || (n == 4 && (c < 0x10000 || c > 0x10ffff)) ||
	    (c >= 0xd800 && c <= 0xdfff))
		return 0;
	return n;
}

bool text_is_printable(const char *s)
{
	const char *end = s + strlen(s);

	while (s < end) {
		size_t n = utf8_len(s, (size_t)(end - s));
		unsigned char c = (unsigned char)*s;

		if (!n || c < 0x20 || c == 0x7f)
			return false;
		/* C1 controls, and the line and paragraph separators */
		if (c == 0xc2 && (unsigned char)s[1] < 0xa0)
			return false;
		if (c == 0xe2 && (unsigned char)s[1] == 0x80 &&
		    ((unsigned char)s[2] & 0xfe) == 0xa8)
			return false;
		/* what turns the direction of text: U+202A to U+202E, U+2066 to U+2069 */
		if (n == 3 && c == 0xe2 && (unsigned char)s[1] == 0x80 &&
		    (unsigned char)s[2] >= 0xaa && (unsigned char)s[2] <= 0xae)
			return false;
		if (n == 3 && c == 0xe2 && (unsigned char)s[1] == 0x81 &&
		    (unsigned char)s[2] >= 0xa6 && (unsigned char)s[2] <= 0xa9)
			return false;
		s += n;
	}
	return true;
}

void text_hide_unprintable(char *text, size_t len, bool lines)
{
	for (size_t i = 0, n; i < len; i += n) {
		char c[5] = {0};

		n = utf8_len(text + i, len - i);
		n = n ? n : 1;
		memcpy(c, text + i, n);
		if (!text_is_printable(c) && !(lines && *c == '\n'))
			memset(text + i, '?', n);
	}
}

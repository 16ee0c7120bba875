/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Small questions about strings: numbers, likeness, UTF-8. */
#ifndef JGFW_BASE_TEXT_H
#define JGFW_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** text_uint - the decimal number that is all of @s, without sign or leading zeros, at most @max
 *
 * Returns 0, -EINVAL where @s is no such number, or -ERANGE where it is greater than @max.
 */
int text_uint(const char *s, uint64_t max, uint64_t *ret_value);

/** text_nearest - the index of the one of @n words most like @s, or -1 where none is near
 *
 * The measure is the edit distance with transpositions; near is up to a third of the word.
 */
int text_nearest(const char *s, const char *const *words, size_t n);

/** utf8_len - bytes of the UTF-8 character at @s (at most @max), or 0 where it is malformed */
size_t utf8_len(const char *s, size_t max);

/** text_is_printable - true where @s is well-formed UTF-8 without control characters */
bool text_is_printable(const char *s);

/** text_hide_unprintable - question marks in the place of what a terminal would obey in @text, as
 * others' words may hold it; ends of lines stay where @lines */
void text_hide_unprintable(char *text, size_t len, bool lines);

#endif

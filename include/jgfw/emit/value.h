/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names, values and elements as nft text. */
#ifndef JGFW_EMIT_VALUE_H
#define JGFW_EMIT_VALUE_H

#include "jgfw/base/buf.h"
#include "jgfw/ruleset/ruleset.h"

/** emit_element - append the element @i of @set */
void emit_element(const struct set *set, size_t i, struct buf *out);

/** emit_name - append the name of a chain or a set; bytes that nft has no words for as \xNN
 *
 * The kernel takes any bytes in names, and others may have put them there: none may end the word or
 * the line that it stands in.
 */
void emit_name(const char *name, struct buf *out);

/** emit_quoted - append @len bytes in double quotes; those that cannot stand there as above */
void emit_quoted(const char *text, size_t len, struct buf *out);

/** emit_value - append @len bytes at @at as a value of @type */
void emit_value(enum datatype type, const uint8_t *at, struct buf *out);

/** emit_range - append LO-HI of @type, or a prefix or a single value where it is one */
void emit_range(enum datatype type, const uint8_t *lo, const uint8_t *hi, struct buf *out);

/** emit_verdict - append a verdict */
void emit_verdict(const struct verdict *verdict, struct buf *out);

/** emit_elements - append the elements of an anonymous set in braces */
void emit_elements(const struct set *set, struct buf *out);

#endif

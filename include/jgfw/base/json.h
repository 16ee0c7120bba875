/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A writer of JSON that sets commas and closes what it opened. */
#ifndef JGFW_BASE_JSON_H
#define JGFW_BASE_JSON_H

#include "jgfw/base/buf.h"

#include <stdbool.h>

/** struct json - where it stands in a text; zero-initialised but for @out, which is borrowed */
struct json {
	struct buf *out;
	uint64_t
		lists; /* a bit for each open object or list, the innermost lowest: is it a list? */
	bool follows;  /* a value stands before, so that a comma comes first */
};

/*
 * In an object each value has its @key; in a list, and at the top, @key is NULL. Objects and lists
 * may be nested 64 deep.
 */

/** json_object - open an object, up to its json_end() */
void json_object(struct json *j, const char *key);
/** json_list - open a list, up to its json_end() */
void json_list(struct json *j, const char *key);
/** json_end - close what was opened last */
void json_end(struct json *j);

/** json_string - a string, or null where @value is NULL */
void json_string(struct json *j, const char *key, const char *value);
/** json_uint - a number */
void json_uint(struct json *j, const char *key, uint64_t value);
/** json_bool - true or false */
void json_bool(struct json *j, const char *key, bool value);
/** json_null - null */
void json_null(struct json *j, const char *key);

/** json_raw - the text to which somebody else appends a value, or members, that are well-formed */
struct buf *json_raw(struct json *j, const char *key);

#endif

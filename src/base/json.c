/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "jgfw/base/json.h"

struct buf *json_raw(struct json *j, const char *key)
{
	if (j->follows)
		buf_putc(j->out, ',');
	if (key) {
		buf_json_string(j->out, key);
		buf_putc(j->out, ':');
	}
	j->follows = true;
	return j->out;
}

static void open(struct json *j, const char *key, bool list)
{
	buf_putc(json_raw(j, key), list ? '[' : '{');
	j->lists = j->lists << 1 | list;
	j->follows = false;
}

void json_object(struct json *j, const char *key)
{
	open(j, key, false);
}

void json_list(struct json *j, const char *key)
{
	open(j, key, true);
}

void json_end(struct json *j)
{
	buf_putc(j->out, j->lists & 1 ? ']' : '}');
	j->lists >>= 1;
	j->follows = true;
}

void json_string(struct json *j, const char *key, const char *value)
{
	if (value)
		buf_json_string(json_raw(j, key), value);
	else
		json_null(j, key);
}

void json_uint(struct json *j, const char *key, uint64_t value)
{
	buf_uint(json_raw(j, key), value);
}

void json_bool(struct json *j, const char *key, bool value)
{
	buf_puts(json_raw(j, key), value ? "true" : "false");
}

void json_null(struct json *j, const char *key)
{
	buf_puts(json_raw(j, key), "null");
}

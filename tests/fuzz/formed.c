/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Is a text what it says it is? Asked of parsers of others where there are any. */
#include "fuzz.h"

#include <ctype.h>
#include <string.h>

#include <expat.h>
#include <jansson.h>

bool json_is_formed(const char *text, size_t len)
{
	json_t *json = json_loadb(text, len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, NULL);

	json_decref(json);
	return json;
}

bool xml_is_formed(const char *text, size_t len)
{
	XML_Parser parser = XML_ParserCreate("UTF-8");
	bool formed = XML_Parse(parser, text, (int)len, true) == XML_STATUS_OK;

	XML_ParserFree(parser);
	return formed;
}

/* Behind the cell (RFC 4180) at @at, or NULL. */
static const char *cell_end(const char *at, const char *end)
{
	if (at == end || *at != '"') {
		while (at < end && !strchr(",\r\n", *at))
			if (*at++ == '"')
				return NULL;
		return at;
	}
	for (at++; at < end; at++)
		if (*at == '"' && (++at == end || *at != '"'))
			return at;
	return NULL;
}

bool csv_is_formed(const char *text, size_t len, size_t columns)
{
	const char *at = text, *end = text + len;

	for (size_t column = 1; at < end; column++) {
		at = cell_end(at, end);
		if (!at || at == end)
			return false;
		if (*at == ',') {
			at++;
			continue;
		}
		if (end - at < 2 || memcmp(at, "\r\n", 2) != 0 || column != columns)
			return false;
		at += 2;
		column = 0;
	}
	return true;
}

/* Behind the HTML-like label that begins at @at, or NULL: it is closed, and XML inside. */
static const char *label_end(const char *at, const char *end)
{
	static const char head[] = "<label", tail[] = "</label>";
	struct buf xml = {0};
	const char *from = at;
	int depth = 0;
	bool formed;

	do {
		depth += (*at == '<') - (*at == '>');
		at++;
	} while (depth && at < end);
	buf_puts(&xml, head);
	buf_putc(&xml, '>');
	buf_add(&xml, from + 1, (size_t)(at - from) - 1 - !depth);
	buf_puts(&xml, tail);
	formed = !depth && xml_is_formed(xml.at, xml.n);
	buf_free(&xml);
	return formed ? at : NULL;
}

bool dot_is_formed(const char *text, size_t len)
{
	const char *at = text, *end = text + len;
	int depth = 0;

	while (at && at < end) {
		if (*at == '"') {
			do
				at++;
			while (at < end && !strchr("\"\\\n", *at));
			if (at == end || *at++ != '"')
				return false;
		} else if (*at == '<') {
			at = label_end(at, end);
		} else {
			if (!isalnum((unsigned char)*at) && !strchr("\t\n {}[]=->_.,", *at))
				return false;
			depth += (*at == '{') - (*at == '}');
			at++;
		}
	}
	return at && !depth;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "xml.h"

#include <ctype.h>
#include <string.h>

void xml_escape(const char *s, struct buf *out)
{
	for (; *s; s++) {
		switch (*s) {
		case '&':
			buf_puts(out, "&amp;");
			break;
		case '<':
			buf_puts(out, "&lt;");
			break;
		case '>':
			buf_puts(out, "&gt;");
			break;
		case '"':
			buf_puts(out, "&quot;");
			break;
		case '\'':
			buf_puts(out, "&#39;");
			break;
		default:
			if ((unsigned char)*s < ' ' && *s != '\n' && *s != '\t')
				buf_puts(out, "\ufffd");
			else
				buf_putc(out, *s);
		}
	}
}

void xml_id(const char *name, struct buf *out)
{
	for (; *name; name++) {
		unsigned char c = (unsigned char)*name;

		if (c >= 0x80 || isalnum(c) || strchr("_-.", c))
			buf_putc(out, *name);
		else
			buf_printf(out, ":%02x", c);
	}
}

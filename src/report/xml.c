/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "xml.h"

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

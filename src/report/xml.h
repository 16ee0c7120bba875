/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text inside XML, HTML and the HTML-like labels of Graphviz. */
#ifndef JGFW_REPORT_XML_H
#define JGFW_REPORT_XML_H

#include "jgfw/base/buf.h"

/** xml_escape - append @s (UTF-8) so that it is text, between tags and in quoted attributes; what
 * XML cannot hold becomes U+FFFD */
void xml_escape(const char *s, struct buf *out);

/** xml_id - append @name, of any text, so that it is an id, or the beginning of one, as it is in
 * quoted attributes and in quoted strings of Graphviz; no two names give the same */
void xml_id(const char *name, struct buf *out);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A trace in words, as text and as JSON. */
#ifndef JGFW_TRACE_VIEW_H
#define JGFW_TRACE_VIEW_H

#include "jgfw/base/json.h"
#include "jgfw/trace/trace.h"

/** trace_text - append @trace for people, the verdict in its last line; with terminal colours where
 * @color */
void trace_text(const struct trace *trace, bool color, struct buf *out);

/** trace_json - append @trace as members of a JSON object behind others; @live: it went through
 * what the kernel holds */
void trace_json(const struct trace *trace, bool live, struct json *j);

/** hook_name - nft's word for @hook */
const char *hook_name(enum hook hook);

/** family_name - nft's word for the family (NFPROTO_*) of a table that packets of IP meet */
const char *family_name(uint8_t family);

/** put_rule - append @rule in nft's words, or by the kernel's names where it has none */
void put_rule(const struct rule *rule, struct buf *out);

/** put_verdict - append what a rule did: its verdict, or its translation */
void put_verdict(const struct trace_step *s, bool has_ports, struct buf *out);

/** put_translation - append the address, and the port, that @t leads to */
void put_translation(const struct translation *t, bool has_ports, struct buf *out);

/** put_wire - append A > B, as @p is on the wire */
void put_wire(const struct packet *p, struct buf *out);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Diagnostics: errors and warnings with the place in a file that they speak of. */
#ifndef JGFW_BASE_DIAG_H
#define JGFW_BASE_DIAG_H

#include "jgfw/base/buf.h"
#include "jgfw/base/mem.h"

#include <stdbool.h>
#include <stdint.h>

enum {
	DIAG_MAX_ERRORS = 20, /* more are counted, not kept */
	DIAG_MAX_WARNINGS = 200,
};

/** struct source - a file that was read; must outlive every loc that points to it */
struct source {
	const char *name;
	const char *text; /* UTF-8, not NUL-terminated */
	size_t len;
};

/** struct loc - a place in a source; no place where @source is NULL */
struct loc {
	const struct source *source;
	uint32_t line, column; /* 1-based; columns count code points */
	uint32_t len;	       /* in code points, at least 1 */
};

enum severity {
	DIAG_ERROR,
	DIAG_WARNING,
	DIAG_NOTE, /* belongs to the message before it */
};

/** struct message - one diagnostic; strings belong to the struct diag it is in */
struct message {
	enum severity severity;
	struct loc loc;
	const char *text;
	const char *slug; /* stable name of the kind, static; NULL for notes */
	unsigned int serial;
	struct message *note; /* the next note of the same diagnostic, or NULL */
};

/** struct diag - collected diagnostics; zero-initialised is empty */
struct diag {
	struct arena arena;
	struct message **messages;
	size_t n, cap;
	unsigned int errors, warnings; /* counted, kept or not */
	struct message *last;	       /* the error or warning recorded last; NULL: not kept */
};

/** diag_is_full - will the next error be counted only? Then a suggestion is not worth its search */
bool diag_is_full(const struct diag *d);

/** diag_error - record an error; @loc may be without a source */
void diag_error(struct diag *d, struct loc loc, const char *slug, const char *fmt, ...)
	PRINTF_LIKE(4, 5);
/** diag_warn - record a warning */
void diag_warn(struct diag *d, struct loc loc, const char *slug, const char *fmt, ...)
	PRINTF_LIKE(4, 5);
/** diag_note - add a second place or an explanation to the error or warning recorded last */
void diag_note(struct diag *d, struct loc loc, const char *fmt, ...) PRINTF_LIKE(3, 4);

/** diag_sort - order the messages by source, line and column; call before rendering */
void diag_sort(struct diag *d);

/** diag_render - append all messages to @out as text: FILE:LINE:COL: error: TEXT [slug], the line,
 * a caret; with terminal colours where @color */
void diag_render(const struct diag *d, struct buf *out, bool color);

/** diag_render_json - append the "warnings" or "errors" (by @which) as a JSON array of objects;
 * notes are in "notes" of theirs */
void diag_render_json(const struct diag *d, struct buf *out, enum severity which);

/** diag_free - free all messages and leave @d empty */
void diag_free(struct diag *d);

#endif

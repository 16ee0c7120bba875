/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "jgfw/base/diag.h"

#include "jgfw/base/json.h"

#include "jgfw/base/text.h"
#include "jgfw/base/vec.h"

#include <stdio.h>
#include <string.h>

enum {
	SHOWN_COLUMNS = 160, /* of a source line; of a longer one, the part around the caret */
	TAB_STOP = 8,
	TEXT_MAX_BYTES = 1000, /* of a message; of a longer one, both ends */
	TEXT_END_BYTES = 300,
};

/* A quoted word may be as long as a file: what is said of it stands behind it. */
static size_t cut_middle(char *text, size_t len)
{
	static const char gap[] = " ... ";
	size_t gap_len = sizeof(gap) - 1;
	size_t begin = TEXT_MAX_BYTES - TEXT_END_BYTES, end = len - TEXT_END_BYTES;

	if (len <= TEXT_MAX_BYTES + gap_len)
		return len;
	while (begin > 1 && ((unsigned char)text[begin] & 0xc0) == 0x80)
		begin--;
	while (end < len && ((unsigned char)text[end] & 0xc0) == 0x80)
		end++;
	memmove(text + begin + gap_len, text + end, len - end + 1);
	memcpy(text + begin, gap, gap_len);
	return begin + gap_len + len - end;
}

PRINTF_LIKE(5, 0)
static struct message *message_new(struct diag *d, enum severity severity, struct loc loc,
				   const char *slug, const char *fmt, va_list ap)
{
	struct message *m = arena_new(&d->arena, struct message);
	va_list again;
	size_t len;
	char *text;
	int n;

	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	n = n < 0 ? 0 : n;
	text = mem_alloc((size_t)n + 1);
	vsnprintf(text, (size_t)n + 1, fmt, ap);
	len = cut_middle(text, (size_t)n);
	text_hide_unprintable(text, len, false);
	m->text = arena_copy(&d->arena, text, len);
	free(text);
	m->severity = severity;
	m->loc = loc;
	m->slug = slug;
	return m;
}

static void keep(struct diag *d, struct message *m)
{
	if (d->n == d->cap)
		d->messages = vec_grow(d->messages, &d->cap, sizeof(struct message *));
	m->serial = (unsigned int)d->n;
	d->messages[d->n++] = m;
	d->last = m;
}

bool diag_is_full(const struct diag *d)
{
	return d->errors >= DIAG_MAX_ERRORS;
}

void diag_error(struct diag *d, struct loc loc, const char *slug, const char *fmt, ...)
{
	va_list ap;

	d->last = NULL;
	if (d->errors++ >= DIAG_MAX_ERRORS)
		return;
	va_start(ap, fmt);
	keep(d, message_new(d, DIAG_ERROR, loc, slug, fmt, ap));
	va_end(ap);
}

void diag_warn(struct diag *d, struct loc loc, const char *slug, const char *fmt, ...)
{
	va_list ap;

	d->last = NULL;
	if (d->warnings++ >= DIAG_MAX_WARNINGS)
		return;
	va_start(ap, fmt);
	keep(d, message_new(d, DIAG_WARNING, loc, slug, fmt, ap));
	va_end(ap);
}

void diag_note(struct diag *d, struct loc loc, const char *fmt, ...)
{
	struct message *m;
	va_list ap;

	if (!d->last)
		return;
	for (m = d->last; m->note; m = m->note)
		;
	va_start(ap, fmt);
	m->note = message_new(d, DIAG_NOTE, loc, NULL, fmt, ap);
	va_end(ap);
}

static int message_order(const void *a, const void *b)
{
	const struct message *x = *(struct message *const *)a;
	const struct message *y = *(struct message *const *)b;
	const char *xname = x->loc.source ? x->loc.source->name : "";
	const char *yname = y->loc.source ? y->loc.source->name : "";
	int names = strcmp(xname, yname);

	if (names)
		return names;
	if (x->loc.line != y->loc.line)
		return x->loc.line < y->loc.line ? -1 : 1;
	if (x->loc.column != y->loc.column)
		return x->loc.column < y->loc.column ? -1 : 1;
	return x->serial < y->serial ? -1 : x->serial > y->serial;
}

void diag_sort(struct diag *d)
{
	if (d->n)
		qsort(d->messages, d->n, sizeof(struct message *), message_order);
}

/* The bytes of a line break at @p, 0 where there is none; the breaks of YAML 1.1, section 4.1.4. */
static size_t line_break(const char *p, const char *end)
{
	size_t left = (size_t)(end - p);

	switch ((unsigned char)*p) {
	case '\n':
		return 1;
	case '\r':
		return left > 1 && p[1] == '\n' ? 2 : 1;
	case 0xc2: /* next line */
		return left > 1 && !memcmp(p, "\xc2\x85", 2) ? 2 : 0;
	case 0xe2: /* line separator, paragraph separator */
		return left > 2 && (!memcmp(p, "\xe2\x80\xa8", 3) || !memcmp(p, "\xe2\x80\xa9", 3))
			       ? 3
			       : 0;
	default:
		return 0;
	}
}

/** struct place - a line, and a column in it; messages are sorted, so that the next is not far */
struct place {
	const struct source *source;
	const char *at, *end; /* of the line */
	uint32_t line;
	const char *column_at;
	uint32_t column;
};

static const char *line_end(const char *p, const char *end)
{
	while (p < end && !line_break(p, end))
		p++;
	return p;
}

/* Go to @line of @s. */
static void find_line(struct place *place, const struct source *s, uint32_t line)
{
	const char *end = s->text + s->len;

	if (place->source == s && place->line == line)
		return;
	if (place->source != s || place->line > line) {
		*place = (struct place){.source = s, .at = s->text, .line = 1};
		if (s->len >= 3 && !memcmp(s->text, "\xef\xbb\xbf", 3))
			place->at += 3;
		place->end = line_end(place->at, end);
	}
	for (; place->line < line && place->end < end; place->line++) {
		place->at = place->end + line_break(place->end, end);
		place->end = line_end(place->at, end);
	}
	if (place->line < line) /* behind the last line */
		place->at = end;
	place->column_at = place->at;
	place->column = 1;
}

/* Go to @column of the line, or its end. */
static void find_column(struct place *place, uint32_t column)
{
	size_t n;

	if (place->column > column) {
		place->column_at = place->at;
		place->column = 1;
	}
	for (; place->column < column && place->column_at < place->end; place->column++) {
		n = utf8_len(place->column_at, (size_t)(place->end - place->column_at));
		place->column_at += n ? n : 1;
	}
}

/* The source line and under it a caret and tildes. What is not printable is shown as `?`. */
static void render_excerpt(struct buf *out, struct loc loc, struct place *place, const char *on,
			   const char *off)
{
	uint32_t skip = 0, column, caret = 0, shown = 0, tildes = 0;
	const char *p, *end;

	find_line(place, loc.source, loc.line);
	if (loc.column > SHOWN_COLUMNS * 3 / 4)
		skip = loc.column - SHOWN_COLUMNS / 2;
	if (skip)
		buf_puts(out, "... ");
	find_column(place, skip + 1);
	p = place->column_at;
	end = place->end;
	for (column = place->column; p < end && shown < SHOWN_COLUMNS; column++) {
		size_t n = utf8_len(p, (size_t)(end - p));
		uint32_t before = shown;
		char c[5] = "?";

		if (n)
			memcpy(c, p, n);
		if (*p == '\t') {
			buf_pad(out, ' ', TAB_STOP - (long)(shown % TAB_STOP));
			shown += TAB_STOP - shown % TAB_STOP;
		} else {
			buf_puts(out, *c && text_is_printable(c) ? c : "?");
			shown++;
		}
		if (column < loc.column)
			caret = shown;
		else if (column < loc.column + loc.len && column > loc.column)
			tildes += shown - before;
		p += n ? n : 1;
	}
	if (p < end)
		buf_puts(out, " ...");
	if (column <= loc.column)
		caret = shown;
	buf_putc(out, '\n');
	buf_pad(out, ' ', (long)caret + (skip ? 4 : 0));
	buf_puts(out, on);
	buf_putc(out, '^');
	buf_pad(out, '~', (long)tildes);
	buf_puts(out, off);
	buf_putc(out, '\n');
}

static void render_message(struct buf *out, const struct message *m, struct place *place,
			   bool color)
{
	static const struct {
		const char *word, *color;
	} kinds[] = {
		[DIAG_ERROR] = {"error", "\033[1;31m"},
		[DIAG_WARNING] = {"warning", "\033[1;35m"},
		[DIAG_NOTE] = {"note", "\033[1;36m"},
	};
	const char *on = color ? kinds[m->severity].color : "";
	const char *off = color ? "\033[0m" : "";

	if (m->loc.source)
		buf_puts(out, m->loc.source->name);
	else
		buf_puts(out, "jgfw");
	if (m->loc.source && m->loc.line)
		buf_printf(out, ":%u:%u", m->loc.line, m->loc.column);
	buf_printf(out, ": %s%s:%s %s", on, kinds[m->severity].word, off, m->text);
	if (m->slug)
		buf_printf(out, " [%s]", m->slug);
	buf_putc(out, '\n');
	if (m->loc.source && m->loc.line)
		render_excerpt(out, m->loc, place, on, off);
}

void diag_render(const struct diag *d, struct buf *out, bool color)
{
	struct place place = {0}, note_place = {0}; /* each goes forward, mostly */

	for (size_t i = 0; i < d->n; i++)
		for (const struct message *m = d->messages[i]; m; m = m->note)
			render_message(out, m, m == d->messages[i] ? &place : &note_place, color);
	if (d->errors > DIAG_MAX_ERRORS)
		buf_printf(out, "jgfw: %u more error%s not shown\n", d->errors - DIAG_MAX_ERRORS,
			   d->errors - DIAG_MAX_ERRORS == 1 ? " is" : "s are");
	if (d->warnings > DIAG_MAX_WARNINGS)
		buf_printf(out, "jgfw: %u more warning%s not shown\n",
			   d->warnings - DIAG_MAX_WARNINGS,
			   d->warnings - DIAG_MAX_WARNINGS == 1 ? " is" : "s are");
}

static void render_json(const struct message *m, struct json *j)
{
	json_object(j, NULL);
	json_string(j, "file", m->loc.source ? m->loc.source->name : NULL);
	json_uint(j, "line", m->loc.line);
	json_uint(j, "column", m->loc.column);
	if (m->slug)
		json_string(j, "slug", m->slug);
	json_string(j, "text", m->text);
	if (m->slug && m->note) {
		json_list(j, "notes");
		for (const struct message *note = m->note; note; note = note->note)
			render_json(note, j);
		json_end(j);
	}
	json_end(j);
}

void diag_render_json(const struct diag *d, struct buf *out, enum severity which)
{
	struct json j = {.out = out};

	json_list(&j, NULL);
	for (size_t i = 0; i < d->n; i++)
		if (d->messages[i]->severity == which)
			render_json(d->messages[i], &j);
	json_end(&j);
}

void diag_free(struct diag *d)
{
	arena_free(&d->arena);
	free(d->messages);
	*d = (struct diag){0};
}

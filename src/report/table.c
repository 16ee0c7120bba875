/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "table.h"

#include "jgfw/base/text.h"

#include <string.h>

enum {
	GAP = 2, /* spaces between columns */
};

void table_cell(struct table_text *t, const char *text)
{
	vec_add(&t->cells, arena_copy(&t->arena, text, strlen(text)));
}

void table_free(struct table_text *t)
{
	vec_free(&t->cells);
	arena_free(&t->arena);
}

static size_t code_points(const char *s, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; n++) {
		size_t step = utf8_len(s + i, len - i);

		i += step ? step : 1;
	}
	return n;
}

/* Line @line of a cell, and its length in bytes; empty behind the last. */
static const char *cell_line(const char *cell, size_t line, size_t *ret_len)
{
	while (line && (cell = strchr(cell, '\n'))) {
		cell++;
		line--;
	}
	*ret_len = cell ? strcspn(cell, "\n") : 0;
	return cell ? cell : "";
}

static size_t line_count(const char *cell)
{
	size_t n = 1;

	for (; *cell; cell++)
		n += *cell == '\n';
	return n;
}

static void text_row(const char *const *cells, size_t columns, const size_t *widths,
		     struct buf *out)
{
	size_t lines = 1;

	for (size_t c = 0; c < columns; c++)
		if (line_count(cells[c]) > lines)
			lines = line_count(cells[c]);
	for (size_t l = 0; l < lines; l++) {
		long owed = 0; /* spaces, told only where text follows */

		for (size_t c = 0; c < columns; c++) {
			size_t len;
			const char *line = cell_line(cells[c], l, &len);

			if (len) {
				buf_pad(out, ' ', owed);
				owed = 0;
				buf_add(out, line, len);
			}
			owed += (long)(widths[c] - code_points(line, len)) + GAP;
		}
		buf_putc(out, '\n');
	}
}

/* Make @width that of the widest line of @cell, where it is less. */
static void widen(size_t *width, const char *cell)
{
	for (size_t l = 0; l < line_count(cell); l++) {
		size_t len, n;
		const char *line = cell_line(cell, l, &len);

		n = code_points(line, len);
		if (n > *width)
			*width = n;
	}
}

void table_text(const struct table_text *t, struct buf *out)
{
	size_t *widths = mem_alloc(t->columns * sizeof(*widths));

	for (size_t c = 0; c < t->columns; c++) {
		widen(&widths[c], t->heads[c]);
		for (size_t i = c; i < t->cells.n; i += t->columns)
			widen(&widths[c], t->cells.at[i]);
	}
	text_row(t->heads, t->columns, widths, out);
	for (size_t i = 0; i < t->cells.n; i += t->columns)
		text_row(t->cells.at + i, t->columns, widths, out);
	free(widths);
}

void markdown_escape(const char *s, struct buf *out)
{
	for (; *s; s++) {
		if (*s == '\n') {
			buf_puts(out, "<br>");
		} else if (*s == '<') {
			buf_puts(out, "&lt;");
		} else if (*s == '&') {
			buf_puts(out, "&amp;");
		} else {
			if (strchr("\\`*_[]|~#!", *s))
				buf_putc(out, '\\');
			buf_putc(out, *s);
		}
	}
}

void table_markdown(const struct table_text *t, struct buf *out)
{
	for (size_t c = 0; c < t->columns; c++)
		buf_printf(out, "| %s ", t->heads[c]);
	buf_puts(out, "|\n");
	for (size_t c = 0; c < t->columns; c++)
		buf_puts(out, "|---");
	buf_puts(out, "|\n");
	for (size_t i = 0; i < t->cells.n; i += t->columns) {
		for (size_t c = 0; c < t->columns; c++) {
			buf_puts(out, "| ");
			markdown_escape(t->cells.at[i + c], out);
			buf_putc(out, ' ');
		}
		buf_puts(out, "|\n");
	}
}

/* Lines become items of a list, so that a row stays one line. */
static void csv_cell(const char *s, struct buf *out)
{
	bool quoted = strpbrk(s, ",\"\n\r");

	if (quoted)
		buf_putc(out, '"');
	for (; *s; s++) {
		if (*s == '\n') {
			buf_puts(out, "; ");
			continue;
		}
		if (*s == '"')
			buf_putc(out, '"');
		buf_putc(out, *s);
	}
	if (quoted)
		buf_putc(out, '"');
}

static void csv_row(const char *const *cells, size_t columns, struct buf *out)
{
	for (size_t c = 0; c < columns; c++) {
		csv_cell(cells[c], out);
		buf_puts(out, c + 1 < columns ? "," : "\r\n");
	}
}

void table_csv(const struct table_text *t, bool headless, struct buf *out)
{
	if (!headless)
		csv_row(t->heads, t->columns, out);
	for (size_t i = 0; i < t->cells.n; i += t->columns)
		csv_row(t->cells.at + i, t->columns, out);
}

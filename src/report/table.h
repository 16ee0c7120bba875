/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tables of text: cells of one or more lines, laid out for terminals, Markdown and spreadsheets. */
#ifndef JGFW_REPORT_TABLE_H
#define JGFW_REPORT_TABLE_H

#include "jgfw/base/buf.h"
#include "jgfw/base/vec.h"

#include <stdbool.h>

struct table_text {
	struct arena arena;
	const char *const *heads;
	size_t columns;
	struct {
		VEC(const char *);
	} cells; /* row by row; lines of a cell are divided by newlines */
};

/** table_cell - add a cell; copied */
void table_cell(struct table_text *t, const char *text);
void table_free(struct table_text *t);

/** table_text - aligned columns under a line of heads */
void table_text(const struct table_text *t, struct buf *out);
/** table_markdown - GitHub's tables; whatever means something there is escaped */
void table_markdown(const struct table_text *t, struct buf *out);
/** table_csv - RFC 4180, without the heads where @headless */
void table_csv(const struct table_text *t, bool headless, struct buf *out);

/** markdown_escape - append @s so that Markdown shows it as it is */
void markdown_escape(const char *s, struct buf *out);

#endif

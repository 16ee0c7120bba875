/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A row of the report as text, the same in every format. */
#ifndef JGFW_REPORT_LINE_H
#define JGFW_REPORT_LINE_H

#include "jgfw/base/addr.h"
#include "jgfw/base/buf.h"
#include "jgfw/policy/expand.h"

/** enum column - what a report tells of a row */
enum column {
	DEPLOYMENT,
	ROW,
	PURPOSE,
	SOURCE,
	SOURCE_PORTS,
	PROTOCOL,
	DESTINATION,
	PORTS,
	TRANSLATION,
	STATE,
	CONDITION,
	NOTES,
	REFERENCE,
	COLUMNS,
};

/** line_heads - what the columns are called */
extern const char *const line_heads[COLUMNS];

/** struct line - a row of the report; lines of a field are divided by newlines */
struct line {
	struct buf fields[COLUMNS];
};

/** line_row - what @row tells by itself, added to @line */
void line_row(struct line *line, const struct row *row);
/** line_flow - all of @flow in a new @line; to be freed by line_free() */
void line_flow(struct line *line, const struct site *site, const struct flow *flow);
void line_free(struct line *line);

/** line_ports - append @ports, or @none where there are none */
void line_ports(struct buf *out, struct range_set ports, const char *none);

/** line_on_gateway - is @flow in force, or the translation of another row? */
bool line_on_gateway(const struct flow *flow);

/** line_deployment_end - the index behind the last flow of the deployment that @begin is of */
size_t line_deployment_end(const struct policy *policy, size_t begin);

#endif

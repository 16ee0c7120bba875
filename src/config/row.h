/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rows of a port table and their ends, in models and in sites. */
#ifndef JGFW_CONFIG_ROW_H
#define JGFW_CONFIG_ROW_H

#include "jgfw/config/site.h"
#include "yaml.h"

/** decode_row - a row, added to the struct rows @rows, which grows by vec_push(); of a model or
 * (@of_site) of a site's own */
void decode_row(struct yaml *y, const struct node *value, struct rows *rows, bool of_site);

/** rows_find - the index of the row @id in @rows, or -1 */
int rows_find(const struct rows *rows, const char *id);

/** endpoint_parse - understand @word as an end of a row
 *
 * @dep gives the names of peers and may be NULL, then only the model's nouns are known. Unknown or
 * malformed endpoints are errors. Returns whether it was understood.
 */
bool endpoint_parse(const struct word *word, const struct model *model,
		    const struct deployment *dep, struct endpoint *ret_end, struct diag *diag);

/** row_bind - look up the ends and ports of @row; errors where they are not to be had or make no
 * sense together */
void row_bind(struct row *row, const struct model *model, const struct deployment *dep,
	      struct diag *diag);

/** row_check_ports - an error where @row, with the ports of @dep, has more ranges of ports than it
 * may have, or translates other than one port to one port */
void row_check_ports(const struct row *row, const struct deployment *dep, struct arena *arena,
		     struct diag *diag);

#endif

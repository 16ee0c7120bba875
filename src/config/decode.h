/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Decoders that models, profiles and sites share. */
#ifndef JGFW_CONFIG_DECODE_H
#define JGFW_CONFIG_DECODE_H

#include "jgfw/config.h"
#include "yaml.h"

/** decode_word - a scalar that is not empty into a struct word */
void decode_word(struct yaml *y, const struct node *value, struct word *ret_word, const char *what);

/** decode_text - printable text without double quotes, so that nft can carry it in a comment */
void decode_text(struct yaml *y, const struct node *value, struct word *ret_word, const char *what);

/** decode_id - a name of letters, digits, '_', '-' and '.', at most @max bytes */
void decode_id(struct yaml *y, const struct node *value, struct word *ret_word, size_t max,
	       const char *what);

/** decode_room - may a list of @n items have @item too? Else an error, and the end of reading */
bool decode_room(struct yaml *y, const struct node *item, size_t n, int max);

/** decode_words - a list of scalars, added to a struct words */
void decode_words(struct yaml *y, const struct node *value, struct words *words, const char *what);

/** decode_names - a list of names of models without duplicates, added to a struct words */
void decode_names(struct yaml *y, const struct node *value, struct words *words, const char *what);

/** decode_zone - the name of a zone */
bool decode_zone(struct yaml *y, const struct node *value, enum zone *ret_zone);

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

/** model_decode - a port model from @source; NULL after errors; owned by @arena */
struct model *model_decode(const struct source *source, struct arena *arena, struct diag *diag);

/** model_check_translation - an error where @row of @model, which tells the translation of another
 * row, tells otherwise than that row */
void model_check_translation(const struct model *model, const struct row *row, struct diag *diag);

/** model_join - @base and @add_ons as one model of the size of @profile; NULL after errors
 *
 * @names are the words by which the add-ons were called, one each; @named is where @base was. The
 * model is owned by @arena and borrows from its parts.
 */
const struct model *model_join(const struct profile *profile, const struct model *base,
			       const struct model *const *add_ons, const struct words *names,
			       struct loc named, struct arena *arena, struct diag *diag);

/** profile_decode - a profile from @source, its model not yet looked up; NULL after errors */
struct profile *profile_decode(const struct source *source, struct arena *arena, struct diag *diag);

/** assertion_parse - understand `allow|deny END > END [PROTO [PORTS] [from PORTS]]` of @dep
 *
 * What is wrong becomes an error at its word. Strings are owned by @arena.
 */
void assertion_parse(const struct word *text, const struct deployment *dep, struct arena *arena,
		     struct assertion *ret_assertion, struct diag *diag);

/** site_check - everything about a decoded site that needs more than one place to see */
void site_check(struct site *site, struct diag *diag);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Decoders that models, profiles and sites share. */
#ifndef JGFW_CONFIG_DECODE_H
#define JGFW_CONFIG_DECODE_H

#include "jgfw/config/model.h"
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

#endif

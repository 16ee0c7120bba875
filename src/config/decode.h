/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Decoders that models, profiles and sites share. */
#ifndef JGFW_CONFIG_DECODE_H
#define JGFW_CONFIG_DECODE_H

#include "jgfw/config/model.h"
#include "yaml.h"

enum {
	FIELD_UINTS = 3, /* of a list of numbers */
};

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

/*
 * Kinds of fields, for tables of struct yaml_field: each reads a value into the member that it
 * says. After an error the member stays as it was, but for texts, which become NULL.
 */

/** field_text - const char *: as decode_text() */
void field_text(struct yaml *y, const struct node *value, const struct yaml_field *field,
		void *member);

/** field_text_word - struct word: as decode_text(); in errors it is called @what */
void field_text_word(struct yaml *y, const struct node *value, const struct yaml_field *field,
		     void *member);

/** field_word - struct word: as decode_word() */
void field_word(struct yaml *y, const struct node *value, const struct yaml_field *field,
		void *member);

/** field_id - struct word: as decode_id(), of at most @max bytes */
void field_id(struct yaml *y, const struct node *value, const struct yaml_field *field,
	      void *member);

/** field_words - struct words: as decode_words() */
void field_words(struct yaml *y, const struct node *value, const struct yaml_field *field,
		 void *member);

/** field_names - struct words: as decode_names() */
void field_names(struct yaml *y, const struct node *value, const struct yaml_field *field,
		 void *member);

/** field_bool - bool: true or false */
void field_bool(struct yaml *y, const struct node *value, const struct yaml_field *field,
		void *member);

/** field_either - bool: the first of two @words, or the second, which is true */
void field_either(struct yaml *y, const struct node *value, const struct yaml_field *field,
		  void *member);

/** field_choice - an enum: the index of one of @words */
void field_choice(struct yaml *y, const struct node *value, const struct yaml_field *field,
		  void *member);

/** field_zone - enum zone, by its name */
void field_zone(struct yaml *y, const struct node *value, const struct yaml_field *field,
		void *member);

/** field_uint - uint32_t: a number from 1 to @max */
void field_uint(struct yaml *y, const struct node *value, const struct yaml_field *field,
		void *member);

/** field_uints - uint32_t[FIELD_UINTS + 1]: a list of as many such numbers; 0 ends it */
void field_uints(struct yaml *y, const struct node *value, const struct yaml_field *field,
		 void *member);

/** field_map - the object itself, or a part: a mapping with @fields */
void field_map(struct yaml *y, const struct node *value, const struct yaml_field *field,
	       void *member);

#endif

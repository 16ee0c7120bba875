/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "decode.h"

#include "jgfw/base/text.h"

#include <string.h>

enum {
	LIST_MAX_WORDS = 1 << 10,
};

void decode_word(struct yaml *y, const struct node *value, struct word *ret_word, const char *what)
{
	if (!yaml_word(y, value, what))
		return;
	if (!text_is_printable(value->text))
		diag_error(y->diag, value->loc, "bad-text",
			   "a control character is not accepted here");
	else
		*ret_word = (struct word){arena_copy(y->arena, value->text, strlen(value->text)),
					  value->loc};
}

void decode_text(struct yaml *y, const struct node *value, struct word *ret_word, const char *what)
{
	struct word word = {0};

	decode_word(y, value, &word, what);
	if (!word.text)
		return;
	if (strchr(word.text, '"'))
		diag_error(y->diag, value->loc, "bad-text", "a double quote is not accepted here");
	else
		*ret_word = word;
}

void decode_id(struct yaml *y, const struct node *value, struct word *ret_word, size_t max,
	       const char *what)
{
	struct word word = {0};
	const char *p;

	decode_word(y, value, &word, what);
	if (!word.text)
		return;
	for (p = word.text; *p; p++)
		if (!(*p >= 'a' && *p <= 'z') && !(*p >= 'A' && *p <= 'Z') &&
		    !(*p >= '0' && *p <= '9') && (p == word.text || !strchr("_-.", *p)))
			break;
	if (*p)
		diag_error(y->diag, value->loc, "bad-name",
			   "%s may have letters and digits and, after the first character, '_', "
			   "'-' and '.'",
			   what);
	else if ((size_t)(p - word.text) > max)
		diag_error(y->diag, value->loc, "name-too-long", "%s is longer than %zu characters",
			   what, max);
	else
		*ret_word = word;
}

bool decode_room(struct yaml *y, const struct node *item, size_t n, int max)
{
	if (n < (size_t)max)
		return true;
	diag_error(y->diag, item->loc, "too-many", "more than %d items", max);
	y->failed = true;
	return false;
}

void decode_words(struct yaml *y, const struct node *value, struct words *words, const char *what)
{
	struct node item;

	if (!yaml_is(y, value, NODE_LIST, "a list"))
		return;
	for (item = yaml_next(y); item.kind != NODE_END; item = yaml_next(y)) {
		struct word word = {0};

		decode_word(y, &item, &word, what);
		if (!decode_room(y, &item, words->n, LIST_MAX_WORDS))
			return;
		if (word.text)
			vec_add_in(y->arena, words, word);
	}
}

static void name_item(struct yaml *y, const struct node *item, void *object)
{
	struct words *words = object;
	struct word name = {0};

	decode_id(y, item, &name, 64, "the name of a model");
	if (!name.text)
		return;
	vec_each(known, words)
		if (!strcmp(known->text, name.text)) {
			diag_error(y->diag, name.loc, "duplicate-name", "'%s' is named twice",
				   name.text);
			diag_note(y->diag, known->loc, "first named here");
			return;
		}
	if (words->n == MODEL_MAX_ADD_ONS) {
		diag_error(y->diag, name.loc, "too-many", "more than %d port models",
			   MODEL_MAX_ADD_ONS);
		y->failed = true;
		return;
	}
	vec_add_in(y->arena, words, name);
}

void decode_names(struct yaml *y, const struct node *value, struct words *words, const char *what)
{
	yaml_items(y, value, name_item, words, what);
}

/* --- kinds of fields ------------------------------------------------------------------------- */

void field_text(struct yaml *y, const struct node *value, const struct yaml_field *field,
		void *member)
{
	struct word word = {0};

	(void)field;
	decode_text(y, value, &word, "a text");
	*(const char **)member = word.text;
}

void field_text_word(struct yaml *y, const struct node *value, const struct yaml_field *field,
		     void *member)
{
	decode_text(y, value, member, field->what);
}

void field_word(struct yaml *y, const struct node *value, const struct yaml_field *field,
		void *member)
{
	decode_word(y, value, member, field->what);
}

void field_id(struct yaml *y, const struct node *value, const struct yaml_field *field,
	      void *member)
{
	decode_id(y, value, member, field->max, field->what);
}

void field_words(struct yaml *y, const struct node *value, const struct yaml_field *field,
		 void *member)
{
	decode_words(y, value, member, field->what);
}

void field_names(struct yaml *y, const struct node *value, const struct yaml_field *field,
		 void *member)
{
	decode_names(y, value, member, field->what);
}

void field_bool(struct yaml *y, const struct node *value, const struct yaml_field *field,
		void *member)
{
	(void)field;
	yaml_bool(y, value, member);
}

void field_either(struct yaml *y, const struct node *value, const struct yaml_field *field,
		  void *member)
{
	int i = yaml_choice(y, value, field->words, 2, field->what);

	if (i >= 0)
		*(bool *)member = i == 1;
}

void field_choice(struct yaml *y, const struct node *value, const struct yaml_field *field,
		  void *member)
{
	int i = yaml_choice(y, value, field->words, field->n_words, field->what);

	if (i >= 0)
		*(unsigned int *)member = (unsigned int)i;
}

void field_zone(struct yaml *y, const struct node *value, const struct yaml_field *field,
		void *member)
{
	int i = yaml_choice(y, value, zone_names, ZONE_COUNT, "zone");

	(void)field;
	if (i >= 0)
		*(enum zone *)member = (enum zone)i;
}

void field_uint(struct yaml *y, const struct node *value, const struct yaml_field *field,
		void *member)
{
	uint64_t n;

	if (yaml_uint(y, value, 1, field->max, &n))
		*(uint32_t *)member = (uint32_t)n;
}

void field_uints(struct yaml *y, const struct node *value, const struct yaml_field *field,
		 void *member)
{
	uint32_t *list = member;
	struct buf what = {0};
	struct node item;
	size_t i = 0;
	uint64_t n;

	buf_printf(&what, "a list of %s", field->what);
	if (yaml_is(y, value, NODE_LIST, buf_str(&what)))
		for (item = yaml_next(y); item.kind != NODE_END; item = yaml_next(y)) {
			if (!yaml_uint(y, &item, 1, field->max, &n))
				continue;
			if (i < FIELD_UINTS)
				list[i++] = (uint32_t)n;
			else
				diag_error(y->diag, item.loc, "too-many", "more than %d %s",
					   FIELD_UINTS, field->what);
		}
	buf_free(&what);
}

void field_map(struct yaml *y, const struct node *value, const struct yaml_field *field,
	       void *member)
{
	yaml_fields(y, value, field->fields, field->n_fields, member, field->what);
}

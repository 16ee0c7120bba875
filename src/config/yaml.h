/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A positioned, streaming view of YAML: the only user of libyaml. */
#ifndef JGFW_CONFIG_YAML_H
#define JGFW_CONFIG_YAML_H

#include "jgfw/base/diag.h"

#include <stddef.h>

enum {
	YAML_MAX_SIZE = 64 * 1024 * 1024, /* bytes of one file */
	YAML_MAX_DEPTH = 16,		  /* collections in collections */
	YAML_MAX_FIELDS = 64,		  /* keys a mapping decoder can know */
};

enum node_kind {
	NODE_END, /* the collection is at its end, or reading failed */
	NODE_SCALAR,
	NODE_LIST,
	NODE_MAP,
	NODE_ALIAS, /* refused; stands for nothing */
};

/** struct node - a scalar, or the start of a collection */
struct node {
	enum node_kind kind;
	bool quoted;	  /* a scalar in quotes or a block scalar */
	const char *text; /* of a scalar, without NUL inside; valid until the next yaml_next() */
	struct loc loc;
};

struct yaml_parser_state;

/** struct yaml - a reader; decoders may use the first three members */
struct yaml {
	struct diag *diag;
	struct arena *arena;   /* where decoders put what they keep */
	struct arena *scratch; /* of a site: what is needed until all is read and bound */
	const struct source *source;
	const char *text; /* of the source, behind a byte order mark */
	size_t text_len;
	struct yaml_parser_state *state;
	bool failed; /* nothing more can be read; an error was recorded */
};

/** yaml_open - start reading @source and give its root node
 *
 * Errors go to @diag: malformed YAML, more than one document, anchors, aliases, tags, directives,
 * nesting beyond YAML_MAX_DEPTH. Only the first two and the last end the reading.
 */
struct node yaml_open(struct yaml *y, const struct source *source, struct diag *diag,
		      struct arena *arena);

/** yaml_close - check that nothing follows the root, and release the reader */
void yaml_close(struct yaml *y);

/** yaml_next - the next node of the collection that was entered last; NODE_END leaves it */
struct node yaml_next(struct yaml *y);

/** yaml_skip - pass over what is left of @node; nothing to do for scalars */
void yaml_skip(struct yaml *y, const struct node *node);

/** yaml_word - true where @node is a scalar that is not empty; else an error that says @what was
 * expected, and the node is skipped */
bool yaml_word(struct yaml *y, const struct node *node, const char *what);

/** yaml_is - true where @node is of @kind; else an error, and the node is skipped */
bool yaml_is(struct yaml *y, const struct node *node, enum node_kind kind, const char *what);

/** yaml_bool - true or false, nothing else */
bool yaml_bool(struct yaml *y, const struct node *node, bool *ret_value);

/** yaml_uint - a number from @min to @max */
bool yaml_uint(struct yaml *y, const struct node *node, uint64_t min, uint64_t max,
	       uint64_t *ret_value);

/** yaml_choice - the index in @words that @node names; -1 after an error with a suggestion */
int yaml_choice(struct yaml *y, const struct node *node, const char *const *words, size_t n,
		const char *what);

/** struct yaml_field - a key of a mapping and what reads its value into the object
 *
 * Most are of a kind, which reads the value into a member of the object within the limits given
 * here; decode.h has the kinds. What is special has a decoder of its own, @decode.
 */
struct yaml_field {
	const char *key;
	bool required;
	void (*kind)(struct yaml *y, const struct node *value, const struct yaml_field *field,
		     void *member);
	size_t member; /* its offset in the object */
	uint64_t max;
	const char *what;	  /* is expected, in errors */
	const char *const *words; /* of a choice */
	size_t n_words;
	const struct yaml_field *fields; /* of a mapping in the mapping */
	size_t n_fields;
	void (*decode)(struct yaml *y, const struct node *value, void *object);
};

/** MEMBER - the member @name of a struct @tag, in a row of a table of fields */
#define MEMBER(tag, name) .member = offsetof(struct tag, name)

/** yaml_fields - read the mapping @map by a table of its keys
 *
 * Unknown keys (with a suggestion), duplicate keys and missing required ones are errors; @what
 * names the object in them.
 */
void yaml_fields(struct yaml *y, const struct node *map, const struct yaml_field *fields, size_t n,
		 void *object, const char *what);

/** yaml_items - read the list @list, calling @decode for each item */
void yaml_items(struct yaml *y, const struct node *list,
		void (*decode)(struct yaml *y, const struct node *item, void *object), void *object,
		const char *what);

/** diag_unknown - an error that @word is no @what, with the nearest of @words as a suggestion */
void diag_unknown(struct diag *d, struct loc loc, const char *slug, const char *what,
		  const char *word, const char *const *words, size_t n);

#endif

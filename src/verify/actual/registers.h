/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Registers whose bytes are those of fields. */
#ifndef JGFW_VERIFY_ACTUAL_REGISTERS_H
#define JGFW_VERIFY_ACTUAL_REGISTERS_H

#include "jgfw/verify/actual/symbolic.h"

enum {
	REGISTER_BYTES = REGISTER_SLOTS * 4,
};

enum byte_kind {
	BYTE_UNKNOWN,
	BYTE_CONST,
	BYTE_FIELD, /* a byte of a numeric variable, masked */
	BYTE_NAME,  /* a character of an interface's name, masked */
	BYTE_DATA,  /* of the data of a map's element */
};

/** struct byte - what a byte of a register is */
struct byte {
	enum byte_kind kind;
	uint8_t value; /* of BYTE_CONST; else the mask */
	uint8_t at;    /* 0: the most significant one */
	uint8_t var;
	const struct found *found; /* of BYTE_DATA */
};

/** struct found - a lookup in a map: where it finds what */
struct found {
	const struct set *map;
	node elements; /* TERMINAL_FIRST_OUTCOME + the element's index, or TERMINAL_NO */
};

/** struct registers - of a rule under execution */
struct registers {
	struct byte at[REGISTER_BYTES];
};

/** registers_load - load what @e (meta, payload or ct) does; false where there is nothing to load
 * for any packet of @view */
bool registers_load(struct registers *r, const struct view *view, const struct expr *e);

/** registers_mask - the bitwise expression @e */
void registers_mask(struct registers *r, const struct expr *e);

/** registers_constant - @value into the registers from @slot on */
void registers_constant(struct registers *r, uint8_t slot, struct value value);

/** registers_forget - nothing is known any more */
void registers_forget(struct registers *r);

/** registers_compare - the condition that the cmp expression @e tests */
node registers_compare(struct space *s, const struct registers *r, const struct expr *e);

/** registers_lookup - where the elements of the set of @e lie: TERMINAL_FIRST_OUTCOME + index, or
 * TERMINAL_NO; false where that cannot be known */
bool registers_lookup(struct symbolic *s, const struct registers *r, const struct expr *e,
		      node *ret);

/** struct part - elements of a verdict map with the same verdict */
struct part {
	const uint32_t *elements;
	size_t n;
};

/** registers_part - as registers_lookup(), of the elements of @part alone, whose terminal is
 * TERMINAL_YES
 */
bool registers_part(struct symbolic *s, const struct registers *r, const struct expr *e,
		    const struct part *part, node *ret);

/** registers_data - the data of an element into the registers from @e's on */
void registers_data(struct registers *r, const struct expr *e, const struct found *found);

/** registers_number - @len bytes from @slot on as a constant, or as bytes of a map's data (@ret_at
 * behind its begin) */
bool registers_number(const struct registers *r, uint8_t slot, size_t len,
		      const struct found **ret_found, size_t *ret_at, uint32_t *ret_value);

#endif

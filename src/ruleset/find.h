/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Elements of sets, found fast. */
#ifndef JGFW_RULESET_FIND_H
#define JGFW_RULESET_FIND_H

#include "jgfw/ruleset/ruleset.h"

enum {
	KEY_MAX = SET_MAX_FIELDS * VALUE_MAX, /* bytes of a key, its fields one behind the other */
};

/** struct finder - a set prepared for being looked up; of elements that are in order by the bytes
 * of one part of theirs (a whole key, or one field) */
struct finder {
	const struct set *set;
	enum {
		FIND_EXACT,    /* all that matches has the key's bytes in that part */
		FIND_INTERVAL, /* one field, intervals without overlaps */
		FIND_EACH,     /* look at all of them */
	} kind;
	size_t offset, len; /* the part */
	uint32_t *order;    /* elements by that part; NULL where they are in this order */
};

/** struct key - what is looked up: packed as elements are */
struct key {
	uint8_t bytes[KEY_MAX];
	bool unknown[KEY_MAX]; /* which of them are not known */
};

enum found {
	FOUND_NONE,
	FOUND_ONE,
	FOUND_PERHAPS, /* it hangs on bytes that are not known */
};

/** finder_new - prepare @set; to be freed by finder_free() */
struct finder *finder_new(const struct set *set);
void finder_free(struct finder *finder);

/** finder_find - look for @key; @ret_element is set with FOUND_ONE */
enum found finder_find(const struct finder *finder, const struct key *key, size_t *ret_element);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "jgfw/base/sort.h"

#include "jgfw/base/mem.h"

#include <stdlib.h>
#include <string.h>

enum {
	DIGIT_BITS = 8,
	DIGITS = 1 << DIGIT_BITS,
};

/* Radix sort, from the least digit to the greatest; digits that all items share are passed over. */
void sort_items(struct sort_item *items, size_t n)
{
	struct sort_item *from = items, *to = mem_resize(NULL, n, sizeof(*to)), *spare = to;
	uint64_t differ = 0; /* bits that not all keys share */

	for (size_t i = 1; i < n; i++)
		differ |= items[i].key ^ items[0].key;
	for (unsigned int shift = 0; shift < 64; shift += DIGIT_BITS) {
		size_t counts[DIGITS], at = 0;
		struct sort_item *swap;

		if (!(differ >> shift & (DIGITS - 1)))
			continue;
		memset(counts, 0, sizeof(counts));
		for (size_t i = 0; i < n; i++)
			counts[from[i].key >> shift & (DIGITS - 1)]++;
		for (size_t d = 0; d < DIGITS; d++) {
			size_t count = counts[d];

			counts[d] = at;
			at += count;
		}
		for (size_t i = 0; i < n; i++)
			to[counts[from[i].key >> shift & (DIGITS - 1)]++] = from[i];
		swap = from;
		from = to;
		to = swap;
	}
	if (from != items)
		memcpy(items, from, n * sizeof(*items));
	free(spare);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sorting many items by a number, in linear time. */
#ifndef JGFW_BASE_SORT_H
#define JGFW_BASE_SORT_H

#include <stddef.h>
#include <stdint.h>

/** struct sort_item - a number, and which item it belongs to */
struct sort_item {
	uint64_t key;
	uint32_t index;
};

/** sort_items - order @items by key; those with equal keys keep their order */
void sort_items(struct sort_item *items, size_t n);

#endif

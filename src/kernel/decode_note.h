/* SPDX-License-Identifier: GPL-2.0-or-later */
/* User data of tables, chains and sets. */
#ifndef JGFW_KERNEL_DECODE_NOTE_H
#define JGFW_KERNEL_DECODE_NOTE_H

#include "parse.h"

/** note_of_table - the user data @attr (may be NULL) of a table; false where a part of them is not
 * one that jgfw knows */
bool note_of_table(struct decoder *d, const struct nlattr *attr, struct note *ret);
bool note_of_chain(struct decoder *d, const struct nlattr *attr, struct note *ret);
bool note_of_set(struct decoder *d, const struct nlattr *attr, struct note *ret);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Transactions in a network namespace that nobody else is in. */
#ifndef JGFW_KERNEL_APART_H
#define JGFW_KERNEL_APART_H

#include "jgfw/ruleset/ruleset.h"

/** kernel_load_apart - load @rs into a network namespace of its own, which ends with that; what the
 * kernel does not take is an error as of kernel_change(). The caller is back in its namespace;
 * where none can be made it warns.
 */
int kernel_load_apart(const struct ruleset *rs, struct diag *diag);

#endif

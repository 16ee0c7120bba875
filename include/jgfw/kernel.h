/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's nf_tables of this network namespace, through netlink. */
#ifndef JGFW_KERNEL_H
#define JGFW_KERNEL_H

#include "jgfw/ruleset.h"

struct kernel;

/** kernel_open - a connection to nf_tables, to be closed by kernel_close(); NULL after an error */
struct kernel *kernel_open(struct diag *diag);
void kernel_close(struct kernel *kernel);

/** kernel_replace - put @rs in the place of the table of its name, in one transaction
 *
 * What other tables hold is not touched. Returns 0, or -errno after an error in @diag; then nothing
 * was changed.
 */
int kernel_replace(struct kernel *kernel, const struct ruleset *rs, struct diag *diag);

/** kernel_remove - delete the table of that name, if it is there; errors as above */
int kernel_remove(struct kernel *kernel, const char *table, struct diag *diag);

#endif

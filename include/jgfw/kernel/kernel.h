/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's nf_tables of this network namespace, through netlink. */
#ifndef JGFW_KERNEL_H
#define JGFW_KERNEL_H

#include "jgfw/base/buf.h"
#include "jgfw/ruleset/change.h"

struct kernel;

/** kernel_open - a connection to nf_tables, to be closed by kernel_close(); NULL after an error */
struct kernel *kernel_open(struct diag *diag);
void kernel_close(struct kernel *kernel);

/** kernel_change - make @change, in one transaction
 *
 * What other tables hold is not touched. Where somebody has committed since @generation, nothing is
 * changed and -ERESTART returned, without an error in @diag. With @dry_run the kernel judges it
 * all, and nothing is changed. Returns 0, or -errno after an error in @diag that tells the place in
 * the site of the thing that the kernel refuses; then nothing was changed.
 */
int kernel_change(struct kernel *kernel, const struct change *change, uint32_t generation,
		  bool dry_run, struct diag *diag);

#endif

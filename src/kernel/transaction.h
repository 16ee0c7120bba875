/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One change as one transaction. */
#ifndef JGFW_KERNEL_TRANSACTION_H
#define JGFW_KERNEL_TRANSACTION_H

#include "jgfw/kernel/kernel.h"

/** transaction - send @change as kernel_change() says it; a dry run judges all but where jumps lead
 * in tables that come */
int transaction(struct kernel *kernel, const struct change *change, uint32_t generation,
		bool dry_run, struct diag *diag);

#endif

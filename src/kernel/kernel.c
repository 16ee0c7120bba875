/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "jgfw/kernel/kernel.h"

#include "apart.h"
#include "socket.h"
#include "transaction.h"

int kernel_change(struct kernel *kernel, const struct change *change, uint32_t generation,
		  bool dry_run, struct diag *diag)
{
	int r = transaction(kernel, change, generation, dry_run, diag);

	/* where jumps lead the kernel judges of tables only that were there before */
	if (!r && dry_run && change->new && (!change->old || change->whole))
		r = kernel_load_apart(change->new, diag);
	return r;
}

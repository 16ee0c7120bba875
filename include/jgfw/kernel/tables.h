/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All tables that packets of IP meet, of this network namespace or of a text. */
#ifndef JGFW_KERNEL_TABLES_H
#define JGFW_KERNEL_TABLES_H

#include "jgfw/kernel/kernel.h"

/** struct tables - tables with all that is in them, in the order in which the kernel came by them;
 * zero-initialised is empty */
struct tables {
	VEC(struct ruleset *);
};

/** tables_read - what the kernel holds now, all of one generation; 0, or -errno after an error */
int tables_read(struct tables *ret, struct diag *diag);

/** tables_of_text - what the kernel holds once `nft -f PATH` has loaded it into a network namespace
 * of its own, which nobody sees
 *
 * libnftables, which reads it, is looked for when it is needed. The process stays in that namespace
 * and talks to no other any more. Returns 0, -EINVAL after an error that tells what is wrong with
 * the text, or another -errno after an error.
 */
int tables_of_text(const char *path, struct tables *ret, struct diag *diag);

/** tables_have_own - is jgfw's table among them? */
bool tables_have_own(const struct tables *tables);

/** tables_legacy - has the kernel tables of iptables' own (iptables-legacy), which stand beside
 * nf_tables and are not read? */
bool tables_legacy(void);

void tables_free(struct tables *tables);

#endif

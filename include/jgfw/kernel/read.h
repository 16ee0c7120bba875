/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tables as the kernel holds them now. */
#ifndef JGFW_KERNEL_READ_H
#define JGFW_KERNEL_READ_H

#include "jgfw/kernel/kernel.h"

#include <netinet/in.h>

#include <linux/netfilter.h>

/** enum read_extent - how much of a table is read */
enum read_extent {
	READ_ALL,
	READ_SKELETON, /* not the elements of named sets, but for verdict maps: it saves nearly all
			  of the time */
};

/** kernel_read - the table @name of @family (NFPROTO_*) as it is now, in @ret (NULL: there is
 * none), owned by the caller
 *
 * All is of one generation, @ret_generation. Returns 0, or -errno after an error in @diag.
 */
int kernel_read(struct kernel *kernel, uint8_t family, const char *table, enum read_extent extent,
		struct ruleset **ret, uint32_t *ret_generation, struct diag *diag);

/** kernel_generation - how often the tables of this network namespace were changed so far; 0 or
 * -errno */
int kernel_generation(struct kernel *kernel, uint32_t *ret, struct diag *diag);

/** struct table_name - a table of any family; strings belong to struct table_names */
struct table_name {
	uint8_t family; /* NFPROTO_* */
	const char *name;
};

struct table_names {
	struct arena arena;
	VEC(struct table_name);
};

/** kernel_tables - all tables of this network namespace; 0 or -errno */
int kernel_tables(struct kernel *kernel, struct table_names *ret, struct diag *diag);

#endif

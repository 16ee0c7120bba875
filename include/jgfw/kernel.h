/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's nf_tables of this network namespace, through netlink. */
#ifndef JGFW_KERNEL_H
#define JGFW_KERNEL_H

#include "jgfw/buf.h"
#include "jgfw/change.h"

#include <linux/netfilter.h>

struct kernel;

/** kernel_open - a connection to nf_tables, to be closed by kernel_close(); NULL after an error */
struct kernel *kernel_open(struct diag *diag);
void kernel_close(struct kernel *kernel);

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

/** kernel_change - make @change, in one transaction
 *
 * What other tables hold is not touched. Where somebody has committed since @generation, nothing is
 * changed and -ERESTART returned, without an error in @diag. With @dry_run the kernel judges it
 * all, and nothing is changed. Returns 0, or -errno after an error in @diag that tells the place in
 * the site of the thing that the kernel refuses; then nothing was changed.
 */
int kernel_change(struct kernel *kernel, const struct change *change, uint32_t generation,
		  bool dry_run, struct diag *diag);

/** kernel_pack - append @rs (NULL: no table) as bytes to be kept in a file */
void kernel_pack(const struct ruleset *rs, struct buf *out);

/** kernel_unpack - what kernel_pack() made; @ret is owned by the caller, NULL where there was no
 * table; 0 or -EBADMSG */
int kernel_unpack(const void *bytes, size_t len, const char *table, struct ruleset **ret);

/** kernel_doubt_interface - warn, at @loc, if there is no interface @name in this network namespace
 */
void kernel_doubt_interface(const char *name, struct loc loc, struct diag *diag);

#endif

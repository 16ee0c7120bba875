/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rulesets as bytes for files. */
#ifndef JGFW_KERNEL_PACK_H
#define JGFW_KERNEL_PACK_H

#include "jgfw/base/buf.h"
#include "jgfw/ruleset/ruleset.h"

/** kernel_pack - append @rs (NULL: no table) as bytes to be kept in a file */
void kernel_pack(const struct ruleset *rs, struct buf *out);

/** kernel_unpack - what kernel_pack() made; @ret is owned by the caller, NULL where there was no
 * table; 0 or -EBADMSG */
int kernel_unpack(const void *bytes, size_t len, const char *table, struct ruleset **ret);

#endif

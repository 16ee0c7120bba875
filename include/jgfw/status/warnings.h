/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What can keep a right ruleset from working. */
#ifndef JGFW_STATUS_WARNINGS_H
#define JGFW_STATUS_WARNINGS_H

#include "jgfw/config/site.h"
#include "jgfw/kernel/kernel.h"

/** warnings_collect - warn of what can keep a right ruleset from working: an interface that is
 * missing, forwarding that is off, chains of others that can drop or translate, helpers for SIP, a
 * wan interface without rp_filter, a public address that no packet is accepted for
 *
 * Returns 0, or -errno after an error in @diag.
 */
int warnings_collect(const struct site *site, struct kernel *kernel, struct diag *diag);

#endif

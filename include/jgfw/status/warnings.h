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

/** warn_interfaces - warn of interfaces of the site that are not there now: they come and go, and
 * one that is missing is no reason to leave the gateway without rules */
void warn_interfaces(const struct site *site, struct diag *diag);

/** warn_forwarding - warn where the gateway does not forward */
void warn_forwarding(struct diag *diag);

#endif

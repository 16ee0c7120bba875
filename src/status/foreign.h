/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef JGFW_STATUS_FOREIGN_H
#define JGFW_STATUS_FOREIGN_H

#include "jgfw/kernel/kernel.h"

/** warn_foreign - warn of base chains of others that can drop or translate, and of their helpers
 * for SIP; 0 or -errno */
int warn_foreign(struct kernel *kernel, struct diag *diag);

#endif

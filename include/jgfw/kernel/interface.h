/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Interfaces of this network namespace. */
#ifndef JGFW_KERNEL_INTERFACE_H
#define JGFW_KERNEL_INTERFACE_H

#include "jgfw/base/diag.h"

/** kernel_warn_interface - warn, at @loc, if there is no interface @name in this network namespace
 */
void kernel_warn_interface(const char *name, struct loc loc, struct diag *diag);

#endif

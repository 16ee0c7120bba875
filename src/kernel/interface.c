/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "jgfw/kernel/interface.h"

#include "jgfw/kernel/kernel.h"

#include <errno.h>
#include <net/if.h>
#include <string.h>

void kernel_warn_interface(const char *name, struct loc loc, struct diag *diag)
{
	if (if_nametoindex(name))
		return;
	if (errno == ENODEV)
		diag_warn(diag, loc, "no-interface", "interface %s does not exist now", name);
	else
		diag_warn(diag, loc, "unreadable", "cannot look for interface %s: %s", name,
			  strerror(errno));
}

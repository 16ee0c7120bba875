/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "jgfw/kernel.h"

#include <net/if.h>

bool kernel_has_interface(const char *name)
{
	return if_nametoindex(name) != 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What expressions that jgfw does not write do to packets. */
#ifndef JGFW_KERNEL_EFFECT_H
#define JGFW_KERNEL_EFFECT_H

#include "jgfw/ruleset/ruleset.h"

#include <linux/netlink.h>

/** effect_of - what an expression of the kernel's, by its name and attributes, does to a packet */
enum effect effect_of(const char *name, const struct nlattr *data);

#endif

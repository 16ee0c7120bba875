/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What shows only across a site. */
#ifndef JGFW_CONFIG_CHECK_H
#define JGFW_CONFIG_CHECK_H

#include "jgfw/config/site.h"

/** site_check - everything about a decoded site that needs more than one place to see */
void site_check(struct site *site, struct diag *diag);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Zones of a site as conditions of packets. */
#ifndef JGFW_VERIFY_EXPECTED_ZONES_H
#define JGFW_VERIFY_EXPECTED_ZONES_H

#include "jgfw/config/site.h"
#include "jgfw/verify/space/space.h"

/** in_zone - does @var name an interface of @zone? */
node in_zone(struct space *s, const struct site *site, unsigned int var, enum zone zone);

/** zone_pair - does a packet go from @from to @to, and between two interfaces of a zone? */
node zone_pair(struct space *s, const struct site *site, enum zone from, enum zone to);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The sides of a gateway. */
#ifndef JGFW_CONFIG_ZONE_H
#define JGFW_CONFIG_ZONE_H

/** enum zone - the sides of a gateway that a site may name */
enum zone {
	ZONE_WAN,
	ZONE_OUTWARD,
	ZONE_INWARD,
	ZONE_DMZ,
	ZONE_LAN,
};
#define ZONE_COUNT (ZONE_LAN + 1)

/** zone_names - their words in a site file, by enum zone */
extern const char *const zone_names[ZONE_COUNT];

/** zone_name - the word for @zone in a site file */
const char *zone_name(enum zone zone);

#endif

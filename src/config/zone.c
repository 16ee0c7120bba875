/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "jgfw/config/site.h"

#include <string.h>

const char *const zone_names[ZONE_COUNT] = {
	[ZONE_WAN] = "wan", [ZONE_OUTWARD] = "outward", [ZONE_INWARD] = "inward",
	[ZONE_DMZ] = "dmz", [ZONE_LAN] = "lan",
};

const char *zone_name(enum zone zone)
{
	return zone_names[zone];
}

bool zone_has(const struct site *site, enum zone zone, const char *name)
{
	vec_each(nic, &site->zones[zone])
		if (!strcmp(nic->name, name))
			return true;
	return false;
}

int zone_by_name(const struct site *site, const char *name)
{
	for (int z = 0; z < ZONE_COUNT; z++)
		if (site->zones[z].n && !strcmp(zone_name((enum zone)z), name))
			return z;
	return -1;
}

bool site_has_interface(const struct site *site, const char *name)
{
	for (int z = 0; z < ZONE_COUNT; z++)
		if (zone_has(site, (enum zone)z, name))
			return true;
	return false;
}

bool site_has_assertions(const struct site *site)
{
	vec_each(dep, &site->deployments)
		if ((*dep)->given_assertions.n)
			return true;
	return false;
}

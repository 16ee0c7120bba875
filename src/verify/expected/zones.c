/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "jgfw/verify/expected/zones.h"

#include <string.h>

struct zone_test {
	const struct site *site;
	enum zone zone;
};

static bool name_in_zone(const char *name, const void *arg)
{
	const struct zone_test *t = arg;

	return zone_has(t->site, t->zone, name);
}

node in_zone(struct space *s, const struct site *site, unsigned int var, enum zone zone)
{
	struct zone_test t = {site, zone};

	return in_names(s, var, name_in_zone, &t);
}

static bool same_name(const char *name, const void *arg)
{
	return !strcmp(name, arg);
}

node zone_pair(struct space *s, const struct site *site, enum zone from, enum zone to)
{
	node f = both(s, in_zone(s, site, VAR_IIF, from), in_zone(s, site, VAR_OIF, to));

	if (from != to)
		return f;
	vec_each(nic, &site->zones[from])
		f = both(s, f,
			 negation(s, both(s, in_names(s, VAR_IIF, same_name, nic->name),
					  in_names(s, VAR_OIF, same_name, nic->name))));
	return f;
}

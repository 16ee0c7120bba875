/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "jgfw/status/warnings.h"

#include "foreign.h"
#include "jgfw/base/file.h"
#include "jgfw/config/site.h"
#include "jgfw/config/zone.h"
#include "jgfw/kernel/conntrack.h"
#include "jgfw/kernel/interface.h"
#include "jgfw/kernel/route.h"

#include <errno.h>
#include <string.h>

enum {
	NAMED_ADDRESSES = 8, /* in one warning */
	SYSCTL_MAX_SIZE = 4096,
};

/* A number of /proc/sys, or -1 where there is none. */
static int sysctl(const char *path, struct diag *diag)
{
	char *text;
	size_t len;
	int value, r;

	r = file_read(path, SYSCTL_MAX_SIZE, &text, &len);
	if (r && r != -ENOENT)
		diag_warn(diag, (struct loc){0}, "unreadable", "cannot read %s: %s", path,
			  strerror(-r));
	if (r)
		return -1;
	value = len && text[0] >= '0' && text[0] <= '9' ? text[0] - '0' : -1;
	free(text);
	return value;
}

void warn_interfaces(const struct site *site, struct diag *diag)
{
	for (int z = 0; z < ZONE_COUNT; z++)
		vec_each(nic, &site->zones[z])
			kernel_warn_interface(nic->name, nic->loc, diag);
}

void warn_forwarding(struct diag *diag)
{
	if (sysctl("/proc/sys/net/ipv4/ip_forward", diag) == 0)
		diag_warn(diag, (struct loc){0}, "no-forwarding",
			  "the gateway does not forward: net.ipv4.ip_forward is 0");
}

static void warn_helpers(struct diag *diag)
{
	if (sysctl("/proc/sys/net/netfilter/nf_conntrack_helper", diag) > 0)
		diag_warn(diag, (struct loc){0}, "sip-helper",
			  "connection tracking helpers are assigned by port "
			  "(net.netfilter.nf_conntrack_helper is 1): the SIP helper changes "
			  "addresses inside packets");
}

/* The stronger of the two settings counts. */
static void warn_rp_filter(const struct site *site, struct diag *diag)
{
	int all = sysctl("/proc/sys/net/ipv4/conf/all/rp_filter", diag);

	vec_each(nic, &site->zones[ZONE_WAN]) {
		struct buf path = {0};
		int own;

		buf_printf(&path, "/proc/sys/net/ipv4/conf/%s/rp_filter", nic->name);
		own = sysctl(buf_str(&path), diag);
		buf_free(&path);
		if (own == 0 && all <= 0)
			diag_warn(diag, nic->loc, "rp-filter",
				  "%s accepts packets of established flows from any source "
				  "address: net.ipv4.conf.%s.rp_filter is 0",
				  nic->name, nic->name);
	}
}

static bool is_wan(const struct site *site, const char *name)
{
	vec_each(nic, &site->zones[ZONE_WAN])
		if (!strcmp(nic->name, name))
			return true;
	return false;
}

/* Packets to such an address come here only where the next router sends them on its own account. */
static int warn_addresses(const struct site *site, struct diag *diag)
{
	struct {
		VEC(struct route);
	} routes = {0};
	struct buf names = {0};
	struct loc first = {0};
	size_t n = 0, i = 0;
	int r;

	if (!site->zones[ZONE_WAN].n)
		return 0;
	vec_each(dep, &site->deployments)
		vec_each(peer, &(*dep)->edge)
			vec_add(&routes, (struct route){.addr = peer->public.addr});
	if (!routes.n)
		return 0;
	r = routes_find(routes.at, routes.n, diag);
	vec_each(dep, &site->deployments)
		vec_each(peer, &(*dep)->edge) {
			const struct route *route = &routes.at[i++];

			if (r || !route->addr || route->kind == ROUTE_LOCAL ||
			    (route->kind == ROUTE_UNICAST && !is_wan(site, route->oif)))
				continue;
			if (!n++)
				first = host_loc(*dep, &peer->public);
			if (n <= NAMED_ADDRESSES) {
				buf_puts(&names, n > 1 ? ", " : "");
				buf_ipv4(&names, route->addr);
			}
		}
	if (n > NAMED_ADDRESSES)
		buf_printf(&names, " and %zu more", n - NAMED_ADDRESSES);
	if (n)
		diag_warn(diag, first, "no-address",
			  "%s: not configured or routed here; works only if the upstream router "
			  "sends it here",
			  buf_str(&names));
	buf_free(&names);
	vec_free(&routes);
	return r;
}

int warnings_collect(const struct site *site, struct kernel *kernel, struct diag *diag)
{
	int r;

	warn_interfaces(site, diag);
	warn_forwarding(diag);
	warn_helpers(diag);
	warn_rp_filter(site, diag);
	r = warn_addresses(site, diag);
	return r ? r : warn_foreign(kernel, diag);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "way.h"

#include "near.h"

#include <string.h>

struct way way_of_zone(const struct site *site, enum zone zone, struct arena *arena)
{
	struct way way = {.kind = HOP_OUT, .zone = (int)zone};

	vec_each(nic, &site->zones[zone])
		vec_add_in(arena, &way.oifs, nic->name);
	return way;
}

struct way way_by(const char *oif, struct arena *arena)
{
	struct way way = {.kind = HOP_OUT, .zone = -1};

	way.oifs.at = arena_array(arena, 1, const char *);
	way.oifs.at[0] = oif;
	way.oifs.n = way.oifs.cap = 1;
	return way;
}

struct way way_unknown(const struct site *site, struct arena *arena)
{
	struct way way = {.kind = HOP_OUT, .zone = -1, .guessed = true};

	for (int z = 0; z < ZONE_COUNT; z++)
		vec_each(nic, &site->zones[z]) {
			bool known = false;

			vec_each(oif, &way.oifs)
				known |= !strcmp(*oif, nic->name);
			if (!known)
				vec_add_in(arena, &way.oifs, nic->name);
		}
	return way;
}

/** struct whereabouts - what a site says of an address */
struct whereabouts {
	uint32_t addr;
	int zone; /* -1: nothing */
	bool is_public;
	uint64_t size; /* of the network that said so */
};

static void find_machine(const struct deployment *dep, struct whereabouts *place)
{
	const struct model *model = dep->model;

	vec_each(peer, &dep->edge) {
		place->is_public |= peer->public.addr == place->addr;
		for (size_t i = 0; i < model->n_nics; i++)
			if (peer->nics[i].addr == place->addr)
				place->zone = (int)model->nics[i].zone;
	}
	for (size_t i = 0; i < model->n_roles; i++)
		vec_each(host, &dep->roles[i])
			if (host->addr == place->addr)
				place->zone = (int)model->roles[i].zone;
}

static void find_network(const struct endpoint *end, struct whereabouts *place)
{
	uint64_t size = (uint64_t)end->range.hi - end->range.lo;

	if (end->kind != END_ZONE || place->addr < end->range.lo || place->addr > end->range.hi ||
	    range_equal(end->range, IPV4_ALL) || size >= place->size)
		return;
	place->zone = (int)end->zone;
	place->size = size;
}

static void find_networks(const struct deployment *dep, struct whereabouts *place)
{
	for (size_t i = 0; i < dep->n_clients; i++)
		find_network(&dep->client_ends[i], place);
	vec_each(row, &dep->rows) {
		find_network(&row->from_end, place);
		find_network(&row->to_end, place);
	}
}

static struct whereabouts find_place(const struct site *site, uint32_t addr)
{
	struct whereabouts place = {.addr = addr, .zone = -1, .size = UINT64_MAX};

	vec_each(dep, &site->deployments)
		find_machine(*dep, &place);
	if (place.zone >= 0 || place.is_public)
		return place;
	vec_each(dep, &site->deployments)
		find_networks(*dep, &place);
	if (place.zone < 0 && !ipv4_is_private(addr))
		place.zone = ZONE_WAN;
	return place;
}

int way_find(const struct gateway *gateway, uint32_t addr, struct arena *arena, struct way *ret_way,
	     struct diag *diag)
{
	struct way way = {.zone = -1};
	struct hop hop = {0};
	struct whereabouts place;
	int r;

	if (gateway->hop) {
		r = gateway->hop(addr, &hop, gateway->arg, diag);
		way.kind = hop.kind;
		if (hop.oif)
			way.oifs = way_by(hop.oif, arena).oifs;
		*ret_way = way;
		return r;
	}
	place = find_place(gateway->site, addr);
	if (place.zone >= 0 && gateway->site->zones[place.zone].n)
		way = way_of_zone(gateway->site, (enum zone)place.zone, arena);
	else if (place.zone < 0 && place.is_public)
		way.kind = HOP_LOCAL;
	else
		way = way_unknown(gateway->site, arena);
	*ret_way = way;
	return 0;
}

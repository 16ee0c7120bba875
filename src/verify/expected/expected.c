/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "jgfw/verify/expected/expected.h"

#include "bucket.h"
#include "jgfw/base/icmp.h"
#include "jgfw/verify/expected/zones.h"
#include "jgfw/verify/space/compose.h"

#include <netinet/in.h>

struct expecting {
	struct space *s;
	const struct site *site;
	struct buckets buckets;
	struct expected *out;
};

/* --- layers ----------------------------------------------------------------------------------- */

static node layer_part(struct expecting *x, enum layer layer, bool with_oif, box_fn *fn,
		       bool site_only, size_t from, size_t to)
{
	size_t mid = from + (to - from) / 2;
	const struct bucket *b;
	node zones;

	if (from == to)
		return terminal(TERMINAL_ELSE);
	if (to - from > 1)
		return seq(x->s, layer_part(x, layer, with_oif, fn, site_only, from, mid),
			   layer_part(x, layer, with_oif, fn, site_only, mid, to));
	b = x->buckets.layers[layer].at[from];
	if (site_only && !b->of_site)
		return terminal(TERMINAL_ELSE);
	zones = with_oif ? zone_pair(x->s, x->site, b->from, b->to)
			 : in_zone(x->s, x->site, VAR_IIF, b->from);
	return bucket_node(&x->buckets, b,
			   both(x->s, zones, bucket_header(x->s, b, b->dport, false)), fn,
			   terminal(TERMINAL_ELSE));
}

static node layer_node(struct expecting *x, enum layer layer, bool with_oif, box_fn *fn,
		       bool site_only)
{
	return layer_part(x, layer, with_oif, fn, site_only, 0, x->buckets.layers[layer].n);
}

static bool destination_only(struct buckets *x, const struct bucket *b, struct box *box)
{
	struct outcome o;

	(void)b;
	terminal_outcome(x->s, terminal_value(box->to), &o);
	o.has_saddr = o.masquerade = false;
	o.saddr = 0;
	box->to = space_outcome(x->s, &o);
	return true;
}

/* --- conditions ------------------------------------------------------------------------------- */

static void make_addresses(struct expecting *x)
{
	struct range_vec own = {0}, public = {0};
	struct range_set set;

	vec_each(dep, &x->site->deployments)
		vec_each(peer, &(*dep)->edge)
			if (peer->public.addr)
				vec_add(&public,
					((struct range){peer->public.addr, peer->public.addr}));
	range_normalize(&public);
	site_own_addresses(x->site, &own);
	set = (struct range_set){own.at, own.n};
	x->out->from_own = in_set(x->s, VAR_SADDR, set);
	x->out->to_own = in_set(x->s, VAR_DADDR, set);
	x->out->to_public = in_set(x->s, VAR_DADDR, (struct range_set){public.at, public.n});
	vec_free(&own);
	vec_free(&public);
}

/* linux/net/netfilter: ICMP opens a flow with a request only, and what is too short for ports with
 * nothing. */
static node impossible(struct space *s)
{
	static const uint8_t with_ports[] = {IPPROTO_TCP, IPPROTO_UDP, IPPROTO_SCTP,
					     IPPROTO_UDPLITE, IPPROTO_ICMP};
	node requests = terminal(TERMINAL_NO), cut = terminal(TERMINAL_NO);

	for (unsigned int type = 0; type <= MAX_ICMP_TYPE; type++)
		if (icmp_type_opens_flow((uint8_t)type))
			requests = either(s, requests, icmp_type_is(s, (uint8_t)type));
	for (size_t i = 0; i < ARRAY_SIZE(with_ports); i++)
		cut = either(s, cut, in_range(s, VAR_PROTO, with_ports[i], with_ports[i]));
	cut = both(s, cut, in_range(s, VAR_SHORT, 1, 1));
	requests =
		both(s, in_range(s, VAR_PROTO, IPPROTO_ICMP, IPPROTO_ICMP), negation(s, requests));
	return either(s, either(s, cut, requests),
		      in_range(s, VAR_PROTO, IPPROTO_ICMPV6, IPPROTO_ICMPV6));
}

/* --- all of it -------------------------------------------------------------------------------- */

static node as_either(uint32_t value, void *arg)
{
	(void)arg;
	return terminal(value == TERMINAL_ACCEPT || value >= TERMINAL_FIRST_OUTCOME
				? TERMINAL_EITHER
				: TERMINAL_DROP);
}

static node is_translated(uint32_t value, void *arg)
{
	(void)arg;
	return terminal(value == TERMINAL_ELSE ? TERMINAL_NO : TERMINAL_YES);
}

static void make_fresh(struct expecting *x)
{
	struct space *s = x->s;
	struct expected *out = x->out;
	node plain = seq(s, layer_node(x, PLAIN_FROM_EDGE, true, NULL, false),
			 layer_node(x, PLAIN, true, NULL, false));
	node moved = seq(s, layer_node(x, TRANSLATED_FROM_EDGE, true, NULL, false),
			 layer_node(x, TRANSLATED, true, NULL, false));
	node rest = terminal(TERMINAL_DROP), astray;

	if (x->site->judge_hosts_only)
		rest = seq(s,
			   guard(s, either(s, out->from_own, out->to_own), terminal(TERMINAL_DROP)),
			   terminal(TERMINAL_NOT_OURS));
	out->translation =
		seq(s, layer_node(x, TRANSLATED_FROM_EDGE, false, destination_only, false),
		    layer_node(x, TRANSLATED, false, destination_only, false));
	/* what is translated leaves by the zone of its row: where routes lead elsewhere, a row that
	 * speaks of whole zones may let it pass */
	astray = terminal(TERMINAL_DROP);
	if (x->buckets.has_networks)
		astray = compose(s, out->translation, seq(s, plain, astray));
	out->translated = diagram_map_terminals(s->d, out->translation, is_translated, NULL);
	astray = guard(s, out->translated, diagram_map_terminals(s->d, astray, as_either, NULL));
	out->fresh = seq(s, moved, seq(s, astray, seq(s, plain, rest)));
	out->fresh = seq(s, guard(s, out->spoofed, terminal(TERMINAL_DROP)), out->fresh);
	out->fresh = seq(s, guard(s, out->impossible, terminal(TERMINAL_EITHER)), out->fresh);
	/* nothing makes packets untracked here; those that others do have no translation */
	out->untracked = diagram_map_terminals(s->d, seq(s, plain, terminal(TERMINAL_DROP)),
					       as_either, NULL);
	out->untracked =
		seq(s, replace_terminal(s, out->untracked, TERMINAL_DROP, TERMINAL_ELSE), rest);
	out->untracked = seq(s, guard(s, out->spoofed, terminal(TERMINAL_DROP)), out->untracked);
	out->invalid = rest;
}

static void make_by_site(struct expecting *x)
{
	node f = terminal(TERMINAL_ELSE);

	for (size_t l = 0; l < LAYERS; l++)
		f = seq(x->s, f, layer_node(x, (enum layer)l, true, box_yes, true));
	x->out->by_site = replace_terminal(x->s, f, TERMINAL_ELSE, TERMINAL_NO);
}

void expected_make(struct space *s, const struct site *site, struct expected *ret)
{
	struct expecting x = {.s = s, .site = site, .out = ret};

	*ret = (struct expected){0};
	buckets_collect(&x.buckets, s, site);
	make_addresses(&x);
	ret->from_wan = in_zone(s, site, VAR_IIF, ZONE_WAN);
	ret->spoofed = both(s, ret->from_wan, ret->from_own);
	ret->impossible = impossible(s);
	make_fresh(&x);
	make_by_site(&x);
	buckets_free(&x.buckets);
}

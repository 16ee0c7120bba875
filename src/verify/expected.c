/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rows to functions: rows that differ in addresses only are a bucket, whose addresses are boxes.
 */
#include "expected.h"

#include "jgfw/icmp.h"
#include "near.h"
#include "pipeline.h"
#include "tracer.h"

#include <netinet/in.h>
#include <string.h>

enum {
	ICMP_TYPE_SHIFT =
		8, /* the type is the first of the bytes that are a source port elsewhere */
	MAX_ICMP_TYPE = UINT8_MAX,
};

/* RFC 792: what tells of a flow that it fails */
static const uint8_t icmp_errors[] = {3, 11, 12};

/** enum layer - buckets in the order in which they are asked */
enum layer {
	TRANSLATED_FROM_EDGE, /* a source that has a public address leaves with it, whoever else */
	TRANSLATED,	      /* may leave as it is by the same row */
	PLAIN_FROM_EDGE,
	PLAIN,
	LAYERS
};

/** struct bucket - packets of many deployments that differ in addresses only */
struct bucket {
	enum layer layer;
	uint8_t proto, icmp_type;
	enum zone from, to;
	struct range_set sport, dport;
	uint16_t translate; /* 0: the port stays */
	bool of_site;
	struct {
		VEC(struct box);
	} boxes; /* VAR_DADDR, VAR_SADDR */
};

struct expecting {
	struct space *s;
	const struct site *site;
	struct expected *out;
	struct index index; /* of buckets */
	struct {
		VEC(struct bucket *);
	} buckets[LAYERS];
	struct {
		VEC(struct end_host);
	} zone_edges[ZONE_COUNT]; /* NICs by zone, where they have a public address */
	bool has_networks;	  /* a row leads to a zone or a network as it is */
};

/* --- zones ---------------------------------------------------------------------------------- */

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

/* Do two zones have an interface in common? Each has with itself. */
static bool zones_meet(const struct site *site, enum zone a, enum zone b)
{
	if (a == b)
		return true;
	vec_each(nic, &site->zones[a])
		if (zone_has(site, b, nic->name))
			return true;
	return false;
}

/* --- buckets -------------------------------------------------------------------------------- */

static void key_ports(struct buf *key, struct range_set ports)
{
	buf_add(key, &ports.n, sizeof(ports.n));
	buf_add(key, ports.at, ports.n * sizeof(*ports.at));
}

static struct bucket *bucket_of(struct expecting *x, const struct bucket *like)
{
	const uint32_t head[] = {like->layer, like->proto,     like->icmp_type, like->from,
				 like->to,    like->translate, like->of_site};
	struct buf key = {0};
	struct bucket *bucket;
	void **slot;

	buf_add(&key, head, sizeof(head));
	key_ports(&key, like->sport);
	key_ports(&key, like->dport);
	slot = index_find(&x->index, key.at, key.n);
	bucket = *slot;
	if (!bucket) {
		*slot = bucket = arena_new(&x->s->arena, struct bucket);
		*bucket = *like;
		vec_add(&x->buckets[like->layer], bucket);
	}
	buf_free(&key);
	return bucket;
}

static void add_box(struct expecting *x, struct bucket *like, struct range daddr,
		    struct range saddr, const struct outcome *o)
{
	vec_add(&bucket_of(x, like)->boxes, ((struct box){{daddr, saddr}, space_outcome(x->s, o)}));
}

static struct range one(uint32_t addr)
{
	return (struct range){addr, addr};
}

/* --- claims --------------------------------------------------------------------------------- */

/** struct target - where a claim leads: addresses as they are sent to, and what they become */
struct target {
	struct range daddr;
	bool moves; /* the address becomes another */
	uint32_t to;
	bool is_public;
};

/* Sources of a zone or network, with the Expressway-E among them that leave with their public
 * address. */
static void add_sources(struct expecting *x, const struct claim *c, struct bucket *like,
			struct range daddr, const struct outcome *o, bool leaves)
{
	enum layer layer = like->layer;

	add_box(x, like, daddr, c->from->range, o);
	if (!leaves || c->from->zone == ZONE_WAN)
		return;
	like->layer = layer - 1;
	for (int z = 0; z < ZONE_COUNT; z++) {
		if (!zones_meet(x->site, c->from->zone, (enum zone)z))
			continue;
		vec_each(edge, &x->zone_edges[z]) {
			struct outcome own = *o;

			if (edge->real < c->from->range.lo || edge->real > c->from->range.hi)
				continue;
			own.masquerade = false;
			own.has_saddr = edge->public != edge->real;
			own.saddr = edge->public;
			add_box(x, like, daddr, one(edge->real), &own);
		}
	}
	like->layer = layer;
}

/* One destination of a claim, for the ports of @like. */
static void add_target(struct expecting *x, const struct claim *c, struct bucket *like,
		       const struct target *t)
{
	struct outcome o = {.has_daddr = t->moves,
			    .daddr = t->to,
			    .has_dport = like->translate,
			    .dport = like->translate};
	bool translated = t->moves || like->translate;
	bool leaves = t->is_public || c->to->zone == ZONE_WAN;
	size_t n = end_count(c->dep, c->from);

	like->layer = translated ? TRANSLATED : PLAIN;
	o.masquerade = translated && c->from->zone != ZONE_WAN && c->dep->reflect_as_gateway;
	if (c->from->kind == END_ZONE || c->from->kind == END_ANY) {
		add_sources(x, c, like, t->daddr, &o, leaves);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		struct end_host host = end_host(c->dep, c->from, i);
		struct outcome own = o;

		if (range_equal(t->daddr, one(host.real)))
			continue; /* no machine comes this way to itself */
		like->layer = translated ? TRANSLATED : PLAIN;
		if (end_is_edge(c->from) && (leaves || c->from->kind == END_PUBLIC)) {
			like->layer--;
			own.masquerade = false;
			own.has_saddr = host.public != host.real;
			own.saddr = host.public;
		}
		add_box(x, like, t->daddr, one(host.real), &own);
	}
}

/* The ports of @set that are @port, or those that are not. */
static struct range_set ports_beside(struct expecting *x, struct range_set set, uint16_t port,
				     bool same)
{
	struct range *at = arena_array(&x->s->arena, set.n + 1, struct range);
	size_t n = 0;

	for (size_t i = 0; i < set.n; i++) {
		struct range r = set.at[i];

		if (port < r.lo || port > r.hi) {
			if (!same)
				at[n++] = r;
			continue;
		}
		if (same) {
			at[n++] = (struct range){port, port};
			continue;
		}
		if (r.lo < port)
			at[n++] = (struct range){r.lo, port - 1u};
		if (r.hi > port)
			at[n++] = (struct range){port + 1u, r.hi};
	}
	return (struct range_set){at, n};
}

/* A port that becomes what it was is not translated. */
static void add_ports(struct expecting *x, const struct claim *c, struct bucket *like,
		      const struct target *t)
{
	struct range_set all = like->dport, kept;

	if (!c->translate) {
		like->translate = 0;
		add_target(x, c, like, t);
		return;
	}
	kept = ports_beside(x, all, c->translate, true);
	like->translate = c->translate;
	like->dport = ports_beside(x, all, c->translate, false);
	if (like->dport.n)
		add_target(x, c, like, t);
	like->translate = 0;
	like->dport = kept;
	if (kept.n)
		add_target(x, c, like, t);
	like->dport = all;
}

static void add_claim(const struct claim *c, void *arg)
{
	struct expecting *x = arg;
	struct bucket like = {.proto = c->proto,
			      .icmp_type = c->row->icmp_type,
			      .from = c->from->zone,
			      .to = c->to->zone,
			      .sport = c->sport,
			      .dport = c->dport,
			      .of_site = c->row->of_site};
	size_t n = end_count(c->dep, c->to);

	if (!claim_in_force(x->site, c))
		return;
	x->has_networks |= !n;
	if (!n && (c->to->kind == END_ZONE || c->to->kind == END_ANY))
		add_ports(x, c, &like, &(struct target){.daddr = c->to->range});
	for (size_t i = 0; i < n; i++) {
		struct end_host host = end_host(c->dep, c->to, i);
		bool public = c->to->kind == END_PUBLIC;
		uint32_t sent = public ? host.public : host.real;

		add_ports(x, c, &like,
			  &(struct target){one(sent), sent != host.real, host.real, public});
	}
}

/* --- buckets to functions --------------------------------------------------------------------- */

static node icmp_type_is(struct space *s, uint8_t type)
{
	uint32_t lo = (uint32_t)type << ICMP_TYPE_SHIFT;

	return in_range(s, VAR_SPORT, lo, lo | MAX_ICMP_TYPE);
}

/* Protocol and ports; @reply: of the other direction. */
static node header(struct space *s, const struct bucket *b, struct range_set dport, bool reply)
{
	node f = both(s, in_range(s, VAR_PROTO, b->proto, b->proto), in_range(s, VAR_SHORT, 0, 0));

	if (b->proto == IPPROTO_ICMP)
		return both(
			s, f,
			icmp_type_is(s, reply ? icmp_other_direction(b->icmp_type) : b->icmp_type));
	f = both(s, f, in_ranges(s, reply ? VAR_DPORT : VAR_SPORT, b->sport));
	return both(s, f, in_ranges(s, reply ? VAR_SPORT : VAR_DPORT, dport));
}

/** box_fn - another leaf for a box, and other intervals; false where it is left out */
typedef bool box_fn(struct expecting *x, const struct bucket *b, struct box *box);

/* The boxes of @b under @condition. */
static node bucket_node(struct expecting *x, const struct bucket *b, node condition, box_fn *fn,
			node otherwise)
{
	static const unsigned int vars[] = {VAR_DADDR, VAR_SADDR};
	struct box *boxes = mem_resize(NULL, b->boxes.n, sizeof(*boxes));
	size_t n = 0;
	node f;

	for (size_t i = 0; i < b->boxes.n; i++) {
		boxes[n] = b->boxes.at[i];
		n += !fn || fn(x, b, &boxes[n]);
	}
	f = diagram_boxes(x->s->d, vars, ARRAY_SIZE(vars), boxes, n, otherwise);
	free(boxes);
	return guard(x->s, condition, f);
}

static node layer_part(struct expecting *x, enum layer layer, bool with_oif, box_fn *fn,
		       bool site_only, size_t from, size_t to)
{
	size_t mid = from + (to - from) / 2;
	const struct bucket *b;
	node zones;

	if (from == to)
		return leaf(LEAF_ELSE);
	if (to - from > 1)
		return seq(x->s, layer_part(x, layer, with_oif, fn, site_only, from, mid),
			   layer_part(x, layer, with_oif, fn, site_only, mid, to));
	b = x->buckets[layer].at[from];
	if (site_only && !b->of_site)
		return leaf(LEAF_ELSE);
	zones = with_oif ? zone_pair(x->s, x->site, b->from, b->to)
			 : in_zone(x->s, x->site, VAR_IIF, b->from);
	return bucket_node(x, b, both(x->s, zones, header(x->s, b, b->dport, false)), fn,
			   leaf(LEAF_ELSE));
}

static node layer_node(struct expecting *x, enum layer layer, bool with_oif, box_fn *fn,
		       bool site_only)
{
	return layer_part(x, layer, with_oif, fn, site_only, 0, x->buckets[layer].n);
}

static bool destination_only(struct expecting *x, const struct bucket *b, struct box *box)
{
	struct outcome o;

	(void)b;
	leaf_outcome(x->s, leaf_value(box->to), &o);
	o.has_saddr = o.masquerade = false;
	o.saddr = 0;
	box->to = space_outcome(x->s, &o);
	return true;
}

static bool just_yes(struct expecting *x, const struct bucket *b, struct box *box)
{
	(void)x;
	(void)b;
	box->to = leaf(LEAF_YES);
	return true;
}

/* --- packets of flows ------------------------------------------------------------------------- */

/** enum look - at which point a packet of a flow is looked at */
enum look {
	ARRIVING,
	PASSING,
	REPLY_ARRIVING,
	REPLY_PASSING,
};

static bool arriving_box(struct expecting *x, const struct bucket *b, struct box *box)
{
	return just_yes(x, b, box);
}

static bool passing_box(struct expecting *x, const struct bucket *b, struct box *box)
{
	struct outcome o;

	(void)b;
	leaf_outcome(x->s, leaf_value(box->to), &o);
	if (o.has_daddr)
		box->at[0] = one(o.daddr);
	box->to = leaf(LEAF_YES);
	return true;
}

static void turn_around(struct box *box)
{
	struct range daddr = box->at[0];

	box->at[0] = box->at[1];
	box->at[1] = daddr;
}

static bool reply_passing_box(struct expecting *x, const struct bucket *b, struct box *box)
{
	passing_box(x, b, box);
	turn_around(box);
	return true;
}

/* The reply to what was masqueraded comes to an address of the gateway's own. */
static bool reply_arriving_box(struct expecting *x, const struct bucket *b, struct box *box)
{
	struct outcome o;

	leaf_outcome(x->s, leaf_value(box->to), &o);
	if (o.masquerade)
		return false;
	if (o.has_saddr)
		box->at[1] = one(o.saddr);
	return reply_passing_box(x, b, box);
}

static bool any_source(struct expecting *x, const struct bucket *b, struct box *box, box_fn *fn)
{
	if (!fn(x, b, box))
		return false;
	box->at[1] = IPV4_ALL;
	return true;
}

static bool error_arriving_box(struct expecting *x, const struct bucket *b, struct box *box)
{
	return any_source(x, b, box, arriving_box);
}

static bool error_passing_box(struct expecting *x, const struct bucket *b, struct box *box)
{
	return any_source(x, b, box, passing_box);
}

static bool error_back_arriving_box(struct expecting *x, const struct bucket *b, struct box *box)
{
	return any_source(x, b, box, reply_arriving_box);
}

static bool error_back_passing_box(struct expecting *x, const struct bucket *b, struct box *box)
{
	return any_source(x, b, box, reply_passing_box);
}

static node flow_zones(struct expecting *x, const struct bucket *b, enum look look)
{
	switch (look) {
	case ARRIVING:
		return in_zone(x->s, x->site, VAR_IIF, b->from);
	case PASSING:
		return zone_pair(x->s, x->site, b->from, b->to);
	case REPLY_ARRIVING:
		return in_zone(x->s, x->site, VAR_IIF, b->to);
	case REPLY_PASSING:
		return zone_pair(x->s, x->site, b->to, b->from);
	}
	return leaf(LEAF_NO);
}

static node flow_header(struct expecting *x, const struct bucket *b, enum look look)
{
	struct range moved = {b->translate, b->translate};
	struct range_set dport = b->dport;

	if (b->translate && look != ARRIVING)
		dport = (struct range_set){&moved, 1};
	return header(x->s, b, dport, look == REPLY_ARRIVING || look == REPLY_PASSING);
}

static node errors(struct space *s)
{
	node f = leaf(LEAF_NO);

	for (size_t i = 0; i < ARRAY_SIZE(icmp_errors); i++)
		f = either(s, f, icmp_type_is(s, icmp_errors[i]));
	return both(s, f, in_range(s, VAR_PROTO, IPPROTO_ICMP, IPPROTO_ICMP));
}

/* All flows at one point, in both directions. */
static node flows(struct expecting *x, const enum look looks[2], box_fn *const fns[2], bool error)
{
	node f = leaf(LEAF_NO);

	for (size_t l = 0; l < LAYERS; l++)
		vec_each(it, &x->buckets[l])
			for (size_t i = 0; i < 2; i++) {
				node head = error ? errors(x->s) : flow_header(x, *it, looks[i]);
				node zones = flow_zones(x, *it, looks[i]);
				node part = bucket_node(x, *it, both(x->s, zones, head), fns[i],
							leaf(LEAF_NO));

				f = either(x->s, f, replace_leaf(x->s, part, LEAF_ELSE, LEAF_NO));
			}
	return f;
}

/* --- conditions ------------------------------------------------------------------------------- */

/** struct addresses - boxes of single addresses */
struct addresses {
	VEC(struct box);
};

static void add_address(struct addresses *all, uint32_t addr)
{
	if (addr)
		vec_add(all, ((struct box){{one(addr)}, leaf(LEAF_YES)}));
}

static node in_addresses(struct space *s, unsigned int var, struct addresses *all)
{
	return diagram_boxes(s->d, &var, 1, all->at, all->n, leaf(LEAF_NO));
}

static void make_addresses(struct expecting *x)
{
	struct addresses own = {0}, public = {0};

	vec_each(it, &x->site->deployments) {
		const struct deployment *dep = *it;
		const struct model *model = dep->model;

		vec_each(peer, &dep->edge) {
			add_address(&public, peer->public.addr);
			add_address(&own, peer->public.addr);
			for (size_t i = 0; i < model->n_nics; i++) {
				add_address(&own, peer->nics[i].addr);
				if (peer->nics[i].addr && peer->public.addr)
					vec_add(&x->zone_edges[model->nics[i].zone],
						((struct end_host){peer->nics[i].addr,
								   peer->public.addr}));
			}
		}
		/* what stands on the internet is no address that cannot come from there */
		for (size_t i = 0; i < model->n_roles; i++)
			if (model->roles[i].zone != ZONE_WAN)
				vec_each(host, &dep->roles[i])
					add_address(&own, host->addr);
	}
	x->out->to_public = in_addresses(x->s, VAR_DADDR, &public);
	x->out->from_own = in_addresses(x->s, VAR_SADDR, &own);
	x->out->to_own = in_addresses(x->s, VAR_DADDR, &own);
	vec_free(&own);
	vec_free(&public);
}

/* linux/net/netfilter: ICMP opens a flow with a request only, and what is too short for ports with
 * nothing. */
static node impossible(struct space *s)
{
	static const uint8_t with_ports[] = {IPPROTO_TCP,  IPPROTO_UDP,	    IPPROTO_SCTP,
					     IPPROTO_DCCP, IPPROTO_UDPLITE, IPPROTO_ICMP};
	node requests = leaf(LEAF_NO), cut = leaf(LEAF_NO);

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
	return leaf(value == LEAF_ACCEPT || value >= LEAF_FIRST_OUTCOME ? LEAF_EITHER : LEAF_DROP);
}

static node is_translated(uint32_t value, void *arg)
{
	(void)arg;
	return leaf(value == LEAF_ELSE ? LEAF_NO : LEAF_YES);
}

static void make_fresh(struct expecting *x)
{
	struct space *s = x->s;
	struct expected *out = x->out;
	node plain = seq(s, layer_node(x, PLAIN_FROM_EDGE, true, NULL, false),
			 layer_node(x, PLAIN, true, NULL, false));
	node moved = seq(s, layer_node(x, TRANSLATED_FROM_EDGE, true, NULL, false),
			 layer_node(x, TRANSLATED, true, NULL, false));
	node rest = leaf(LEAF_DROP), astray;

	if (x->site->judge_hosts_only)
		rest = seq(s, guard(s, either(s, out->from_own, out->to_own), leaf(LEAF_DROP)),
			   leaf(LEAF_NOT_OURS));
	out->translation =
		seq(s, layer_node(x, TRANSLATED_FROM_EDGE, false, destination_only, false),
		    layer_node(x, TRANSLATED, false, destination_only, false));
	/* what is translated leaves by the zone of its row: where routes lead elsewhere, a row that
	 * speaks of whole zones may let it pass */
	astray = leaf(LEAF_DROP);
	if (x->has_networks)
		astray = compose(s, out->translation, seq(s, plain, astray));
	astray = guard(s, diagram_map(s->d, out->translation, is_translated, NULL),
		       diagram_map(s->d, astray, as_either, NULL));
	out->fresh = seq(s, moved, seq(s, astray, seq(s, plain, rest)));
	out->fresh = seq(s, guard(s, out->spoofed, leaf(LEAF_DROP)), out->fresh);
	out->fresh = seq(s, guard(s, out->impossible, leaf(LEAF_EITHER)), out->fresh);
	/* nothing makes packets untracked here; those that others do have no translation */
	out->untracked = diagram_map(s->d, seq(s, plain, leaf(LEAF_DROP)), as_either, NULL);
	out->untracked = seq(s, replace_leaf(s, out->untracked, LEAF_DROP, LEAF_ELSE), rest);
	out->untracked = seq(s, guard(s, out->spoofed, leaf(LEAF_DROP)), out->untracked);
	out->invalid = rest;
}

static void make_by_site(struct expecting *x)
{
	node f = leaf(LEAF_ELSE);

	for (size_t l = 0; l < LAYERS; l++)
		f = seq(x->s, f, layer_node(x, (enum layer)l, true, just_yes, true));
	x->out->by_site = replace_leaf(x->s, f, LEAF_ELSE, LEAF_NO);
}

static void expecting_free(struct expecting *x)
{
	for (size_t l = 0; l < LAYERS; l++) {
		vec_each(bucket, &x->buckets[l])
			vec_free(&(*bucket)->boxes);
		vec_free(&x->buckets[l]);
	}
	for (size_t z = 0; z < ZONE_COUNT; z++)
		vec_free(&x->zone_edges[z]);
	index_free(&x->index);
}

static void collect(struct expecting *x)
{
	*x->out = (struct expected){0};
	make_addresses(x);
	vec_each(dep, &x->site->deployments)
		claims_each(*dep, &x->s->arena, add_claim, x);
}

void expected_make(struct space *s, const struct site *site, struct expected *ret)
{
	struct expecting x = {.s = s, .site = site, .out = ret};

	collect(&x);
	ret->from_wan = in_zone(s, site, VAR_IIF, ZONE_WAN);
	ret->spoofed = both(s, ret->from_wan, ret->from_own);
	ret->impossible = impossible(s);
	make_fresh(&x);
	make_by_site(&x);
	expecting_free(&x);
}

node expected_flows(struct space *s, const struct site *site, enum flow_point point)
{
	static const enum look arriving[] = {ARRIVING, REPLY_ARRIVING};
	static const enum look passing[] = {PASSING, REPLY_PASSING};
	static box_fn *const boxes[][2] = {
		[FLOWS_ARRIVING] = {arriving_box, reply_arriving_box},
		[FLOWS_PASSING] = {passing_box, reply_passing_box},
		[ERRORS_ARRIVING] = {error_arriving_box, error_back_arriving_box},
		[ERRORS_PASSING] = {error_passing_box, error_back_passing_box},
	};
	bool arrives = point == FLOWS_ARRIVING || point == ERRORS_ARRIVING;
	struct expected none;
	struct expecting x = {.s = s, .site = site, .out = &none};
	node f;

	collect(&x);
	f = flows(&x, arrives ? arriving : passing, boxes[point],
		  point == ERRORS_ARRIVING || point == ERRORS_PASSING);
	expecting_free(&x);
	return f;
}

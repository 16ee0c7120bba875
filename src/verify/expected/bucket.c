/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bucket.h"

#include "jgfw/base/icmp.h"
#include "jgfw/verify/expected/expected.h"
#include "jgfw/verify/expected/zones.h"

#include <netinet/in.h>
#include <string.h>

/* --- zones ---------------------------------------------------------------------------------- */

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

static struct bucket *bucket_of(struct buckets *x, const struct bucket *like)
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
		vec_add(&x->layers[like->layer], bucket);
	}
	buf_free(&key);
	return bucket;
}

static void add_box(struct buckets *x, struct bucket *like, struct range daddr, struct range saddr,
		    const struct outcome *o)
{
	struct bucket *bucket = bucket_of(x, like);

	vec_add(&bucket->boxes, ((struct box){{daddr, saddr}, space_outcome(x->s, o)}));
}

/* --- claims --------------------------------------------------------------------------------- */

/** struct claim_target - where a claim leads: addresses as they are sent to, and what they become
 */
struct claim_target {
	struct range daddr;
	bool moves; /* the address becomes another */
	uint32_t to;
	bool is_public;
};

/* Sources of a zone or network, with the Expressway-E among them that leave with their public
 * address. */
static void add_sources(struct buckets *x, const struct claim *c, struct bucket *like,
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
			add_box(x, like, daddr, one_address(edge->real), &own);
		}
	}
	like->layer = layer;
}

/* One destination of a claim, for the ports of @like. */
static void add_target(struct buckets *x, const struct claim *c, struct bucket *like,
		       const struct claim_target *t)
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

		if (range_equal(t->daddr, one_address(host.real)))
			continue; /* no machine comes this way to itself */
		like->layer = translated ? TRANSLATED : PLAIN;
		if (end_is_edge(c->from) && (leaves || c->from->kind == END_PUBLIC)) {
			like->layer--;
			own.masquerade = false;
			own.has_saddr = host.public != host.real;
			own.saddr = host.public;
		}
		add_box(x, like, t->daddr, one_address(host.real), &own);
	}
}

/* The ports of @set that are @port, or those that are not. */
static struct range_set ports_beside(struct buckets *x, struct range_set set, uint16_t port,
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
static void add_ports(struct buckets *x, const struct claim *c, struct bucket *like,
		      const struct claim_target *t)
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
	struct buckets *x = arg;
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
		add_ports(x, c, &like, &(struct claim_target){.daddr = c->to->range});
	for (size_t i = 0; i < n; i++) {
		struct end_host host = end_host(c->dep, c->to, i);
		bool public = c->to->kind == END_PUBLIC;
		uint32_t sent = public ? host.public : host.real;

		add_ports(x, c, &like,
			  &(struct claim_target){one_address(sent), sent != host.real, host.real,
						 public});
	}
}

/* --- buckets to functions --------------------------------------------------------------------- */

node icmp_type_is(struct space *s, uint8_t type)
{
	uint32_t lo = (uint32_t)type << ICMP_TYPE_SHIFT;

	return in_range(s, VAR_SPORT, lo, lo | MAX_ICMP_CODE);
}

/* Protocol and ports; @reply: of the other direction. */
node bucket_header(struct space *s, const struct bucket *b, struct range_set dport, bool reply)
{
	node f = both(s, in_range(s, VAR_PROTO, b->proto, b->proto), in_range(s, VAR_SHORT, 0, 0));

	if (b->proto == IPPROTO_ICMP)
		return both(
			s, f,
			icmp_type_is(s, reply ? icmp_other_direction(b->icmp_type) : b->icmp_type));
	f = both(s, f, in_ranges(s, reply ? VAR_DPORT : VAR_SPORT, b->sport));
	return both(s, f, in_ranges(s, reply ? VAR_SPORT : VAR_DPORT, dport));
}

/* The boxes of @b under @condition. */
node bucket_node(struct buckets *x, const struct bucket *b, node condition, box_fn *fn,
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
	f = in_boxes(x->s, vars, ARRAY_SIZE(vars), boxes, n, otherwise);
	free(boxes);
	return guard(x->s, condition, f);
}

bool box_yes(struct buckets *x, const struct bucket *b, struct box *box)
{
	(void)x;
	(void)b;
	box->to = terminal(TERMINAL_YES);
	return true;
}

/* --- all rows ------------------------------------------------------------------------------ */

static void list_edges(struct buckets *x, const struct deployment *dep)
{
	vec_each(peer, &dep->edge)
		for (size_t i = 0; i < dep->model->n_nics && peer->public.addr; i++)
			if (peer->nics[i].addr)
				vec_add(&x->zone_edges[dep->model->nics[i].zone],
					((struct end_host){peer->nics[i].addr, peer->public.addr}));
}

void buckets_collect(struct buckets *x, struct space *s, const struct site *site)
{
	*x = (struct buckets){.s = s, .site = site};
	vec_each(dep, &site->deployments)
		list_edges(x, *dep);
	vec_each(dep, &site->deployments)
		claims_each(*dep, &s->arena, add_claim, x);
}

void buckets_free(struct buckets *x)
{
	for (size_t l = 0; l < LAYERS; l++) {
		vec_each(bucket, &x->layers[l])
			vec_free(&(*bucket)->boxes);
		vec_free(&x->layers[l]);
	}
	for (size_t z = 0; z < ZONE_COUNT; z++)
		vec_free(&x->zone_edges[z]);
	index_free(&x->index);
}

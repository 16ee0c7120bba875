/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packets of flows that rows let begin, in both directions, and errors about them. */
#include "bucket.h"
#include "jgfw/verify/expected/expected.h"
#include "jgfw/verify/expected/zones.h"

#include <netinet/in.h>

/* RFC 792: what tells of a flow that it fails */
static const uint8_t icmp_errors[] = {3, 11, 12};
/** enum look - at which point a packet of a flow is looked at */
enum look {
	ARRIVING,
	PASSING,
	REPLY_ARRIVING,
	REPLY_PASSING,
};

static bool arriving_box(struct buckets *x, const struct bucket *b, struct box *box)
{
	return box_yes(x, b, box);
}

static bool passing_box(struct buckets *x, const struct bucket *b, struct box *box)
{
	struct outcome o;

	(void)b;
	terminal_outcome(x->s, terminal_value(box->to), &o);
	if (o.has_daddr)
		box->at[0] = one_address(o.daddr);
	box->to = terminal(TERMINAL_YES);
	return true;
}

static void turn_around(struct box *box)
{
	struct range daddr = box->at[0];

	box->at[0] = box->at[1];
	box->at[1] = daddr;
}

static bool reply_passing_box(struct buckets *x, const struct bucket *b, struct box *box)
{
	passing_box(x, b, box);
	turn_around(box);
	return true;
}

/* The reply to what was masqueraded comes to an address of the gateway's own. */
static bool reply_arriving_box(struct buckets *x, const struct bucket *b, struct box *box)
{
	struct outcome o;

	terminal_outcome(x->s, terminal_value(box->to), &o);
	if (o.masquerade)
		return false;
	if (o.has_saddr)
		box->at[1] = one_address(o.saddr);
	return reply_passing_box(x, b, box);
}

static bool any_source(struct buckets *x, const struct bucket *b, struct box *box, box_fn *fn)
{
	if (!fn(x, b, box))
		return false;
	box->at[1] = IPV4_ALL;
	return true;
}

static bool error_arriving_box(struct buckets *x, const struct bucket *b, struct box *box)
{
	return any_source(x, b, box, arriving_box);
}

static bool error_passing_box(struct buckets *x, const struct bucket *b, struct box *box)
{
	return any_source(x, b, box, passing_box);
}

static bool error_back_arriving_box(struct buckets *x, const struct bucket *b, struct box *box)
{
	return any_source(x, b, box, reply_arriving_box);
}

static bool error_back_passing_box(struct buckets *x, const struct bucket *b, struct box *box)
{
	return any_source(x, b, box, reply_passing_box);
}

static node flow_zones(struct buckets *x, const struct bucket *b, enum look look)
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
	return terminal(TERMINAL_NO);
}

static node flow_header(struct buckets *x, const struct bucket *b, enum look look)
{
	struct range moved = {b->translate, b->translate};
	struct range_set dport = b->dport;

	if (b->translate && look != ARRIVING)
		dport = (struct range_set){&moved, 1};
	return bucket_header(x->s, b, dport, look == REPLY_ARRIVING || look == REPLY_PASSING);
}

static node errors(struct space *s)
{
	node f = terminal(TERMINAL_NO);

	for (size_t i = 0; i < ARRAY_SIZE(icmp_errors); i++)
		f = either(s, f, icmp_type_is(s, icmp_errors[i]));
	return both(s, f, in_range(s, VAR_PROTO, IPPROTO_ICMP, IPPROTO_ICMP));
}

/* All flows at one point, in both directions. */
static node flows(struct buckets *x, const enum look looks[2], box_fn *const fns[2], bool error)
{
	struct conditions all = {0};

	for (size_t l = 0; l < LAYERS; l++)
		vec_each(it, &x->layers[l])
			for (size_t i = 0; i < 2; i++) {
				node head = error ? errors(x->s) : flow_header(x, *it, looks[i]);
				node zones = flow_zones(x, *it, looks[i]);
				node part = bucket_node(x, *it, both(x->s, zones, head), fns[i],
							terminal(TERMINAL_NO));

				vec_add(&all,
					replace_terminal(x->s, part, TERMINAL_ELSE, TERMINAL_NO));
			}
	return any_of(x->s, &all);
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
	struct buckets x;
	node f;

	buckets_collect(&x, s, site);
	f = flows(&x, arrives ? arriving : passing, boxes[point],
		  point == ERRORS_ARRIVING || point == ERRORS_PASSING);
	buckets_free(&x);
	return f;
}

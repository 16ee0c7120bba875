/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rows of a site as packets: rows that differ in addresses only are a bucket, whose addresses are
 * boxes.
 */
#ifndef JGFW_VERIFY_EXPECTED_BUCKET_H
#define JGFW_VERIFY_EXPECTED_BUCKET_H

#include "jgfw/claims/claim.h"
#include "jgfw/verify/space/space.h"

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

/** struct buckets - all packets that rows in force let begin a flow */
struct buckets {
	struct space *s;
	const struct site *site;
	struct index index;
	struct {
		VEC(struct bucket *);
	} layers[LAYERS];
	struct {
		VEC(struct end_host);
	} zone_edges[ZONE_COUNT]; /* NICs by zone, where they have a public address */
	bool has_networks;	  /* a row leads to a zone or a network as it is */
};

/** buckets_collect - from the rows of @site */
void buckets_collect(struct buckets *x, struct space *s, const struct site *site);
void buckets_free(struct buckets *x);

/** box_fn - another terminal for a box, and other intervals; false where it is left out */
typedef bool box_fn(struct buckets *x, const struct bucket *b, struct box *box);

/** box_yes - the box_fn of a condition */
bool box_yes(struct buckets *x, const struct bucket *b, struct box *box);

/** bucket_node - the boxes of @b, by @fn where it is not NULL, under @condition; elsewhere
 * TERMINAL_ELSE, or @otherwise where the condition holds */
node bucket_node(struct buckets *x, const struct bucket *b, node condition, box_fn *fn,
		 node otherwise);

/** bucket_header - protocol and ports, with @dport as ports of the destination; @reply: of
 * packets in the other direction */
node bucket_header(struct space *s, const struct bucket *b, struct range_set dport, bool reply);

/** icmp_type_is - the type of ICMP, whatever the code */
node icmp_type_is(struct space *s, uint8_t type);

static inline struct range one_address(uint32_t addr)
{
	return (struct range){addr, addr};
}

#endif

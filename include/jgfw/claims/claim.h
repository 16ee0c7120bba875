/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a site's rows claim, read from the site itself. */
#ifndef JGFW_CLAIMS_CLAIM_H
#define JGFW_CLAIMS_CLAIM_H

#include "jgfw/config/site.h"

/** struct claim - a row of a deployment between two of its ends, for one protocol */
struct claim {
	const struct deployment *dep;
	const struct row *row;
	const struct endpoint *from, *to;
	uint8_t proto;		       /* IPPROTO_* */
	struct range_set sport, dport; /* without ranges: any */
	uint16_t translate;	       /* 0: the port stays */
};

/** claim_fn - is given each claim */
typedef void claim_fn(const struct claim *claim, void *arg);

/** claims_each - all claims of @dep, omitted rows and rows not in force too, but not those that
 * only tell the translation of another; ports belong to the site or to @arena */
void claims_each(const struct deployment *dep, struct arena *arena, claim_fn *fn, void *arg);

/** claim_in_force - is its row one that the gateway can meet, with both its zones and machines at
 * both its ends, and not omitted? */
bool claim_in_force(const struct site *site, const struct claim *claim);

/** deployment_omits - did the site leave the row out? */
bool deployment_omits(const struct deployment *dep, const struct row *row);

/** site_own_addresses - the addresses of all Expressway-E and of the machines of all roles that are
 * the site's own, as a set */
void site_own_addresses(const struct site *site, struct range_vec *ret);

/** struct end_host - an address at an end of a claim */
struct end_host {
	uint32_t real;	 /* on the wire behind the gateway; 0 where it is not given */
	uint32_t public; /* of an Expressway-E, or 0 */
};

/** end_count - how many machines @end stands for; 0 where it is a zone or a network */
size_t end_count(const struct deployment *dep, const struct endpoint *end);

/** end_host - the @i-th of them */
struct end_host end_host(const struct deployment *dep, const struct endpoint *end, size_t i);

/** end_is_edge - is it an Expressway-E, or all of them? */
static inline bool end_is_edge(const struct endpoint *end)
{
	return end->kind == END_PUBLIC || end->kind == END_NIC;
}

#endif

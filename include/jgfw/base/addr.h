/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IPv4 addresses, networks and inclusive ranges, all in host byte order. */
#ifndef JGFW_BASE_ADDR_H
#define JGFW_BASE_ADDR_H

#include "jgfw/base/vec.h"

#include <stdbool.h>
#include <stdint.h>

/** struct range - the integers @lo to @hi, both included */
struct range {
	uint32_t lo, hi;
};

/** struct range_vec - ranges; a *set* is sorted, disjoint, and none touches the next */
struct range_vec {
	VEC(struct range);
};

/** ipv4_parse - a dotted quad without leading zeros; 0 or -EINVAL */
int ipv4_parse(const char *s, uint32_t *ret_addr);

/** ipv4_net_parse - ADDRESS or ADDRESS/LENGTH as the range it covers
 *
 * Returns 0, -EINVAL where it is malformed, or -EDOM where bits behind the length are set
 * (@ret_range is then the network that was probably meant).
 */
int ipv4_net_parse(const char *s, struct range *ret_range);

/** ipv4_is_private - RFC 1918, section 3 */
bool ipv4_is_private(uint32_t addr);

/** ipv4_is_host - can stand in a packet as the address of one machine elsewhere: not of 0/8, 127/8,
 * multicast, or class E (RFC 6890) */
bool ipv4_is_host(uint32_t addr);

/** ipv4_prefix_len - the prefix length of @r, or -1 where it is no network */
int ipv4_prefix_len(struct range r);

/** range_normalize - make @v a set: sort, merge what overlaps or touches */
void range_normalize(struct range_vec *v);

/** range_overlap - do the two have an integer in common? */
static inline bool range_overlap(struct range a, struct range b)
{
	return a.lo <= b.hi && b.lo <= a.hi;
}

/** range_within - is all of @a in @b? */
static inline bool range_within(struct range a, struct range b)
{
	return a.lo >= b.lo && a.hi <= b.hi;
}

/** struct range_set - a set that belongs to somebody else */
struct range_set {
	const struct range *at;
	size_t n;
};

/** range_set_overlaps - do two sets have an integer in common? */
bool range_set_overlaps(struct range_set a, struct range_set b);

/** range_set_equal - are two sets the same? */
bool range_set_equal(struct range_set a, struct range_set b);

/** range_set_count - how many integers are in @s */
uint64_t range_set_count(struct range_set s);

static inline bool range_equal(struct range a, struct range b)
{
	return a.lo == b.lo && a.hi == b.hi;
}

#define IPV4_ALL ((struct range){0, UINT32_MAX})
#define PORT_MAX UINT16_MAX

/** port_range_parse - PORT or LOW-HIGH, 1 to 65535 without leading zeros
 *
 * Returns 0, -EINVAL where it is malformed, -ERANGE where a port is out of range, or -EDOM where
 * the bounds are the wrong way round.
 */
int port_range_parse(const char *s, struct range *ret_range);

#endif

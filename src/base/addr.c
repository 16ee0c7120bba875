/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "jgfw/base/addr.h"

#include "jgfw/base/text.h"

#include <errno.h>
#include <string.h>

int ipv4_parse(const char *s, uint32_t *ret_addr)
{
	uint32_t addr = 0;

	for (int i = 0; i < 4; i++) {
		unsigned int v = 0;
		int digits = 0;

		if (i && *s++ != '.')
			return -EINVAL;
		for (; *s >= '0' && *s <= '9'; s++) {
			if (digits && !v) /* 010: octal to some, decimal to others */
				return -EINVAL;
			v = v * 10 + (unsigned int)(*s - '0');
			if (++digits > 3 || v > 255)
				return -EINVAL;
		}
		if (!digits)
			return -EINVAL;
		addr = addr << 8 | v;
	}
	if (*s)
		return -EINVAL;
	*ret_addr = addr;
	return 0;
}

int ipv4_net_parse(const char *s, struct range *ret_range)
{
	const char *slash = strchr(s, '/');
	char quad[sizeof("255.255.255.255")] = "";
	uint64_t len = 32;
	uint32_t addr, host;

	if (!slash)
		slash = s + strlen(s);
	else if (text_uint(slash + 1, 32, &len))
		return -EINVAL;
	if ((size_t)(slash - s) >= sizeof(quad))
		return -EINVAL;
	memcpy(quad, s, (size_t)(slash - s));
	if (ipv4_parse(quad, &addr))
		return -EINVAL;
	host = len == 32 ? 0 : UINT32_MAX >> len;
	*ret_range = (struct range){addr & ~host, addr | host};
	return addr & host ? -EDOM : 0;
}

bool ipv4_is_private(uint32_t addr)
{
	return addr >> 24 == 10 || addr >> 20 == (172 << 4 | 1) || addr >> 16 == (192 << 8 | 168);
}

bool ipv4_is_host(uint32_t addr)
{
	return addr >> 24 != 0 && addr >> 24 != 127 && addr >> 28 < 14;
}

int ipv4_prefix_len(struct range r)
{
	uint32_t host = r.lo ^ r.hi;

	if (host & (host + 1) || r.lo & host)
		return -1;
	return 32 - __builtin_popcount(host);
}

static int range_order(const void *a, const void *b)
{
	const struct range *x = a, *y = b;

	if (x->lo != y->lo)
		return x->lo < y->lo ? -1 : 1;
	return x->hi < y->hi ? -1 : x->hi > y->hi;
}

void range_normalize(struct range_vec *v)
{
	size_t n = 0;

	if (v->n < 2)
		return;
	qsort(v->at, v->n, sizeof(*v->at), range_order);
	for (size_t i = 1; i < v->n; i++) {
		struct range *last = &v->at[n];

		if (last->hi == UINT32_MAX || v->at[i].lo <= last->hi + 1) {
			if (v->at[i].hi > last->hi)
				last->hi = v->at[i].hi;
		} else {
			v->at[++n] = v->at[i];
		}
	}
	v->n = n + 1;
}

bool range_set_overlaps(struct range_set a, struct range_set b)
{
	for (size_t i = 0, j = 0; i < a.n && j < b.n;) {
		if (range_overlap(a.at[i], b.at[j]))
			return true;
		if (a.at[i].hi < b.at[j].hi)
			i++;
		else
			j++;
	}
	return false;
}

bool range_set_equal(struct range_set a, struct range_set b)
{
	return a.n == b.n && (a.n == 0 || !memcmp(a.at, b.at, a.n * sizeof(*a.at)));
}

uint64_t range_set_count(struct range_set s)
{
	uint64_t count = 0;

	for (size_t i = 0; i < s.n; i++)
		count += (uint64_t)s.at[i].hi - s.at[i].lo + 1;
	return count;
}

int port_range_parse(const char *s, struct range *ret_range)
{
	const char *dash = strchr(s, '-');
	char first[sizeof("4294967295")] = "";
	uint64_t lo, hi;
	int r;

	if (!dash)
		dash = s + strlen(s);
	if ((size_t)(dash - s) >= sizeof(first)) /* or just a very large number */
		return *s != '0' && strspn(s, "0123456789") == (size_t)(dash - s) ? -ERANGE
										  : -EINVAL;
	memcpy(first, s, (size_t)(dash - s));
	r = text_uint(first, PORT_MAX, &lo);
	if (r)
		return r;
	hi = lo;
	if (*dash)
		r = text_uint(dash + 1, PORT_MAX, &hi);
	if (r)
		return r;
	if (!lo || !hi)
		return -ERANGE;
	if (lo > hi)
		return -EDOM;
	*ret_range = (struct range){(uint32_t)lo, (uint32_t)hi};
	return 0;
}

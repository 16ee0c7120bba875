/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "jgfw/verify/space/sources.h"

/* The addresses of @kind that are in @set, and those that are not. */
static void split(const struct range_vec *kind, struct range_set set, struct range_vec *in,
		  struct range_vec *out)
{
	size_t k = 0;

	vec_each(whole, kind)
		for (uint64_t at = whole->lo; at <= whole->hi;) {
			struct range r = {(uint32_t)at, whole->hi};
			bool inside;

			while (k < set.n && set.at[k].hi < r.lo)
				k++;
			inside = k < set.n && set.at[k].lo <= r.lo;
			if (inside && set.at[k].hi < r.hi)
				r.hi = set.at[k].hi;
			else if (!inside && k < set.n && set.at[k].lo <= r.hi)
				r.hi = set.at[k].lo - 1;
			vec_add(inside ? in : out, r);
			at = (uint64_t)r.hi + 1;
		}
}

static void add_kind(struct sources *s, struct range_vec *kind)
{
	if (kind->n)
		s->kinds[s->n++] = *kind;
}

void sources_make(const struct range_set *sets, size_t n, struct sources *ret)
{
	struct range_vec all = {0};

	*ret = (struct sources){.kinds = mem_alloc(((size_t)1 << n) * sizeof(*ret->kinds))};
	vec_add(&all, IPV4_ALL);
	add_kind(ret, &all);
	for (size_t i = 0; i < n; i++)
		for (size_t k = ret->n; k--;) {
			struct range_vec in = {0}, out = {0}, whole = ret->kinds[k];

			split(&whole, sets[i], &in, &out);
			vec_free(&whole);
			ret->kinds[k] = ret->kinds[--ret->n];
			add_kind(ret, &out);
			add_kind(ret, &in);
		}
}

void sources_free(struct sources *sources)
{
	for (size_t i = 0; i < sources->n; i++)
		vec_free(&sources->kinds[i]);
	free(sources->kinds);
	*sources = (struct sources){0};
}

bool sources_first(const struct sources *sources, uint32_t kind, struct range range, uint32_t *ret)
{
	const struct range_vec *v = &sources->kinds[kind];
	size_t lo = 0, hi = v->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (v->at[mid].hi < range.lo)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo == v->n || v->at[lo].lo > range.hi)
		return false;
	*ret = v->at[lo].lo > range.lo ? v->at[lo].lo : range.lo;
	return true;
}

uint32_t sources_kind(const struct sources *sources, uint32_t addr)
{
	uint32_t kind = 0, first;

	while (kind + 1 < sources->n &&
	       !sources_first(sources, kind, (struct range){addr, addr}, &first))
		kind++;
	return kind;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The sets and maps of groups: their addresses, their names, and which groups share one. */
#include "group.h"

#include <string.h>

enum {
	SET_MIN_SIZE = 16,
	SITE_MAX_PIECES = 1 << 22, /* of what networks in rows come to */
};

/** struct rectangle - sources × destinations, and what a map gives them */
struct rectangle {
	struct range x, y;
	uint32_t addr;
	uint32_t origin;
};

struct rectangles {
	VEC(struct rectangle);
};

static bool sees_saddr(const struct group *group)
{
	return group->src != PARTY_ANY;
}

static bool sees_daddr(const struct group *group)
{
	return group->dst != PARTY_ANY;
}

static bool is_map(const struct group *group)
{
	return group->kind == GROUP_DNAT || group->kind == GROUP_SNAT;
}

static bool maps_port(const struct group *group)
{
	return group->kind == GROUP_DNAT && group->like->translate;
}

static struct range party_range(const struct party *party, size_t i)
{
	if (party->kind == PARTY_MACHINES)
		return (struct range){party->at[i].addr, party->at[i].addr};
	return party->kind == PARTY_ANY ? IPV4_ALL : party->range;
}

static size_t party_size(const struct party *party)
{
	return party->kind == PARTY_MACHINES ? party->n : 1;
}

/* The rectangles of one flow; dnat sees the public address, all others the one behind it. */
static void add_rectangles(const struct group *group, const struct flow *flow,
			   const struct party *src, uint32_t origin, struct rectangles *out)
{
	bool to_machine = flow->dst.kind == PARTY_MACHINES;
	bool from_machine = src->kind == PARTY_MACHINES;

	for (size_t d = 0; d < party_size(&flow->dst); d++) {
		const struct machine *to = to_machine ? &flow->dst.at[d] : NULL;
		bool translated = to_machine && flow->dnat && machine_translated(flow, to);
		struct rectangle r = {.y = party_range(&flow->dst, d), .origin = origin};
		struct range target = r.y; /* as it is asked for */

		if (to && flow->dnat)
			target = (struct range){to->public, to->public};
		if (translated != group->translated)
			continue;
		if (to_machine && group->kind == GROUP_DNAT) {
			r.y = (struct range){to->public, to->public};
			r.addr = to->addr;
		}
		for (size_t s = 0; s < party_size(src); s++) {
			const struct machine *from = from_machine ? &src->at[s] : NULL;

			r.x = party_range(src, s);
			if (from_machine && group->kind == GROUP_SNAT)
				r.addr = from->public;
			if (flow->src.kind == PARTY_MACHINES && range_equal(r.x, target))
				continue; /* a machine and itself */
			vec_add(out, r);
		}
	}
}

static int by_exact_side(const struct rectangle *a, const struct rectangle *b, bool x_exact)
{
	struct range p = x_exact ? a->x : a->y, q = x_exact ? b->x : b->y;
	struct range r = x_exact ? a->y : a->x, s = x_exact ? b->y : b->x;

	if (p.lo != q.lo)
		return p.lo < q.lo ? -1 : 1;
	if (r.lo != s.lo)
		return r.lo < s.lo ? -1 : 1;
	return r.hi > s.hi ? -1 : r.hi < s.hi;
}

static int order_x_exact(const void *a, const void *b)
{
	return by_exact_side(a, b, true);
}

static int order_y_exact(const void *a, const void *b)
{
	return by_exact_side(a, b, false);
}

/*
 * The kernel refuses intervals that overlap. Where one side is single addresses, the other side's
 * ranges are joined for each of them.
 */
static void join_ranges(struct ruleset *rs, struct rectangles *v, bool x_exact)
{
	size_t n = 0;

	if (!v->n)
		return;
	qsort(v->at, v->n, sizeof(*v->at), x_exact ? order_x_exact : order_y_exact);
	for (size_t i = 1; i < v->n; i++) {
		struct rectangle *last = &v->at[n], *r = &v->at[i];
		struct range *grow = x_exact ? &last->y : &last->x;
		struct range more = x_exact ? r->y : r->x;
		uint32_t exact = x_exact ? last->x.lo : last->y.lo;

		if (exact == (x_exact ? r->x.lo : r->y.lo) &&
		    (grow->hi == UINT32_MAX || more.lo <= grow->hi + 1)) {
			if (more.hi > grow->hi)
				grow->hi = more.hi;
			last->origin = origin_join(rs, last->origin, r->origin);
		} else {
			v->at[++n] = *r;
		}
	}
	v->n = n + 1;
}

static int number_order(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static int order_x(const void *a, const void *b)
{
	const struct rectangle *p = a, *q = b;

	return p->x.lo < q->x.lo ? -1 : p->x.lo > q->x.lo;
}

/* Networks can come to more than was written: those of rows that cross each other at both ends are
 * as many pieces as there are crossings, and an Expressway-E in one speaks to each machine. */
static bool take_pieces(struct groups *groups, size_t n, uint32_t origin)
{
	bool too_many = groups->pieces + n > SITE_MAX_PIECES;

	if (too_many && groups->pieces <= SITE_MAX_PIECES)
		diag_error(groups->diag, groups->rs->origins.at[origin - 1].loc, "too-many",
			   "networks that overlap, or hold many Expressway-E: more than %d pieces",
			   SITE_MAX_PIECES);
	groups->pieces += n;
	return !too_many;
}

/* Networks on both sides: cut at every bound of x, then each strip has single ranges of x. */
static void cut_rectangles(struct groups *groups, struct rectangles *v)
{
	struct {
		VEC(uint64_t);
	} cuts = {0};
	struct rectangles out = {0}, active = {0};
	size_t next = 0;

	if (v->n)
		qsort(v->at, v->n, sizeof(*v->at), order_x);
	vec_each(r, v) {
		vec_add(&cuts, (uint64_t)r->x.lo);
		vec_add(&cuts, (uint64_t)r->x.hi + 1);
	}
	if (cuts.n)
		qsort(cuts.at, cuts.n, sizeof(*cuts.at), number_order);
	for (size_t i = 1; i < cuts.n; i++) {
		struct range strip = {(uint32_t)cuts.at[i - 1], (uint32_t)(cuts.at[i] - 1)};
		struct rectangles in = {0};
		size_t left = 0;

		if (cuts.at[i] == cuts.at[i - 1])
			continue;
		for (; next < v->n && v->at[next].x.lo <= strip.lo; next++)
			vec_add(&active, v->at[next]);
		for (size_t k = 0; k < active.n; k++)
			if (active.at[k].x.hi >= strip.lo)
				active.at[left++] = active.at[k];
		active.n = left;
		if (active.n && !take_pieces(groups, active.n, active.at[active.n - 1].origin))
			break;
		vec_each(r, &active)
			vec_add(&in, ((struct rectangle){strip, r->y, r->addr, r->origin}));
		join_ranges(groups->rs, &in, true);
		vec_each(r, &in)
			vec_add(&out, *r);
		vec_free(&in);
	}
	vec_free(&active);
	vec_free(&cuts);
	free(v->at);
	*v = out;
}

static void make_elements(struct group *group, struct groups *groups)
{
	struct ruleset *rs = groups->rs;
	struct set *set = group->set;
	struct rectangles rects = {0};
	struct arena arena = {0};

	vec_each(i, &group->flows) {
		const struct flow *flow = &groups->policy->flows.at[*i];
		struct party src = flow->src;

		if (group->kind == GROUP_SNAT && src.kind != PARTY_MACHINES) {
			src = policy_edges_among(groups->policy, flow, &arena);
			if (!take_pieces(groups, (size_t)src.n * (flow->dst.n ? flow->dst.n : 1),
					 *i + 1))
				break;
		}
		add_rectangles(group, flow, &src, *i + 1, &rects);
	}
	arena_free(&arena);
	if (set->interval && group->src == PARTY_RANGE && group->dst == PARTY_RANGE)
		cut_rectangles(groups, &rects);
	else if (set->interval)
		join_ranges(rs, &rects, group->src != PARTY_RANGE);
	vec_each(r, &rects) {
		uint8_t *at = set_add(set, r->origin);

		for (int hi = 0; hi < (set->interval ? 2 : 1); hi++) {
			if (sees_saddr(group))
				at = set_put(at, value_u32(hi ? r->x.hi : r->x.lo));
			if (sees_daddr(group))
				at = set_put(at, value_u32(hi ? r->y.hi : r->y.lo));
		}
		if (is_map(group))
			at = set_put(at, value_u32(r->addr));
		if (maps_port(group))
			set_put(at, value_u16(group->like->translate));
	}
	vec_free(&rects);
}

/* Elements ADDRESS . PROTOCOL . PORT : ADDRESS . PORT */
static void make_port_elements(struct group *group, const struct policy *policy)
{
	vec_each(i, &group->flows) {
		const struct flow *flow = &policy->flows.at[*i];

		for (size_t m = 0; m < flow->dst.n; m++) {
			const struct machine *to = &flow->dst.at[m];

			for (size_t p = 0; p < flow->dport.n; p++) {
				uint16_t port = (uint16_t)flow->dport.at[p].lo;
				uint8_t *at;

				if (!machine_translated(flow, to))
					continue;
				at = set_add(group->set, *i + 1);
				at = set_put(at, value_u32(to->public));
				at = set_put(at, value_u8(flow->proto));
				at = set_put(at, value_u16(port));
				at = set_put(at, value_u32(to->addr));
				set_put(at, value_u16(flow->translate ? flow->translate : port));
			}
		}
	}
}

/* Sets are named by what they hold. */
static void group_set_name(const struct group *group, struct buf *name)
{
	const struct flow *flow = group->like;

	if (group->kind == GROUP_DNAT_PORTS) {
		buf_puts(name, flow->from == ZONE_WAN ? "public_ports" : "public_ports_from_");
		if (flow->from != ZONE_WAN)
			buf_puts(name, zone_name(flow->from));
		return;
	}
	buf_puts(name, group->kind == GROUP_DNAT   ? "dnat_"
		       : group->kind == GROUP_SNAT ? "snat_"
						   : "");
	if (sees_saddr(group))
		group_end_name(name, flow, &flow->row->from, &flow->row->from_end, group->src);
	if (sees_saddr(group) && sees_daddr(group))
		buf_puts(name, "_to_");
	if (sees_daddr(group))
		group_end_name(name, flow, &flow->row->to, &flow->row->to_end, group->dst);
	/* the name of a role alone may mean something to nft */
	if (sees_saddr(group) != sees_daddr(group) &&
	    (sees_saddr(group) ? flow->row->from_end : flow->row->to_end).kind == END_ROLE)
		buf_puts(name, "_hosts");
}

static bool same_party(const struct party *a, const struct party *b)
{
	if (a->kind != b->kind)
		return false;
	if (a->kind == PARTY_MACHINES)
		return a->at == b->at && a->n == b->n;
	return a->kind == PARTY_ANY || range_equal(a->range, b->range);
}

/* Would the sets of two groups hold the same elements, for the same packets? */
static bool same_addresses(const struct groups *groups, const struct group *a,
			   const struct group *b)
{
	const struct flow *flows = groups->policy->flows.at;

	if (a->src != b->src || a->dst != b->dst || is_map(a) != is_map(b) ||
	    (is_map(a) && a->kind != b->kind) || maps_port(a) || maps_port(b) ||
	    a->translated != b->translated || a->flows.n != b->flows.n)
		return false;
	for (size_t i = 0; i < a->flows.n; i++) {
		const struct flow *x = &flows[a->flows.at[i]], *y = &flows[b->flows.at[i]];

		/* which Expressway-E are in a zone depends on the zone */
		if (!same_party(&x->src, &y->src) || !same_party(&x->dst, &y->dst) ||
		    x->dnat != y->dnat || (a->kind == GROUP_SNAT && x->from != y->from))
			return false;
		for (size_t m = 0; x->dnat && m < x->dst.n; m++)
			if (machine_translated(x, &x->dst.at[m]) !=
			    machine_translated(y, &y->dst.at[m]))
				return false;
	}
	return true;
}

/* Does each element count, so that the set belongs to one row? */
static bool counts(const struct groups *groups, const struct group *group)
{
	return group->kind == GROUP_ACCEPT && groups->policy->site->count_deployments;
}

/* A number that is the same for parties with the same addresses. */
static uintptr_t party_mark(const struct party *party)
{
	return party->kind == PARTY_MACHINES ? (uintptr_t)party->at : party->range.lo;
}

/* The set of a group with the same addresses, or NULL; then @group is the one to be found next. */
static struct set *find_shared(struct groups *groups, struct group *group)
{
	const struct flow *first = &groups->policy->flows.at[group->flows.at[0]];
	/* what groups with the same addresses have in common, to be found by */
	const uintptr_t key[] = {group->flows.n, party_mark(&first->src), party_mark(&first->dst)};
	void **slot;

	if (counts(groups, group))
		return NULL;
	slot = index_find(&groups->sharers, key, sizeof(key));
	for (const struct group *other = *slot; other; other = other->next_sharer)
		if (same_addresses(groups, group, other))
			return other->set;
	group->next_sharer = *slot;
	*slot = group;
	return NULL;
}

static struct set *new_set(struct groups *groups, const struct group *group)
{
	static const enum datatype ports_key[] = {TYPE_IPV4_ADDR, TYPE_INET_PROTO,
						  TYPE_INET_SERVICE};
	static const enum datatype addresses[] = {TYPE_IPV4_ADDR, TYPE_IPV4_ADDR};
	static const enum datatype target[] = {TYPE_IPV4_ADDR, TYPE_INET_SERVICE};
	size_t n_key = (size_t)sees_saddr(group) + sees_daddr(group);
	struct buf name = {0};
	const char *unique;
	struct set *set;

	group_set_name(group, &name);
	if (counts(groups, group))
		buf_printf(&name, "_%s", group->like->row->id.text);
	unique = unique_name(&groups->names, &name);
	if (group->kind == GROUP_DNAT_PORTS)
		set = ruleset_set(groups->rs, unique, ports_key, 3, target, 2);
	else
		set = ruleset_set(groups->rs, unique, addresses, n_key, target,
				  is_map(group) ? 1 + (size_t)maps_port(group) : 0);
	buf_free(&name);
	return set;
}

void set_fit(struct set *set)
{
	uint32_t size = SET_MIN_SIZE;

	if (set->interval)
		return; /* the kernel counts the bounds of intervals as it likes */
	while (size <= set->n && size < UINT32_MAX / 2)
		size *= 2;
	set->size = size;
}

/* Two flows give one key of @map different data. */
static void told_twice(struct groups *groups, const struct set *map, size_t a, size_t b)
{
	const struct origin *first = &groups->rs->origins.at[map->origins[a] - 1];
	const struct origin *second = &groups->rs->origins.at[map->origins[b] - 1];

	diag_error(groups->diag, second->loc, "row-conflict",
		   "row '%s' of '%s' and row '%s' of '%s' translate the same packets differently",
		   second->row, second->deployment, first->row, first->deployment);
	diag_note(groups->diag, first->loc, "the other is here");
}

struct set *groups_set(struct groups *groups, struct group *group)
{
	size_t a, b;

	if (group->set)
		return group->set;
	if (group->kind != GROUP_DNAT_PORTS) {
		if (!sees_saddr(group) && !sees_daddr(group))
			return NULL;
		group->set = find_shared(groups, group);
		if (group->set)
			return group->set;
	}
	group->set = new_set(groups, group);
	if (group->kind == GROUP_DNAT_PORTS) {
		make_port_elements(group, groups->policy);
	} else {
		group->set->interval = group->src == PARTY_RANGE || group->dst == PARTY_RANGE;
		group->set->counter = counts(groups, group);
		make_elements(group, groups);
	}
	if (set_sort(groups->rs, group->set, &a, &b))
		told_twice(groups, group->set, a, b);
	set_fit(group->set);
	return group->set;
}

size_t group_fields(const struct group *group, enum field fields[4])
{
	size_t n = 0;

	if (group->kind == GROUP_DNAT_PORTS) {
		fields[0] = FIELD_IP_DADDR;
		fields[1] = FIELD_L4PROTO;
		fields[2] = FIELD_DPORT;
		return 3;
	}
	if (sees_saddr(group))
		fields[n++] = FIELD_IP_SADDR;
	if (sees_daddr(group))
		fields[n++] = FIELD_IP_DADDR;
	return n;
}

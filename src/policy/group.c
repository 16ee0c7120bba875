/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Flows that differ in addresses only, found by what they have in common. */
#include "group.h"

#include <string.h>

enum {
	NAMED_ROWS = 12, /* in the comment of a rule for many */
	SEEN_PLACES = 1 << 10,
};

/** struct glance - what tells at a glance that flows are alike: the same row and the same ports by
 * address, as all deployments with one profile have them; without padding, as it is hashed */
struct glance {
	const struct row *row;
	struct range_set sport, dport;
	uint16_t translate;
	uint8_t kind, proto, from, to, src, dst;
};

struct seen {
	struct glance glance;
	struct group *group; /* NULL: this place is free */
};

struct grouping {
	struct groups *groups;
	struct index index; /* from what makes flows alike to their group */
	struct buf key;
	struct seen seen[SEEN_PLACES]; /* groups found lately, by hash of the glance */
};

static void key_number(struct buf *key, uint64_t v)
{
	buf_add(key, &v, sizeof(v));
}

static void key_ports(struct buf *key, struct range_set set)
{
	key_number(key, set.n);
	buf_add(key, set.at, set.n * sizeof(*set.at));
}

static void key_text(struct buf *key, const char *text)
{
	buf_add(key, text, strlen(text) + 1);
}

static enum party_kind shape(const struct party *party)
{
	if (party->kind == PARTY_RANGE && party->range.lo == party->range.hi)
		return PARTY_MACHINES;
	return party->kind;
}

void group_end_name(struct buf *name, const struct flow *flow, const struct word *word,
		    const struct endpoint *end, enum party_kind kind)
{
	size_t start = name->n;

	if (end->kind == END_PUBLIC || end->kind == END_NIC) {
		buf_puts(name, "edge_");
		buf_puts(name, flow->dep->model->nics[end->nic].name.text);
	} else if (end->kind == END_ANY) {
		buf_puts(name, "clients");
	} else {
		buf_add(name, word->text, strcspn(word->text, ":"));
	}
	if (kind == PARTY_RANGE)
		buf_puts(name, "_networks");
	for (size_t i = start; i < name->n; i++)
		if (name->at[i] == '.' || name->at[i] == '-')
			name->at[i] = '_';
}

static void make_key(struct buf *key, enum group_kind kind, const struct flow *flow,
		     bool translated)
{
	struct range one;

	key->n = 0;
	key_number(key, kind);
	key_number(key, flow->from);
	key_ports(key, flow->sport);
	key_number(key, shape(&flow->src));
	if (kind == GROUP_DNAT_PORTS)
		return;
	key_number(key, flow->proto);
	key_number(key, flow->row->icmp_type);
	key_number(key, shape(&flow->dst));
	key_text(key, flow->row->id.text);
	key_text(key, flow->row->purpose.text);
	group_end_name(key, flow, &flow->row->from, &flow->row->from_end, shape(&flow->src));
	key_text(key, "");
	group_end_name(key, flow, &flow->row->to, &flow->row->to_end, shape(&flow->dst));
	key_text(key, "");
	if (kind == GROUP_DNAT) {
		key_number(key, flow->translate);
		key_ports(key, flow->dport);
		return;
	}
	key_number(key, flow->to);
	key_number(key, translated);
	key_ports(key, flow_dport(flow, &one));
}

static struct glance glance_at(enum group_kind kind, const struct flow *flow, bool translated)
{
	return (struct glance){.row = flow->row,
			       .sport = flow->sport,
			       .dport = flow->dport,
			       .translate = flow->translate,
			       .kind = (uint8_t)(kind << 1 | translated),
			       .proto = flow->proto,
			       .from = flow->from,
			       .to = flow->to,
			       .src = (uint8_t)shape(&flow->src),
			       .dst = (uint8_t)shape(&flow->dst)};
}

static struct group *new_group(struct groups *groups, enum group_kind kind, const struct flow *flow,
			       bool translated)
{
	struct group *group = arena_new(&groups->arena, struct group);

	*group = (struct group){.kind = kind,
				.like = flow,
				.translated = translated,
				.src = shape(&flow->src),
				.dst = shape(&flow->dst)};
	if (kind == GROUP_SNAT)
		group->src = PARTY_MACHINES;
	group->serial = groups->all.n;
	vec_add(&groups->all, group);
	return group;
}

/* The rows of a map of ports, to be named. */
static void name_row(struct group *group, const struct row *row)
{
	if (group->rows.n == NAMED_ROWS) {
		group->more_rows = true;
		return;
	}
	vec_each(known, &group->rows)
		if (*known == row || !strcmp((*known)->id.text, row->id.text))
			return;
	vec_add(&group->rows, row);
}

static void join(struct grouping *g, enum group_kind kind, uint32_t index, bool translated)
{
	const struct flow *flow = &g->groups->policy->flows.at[index];
	struct glance glance = glance_at(kind, flow, translated);
	struct seen *seen = &g->seen[hash_bytes(&glance, sizeof(glance)) % SEEN_PLACES];
	void **slot;

	if (!seen->group || memcmp(&seen->glance, &glance, sizeof(glance))) {
		make_key(&g->key, kind, flow, translated);
		slot = index_find(&g->index, g->key.at, g->key.n);
		if (!*slot)
			*slot = new_group(g->groups, kind, flow, translated);
		*seen = (struct seen){glance, *slot};
	}
	vec_add(&seen->group->flows, index);
	if (kind == GROUP_DNAT_PORTS)
		name_row(seen->group, flow->row);
}

static bool all_single(struct range_set ports)
{
	for (size_t i = 0; i < ports.n; i++)
		if (ports.at[i].lo != ports.at[i].hi)
			return false;
	return ports.n;
}

static void group_flow(struct grouping *g, uint32_t index)
{
	const struct flow *flow = &g->groups->policy->flows.at[index];
	bool translated = false, plain = !flow->dnat;
	bool public_source;

	for (size_t i = 0; flow->dnat && i < flow->dst.n; i++) {
		bool t = machine_translated(flow, &flow->dst.at[i]);

		translated |= t;
		plain |= !t;
	}
	if (translated && flow->src.kind == PARTY_ANY && all_single(flow->dport))
		join(g, GROUP_DNAT_PORTS, index, true);
	else if (translated)
		join(g, GROUP_DNAT, index, true);
	if (translated)
		join(g, GROUP_ACCEPT, index, true);
	if (plain)
		join(g, GROUP_ACCEPT, index, false);
	public_source = flow->snat == SOURCE_PUBLIC || flow->edges_among;
	if (public_source && translated)
		join(g, GROUP_SNAT, index, true);
	if (public_source && plain)
		join(g, GROUP_SNAT, index, false);
	if (flow->snat == SOURCE_GATEWAY && translated)
		join(g, GROUP_MASQUERADE, index, true);
}

/* The port models' rows first, in the order of their tables; then the add-ons', then the sites'. */
static int group_order(const void *a, const void *b)
{
	const struct group *x = *(struct group *const *)a, *y = *(struct group *const *)b;
	const struct row *r = x->like->row, *s = y->like->row;
	int models = 0;

	if (r->of_site != s->of_site)
		return r->of_site ? 1 : -1;
	if (!r->of_site && r->part->add_on != s->part->add_on)
		return r->part->add_on ? 1 : -1;
	if (!r->of_site)
		models = strcmp(r->part->name.text, s->part->name.text);
	if (models)
		return models;
	if (r->index != s->index && !r->of_site)
		return r->index < s->index ? -1 : 1;
	return x->serial < y->serial ? -1 : x->serial > y->serial;
}

void groups_make(struct groups *groups, const struct policy *policy, struct ruleset *rs,
		 struct diag *diag)
{
	static const char *const reserved[] = {"own", "public"}; /* compile.c makes these sets */
	struct grouping g = {.groups = groups};

	*groups = (struct groups){.policy = policy, .rs = rs, .diag = diag};
	for (size_t i = 0; i < ARRAY_SIZE(reserved); i++)
		*index_find(&groups->names, reserved[i], strlen(reserved[i])) = (void *)1;
	for (size_t i = 0; i < policy->flows.n; i++)
		if (policy->flows.at[i].state == FLOW_IN_FORCE)
			group_flow(&g, (uint32_t)i);
	if (groups->all.n)
		qsort(groups->all.at, groups->all.n, sizeof(*groups->all.at), group_order);
	index_free(&g.index);
	buf_free(&g.key);
}

void groups_free(struct groups *groups)
{
	vec_each(group, &groups->all) {
		vec_free(&(*group)->flows);
		vec_free(&(*group)->rows);
	}
	vec_free(&groups->all);
	index_free(&groups->names);
	index_free(&groups->sharers);
	arena_free(&groups->arena);
}

const char *unique_name(struct index *taken, struct buf *name)
{
	size_t stem = name->n;
	/* the value counts the names that were tried with this one, itself included */
	uintptr_t n = (uintptr_t)*index_find(taken, name->at, stem);

	while (*index_find(taken, name->at, name->n)) {
		name->n = stem;
		buf_printf(name, "_%ju", (uintmax_t)++n);
	}
	*index_find(taken, name->at, name->n) = (void *)(uintptr_t)1;
	*index_find(taken, name->at, stem) = (void *)(n ? n : 1);
	return buf_str(name);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Packets for all classes of a ruleset, as the prover tells them apart, and what it says becomes of
 * them: terminals RULESET SEED LEAST INTERFACE...
 *
 * Each scene (hooks, IP version, state) has packets over all edges of its diagram, and LEAST of
 * them at least: iif oif proto src sport dst dport short, then what becomes of it, which is one
 * thing unless chance decides, or something that is not understood. The last line of a scene counts
 * terminals with packets, terminals, edges with packets, edges, and those that no packet of the lab
 * has.
 */
#include <arpa/inet.h> /* ahead of the kernel's own, which then keep out of its way */

#include "jgfw/base/icmp.h"
#include "jgfw/kernel/tables.h"
#include "jgfw/verify/actual/pipeline.h"
#include "verify/proof/sources.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/netfilter.h>

enum {
	HINT_TRIES = 4,
	TRIES = 40,    /* of values for one path */
	GENERIC = 253, /* RFC 3692: for experiments */
	MAX_FATES = 64,
};

/** struct scene - one diagram: where packets go, and what their flow is */
struct scene {
	const char *name, *state;
	uint8_t nfproto;
	uint32_t ct_state;
	bool local;
};

static const struct scene scenes[] = {
	{"forward", "new", NFPROTO_IPV4, CT_STATE_NEW, false},
	{"local", "new", NFPROTO_IPV4, CT_STATE_NEW, true},
	{"forward", "invalid", NFPROTO_IPV4, CT_STATE_INVALID, false},
	{"local", "invalid", NFPROTO_IPV4, CT_STATE_INVALID, true},
	{"forward", "untracked", NFPROTO_IPV4, CT_STATE_UNTRACKED, false},
	{"local", "untracked", NFPROTO_IPV4, CT_STATE_UNTRACKED, true},
	{"forward", "established", NFPROTO_IPV4, CT_STATE_ESTABLISHED, false},
	{"local", "established", NFPROTO_IPV4, CT_STATE_ESTABLISHED, true},
	{"forward", "new", NFPROTO_IPV6, CT_STATE_NEW, false},
};

/** struct spot - a node of a diagram, and one of the edges that lead to it */
struct spot {
	node f;
	size_t from, edge, ways; /* ways: how many edges were seen */
	size_t first;		 /* of its edges among all */
};

/** struct hints - numbers of the ruleset, which make a difference also where the diagram knows none
 */
struct hints {
	VEC(uint32_t);
};

/** struct drawing - a diagram on its way to packets */
struct drawing {
	struct space *s;
	const struct scene *scene;
	unsigned short seed[3];
	struct {
		VEC(struct spot);
	} spots;
	size_t *spot_of; /* by node, + 1 */
	size_t n_edges, n_leaves, n_covered, n_hit, n_vain;
	bool *covered; /* by edge */
	struct index terminals;
	struct range at[VARS]; /* of the path that is drawn */
	const struct hints *hints;
	size_t least, told;
};

static uint32_t draw(struct drawing *d, uint32_t lo, uint32_t hi)
{
	uint64_t bits = (uint64_t)nrand48(d->seed) << 31 ^ (uint64_t)nrand48(d->seed);

	return lo + (uint32_t)(bits % ((uint64_t)hi - lo + 1));
}

/* --- the diagram ------------------------------------------------------------------------------ */

/* Every node once, with one of the ways to it at random. */
static void collect(struct drawing *d, node f)
{
	size_t n, here = d->spots.n;
	const struct edge *edges = diagram_edges(d->s->d, f, &n);

	d->spot_of[f] = here + 1;
	vec_add(&d->spots, ((struct spot){.f = f, .first = d->n_edges}));
	d->n_edges += n;
	for (size_t i = 0; i < n; i++) {
		node to = edges[i].to;
		struct spot *spot;

		if (is_terminal(to)) {
			d->n_leaves += !index_get(&d->terminals, &to, sizeof(to));
			*index_find(&d->terminals, &to, sizeof(to)) = d;
			continue;
		}
		if (!d->spot_of[to])
			collect(d, to);
		spot = &d->spots.at[d->spot_of[to] - 1];
		if (!draw(d, 0, (uint32_t)spot->ways++)) {
			spot->from = here;
			spot->edge = i;
		}
	}
}

/* Takes edge @i of @spot into the path, and gives where it leads. */
static node take_edge(struct drawing *d, size_t spot, size_t i)
{
	node f = d->spots.at[spot].f;
	unsigned int var = diagram_var(d->s->d, f);
	size_t n;
	const struct edge *edges = diagram_edges(d->s->d, f, &n);

	if (var < VARS)
		d->at[var] = (struct range){i ? edges[i - 1].hi + 1 : 0, edges[i].hi};
	return edges[i].to;
}

/* An edge of @spot, one that no packet has yet if there is one. */
static size_t choose_edge(struct drawing *d, size_t spot)
{
	size_t n, first = d->spots.at[spot].first, start;

	diagram_edges(d->s->d, d->spots.at[spot].f, &n);
	start = draw(d, 0, (uint32_t)n - 1);
	for (size_t i = 0; i < n; i++)
		if (!d->covered[first + (start + i) % n])
			return (start + i) % n;
	return start;
}

/* A path from the root to a terminal by edge @i of @spot. */
static void draw_path(struct drawing *d, size_t spot, size_t i)
{
	node f;

	for (unsigned int var = 0; var < VARS; var++)
		d->at[var] = (struct range){0, UINT32_MAX};
	for (size_t at = spot; at; at = d->spots.at[at].from)
		take_edge(d, d->spots.at[at].from, d->spots.at[at].edge);
	for (f = take_edge(d, spot, i); !is_terminal(f);
	     f = take_edge(d, spot, choose_edge(d, spot)))
		spot = d->spot_of[f] - 1;
}

/* --- values that the lab can send ------------------------------------------------------------- */

static bool is_unicast(uint32_t addr)
{
	return addr >> 24 && addr >> 24 != IN_LOOPBACKNET && addr >> 29 != 7;
}

/* What new flows begin with, and what can be sent with a wrong checksum. */
static bool is_sendable(const struct drawing *d, uint32_t proto)
{
	if (d->scene->nfproto == NFPROTO_IPV6)
		return proto == IPPROTO_TCP || proto == IPPROTO_UDP;
	if (proto == IPPROTO_TCP || proto == IPPROTO_UDP || proto == IPPROTO_ICMP)
		return true;
	if (d->scene->ct_state == CT_STATE_INVALID || d->scene->ct_state == CT_STATE_ESTABLISHED)
		return false;
	if (proto == IPPROTO_SCTP || proto == GENERIC)
		return true;
	return !d->scene->local && proto > IPPROTO_SCTP && proto != IPPROTO_UDPLITE &&
	       proto < IPPROTO_RAW;
}

static bool is_possible(const struct drawing *d, unsigned int var, uint32_t v, const uint32_t *at)
{
	bool shortened = at[VAR_SHORT];

	switch (var) {
	case VAR_DADDR:
	case VAR_SADDR:
		return d->scene->nfproto == NFPROTO_IPV6 || is_unicast(v);
	case VAR_PROTO:
		return is_sendable(d, v) && (!shortened || v == GENERIC);
	case VAR_SPORT:
		if (at[VAR_PROTO] != IPPROTO_ICMP)
			return true;
		if (d->scene->ct_state == CT_STATE_NEW)
			return icmp_type_opens_flow((uint8_t)(v >> ICMP_TYPE_SHIFT));
		return d->scene->ct_state != CT_STATE_ESTABLISHED || v >> ICMP_TYPE_SHIFT == 8;
	case VAR_DADDR6:
	case VAR_SADDR6: /* RFC 4291: global unicast */
		return d->scene->nfproto == NFPROTO_IPV4 || v >> 29 == 1;
	case VAR_SHORT:
		return !v || d->scene->nfproto == NFPROTO_IPV4;
	default:
		return true;
	}
}

/* A value between @lo and @hi: mostly one that many packets have. */
static uint32_t guess(struct drawing *d, unsigned int var, uint32_t lo, uint32_t hi)
{
	static const uint8_t protos[] = {IPPROTO_TCP, IPPROTO_UDP, IPPROTO_ICMP, IPPROTO_SCTP,
					 GENERIC};
	size_t n_hints = var != VAR_PROTO && d->hints->n && draw(d, 0, 1) ? HINT_TRIES : 0;
	uint32_t v = lo;

	switch (draw(d, 0, 3)) {
	case 0:
		return lo;
	case 1:
		return hi;
	default:
		break;
	}
	for (size_t i = 0; i < n_hints; i++) {
		v = d->hints->at[draw(d, 0, (uint32_t)d->hints->n - 1)];
		if (v >= lo && v <= hi)
			return v;
	}
	if (var == VAR_PROTO)
		v = protos[draw(d, 0, ARRAY_SIZE(protos) - 1)];
	if (var == VAR_SPORT)
		v = 8 << ICMP_TYPE_SHIFT | draw(d, 0, 1);
	if (var == VAR_SHORT)
		v = 0;
	return v > lo && v < hi ? v : draw(d, lo, hi);
}

/* The source is one of a kind that the path is for. */
static uint32_t guess_source(struct drawing *d, uint32_t lo, uint32_t hi)
{
	struct range kinds = d->at[VAR_SOURCE];
	uint32_t v = guess(d, VAR_SADDR, lo, hi), kind = space_source(d->s, v);

	if (kind < kinds.lo || kind > kinds.hi)
		sources_first(d->s->sources, kinds.lo, (struct range){lo, hi}, &v);
	return v;
}

/* A packet of the path; false where the lab has none. */
static bool choose_packet(struct drawing *d, uint32_t *packet)
{
	static const uint8_t order[] = {
		VAR_SHORT,  VAR_PROTO,	    VAR_DADDR,	    VAR_DPORT,
		VAR_IIF,    VAR_OIF,	    VAR_SADDR,	    VAR_SPORT,
		VAR_DADDR6, VAR_DADDR6 + 1, VAR_DADDR6 + 2, VAR_DADDR6 + 3,
		VAR_SADDR6, VAR_SADDR6 + 1, VAR_SADDR6 + 2, VAR_SADDR6 + 3,
	};
	const uint32_t max[VARS] = {
		[VAR_DPORT] = PORT_MAX,
		[VAR_SPORT] = PORT_MAX,
		[VAR_PROTO] = UINT8_MAX,
		[VAR_IIF] = (uint32_t)d->s->names.n - 1,
		[VAR_OIF] = (uint32_t)d->s->names.n - 1,
		[VAR_SHORT] = 1,
	};

	memset(packet, 0, VARS * sizeof(*packet));
	for (size_t i = 0; i < ARRAY_SIZE(order); i++) {
		unsigned int var = order[i], tries = TRIES;
		uint32_t hi = d->at[var].hi;

		if (max[var] && hi > max[var])
			hi = max[var];
		do
			packet[var] = var == VAR_SADDR ? guess_source(d, d->at[var].lo, hi)
						       : guess(d, var, d->at[var].lo, hi);
		while (!is_possible(d, var, packet[var], packet) && --tries);
		if (!tries)
			return false;
	}
	packet[VAR_SOURCE] = space_source(d->s, packet[VAR_SADDR]);
	return true;
}

/* --- what becomes of a packet ----------------------------------------------------------------- */

/** struct fates - terminals, each once */
struct fates {
	uint32_t at[MAX_FATES];
	size_t n;
};

static void add_fate(struct fates *fates, uint32_t value)
{
	for (size_t i = 0; i < fates->n; i++)
		if (fates->at[i] == value)
			return;
	if (fates->n < MAX_FATES)
		fates->at[fates->n++] = value;
}

/* All terminals of @packet below @f; edges are marked as covered where @d is given. */
static void follow(struct space *s, struct drawing *d, node f, const uint32_t *packet,
		   struct fates *fates)
{
	const struct edge *edges;
	unsigned int var;
	size_t n, i = 0;

	if (is_terminal(f)) {
		add_fate(fates, terminal_value(f));
		return;
	}
	edges = diagram_edges(s->d, f, &n);
	var = diagram_var(s->d, f);
	if (var < VARS)
		while (edges[i].hi < packet[var])
			i++;
	for (size_t k = var < VARS ? i : 0; k < (var < VARS ? i + 1 : n); k++) {
		bool *covered = &d->covered[d->spots.at[d->spot_of[f] - 1].first + k];

		d->n_covered += !*covered;
		*covered = true;
		follow(s, d, edges[k].to, packet, fates);
	}
}

static void put_addr(uint32_t addr)
{
	struct in_addr in = {htonl(addr)};

	fputs(inet_ntoa(in), stdout);
}

static void put_addr6(const uint32_t *words)
{
	uint32_t be[4];
	char text[INET6_ADDRSTRLEN];

	for (size_t i = 0; i < ARRAY_SIZE(be); i++)
		be[i] = htonl(words[i]);
	fputs(inet_ntop(AF_INET6, be, text, sizeof(text)), stdout);
}

static void put_end(const struct drawing *d, const uint32_t *packet, unsigned int v4,
		    unsigned int v6, uint32_t port)
{
	if (d->scene->nfproto == NFPROTO_IPV6)
		put_addr6(packet + v6);
	else
		put_addr(packet[v4]);
	printf(" %u ", port);
}

static void put_fate(const struct drawing *d, uint32_t value, const uint32_t *packet)
{
	uint32_t changed[VARS];
	struct outcome o;

	if (!terminal_outcome(d->s, value, &o)) {
		fputs(value == TERMINAL_DROP ? ",drop" : ",unknown", stdout);
		return;
	}
	memcpy(changed, packet, sizeof(changed));
	if (o.has_daddr)
		changed[VAR_DADDR] = o.daddr;
	if (o.has_saddr)
		changed[VAR_SADDR] = o.saddr;
	putchar(',');
	put_end(d, changed, VAR_SADDR, VAR_SADDR6, o.has_sport ? o.sport : packet[VAR_SPORT]);
	put_end(d, changed, VAR_DADDR, VAR_DADDR6, o.has_dport ? o.dport : packet[VAR_DPORT]);
	fputs(o.masquerade ? "masquerade" : "-", stdout);
}

static void put_packet(const struct drawing *d, const uint32_t *packet, const struct fates *fates)
{
	printf("%s %s %u ", d->s->names.at[packet[VAR_IIF]],
	       d->scene->local ? "-" : d->s->names.at[packet[VAR_OIF]], packet[VAR_PROTO]);
	put_end(d, packet, VAR_SADDR, VAR_SADDR6, packet[VAR_SPORT]);
	put_end(d, packet, VAR_DADDR, VAR_DADDR6, packet[VAR_DPORT]);
	printf("%u", packet[VAR_SHORT]);
	for (size_t i = 0; i < fates->n; i++)
		put_fate(d, fates->at[i], packet);
	putchar('\n');
}

/* --- one packet for each edge ----------------------------------------------------------------- */

/* True where a packet was told. */
static bool tell_packet(struct drawing *d, node root)
{
	uint32_t packet[VARS];
	struct fates fates = {0};

	if (!choose_packet(d, packet))
		return false;
	follow(d->s, d, root, packet, &fates);
	for (size_t i = 0; i < fates.n; i++) {
		node f = terminal(fates.at[i]);
		void **slot = index_find(&d->terminals, &f, sizeof(f));

		d->n_hit += *slot == d;
		*slot = &d->terminals;
	}
	put_packet(d, packet, &fates);
	d->told++;
	return true;
}

/** struct task - an edge that is to have a packet */
struct task {
	size_t spot, edge;
	bool to_leaf; /* to one that no task before leads to */
};

static struct task *tasks_of(struct drawing *d)
{
	struct task *tasks = mem_resize(NULL, d->n_edges, sizeof(*tasks));
	struct index seen = {0};
	size_t at = 0, front = 0, n;

	vec_each(spot, &d->spots) {
		diagram_edges(d->s->d, spot->f, &n);
		for (size_t i = 0; i < n; i++)
			tasks[at++] = (struct task){(size_t)(spot - d->spots.at), i, false};
	}
	for (size_t i = at; i > 1; i--) {
		size_t k = draw(d, 0, (uint32_t)i - 1);
		struct task t = tasks[k];

		tasks[k] = tasks[i - 1];
		tasks[i - 1] = t;
	}
	/* terminals first, one way to each */
	for (size_t i = 0; i < at; i++) {
		node to =
			diagram_edges(d->s->d, d->spots.at[tasks[i].spot].f, &n)[tasks[i].edge].to;
		struct task t = tasks[i];

		if (!is_terminal(to) || index_get(&seen, &to, sizeof(to)))
			continue;
		*index_find(&seen, &to, sizeof(to)) = d;
		tasks[i] = tasks[front];
		tasks[front++] = t;
	}
	index_free(&seen);
	return tasks;
}

/* Packets for all edges, but for those that have one already; false where there are none. */
static bool draw_round(struct drawing *d, node root)
{
	struct task *tasks = tasks_of(d);
	size_t before = d->told;

	memset(d->covered, 0, d->n_edges * sizeof(*d->covered));
	d->n_covered = d->n_vain = 0;
	for (size_t i = 0; i < d->n_edges; i++) {
		size_t edge = d->spots.at[tasks[i].spot].first + tasks[i].edge, tries = TRIES;

		if (d->covered[edge])
			continue;
		do
			draw_path(d, tasks[i].spot, tasks[i].edge);
		while (!tell_packet(d, root) && --tries);
		d->n_vain += !tries;
	}
	free(tasks);
	return d->told > before;
}

static void draw_packets(struct drawing *d, node root)
{
	if (is_terminal(root)) {
		for (unsigned int var = 0; var < VARS; var++)
			d->at[var] = (struct range){0, UINT32_MAX};
		d->n_leaves = 1;
		*index_find(&d->terminals, &root, sizeof(root)) = d;
		for (size_t i = 0; i < d->least; i++)
			tell_packet(d, root);
		return;
	}
	collect(d, root);
	d->covered = mem_alloc(d->n_edges * sizeof(*d->covered));
	while (draw_round(d, root) && d->told < d->least)
		;
	free(d->covered);
}

/* --- all of it -------------------------------------------------------------------------------- */

static void add_hint(struct hints *hints, const uint8_t *bytes, size_t len)
{
	uint32_t v = 0;

	if (len != sizeof(uint16_t) && len != sizeof(uint32_t))
		return;
	for (size_t i = 0; i < len; i++)
		v = v << 8 | bytes[i];
	vec_add(hints, v);
}

static void collect_hints(const struct ruleset *rs, struct hints *hints)
{
	vec_each(chain, &rs->table.chains)
		vec_each(rule, &(*chain)->rules)
			for (size_t i = 0; i < rule->n; i++)
				if (rule->at[i].kind == EXPR_CMP)
					add_hint(hints, rule->at[i].cmp.value.bytes,
						 rule->at[i].cmp.value.len);
	vec_each(set, &rs->table.sets)
		for (size_t i = 0; i < (*set)->n; i++)
			for (size_t f = 0, at = 0; f < (*set)->n_key; f++) {
				size_t len = datatype_len((*set)->key[f]);

				add_hint(hints, (*set)->bytes + i * (*set)->stride + at, len);
				at += len;
			}
}

static node diagram_of(const struct pipeline *p, const struct scene *scene)
{
	struct space *s = p->symbolic->space;
	node f;

	if (scene->ct_state == CT_STATE_ESTABLISHED) {
		f = seq(s, pipeline_arrival(p, scene->nfproto, scene->ct_state),
			pipeline_passage(p, scene->nfproto, scene->ct_state, scene->local));
		return replace_terminal(s, f, TERMINAL_ELSE, TERMINAL_ACCEPT);
	}
	return scene->local ? pipeline_local(p, scene->nfproto, scene->ct_state)
			    : pipeline_forward(p, scene->nfproto, scene->ct_state);
}

static void tell_scene(const struct pipeline *p, const struct scene *scene,
		       const struct hints *hints, long seed, size_t least)
{
	struct space *s = p->symbolic->space;
	node root = diagram_of(p, scene);
	struct drawing d = {.s = s,
			    .scene = scene,
			    .hints = hints,
			    .seed = {(unsigned short)seed, (unsigned short)(seed >> 16), 1},
			    .least = least};

	d.spot_of = mem_alloc((is_terminal(root) ? 1 : (size_t)root + 1) * sizeof(*d.spot_of));
	printf("scene %s %d %s\n", scene->name, scene->nfproto == NFPROTO_IPV4 ? 4 : 6,
	       scene->state);
	draw_packets(&d, root);
	printf("covered %zu %zu %zu %zu %zu\n", d.n_hit, d.n_leaves, d.n_covered, d.n_edges,
	       d.n_vain);
	vec_free(&d.spots);
	index_free(&d.terminals);
	free(d.spot_of);
}

static int name_order(const void *a, const void *b)
{
	const char *const *x = a, *const *y = b;

	return strcmp(*x, *y);
}

int main(int argc, char **argv)
{
	struct diag diag = {0};
	struct tables tables = {0};
	struct sources sources;
	struct space space;
	struct symbolic symbolic = {.space = &space};
	struct pipeline pipeline;
	struct hints hints = {0};
	struct buf out = {0};

	if (argc < 5) {
		fputs("usage: terminals RULESET SEED LEAST INTERFACE...\n", stderr);
		return EXIT_FAILURE;
	}
	if (tables_of_text(argv[1], &tables, &diag)) {
		diag_render(&diag, &out, false);
		fputs(buf_str(&out), stderr);
		buf_free(&out);
		diag_free(&diag);
		return EXIT_FAILURE;
	}
	qsort(argv + 4, (size_t)argc - 4, sizeof(*argv), name_order);
	sources_collect(NULL, (const struct ruleset *const *)tables.at, tables.n, &sources);
	space_init(&space, (const char *const *)argv + 4, (size_t)argc - 4, &sources);
	pipeline_init(&pipeline, &symbolic, (const struct ruleset *const *)tables.at, tables.n,
		      false);
	vec_each(rs, &tables)
		collect_hints(*rs, &hints);
	for (size_t i = 0; i < ARRAY_SIZE(scenes) && !pipeline_unclear(&pipeline); i++)
		tell_scene(&pipeline, &scenes[i], &hints, atol(argv[2]), (size_t)atol(argv[3]));
	vec_free(&hints);
	pipeline_free(&pipeline);
	symbolic_free(&symbolic);
	space_free(&space);
	sources_free(&sources);
	tables_free(&tables);
	return EXIT_SUCCESS;
}

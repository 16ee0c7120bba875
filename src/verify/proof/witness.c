/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One packet out of many: the one that says most to a person. */
#include "witness.h"

#include "jgfw/ruleset/run.h"

#include <netinet/in.h>
#include <string.h>

enum {
	USUAL_ICMP_TYPE = 8, /* RFC 792: echo request */
};

/* RFC 5737 and 3849: what no machine has */
#define FAR_AWAY  0xc6336407u /* 198.51.100.7 */
#define FAR_AWAY6 0x20010db8u /* 2001:db8:: */

/** struct wishes - values that are liked, the best first */
struct wishes {
	VEC(uint32_t);
};

static void wish_names(const struct prover *p, struct wishes *w)
{
	for (int z = 0; z < ZONE_COUNT; z++)
		vec_each(nic, &p->site->zones[z])
			for (uint32_t i = 0; i < p->space.names.n; i++)
				if (!strcmp(p->space.names.at[i], nic->name))
					vec_add(w, i);
}

static void wish_address(struct wishes *w, uint32_t addr)
{
	if (addr)
		vec_add(w, addr);
}

/* Of the first deployment; where there are many its packets are as good as any. */
static void wish_addresses(const struct prover *p, struct wishes *w)
{
	const struct deployment *dep = p->site->deployments.at[0];

	vec_each(peer, &dep->edge)
		for (size_t i = 0; i < dep->model->n_nics; i++)
			wish_address(w, peer->nics[i].addr);
	vec_each(peer, &dep->edge)
		wish_address(w, peer->public.addr);
	for (size_t i = 0; i < dep->model->n_roles; i++)
		vec_each(host, &dep->roles[i])
			wish_address(w, host->addr);
}

static void drop_wish(struct wishes *w, uint32_t value)
{
	size_t used = 0;

	vec_each(liked, w)
		if (*liked != value)
			w->at[used++] = *liked;
	w->n = used;
}

static void wish(const struct prover *p, unsigned int var, const uint32_t *packet, struct wishes *w)
{
	static const uint32_t protos[] = {IPPROTO_TCP, IPPROTO_UDP, IPPROTO_ICMP};
	const char *iif;

	w->n = 0;
	switch (var) {
	case VAR_PROTO:
		for (size_t i = 0; i < ARRAY_SIZE(protos); i++)
			vec_add(w, protos[i]);
		break;
	case VAR_IIF:
	case VAR_OIF:
		wish_names(p, w);
		if (var == VAR_OIF) /* not back where it came from */
			drop_wish(w, packet[VAR_IIF]);
		break;
	case VAR_DADDR:
		wish_addresses(p, w);
		vec_add(w, FAR_AWAY);
		break;
	case VAR_SOURCE:
		wish(p, VAR_SADDR, packet, w);
		vec_each(value, w)
			*value = space_source(&p->space, *value);
		break;
	case VAR_SADDR:
		iif = p->space.names.at[packet[VAR_IIF]];
		if (p->site->zones[ZONE_WAN].n && !strcmp(iif, p->site->zones[ZONE_WAN].at[0].name))
			vec_add(w, FAR_AWAY);
		wish_addresses(p, w);
		vec_add(w, FAR_AWAY);
		drop_wish(w, packet[VAR_DADDR]);
		break;
	case VAR_SPORT:
		vec_add(w, packet[VAR_PROTO] == IPPROTO_ICMP ? USUAL_ICMP_TYPE << ICMP_TYPE_SHIFT
							     : USUAL_SOURCE_PORT);
		break;
	case VAR_DADDR6:
	case VAR_SADDR6:
		vec_add(w, FAR_AWAY6);
		break;
	case VAR_DADDR6 + 3: /* the last word tells them apart */
		vec_add(w, 1);
		break;
	case VAR_SADDR6 + 3:
		vec_add(w, 2);
		break;
	default:
		break;
	}
}

static node child(const struct diagrams *d, node f, uint32_t value)
{
	const struct edge *edges;
	size_t n;

	for (edges = diagram_edges(d, f, &n); edges->hi < value;)
		edges++;
	return edges->to;
}

/* Those of the kind that the packet's source has; if there is none, one that is. */
static void wish_source(const struct prover *p, const uint32_t *packet, struct wishes *w)
{
	size_t used = 0;
	uint32_t first;

	vec_each(addr, w)
		if (space_source(&p->space, *addr) == packet[VAR_SOURCE])
			w->at[used++] = *addr;
	w->n = used;
	if (!used && sources_first(p->space.sources, packet[VAR_SOURCE], IPV4_ALL, &first))
		vec_add(w, first);
}

/* A value of the variable of @f that leads on; reduced as it is, each node leads to TERMINAL_YES.
 */
static uint32_t choose(const struct prover *p, node *f, const uint32_t *packet,
		       const struct wishes *w)
{
	const struct edge *edges;
	uint32_t lo = 0, first;
	bool is_source = diagram_var(p->space.d, *f) == VAR_SADDR;
	size_t n;

	vec_each(value, w) {
		node to = child(p->space.d, *f, *value);

		if (to == terminal(TERMINAL_NO))
			continue;
		*f = to;
		return *value;
	}
	edges = diagram_edges(p->space.d, *f, &n);
	for (size_t i = 0; i < n; lo = edges[i++].hi + 1) {
		if (edges[i].to == terminal(TERMINAL_NO))
			continue;
		*f = edges[i].to;
		if (is_source && sources_first(p->space.sources, packet[VAR_SOURCE],
					       (struct range){lo, edges[i].hi}, &first))
			lo = first;
		return lo || !edges[i].hi ? lo : 1; /* a port or an address 0 is strange */
	}
	return lo;
}

/* @avoid: an address that it is better not sent to */
static void find(struct prover *p, node f, uint32_t avoid, uint32_t packet[VARS])
{
	struct wishes w = {0};

	for (unsigned int var = 0; var < VARS; var++) {
		wish(p, var, packet, &w);
		if (var == VAR_DADDR)
			drop_wish(&w, avoid);
		if (var == VAR_SADDR)
			wish_source(p, packet, &w);
		if (!is_terminal(f) && diagram_var(p->space.d, f) == var)
			packet[var] = choose(p, &f, packet, &w);
		else
			packet[var] = w.n ? w.at[0] : 0;
	}
	vec_free(&w);
}

void witness_find(struct prover *p, node f, uint32_t packet[VARS])
{
	node whole = both(&p->space, f, in_range(&p->space, VAR_SHORT, 0, 0));

	f = whole == terminal(TERMINAL_NO) ? f : whole;
	find(p, f, 0, packet);
	if (packet[VAR_SADDR] == packet[VAR_DADDR])
		find(p, f, packet[VAR_DADDR], packet);
}

/* Does it hang on what the words for a packet leave out? */
const char *witness_provided(struct prover *p, node f, const uint32_t packet[VARS])
{
	bool has_ports = proto_has_ports((uint8_t)packet[VAR_PROTO]);

	if (packet[VAR_SHORT])
		return "it ends before its ports do";
	for (unsigned int var = 0; var < VARS; var++)
		if (has_ports || (var != VAR_SPORT && var != VAR_DPORT))
			f = diagram_restrict(p->space.d, f, var, packet[var]);
	if (packet[VAR_PROTO] == IPPROTO_ICMP) /* whose code is 0 */
		f = diagram_restrict(p->space.d, f, VAR_SPORT, packet[VAR_SPORT]);
	if (f == terminal(TERMINAL_YES))
		return NULL;
	return arena_printf(&p->proof->arena, "its header begins with 0x%04x 0x%04x",
			    packet[VAR_SPORT], packet[VAR_DPORT]);
}

static node is_different(uint32_t value, void *arg)
{
	(void)arg;
	return terminal(value == DIFFERENT ? TERMINAL_YES : TERMINAL_NO);
}

uint32_t witness_fate(struct prover *p, node comparison, node found, const uint32_t packet[VARS])
{
	struct diagrams *d = p->space.d;
	size_t n = VARS + p->space.free_variables.n;
	uint32_t *values = mem_resize(NULL, n, sizeof(*values)), fate;
	struct wishes none = {0};
	node f = diagram_map_terminals(d, comparison, is_different, NULL);

	memset(values, 0, n * sizeof(*values));
	memcpy(values, packet, VARS * sizeof(*values));
	while (!is_terminal(f)) {
		unsigned int var = diagram_var(d, f);

		if (var < VARS)
			f = child(d, f, packet[var]);
		else
			values[var] = choose(p, &f, packet, &none);
	}
	fate = diagram_eval(d, found, values, (unsigned int)n);
	free(values);
	return fate;
}

/* --- in words --------------------------------------------------------------------------------- */

static void put_end(struct buf *out, bool has_addr, uint32_t addr, bool has_port, uint32_t port)
{
	if (has_addr)
		buf_ipv4(out, addr);
	if (has_port)
		buf_printf(out, "%s%u", has_addr ? ":" : "port ", port);
}

static void put_outcome(struct buf *out, const struct outcome *o, bool has_ports,
			const uint32_t *packet)
{
	bool moved = o->has_daddr || o->has_dport;

	if (moved) {
		buf_puts(out, ", to ");
		put_end(out, true, o->has_daddr ? o->daddr : packet[VAR_DADDR], has_ports,
			o->has_dport ? o->dport : packet[VAR_DPORT]);
	}
	if (o->has_saddr || o->has_sport) {
		buf_puts(out, ", from ");
		put_end(out, true, o->has_saddr ? o->saddr : packet[VAR_SADDR], o->has_sport,
			o->sport);
	}
	if (o->masquerade)
		buf_puts(out, ", from the gateway's address");
	if (!moved && !o->has_saddr && !o->has_sport && !o->masquerade)
		buf_puts(out, " as it is");
}

const char *witness_words(struct prover *p, const struct scene *scene, uint32_t value,
			  const uint32_t packet[VARS])
{
	bool has_ports = packet[VAR_PROTO] == IPPROTO_TCP || packet[VAR_PROTO] == IPPROTO_UDP;
	struct buf out = {0};
	struct outcome o;
	const char *text;

	switch (value) {
	case TERMINAL_DROP:
		return "it is dropped";
	case TERMINAL_UNKNOWN:
		return "something decides that is not understood";
	case TERMINAL_EITHER:
	case TERMINAL_NOT_OURS:
		return "nothing is said of it";
	default:
		break;
	}
	terminal_outcome(&p->space, value, &o);
	buf_puts(&out, scene->path == DELIVERED ? "it is taken in" : "it gets through");
	put_outcome(&out, &o, has_ports, packet);
	text = arena_copy(&p->proof->arena, out.at, out.n);
	buf_free(&out);
	return text;
}

static void put_words6(uint8_t *addr, const uint32_t *words)
{
	for (size_t i = 0; i < ADDR6_LEN; i++)
		addr[i] = (uint8_t)(words[i / 4] >> 8 * (3 - i % 4));
}

static const char *name_of(const struct prover *p, uint32_t index)
{
	return arena_copy(&p->proof->arena, p->space.names.at[index],
			  strlen(p->space.names.at[index]));
}

struct witness *witness_make(struct prover *p, const struct scene *scene,
			     const uint32_t packet[VARS])
{
	struct witness *w = arena_new(&p->proof->arena, struct witness);
	struct probe *probe = &w->probe;

	probe->nfproto = scene->nfproto;
	probe->l4proto = (uint8_t)packet[VAR_PROTO];
	probe->has_ports = packet[VAR_PROTO] == IPPROTO_TCP || packet[VAR_PROTO] == IPPROTO_UDP ||
			   packet[VAR_PROTO] == IPPROTO_SCTP;
	probe->icmp_type = (uint8_t)(packet[VAR_SPORT] >> ICMP_TYPE_SHIFT);
	probe->state = scene->state;
	probe->has_state = scene->state != STATE_NEW;
	probe->in = scene->path == SENT ? NULL : name_of(p, packet[VAR_IIF]);
	probe->src = (struct probe_end){.addr = packet[VAR_SADDR],
					.has_port = probe->has_ports,
					.port = (uint16_t)packet[VAR_SPORT]};
	probe->dst = (struct probe_end){.addr = packet[VAR_DADDR],
					.has_port = probe->has_ports,
					.port = (uint16_t)packet[VAR_DPORT]};
	put_words6(probe->src.addr6, packet + VAR_SADDR6);
	put_words6(probe->dst.addr6, packet + VAR_DADDR6);
	w->is_local = scene->path == DELIVERED;
	if (scene->path != DELIVERED)
		w->oif = name_of(p, packet[VAR_OIF]);
	return w;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "near.h"

#include "jgfw/base/icmp.h"
#include "jgfw/claims/claim.h"

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include <linux/netfilter.h>

/* What it weighs that a packet differs from a row; the lightest row is the nearest. */
enum weight {
	WEIGHT_NEVER = 1000, /* no row at all speaks of such packets */
	WEIGHT_DADDR = 10,
	WEIGHT_SADDR = 9,
	WEIGHT_DPORT = 8,
	WEIGHT_TRANSLATED = 6, /* it was sent to where it would be translated to */
	WEIGHT_PROTO = 6,
	WEIGHT_ROW = 5, /* the row is not in force */
	WEIGHT_INTERFACE = 4,
	WEIGHT_STATE = 3,
	WEIGHT_SPORT = 2,
};

enum {
	MAX_MISMATCHES = 3, /* of a row that is still near */
	SHOWN_ADDRESSES = 4,
	PORTS = PORT_MAX + 1,
};

/** struct pairing - a packet beside a row, between two of its ends */
struct pairing {
	const struct sighting *seen;
	const struct deployment *dep;
	const struct row *row;
	const struct endpoint *from, *to;
	uint8_t proto; /* IPPROTO_*: of tcp+udp one of the two */
	struct range_set sport, dport;
	uint16_t translate; /* 0: the port stays */
	bool spoofed;	    /* it comes from wan with an own address as source */
	struct arena *arena;
	struct names *told; /* NULL: nobody wants to know why */
	unsigned int weight;
	uint32_t distance; /* between ports: the smaller of two that weigh the same is nearer */
};

static bool owns(const struct deployment *dep, uint32_t addr)
{
	vec_each(peer, &dep->edge) {
		if (peer->public.addr == addr)
			return true;
		for (size_t i = 0; i < dep->model->n_nics; i++)
			if (peer->nics[i].addr == addr)
				return true;
	}
	for (size_t i = 0; i < dep->model->n_roles; i++)
		if (role_is_own(&dep->model->roles[i]))
			vec_each(host, &dep->roles[i])
				if (host->addr == addr)
					return true;
	return false;
}

static bool site_owns(const struct site *site, uint32_t addr)
{
	vec_each(dep, &site->deployments)
		if (addr && owns(*dep, addr))
			return true;
	return false;
}

/* --- words ---------------------------------------------------------------------------------- */

static void differs(struct pairing *p, enum weight weight, const char *fmt, ...) PRINTF_LIKE(3, 4);

static void differs(struct pairing *p, enum weight weight, const char *fmt, ...)
{
	va_list ap;
	char *text;

	p->weight += weight;
	if (!p->told)
		return;
	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		mem_exhausted();
	va_end(ap);
	vec_add_in(p->arena, p->told, arena_copy(p->arena, text, strlen(text)));
	free(text);
}

static const char *kept_text(struct pairing *p, struct buf *text)
{
	const char *copy = arena_copy(p->arena, text->at, text->n);

	buf_free(text);
	return copy;
}

static const char *addr_text(struct pairing *p, uint32_t addr)
{
	struct buf text = {0};

	if (!p->told)
		return "";
	buf_ipv4(&text, addr);
	return kept_text(p, &text);
}

static const char *range_text(struct pairing *p, struct range range)
{
	struct buf text = {0};
	int len = ipv4_prefix_len(range);

	if (!p->told)
		return "";
	buf_ipv4(&text, range.lo);
	if (len >= 0 && range.lo != range.hi) {
		buf_printf(&text, "/%d", len);
	} else if (len < 0) {
		buf_putc(&text, '-');
		buf_ipv4(&text, range.hi);
	}
	return kept_text(p, &text);
}

static const char *ports_text(struct pairing *p, struct range_set ports)
{
	struct buf text = {0};

	if (!p->told)
		return "";
	for (size_t i = 0; i < ports.n; i++) {
		buf_printf(&text, "%s%u", i ? ", " : "", ports.at[i].lo);
		if (ports.at[i].hi != ports.at[i].lo)
			buf_printf(&text, "-%u", ports.at[i].hi);
	}
	return kept_text(p, &text);
}

static const char *interfaces_text(struct pairing *p, enum zone zone)
{
	struct buf text = {0};

	if (!p->told)
		return "";
	buf_printf(&text, "%s", zone_name(zone));
	vec_each(nic, &p->seen->site->zones[zone])
		buf_printf(&text, "%s%s", nic == p->seen->site->zones[zone].at ? " (" : ", ",
			   nic->name);
	if (p->seen->site->zones[zone].n)
		buf_putc(&text, ')');
	return kept_text(p, &text);
}

/* An interface with the zones that it is of. */
static const char *interface_text(struct pairing *p, const char *name)
{
	struct buf text = {0};
	const char *separator = " (";

	if (!p->told)
		return "";
	buf_puts(&text, name);
	for (int z = 0; z < ZONE_COUNT; z++) {
		if (!zone_has(p->seen->site, (enum zone)z, name))
			continue;
		buf_printf(&text, "%s%s", separator, zone_name((enum zone)z));
		separator = ", ";
	}
	buf_puts(&text, *separator == ',' ? ")" : " (of no zone)");
	return kept_text(p, &text);
}

/* --- addresses ------------------------------------------------------------------------------ */

static bool is_edge(const struct endpoint *end)
{
	return end->kind == END_PUBLIC || end->kind == END_NIC;
}

/* The address of the @i-th machine of @end as a packet bears it in front of translation. */
static uint32_t machine_addr(const struct pairing *p, const struct endpoint *end, size_t i)
{
	const struct edge_peer *peer;

	if (end->kind == END_ROLE)
		return p->dep->roles[end->role].at[i].addr;
	peer = &p->dep->edge.at[end->peer >= 0 ? (size_t)end->peer : i];
	/* it sends from a NIC; it is sent to as the row says */
	return end->kind == END_PUBLIC && end == p->to ? peer->public.addr
						       : peer->nics[end->nic].addr;
}

static size_t machine_count(const struct pairing *p, const struct endpoint *end)
{
	if (end->kind == END_ROLE)
		return p->dep->roles[end->role].n;
	return is_edge(end) && end->peer >= 0 ? 1 : p->dep->edge.n;
}

static bool has_machines(const struct endpoint *end)
{
	return end->kind == END_ROLE || is_edge(end);
}

static bool end_has(const struct pairing *p, const struct endpoint *end, uint32_t addr)
{
	if (!has_machines(end))
		return addr >= end->range.lo && addr <= end->range.hi;
	for (size_t i = 0; i < machine_count(p, end); i++)
		if (machine_addr(p, end, i) == addr)
			return true;
	return false;
}

static const char *machines_text(struct pairing *p, const struct endpoint *end)
{
	size_t n = machine_count(p, end);
	struct buf text = {0};

	if (!p->told)
		return "";
	for (size_t i = 0; i < n && i < SHOWN_ADDRESSES; i++) {
		buf_puts(&text, i ? ", " : "");
		buf_ipv4(&text, machine_addr(p, end, i));
	}
	if (n > SHOWN_ADDRESSES)
		buf_puts(&text, ", ...");
	return kept_text(p, &text);
}

/* The Expressway-E of @end that has @addr on its other side, or NULL. */
static const struct edge_peer *other_side(const struct pairing *p, const struct endpoint *end,
					  uint32_t addr)
{
	if (!is_edge(end))
		return NULL;
	for (size_t i = 0; i < machine_count(p, end); i++) {
		const struct edge_peer *peer =
			&p->dep->edge.at[end->peer >= 0 ? (size_t)end->peer : i];

		if (addr && (peer->public.addr == addr || peer->nics[end->nic].addr == addr))
			return peer;
	}
	return NULL;
}

static bool is_left_out(const struct pairing *p, const struct endpoint *end)
{
	return end->kind == END_ROLE && !p->dep->roles[end->role].n;
}

static void compare_addr(struct pairing *p, const struct endpoint *end, uint32_t addr)
{
	bool source = end == p->from;
	const char *what = source ? "source" : "destination", *id = p->row->id.text;
	enum weight weight = source ? WEIGHT_SADDR : WEIGHT_DADDR;
	const struct edge_peer *peer;

	if (is_left_out(p, end)) {
		differs(p, weight, "%s is %s %s, and the site gives no address of that", id,
			source ? "from" : "to", p->dep->model->roles[end->role].name.text);
		return;
	}
	if (end_has(p, end, addr))
		return;
	peer = other_side(p, end, addr);
	if (peer && source)
		differs(p, WEIGHT_TRANSLATED,
			"source %s is its public address; as %s of %s it sends with %s, which is "
			"translated",
			addr_text(p, addr), p->row->from.text, id,
			addr_text(p, peer->nics[end->nic].addr));
	else if (peer && end->kind == END_PUBLIC)
		differs(p, WEIGHT_TRANSLATED,
			"destination %s is the address behind %s, and that is what %s is sent to",
			addr_text(p, addr), addr_text(p, peer->public.addr), id);
	else if (has_machines(end))
		differs(p, weight, "%s %s is not %s (%s) of %s", what, addr_text(p, addr),
			machines_text(p, end), source ? p->row->from.text : p->row->to.text, id);
	else
		differs(p, weight, "%s %s is outside %s of %s", what, addr_text(p, addr),
			range_text(p, end->range), id);
}

/* --- ports ---------------------------------------------------------------------------------- */

static bool ports_have(struct range_set ports, uint16_t port)
{
	bool has = !ports.n;

	for (size_t i = 0; i < ports.n; i++)
		has |= port >= ports.at[i].lo && port <= ports.at[i].hi;
	return has;
}

static uint32_t ports_distance(struct range_set ports, uint16_t port)
{
	uint32_t least = PORTS;

	for (size_t i = 0; i < ports.n; i++) {
		uint32_t d = port < ports.at[i].lo ? ports.at[i].lo - port : port - ports.at[i].hi;

		least = d < least ? d : least;
	}
	return least;
}

static void compare_port(struct pairing *p, const char *what, struct range_set ports, uint16_t port,
			 enum weight weight)
{
	bool single = ports.n == 1 && ports.at[0].lo == ports.at[0].hi;

	if (ports_have(ports, port))
		return;
	p->distance += ports_distance(ports, port);
	differs(p, weight, "%s %u is %s %s of %s", what, port, single ? "not" : "outside",
		ports_text(p, ports), p->row->id.text);
}

static void compare_dport(struct pairing *p)
{
	uint16_t port = p->seen->probe->dst.port;

	if (!ports_have(p->dport, port) && p->translate == port)
		differs(p, WEIGHT_TRANSLATED,
			"destination port %u is what %s of %s is translated to, and not what it is "
			"sent to",
			port, ports_text(p, p->dport), p->row->id.text);
	else
		compare_port(p, "destination port", p->dport, port, WEIGHT_DPORT);
}

static void compare_proto(struct pairing *p)
{
	const struct probe *probe = p->seen->probe;
	const struct row *row = p->row;
	struct buf word = {0};

	if (probe->l4proto != p->proto) {
		bool ports = probe->has_ports && p->proto != IPPROTO_ICMP;

		proto_format(probe->l4proto, &word);
		if (ports)
			compare_dport(p);
		differs(p, ports ? WEIGHT_PROTO : WEIGHT_PROTO + WEIGHT_DPORT,
			"protocol %s is not %s of %s", buf_str(&word), proto_name(row->proto),
			row->id.text);
		buf_free(&word);
		return;
	}
	if (p->proto == IPPROTO_ICMP && row->has_icmp_type && row->icmp_type != probe->icmp_type) {
		const char *name = icmp_type_name(row->icmp_type);

		differs(p, WEIGHT_DPORT, "type %u of ICMP is not %u%s%s%s of %s", probe->icmp_type,
			row->icmp_type, name ? " (" : "", name ? name : "", name ? ")" : "",
			row->id.text);
	}
	if (!probe->has_ports)
		return;
	if (probe->src.has_port)
		compare_port(p, "source port", p->sport, probe->src.port, WEIGHT_SPORT);
	compare_dport(p);
}

/* --- interfaces, and whether the row is in force --------------------------------------------- */

static void compare_interfaces(struct pairing *p)
{
	const struct sighting *seen = p->seen;
	const char *id = p->row->id.text;
	enum zone from = p->from->zone, to = p->to->zone;
	const struct probe_end *src = &seen->probe->src;

	if (!seen->site->zones[from].n || !seen->site->zones[to].n) {
		differs(p, WEIGHT_ROW, "%s is not in force: the gateway has no zone %s", id,
			zone_name(seen->site->zones[from].n ? to : from));
		return;
	}
	if (from == to && seen->site->zones[from].n < 2) {
		differs(p, WEIGHT_ROW,
			"%s is not in force: both its ends are in %s, which has one interface", id,
			zone_name(from));
		return;
	}
	if (!zone_has(seen->site, from, seen->iif))
		differs(p, has_machines(p->from) ? WEIGHT_INTERFACE : WEIGHT_SADDR,
			"arrived on %s; %s is for packets from %s", interface_text(p, seen->iif),
			id, interfaces_text(p, from));
	if (seen->oif && !zone_has(seen->site, to, seen->oif))
		differs(p, has_machines(p->to) ? WEIGHT_INTERFACE : WEIGHT_DADDR,
			"leaves by %s; %s is for packets to %s", interface_text(p, seen->oif), id,
			interfaces_text(p, to));
	else if (seen->oif && !strcmp(seen->iif, seen->oif))
		differs(p, WEIGHT_INTERFACE,
			"it leaves by %s, which it came by; %s goes from one interface to another",
			seen->oif, id);
	if (p->spoofed)
		differs(p, WEIGHT_INTERFACE,
			"source %s is an own address, which new flows from wan may not bear",
			addr_text(p, src->addr));
}

static void compare(struct pairing *p)
{
	const struct probe *probe = p->seen->probe;

	p->weight = 0;
	p->distance = 0;
	if (probe->nfproto != NFPROTO_IPV4) {
		differs(p, WEIGHT_NEVER, "no row speaks of IPv6");
		return;
	}
	compare_proto(p);
	compare_addr(p, p->from, probe->src.addr);
	compare_addr(p, p->to, probe->dst.addr);
	if (p->row->never)
		differs(p, WEIGHT_ROW, "%s is never in force: %s", p->row->id.text, p->row->never);
	if (deployment_omits(p->dep, p->row))
		differs(p, WEIGHT_ROW, "%s is omitted by the site", p->row->id.text);
	compare_interfaces(p);
}

/* --- all rows ------------------------------------------------------------------------------- */

/** pairing_fn - is given each pairing of a packet with a row */
typedef void pairing_fn(struct pairing *p, void *arg);

/** struct pairer - a packet that is put beside all rows */
struct pairer {
	struct pairing *p;
	pairing_fn *fn;
	void *arg;
};

static void pair_claim(const struct claim *claim, void *arg)
{
	struct pairer *pairer = arg;
	struct pairing *p = pairer->p;

	p->row = claim->row;
	p->from = claim->from;
	p->to = claim->to;
	p->proto = claim->proto;
	p->sport = claim->sport;
	p->dport = claim->dport;
	p->translate = claim->translate;
	pairer->fn(p, pairer->arg);
}

static void pair_all(const struct sighting *seen, pairing_fn *fn, void *arg)
{
	bool spoofed = zone_has(seen->site, ZONE_WAN, seen->iif) &&
		       site_owns(seen->site, seen->probe->src.addr);

	vec_each(dep, &seen->site->deployments) {
		struct arena scratch = {0};
		struct pairing p = {
			.seen = seen, .dep = *dep, .spoofed = spoofed, .arena = &scratch};

		struct pairer pairer = {&p, fn, arg};

		claims_each(*dep, &scratch, pair_claim, &pairer);
		arena_free(&scratch);
	}
}

static void keep_lighter(struct pairing *p, void *arg)
{
	struct pairing *best = arg;

	compare(p);
	if (!best->row || p->weight < best->weight ||
	    (p->weight == best->weight && p->distance < best->distance))
		*best = *p;
}

void near_find(const struct sighting *seen, struct arena *arena, struct near *ret_near)
{
	const struct probe *probe = seen->probe;
	struct pairing best = {0};

	*ret_near = (struct near){0};
	pair_all(seen, keep_lighter, &best);
	if (!best.row || best.weight >= WEIGHT_NEVER)
		return;
	best.arena = arena;
	/* its ports were in memory that is gone */
	if (!best.dep->any_source_ports || best.row->of_site)
		best.sport = row_ports(best.dep, &best.row->sport, arena);
	best.dport = row_ports(best.dep, &best.row->dport, arena);
	best.told = &ret_near->mismatch;
	compare(&best);
	if (probe->state == STATE_INVALID || probe->state == STATE_UNTRACKED)
		differs(&best, WEIGHT_STATE, "state %s is not new, as the first packet of %s is",
			probe_state_name(probe->state), best.row->id.text);
	if (ret_near->mismatch.n > MAX_MISMATCHES) {
		ret_near->mismatch.n = 0;
		return;
	}
	ret_near->row = best.row;
	ret_near->dep = best.dep;
	ret_near->sport = best.sport;
}

static void keep_match(struct pairing *p, void *arg)
{
	struct matches *matches = arg;

	compare(p);
	if (!p->weight)
		vec_add(matches, ((struct match){p->row, p->dep}));
}

void near_matches(const struct sighting *seen, struct matches *matches)
{
	pair_all(seen, keep_match, matches);
}

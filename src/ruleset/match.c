/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The expressions of a rule on a packet, with values that may be unknown. */
#include "match.h"

#include "find.h"

#include <netinet/in.h>
#include <string.h>

#include <linux/netfilter.h>

enum {
	SLOT_LEN = 4,
	REGISTER_BYTES = REGISTER_SLOTS * SLOT_LEN,
	/* RFC 791, and the ports of RFC 9293 and 768 */
	IPV4_PROTOCOL = 9,
	IPV4_SADDR = 12,
	IPV4_DADDR = 16,
	IPV4_LEN = 20,
	PORTS_LEN = 4,
	IPV6_LEN = 40, /* RFC 8200 */
};

/** struct bytes - registers, or a header: what it holds and what of it is known */
struct bytes {
	uint8_t at[REGISTER_BYTES];
	uint8_t known[REGISTER_BYTES]; /* bits */
};

/** struct walk - a rule under evaluation */
struct walk {
	const struct runner *runner;
	struct run *run;
	struct run_step *step;
	struct bytes regs;
	bool perhaps; /* an expression hung on what is not known: that at step->at */
};

bool proto_has_ports(uint8_t l4proto)
{
	return l4proto == IPPROTO_TCP || l4proto == IPPROTO_UDP || l4proto == IPPROTO_SCTP ||
	       l4proto == IPPROTO_DCCP || l4proto == IPPROTO_UDPLITE;
}

/* What comes next happens or does not. */
static enum run_result perhaps(struct walk *w, size_t at)
{
	if (!w->perhaps)
		w->step->at = at;
	w->perhaps = true;
	return RULE_HELD;
}

/* --- loads ---------------------------------------------------------------------------------- */

static void put(struct bytes *b, size_t at, struct value v)
{
	memcpy(b->at + at, v.bytes, v.len);
	memset(b->known + at, UINT8_MAX, v.len);
}

/* Put @len bytes into the registers from @slot on, with zeros up to the next one; NULL @known: all
 * of them are. Registers that do not exist are left. */
static void store(struct walk *w, uint8_t slot, const uint8_t *at, const uint8_t *known, size_t len)
{
	size_t to = (size_t)slot * SLOT_LEN, end = to + (len + SLOT_LEN - 1) / SLOT_LEN * SLOT_LEN;

	if (end > REGISTER_BYTES)
		return;
	memset(w->regs.at + to, 0, end - to);
	memset(w->regs.known + to, UINT8_MAX, end - to);
	memcpy(w->regs.at + to, at, len);
	if (known)
		memcpy(w->regs.known + to, known, len);
}

static void store_value(struct walk *w, uint8_t slot, struct value v)
{
	store(w, slot, v.bytes, NULL, v.len);
}

static void load_meta(struct walk *w, const struct expr *e)
{
	const struct packet *p = &w->run->packet;

	switch (e->meta.key) {
	case META_NFPROTO:
		store_value(w, e->meta.dreg, value_u8(p->nfproto));
		return;
	case META_L4PROTO:
		store_value(w, e->meta.dreg, value_u8(p->l4proto));
		return;
	case META_IIFNAME:
		store_value(w, e->meta.dreg, value_ifname(p->iif ? p->iif : ""));
		return;
	case META_OIFNAME:
		store_value(w, e->meta.dreg, value_ifname(p->oif ? p->oif : ""));
		return;
	}
}

static void network_header(const struct packet *p, struct bytes *ret_header)
{
	if (p->nfproto != NFPROTO_IPV4)
		return;
	put(ret_header, IPV4_PROTOCOL, value_u8(p->l4proto));
	if (!p->daddr_unknown)
		put(ret_header, IPV4_DADDR, value_u32(p->daddr));
	if (!p->saddr_unknown)
		put(ret_header, IPV4_SADDR, value_u32(p->saddr));
}

static void transport_header(const struct packet *p, struct bytes *ret_header)
{
	if (proto_has_ports(p->l4proto)) {
		put(ret_header, 0, value_u16(p->sport));
		put(ret_header, 2, value_u16(p->dport));
	} else if (p->l4proto == IPPROTO_ICMP && p->nfproto == NFPROTO_IPV4) {
		put(ret_header, 0, value_u8(p->icmp_type));
	}
}

/* Bytes that every packet has; of a flow, where the protocol's header has them. */
static size_t header_len(const struct packet *p, enum payload_base base)
{
	if (base == PAYLOAD_NETWORK)
		return p->nfproto == NFPROTO_IPV4 ? IPV4_LEN : IPV6_LEN;
	return proto_has_ports(p->l4proto) || p->l4proto == IPPROTO_ICMP ? PORTS_LEN : 0;
}

static void load_payload(struct walk *w, const struct expr *e, size_t at)
{
	struct bytes header = {0};
	size_t offset = e->payload.offset, len = e->payload.len;

	if (offset + len > header_len(&w->run->packet, e->payload.base))
		perhaps(w, at);

	if (e->payload.base == PAYLOAD_NETWORK)
		network_header(&w->run->packet, &header);
	else
		transport_header(&w->run->packet, &header);
	if (offset + len > REGISTER_BYTES)
		offset = IPV4_LEN; /* nothing is known there */
	if (offset + len <= REGISTER_BYTES)
		store(w, e->payload.dreg, header.at + offset, header.known + offset, len);
}

/* False where there is nothing to load: what is not tracked has no status. */
static bool load_ct(struct walk *w, const struct expr *e)
{
	const struct packet *p = &w->run->packet;

	if (e->ct.key == CT_STATUS && p->ct_state & (CT_STATE_INVALID | CT_STATE_UNTRACKED))
		return false;
	if (e->ct.key == CT_STATUS)
		store(w, e->ct.dreg, value_u32(p->ct_status).bytes,
		      value_u32(~p->ct_status_unknown).bytes, sizeof(p->ct_status));
	else
		store_value(w, e->ct.dreg, value_u32(p->ct_state));
	return true;
}

static bool in_registers(uint8_t slot, size_t len)
{
	return (size_t)slot * SLOT_LEN + len <= REGISTER_BYTES;
}

/* --- tests ---------------------------------------------------------------------------------- */

static bool is_equality(enum cmp_op op)
{
	return op == CMP_EQ || op == CMP_NEQ;
}

static enum run_result compare(struct walk *w, const struct expr *e, size_t at)
{
	size_t reg = (size_t)e->cmp.sreg * SLOT_LEN, len = e->cmp.value.len, known = 0;
	bool differs = false, holds = false;
	int order;

	if (!in_registers(e->cmp.sreg, len))
		return perhaps(w, at);
	while (known < len && w->regs.known[reg + known] == UINT8_MAX)
		known++;
	order = memcmp(w->regs.at + reg, e->cmp.value.bytes, known);
	for (size_t i = 0; i < len; i++)
		differs |= (w->regs.at[reg + i] ^ e->cmp.value.bytes[i]) & w->regs.known[reg + i];
	if (!order && known < len && !(differs && is_equality(e->cmp.op)))
		return perhaps(w, at);
	switch (e->cmp.op) {
	case CMP_EQ:
		holds = !differs;
		break;
	case CMP_NEQ:
		holds = differs;
		break;
	case CMP_LTE:
		holds = order <= 0;
		break;
	case CMP_GTE:
		holds = order >= 0;
		break;
	}
	return holds ? RULE_HELD : RULE_FAILED;
}

static void mask(struct walk *w, const struct expr *e)
{
	const struct value *m = &e->bitwise.mask;
	size_t from = (size_t)e->bitwise.sreg * SLOT_LEN;
	uint8_t at[VALUE_MAX], known[VALUE_MAX];

	if (!in_registers(e->bitwise.sreg, m->len))
		return;
	for (size_t i = 0; i < m->len; i++) {
		at[i] = w->regs.at[from + i] & m->bytes[i];
		known[i] = w->regs.known[from + i] | (uint8_t)~m->bytes[i];
	}
	store(w, e->bitwise.dreg, at, known, m->len);
}

/* The concatenation in the registers from @slot on, each field at a register of its own. */
static void key_of(const struct walk *w, const struct set *set, uint8_t slot, struct key *ret_key)
{
	size_t to = 0, from = (size_t)slot * SLOT_LEN;

	for (size_t f = 0; f < set->n_key; f++) {
		size_t len = datatype_len(set->key[f]);

		for (size_t i = 0; i < len; i++, to++) {
			bool known =
				from + i < REGISTER_BYTES && w->regs.known[from + i] == UINT8_MAX;

			ret_key->bytes[to] = known ? w->regs.at[from + i] : 0;
			ret_key->unknown[to] = !known;
		}
		from += (len + SLOT_LEN - 1) / SLOT_LEN * SLOT_LEN;
	}
}

/* A map's data into the registers; nothing of it is known where @element is not. */
static void store_data(struct walk *w, const struct expr *e, bool known, size_t element)
{
	static const uint8_t zeros[VALUE_MAX];
	const struct set *set = e->lookup.set;
	const uint8_t *at = zeros;
	uint8_t slot = e->lookup.dreg;

	if (known)
		at = set->bytes + (element + 1) * set->stride - set->data_len;
	for (size_t f = 0; f < set->n_data; f++) {
		size_t len = datatype_len(set->data[f]);

		store(w, slot, at, known ? NULL : zeros, len);
		slot = (uint8_t)(slot + (len + SLOT_LEN - 1) / SLOT_LEN);
		if (known)
			at += len;
	}
}

static enum found look_up(struct walk *w, const struct expr *e, size_t *ret_element)
{
	const struct set *set = e->lookup.set;
	enum found found;
	struct key key;

	if (set->unsupported || set->filled)
		return FOUND_PERHAPS;
	key_of(w, set, e->lookup.sreg, &key);
	found = finder_find(index_get(&w->runner->finders, &set, sizeof(const struct set *)), &key,
			    ret_element);
	if (found == FOUND_ONE && set->origins[*ret_element] == ELEMENT_UNSUPPORTED)
		return FOUND_PERHAPS;
	return found;
}

static enum run_result lookup(struct walk *w, const struct expr *e, size_t at)
{
	const struct set *set = e->lookup.set;
	bool vmap = set->n_data && set->data[0] == TYPE_VERDICT;
	size_t element = 0;
	enum found found = look_up(w, e, &element);

	if (found == FOUND_PERHAPS) {
		store_data(w, e, false, 0);
		perhaps(w, at);
		return vmap ? RULE_UNDECIDED : RULE_HELD;
	}
	if ((found == FOUND_ONE) == e->lookup.invert)
		return RULE_FAILED;
	if (found == FOUND_NONE)
		return RULE_HELD;
	w->step->set = set;
	w->step->element = element;
	if (vmap) {
		w->step->verdict = set->verdicts[element];
		return RULE_DECIDED;
	}
	store_data(w, e, true, element);
	return RULE_HELD;
}

/* --- translations --------------------------------------------------------------------------- */

static bool load_number(const struct walk *w, uint8_t slot, size_t len, uint32_t *ret_number)
{
	size_t from = (size_t)slot * SLOT_LEN;

	if (!in_registers(slot, len))
		return false;
	*ret_number = 0;
	for (size_t i = 0; i < len; i++) {
		if (w->regs.known[from + i] != UINT8_MAX)
			return false;
		*ret_number = *ret_number << 8 | w->regs.at[from + i];
	}
	return true;
}

/* net/netfilter/nf_nat_core.c: given a port, these get another id or key; DCCP has ports in some
 * kernels. */
static bool has_id(uint8_t l4proto)
{
	return l4proto == IPPROTO_ICMP || l4proto == IPPROTO_ICMPV6 || l4proto == IPPROTO_GRE ||
	       l4proto == IPPROTO_DCCP;
}

/* What a nat statement says, to where it belongs; RULE_DECIDED, as it accepts. One of addresses is
 * passed over by what is not IPv4, as by nft_nat_inet_eval(). */
static enum run_result translate(struct walk *w, const struct expr *e)
{
	struct run *run = w->run;
	struct translation t = {.is_set = true, .masquerade = e->nat.kind == NAT_MASQUERADE};
	uint32_t port = 0;

	if (run->packet.nfproto != NFPROTO_IPV4 && !t.masquerade)
		return RULE_HELD;
	if (!t.masquerade && !load_number(w, e->nat.addr, sizeof(t.addr), &t.addr))
		return RULE_UNDECIDED;
	t.has_port = !t.masquerade && e->nat.has_port;
	if (t.has_port && has_id(run->packet.l4proto))
		return RULE_UNDECIDED;
	if (t.has_port && !load_number(w, e->nat.port, sizeof(t.port), &port))
		return RULE_UNDECIDED;
	t.port = (uint16_t)port;
	*(e->nat.kind == NAT_DNAT ? &run->dnat : &run->snat) = t;
	w->step->nat = e;
	w->step->verdict = (struct verdict){.kind = VERDICT_ACCEPT};
	return RULE_DECIDED;
}

/* --- rules ---------------------------------------------------------------------------------- */

/* What the kernel has and jgfw does not use. */
static enum run_result run_unknown(struct walk *w, const struct expr *e, size_t at)
{
	switch (e->unknown.effect) {
	case EFFECT_NONE:
		return RULE_HELD;
	case EFFECT_CONSTANT:
		store_value(w, e->unknown.dreg, e->unknown.value);
		return RULE_HELD;
	case EFFECT_CHANCE:
		w->step->by_chance = true;
		return RULE_HELD;
	case EFFECT_REJECT:
		w->step->verdict = (struct verdict){.kind = VERDICT_DROP};
		return RULE_DECIDED;
	case EFFECT_TEST:
		memset(w->regs.known, 0, sizeof(w->regs.known));
		return perhaps(w, at);
	case EFFECT_ANY:
		break;
	}
	return RULE_UNDECIDED;
}

static enum run_result run_expr(struct walk *w, const struct expr *e, size_t at)
{
	switch (e->kind) {
	case EXPR_META:
		load_meta(w, e);
		return RULE_HELD;
	case EXPR_PAYLOAD:
		load_payload(w, e, at);
		return RULE_HELD;
	case EXPR_CT:
		return load_ct(w, e) ? RULE_HELD : RULE_FAILED;
	case EXPR_CMP:
		return compare(w, e, at);
	case EXPR_BITWISE:
		mask(w, e);
		return RULE_HELD;
	case EXPR_LOOKUP:
		return lookup(w, e, at);
	case EXPR_VERDICT:
		w->step->verdict = e->verdict;
		return RULE_DECIDED;
	case EXPR_NAT:
		return w->perhaps ? RULE_UNDECIDED : translate(w, e);
	case EXPR_LIMIT:
		w->step->by_chance = true;
		return RULE_HELD;
	case EXPR_COUNTER:
	case EXPR_LOG:
		return RULE_HELD;
	case EXPR_UNKNOWN:
		return run_unknown(w, e, at);
	}
	return RULE_UNDECIDED;
}

void rule_run(const struct runner *runner, struct run *run, struct run_step *step)
{
	const struct rule *rule = step->rule;
	struct walk w = {.runner = runner, .run = run, .step = step};
	enum run_result result = RULE_HELD;
	size_t i = 0;

	while (i < rule->n && (result = run_expr(&w, &rule->at[i], i)) == RULE_HELD)
		i++;
	if (w.perhaps && result == RULE_DECIDED)
		result = RULE_UNDECIDED;
	if (!w.perhaps || result != RULE_UNDECIDED)
		step->at = i;
	step->result = result;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "encode.h"

#include "message.h"
#include "sets.h"
#include "wire.h"

#include <arpa/inet.h>
#include <endian.h>
#include <string.h>

#include <libmnl/libmnl.h>
#include <libnftnl/chain.h>
#include <libnftnl/common.h>
#include <libnftnl/expr.h>
#include <libnftnl/table.h>
#include <libnftnl/udata.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

/* --- tables and chains ---------------------------------------------------------------------- */

static void put_note(struct nlmsghdr *message, uint16_t attribute, const struct note *note)
{
	if (note->len)
		mnl_attr_put(message, attribute, note->len, note->bytes);
}

void encode_table(struct batch *batch, const struct table *table, uint16_t type, uint16_t flags)
{
	struct nlmsghdr *message = message_begin(batch, type, flags);
	struct nftnl_table *t = need(nftnl_table_alloc());

	need_set(nftnl_table_set_str(t, NFTNL_TABLE_NAME, table->name));
	nftnl_table_nlmsg_build_payload(message, t);
	if (type == NFT_MSG_NEWTABLE)
		put_note(message, NFTA_TABLE_USERDATA, &table->note);
	nftnl_table_free(t);
	message_end(batch, message);
}

void encode_chain(struct batch *batch, const struct table *table, const struct chain *chain)
{
	static const uint32_t hooks[] = {
		[HOOK_PREROUTING] = NF_INET_PRE_ROUTING,   [HOOK_INPUT] = NF_INET_LOCAL_IN,
		[HOOK_FORWARD] = NF_INET_FORWARD,	   [HOOK_OUTPUT] = NF_INET_LOCAL_OUT,
		[HOOK_POSTROUTING] = NF_INET_POST_ROUTING, [HOOK_INGRESS] = NF_INET_INGRESS,
	};
	struct nftnl_chain *c = need(nftnl_chain_alloc());
	struct nlmsghdr *message;

	batch->about = (struct about){.chain = chain};
	message = message_begin(batch, NFT_MSG_NEWCHAIN, NLM_F_CREATE);

	need_set(nftnl_chain_set_str(c, NFTNL_CHAIN_TABLE, table->name));
	need_set(nftnl_chain_set_str(c, NFTNL_CHAIN_NAME, chain->name));
	if (chain->is_base) {
		nftnl_chain_set_u32(c, NFTNL_CHAIN_HOOKNUM, hooks[chain->hook]);
		nftnl_chain_set_s32(c, NFTNL_CHAIN_PRIO, chain->priority);
		need_set(nftnl_chain_set_str(c, NFTNL_CHAIN_TYPE,
					     chain->type == CHAIN_NAT ? "nat" : "filter"));
		nftnl_chain_set_u32(c, NFTNL_CHAIN_POLICY,
				    chain->policy_drop ? NF_DROP : NF_ACCEPT);
	}
	nftnl_chain_nlmsg_build_payload(message, c);
	put_note(message, NFTA_CHAIN_USERDATA, &chain->note);
	nftnl_chain_free(c);
	message_end(batch, message);
}

/* --- rules ---------------------------------------------------------------------------------- */

/** struct encoder - a rule on its way; what a register holds tells the byte order of its values */
struct encoder {
	struct batch *batch;
	struct nlmsghdr *message; /* of the rule */
	const struct counter *counted;
	bool host_order[REGISTER_SLOTS];
};

static uint32_t reg(uint8_t slot)
{
	return slot % 4 ? (uint32_t)NFT_REG32_00 + slot : (uint32_t)NFT_REG_1 + slot / 4u;
}

static struct nftnl_expr *expr_new(const char *name)
{
	return need(nftnl_expr_alloc(name));
}

static uint32_t host_number(const struct value *value)
{
	uint32_t v;

	memcpy(&v, value->bytes, sizeof(v));
	return ntohl(v);
}

/* A value as the register has it. */
static void set_value(struct nftnl_expr *x, uint16_t attribute, const struct value *value,
		      bool host)
{
	if (host && value->len == 4) {
		uint32_t v = host_number(value);

		need_set(nftnl_expr_set(x, attribute, &v, sizeof(v)));
	} else {
		need_set(nftnl_expr_set(x, attribute, value->bytes, value->len));
	}
}

static struct nftnl_expr *encode_meta(struct encoder *e, const struct expr *expr)
{
	static const uint32_t keys[] = {
		[META_NFPROTO] = NFT_META_NFPROTO,
		[META_L4PROTO] = NFT_META_L4PROTO,
		[META_IIFNAME] = NFT_META_IIFNAME,
		[META_OIFNAME] = NFT_META_OIFNAME,
	};
	struct nftnl_expr *x = expr_new("meta");

	nftnl_expr_set_u32(x, NFTNL_EXPR_META_KEY, keys[expr->meta.key]);
	nftnl_expr_set_u32(x, NFTNL_EXPR_META_DREG, reg(expr->meta.dreg));
	e->host_order[expr->meta.dreg] = false;
	return x;
}

static struct nftnl_expr *encode_payload(struct encoder *e, const struct expr *expr)
{
	struct nftnl_expr *x = expr_new("payload");

	nftnl_expr_set_u32(x, NFTNL_EXPR_PAYLOAD_BASE,
			   expr->payload.base == PAYLOAD_NETWORK ? NFT_PAYLOAD_NETWORK_HEADER
								 : NFT_PAYLOAD_TRANSPORT_HEADER);
	nftnl_expr_set_u32(x, NFTNL_EXPR_PAYLOAD_OFFSET, expr->payload.offset);
	nftnl_expr_set_u32(x, NFTNL_EXPR_PAYLOAD_LEN, expr->payload.len);
	nftnl_expr_set_u32(x, NFTNL_EXPR_PAYLOAD_DREG, reg(expr->payload.dreg));
	e->host_order[expr->payload.dreg] = false;
	return x;
}

static struct nftnl_expr *encode_ct(struct encoder *e, const struct expr *expr)
{
	struct nftnl_expr *x = expr_new("ct");

	nftnl_expr_set_u32(x, NFTNL_EXPR_CT_KEY,
			   expr->ct.key == CT_STATE ? NFT_CT_STATE : NFT_CT_STATUS);
	nftnl_expr_set_u32(x, NFTNL_EXPR_CT_DREG, reg(expr->ct.dreg));
	e->host_order[expr->ct.dreg] = true;
	return x;
}

static struct nftnl_expr *encode_cmp(struct encoder *e, const struct expr *expr)
{
	static const uint32_t ops[] = {[CMP_EQ] = NFT_CMP_EQ,
				       [CMP_NEQ] = NFT_CMP_NEQ,
				       [CMP_LTE] = NFT_CMP_LTE,
				       [CMP_GTE] = NFT_CMP_GTE};
	struct nftnl_expr *x = expr_new("cmp");

	nftnl_expr_set_u32(x, NFTNL_EXPR_CMP_SREG, reg(expr->cmp.sreg));
	nftnl_expr_set_u32(x, NFTNL_EXPR_CMP_OP, ops[expr->cmp.op]);
	set_value(x, NFTNL_EXPR_CMP_DATA, &expr->cmp.value, e->host_order[expr->cmp.sreg]);
	return x;
}

static struct nftnl_expr *encode_bitwise(struct encoder *e, const struct expr *expr)
{
	static const uint8_t zero[VALUE_MAX];
	struct nftnl_expr *x = expr_new("bitwise");
	uint8_t len = expr->bitwise.mask.len;

	nftnl_expr_set_u32(x, NFTNL_EXPR_BITWISE_SREG, reg(expr->bitwise.sreg));
	nftnl_expr_set_u32(x, NFTNL_EXPR_BITWISE_DREG, reg(expr->bitwise.dreg));
	nftnl_expr_set_u32(x, NFTNL_EXPR_BITWISE_OP, NFT_BITWISE_BOOL);
	nftnl_expr_set_u32(x, NFTNL_EXPR_BITWISE_LEN, len);
	set_value(x, NFTNL_EXPR_BITWISE_MASK, &expr->bitwise.mask,
		  e->host_order[expr->bitwise.sreg]);
	need_set(nftnl_expr_set(x, NFTNL_EXPR_BITWISE_XOR, zero, len));
	e->host_order[expr->bitwise.dreg] = e->host_order[expr->bitwise.sreg];
	return x;
}

static struct nftnl_expr *encode_nat(const struct expr *expr)
{
	struct nftnl_expr *x;

	if (expr->nat.kind == NAT_MASQUERADE)
		return expr_new("masq");
	x = expr_new("nat");
	nftnl_expr_set_u32(x, NFTNL_EXPR_NAT_TYPE,
			   expr->nat.kind == NAT_DNAT ? NFT_NAT_DNAT : NFT_NAT_SNAT);
	nftnl_expr_set_u32(x, NFTNL_EXPR_NAT_FAMILY, NFPROTO_IPV4);
	nftnl_expr_set_u32(x, NFTNL_EXPR_NAT_REG_ADDR_MIN, reg(expr->nat.addr));
	if (expr->nat.has_port)
		nftnl_expr_set_u32(x, NFTNL_EXPR_NAT_REG_PROTO_MIN, reg(expr->nat.port));
	return x;
}

static struct nftnl_expr *encode_limit(const struct expr *expr)
{
	struct nftnl_expr *x = expr_new("limit");

	nftnl_expr_set_u64(x, NFTNL_EXPR_LIMIT_RATE, expr->limit.rate);
	nftnl_expr_set_u64(x, NFTNL_EXPR_LIMIT_UNIT, 1); /* seconds */
	nftnl_expr_set_u32(x, NFTNL_EXPR_LIMIT_BURST, expr->limit.burst);
	nftnl_expr_set_u32(x, NFTNL_EXPR_LIMIT_TYPE, NFT_LIMIT_PKTS);
	nftnl_expr_set_u32(x, NFTNL_EXPR_LIMIT_FLAGS, 0);
	return x;
}

static struct nftnl_expr *encode_counter(const struct counter *counter)
{
	struct nftnl_expr *x = expr_new("counter");

	if (counter->packets || counter->bytes) {
		nftnl_expr_set_u64(x, NFTNL_EXPR_CTR_PACKETS, counter->packets);
		nftnl_expr_set_u64(x, NFTNL_EXPR_CTR_BYTES, counter->bytes);
	}
	return x;
}

/* What bears a name is written without the library: from 1.2.9 on it refuses those that are longer
 * than the kernel takes, and a file may hold some. */
static void put_lookup(struct encoder *e, const struct expr *expr)
{
	const struct set *set = expr->lookup.set;
	uint32_t id = batch_set_id(e->batch, set, false);

	mnl_attr_put_strz(e->message, NFTA_LOOKUP_SET, set_name(set));
	mnl_attr_put_u32(e->message, NFTA_LOOKUP_SREG, htonl(reg(expr->lookup.sreg)));
	if (set->n_data)
		mnl_attr_put_u32(
			e->message, NFTA_LOOKUP_DREG,
			htonl(set_is_vmap(set) ? NFT_REG_VERDICT : reg(expr->lookup.dreg)));
	if (id)
		mnl_attr_put_u32(e->message, NFTA_LOOKUP_SET_ID, htonl(id));
	if (expr->lookup.invert)
		mnl_attr_put_u32(e->message, NFTA_LOOKUP_FLAGS, htonl(NFT_LOOKUP_F_INV));
}

static void put_verdict(struct encoder *e, const struct expr *expr)
{
	struct nlattr *data, *verdict;

	mnl_attr_put_u32(e->message, NFTA_IMMEDIATE_DREG, htonl(NFT_REG_VERDICT));
	data = mnl_attr_nest_start(e->message, NFTA_IMMEDIATE_DATA);
	verdict = mnl_attr_nest_start(e->message, NFTA_DATA_VERDICT);
	mnl_attr_put_u32(e->message, NFTA_VERDICT_CODE, htonl(verdict_code(expr->verdict.kind)));
	if (expr->verdict.chain)
		mnl_attr_put_strz(e->message, NFTA_VERDICT_CHAIN, expr->verdict.chain->name);
	mnl_attr_nest_end(e->message, verdict);
	mnl_attr_nest_end(e->message, data);
}

static void put_log(struct encoder *e, const struct expr *expr)
{
	mnl_attr_put_strz(e->message, NFTA_LOG_PREFIX, expr->log.prefix);
}

static void put_named(struct encoder *e, const char *name, const struct expr *expr,
		      void (*put)(struct encoder *e, const struct expr *expr))
{
	struct nlattr *data;

	mnl_attr_put_strz(e->message, NFTA_EXPR_NAME, name);
	data = mnl_attr_nest_start(e->message, NFTA_EXPR_DATA);
	put(e, expr);
	mnl_attr_nest_end(e->message, data);
}

static void put_built(struct encoder *e, struct nftnl_expr *x)
{
	nftnl_expr_build_payload(e->message, x);
	nftnl_expr_free(x);
}

static void put_unknown(struct encoder *e, const struct expr *expr)
{
	mnl_attr_put_strz(e->message, NFTA_EXPR_NAME, expr->unknown.name);
	mnl_attr_put(e->message, NFTA_EXPR_DATA | NLA_F_NESTED, expr->unknown.len,
		     expr->unknown.bytes);
}

static void put_expr(struct encoder *e, const struct expr *expr)
{
	switch (expr->kind) {
	case EXPR_META:
		put_built(e, encode_meta(e, expr));
		break;
	case EXPR_PAYLOAD:
		put_built(e, encode_payload(e, expr));
		break;
	case EXPR_CT:
		put_built(e, encode_ct(e, expr));
		break;
	case EXPR_CMP:
		put_built(e, encode_cmp(e, expr));
		break;
	case EXPR_BITWISE:
		put_built(e, encode_bitwise(e, expr));
		break;
	case EXPR_NAT:
		put_built(e, encode_nat(expr));
		break;
	case EXPR_COUNTER:
		put_built(e, encode_counter(e->counted ? e->counted : &expr->counter));
		break;
	case EXPR_LIMIT:
		put_built(e, encode_limit(expr));
		break;
	case EXPR_LOOKUP:
		put_named(e, "lookup", expr, put_lookup);
		break;
	case EXPR_VERDICT:
		put_named(e, "immediate", expr, put_verdict);
		break;
	case EXPR_LOG:
		put_named(e, "log", expr, put_log);
		break;
	case EXPR_UNKNOWN:
		put_unknown(e, expr);
		break;
	}
}

static void encode_expr(struct encoder *e, const struct expr *expr)
{
	struct nlattr *nest = mnl_attr_nest_start(e->message, NFTA_LIST_ELEM);

	put_expr(e, expr);
	mnl_attr_nest_end(e->message, nest);
}

static void put_comment(struct nlmsghdr *message, const char *comment)
{
	struct nftnl_udata_buf *udata = need(nftnl_udata_buf_alloc(NFT_USERDATA_MAXLEN));

	nftnl_udata_put_strz(udata, NFTNL_UDATA_RULE_COMMENT, comment);
	mnl_attr_put(message, NFTA_RULE_USERDATA, nftnl_udata_buf_len(udata),
		     nftnl_udata_buf_data(udata));
	nftnl_udata_buf_free(udata);
}

void encode_rule(struct batch *batch, const struct table *table, const struct chain *chain,
		 const struct rule *rule, uint64_t before, const struct counter *counted)
{
	struct encoder e = {.batch = batch, .counted = counted};
	struct nlattr *list;

	for (size_t i = 0; i < rule->n; i++) {
		const struct set *set = rule->at[i].lookup.set;

		if (rule->at[i].kind != EXPR_LOOKUP || set->name)
			continue;
		encode_set(batch, table, set);
		encode_elements(batch, table, (struct elements){.set = set}, NFT_MSG_NEWSETELEM);
	}
	batch->about = (struct about){.chain = chain, .rule = rule};
	e.message = message_begin(batch, NFT_MSG_NEWRULE,
				  (uint16_t)(NLM_F_CREATE | (before ? 0 : NLM_F_APPEND)));
	mnl_attr_put_strz(e.message, NFTA_RULE_TABLE, table->name);
	mnl_attr_put_strz(e.message, NFTA_RULE_CHAIN, chain->name);
	if (before)
		mnl_attr_put_u64(e.message, NFTA_RULE_POSITION, htobe64(before));
	list = mnl_attr_nest_start(e.message, NFTA_RULE_EXPRESSIONS);
	for (size_t i = 0; i < rule->n; i++)
		encode_expr(&e, &rule->at[i]);
	mnl_attr_nest_end(e.message, list);
	if (rule->comment)
		put_comment(e.message, rule->comment);
	message_end(batch, e.message);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tables, chains and rules from messages; expressions are in decode_expr.c, sets in decode_set.c.
 */
#include "decode.h"

#include "decode_expr.h"
#include "decode_note.h"
#include "decode_set.h"
#include "parse.h"

#include <errno.h>
#include <string.h>

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

/* --- tables and chains ---------------------------------------------------------------------- */

static int decode_table(struct decoder *d, const struct nlmsghdr *message)
{
	struct attrs a = attrs_of_message(message);
	const char *name = attr_str(&a, NFTA_TABLE_NAME);
	uint32_t flags = a.at[NFTA_TABLE_FLAGS] ? attr_u32(&a, NFTA_TABLE_FLAGS) : 0;
	const uint32_t known = ATTR_BIT(NFTA_TABLE_NAME) | ATTR_BIT(NFTA_TABLE_FLAGS) |
			       ATTR_BIT(NFTA_TABLE_USE) | ATTR_BIT(NFTA_TABLE_HANDLE) |
			       ATTR_BIT(NFTA_TABLE_PAD) | ATTR_BIT(NFTA_TABLE_USERDATA);

	if (!name)
		return -EBADMSG;
	if (!is_of(d, message, name))
		return 0;
	d->rs->table.owned = flags & NFT_TABLE_F_OWNER;
	d->rs->table.dormant = flags & NFT_TABLE_F_DORMANT;
	if (d->rs->table.owned)
		unsupported(d, &d->rs->table.unsupported, "another process holds the table");
	if (d->rs->table.dormant)
		unsupported(d, &d->rs->table.unsupported, "the table is dormant");
	if (flags & ~(uint32_t)(NFT_TABLE_F_DORMANT | NFT_TABLE_F_OWNER))
		unsupported(d, &d->rs->table.unsupported, "the table has flags 0x%x", flags);
	if (!note_of_table(d, a.at[NFTA_TABLE_USERDATA], &d->rs->table.note))
		unsupported(d, &d->rs->table.unsupported,
			    "the table has user data that jgfw does not know");
	if (!attrs_within(&a, known))
		unsupported(d, &d->rs->table.unsupported,
			    "the table has attributes that jgfw does not know");
	return 0;
}

static void decode_hook(struct decoder *d, struct attrs *a, struct chain *chain)
{
	static const enum hook hooks[] = {
		[NF_INET_PRE_ROUTING] = HOOK_PREROUTING,   [NF_INET_LOCAL_IN] = HOOK_INPUT,
		[NF_INET_FORWARD] = HOOK_FORWARD,	   [NF_INET_LOCAL_OUT] = HOOK_OUTPUT,
		[NF_INET_POST_ROUTING] = HOOK_POSTROUTING, [NF_INET_INGRESS] = HOOK_INGRESS,
	};
	struct attrs h = attrs_of(a->at[NFTA_CHAIN_HOOK]);
	uint32_t number = attr_u32(&h, NFTA_HOOK_HOOKNUM);
	const char *type = attr_str(a, NFTA_CHAIN_TYPE);
	bool netdev = d->rs->table.family == NFPROTO_NETDEV;

	chain->is_base = true;
	chain->priority = (int32_t)attr_u32(&h, NFTA_HOOK_PRIORITY);
	if (netdev)
		chain->hook = number ? HOOK_EGRESS : HOOK_INGRESS;
	else if (number < ARRAY_SIZE(hooks))
		chain->hook = hooks[number];
	else
		unsupported(d, &chain->unsupported, "hook %u", number);
	chain->type = type && !strcmp(type, "nat")     ? CHAIN_NAT
		      : type && !strcmp(type, "route") ? CHAIN_ROUTE
						       : CHAIN_FILTER;
	chain->policy_drop = a->at[NFTA_CHAIN_POLICY] && attr_u32(a, NFTA_CHAIN_POLICY) == NF_DROP;
	if (!attrs_within(&h, ATTR_BIT(NFTA_HOOK_HOOKNUM) | ATTR_BIT(NFTA_HOOK_PRIORITY)))
		unsupported(d, &chain->unsupported, "it is bound to devices");
	chain->off_path = chain->unsupported;
}

static int decode_chain(struct decoder *d, const struct nlmsghdr *message)
{
	struct attrs a = attrs_of_message(message);
	const char *table = attr_str(&a, NFTA_CHAIN_TABLE), *name = attr_str(&a, NFTA_CHAIN_NAME);
	uint32_t flags = a.at[NFTA_CHAIN_FLAGS] ? attr_u32(&a, NFTA_CHAIN_FLAGS) : 0;
	const uint32_t known = ATTR_BIT(NFTA_CHAIN_TABLE) | ATTR_BIT(NFTA_CHAIN_HANDLE) |
			       ATTR_BIT(NFTA_CHAIN_NAME) | ATTR_BIT(NFTA_CHAIN_HOOK) |
			       ATTR_BIT(NFTA_CHAIN_POLICY) | ATTR_BIT(NFTA_CHAIN_USE) |
			       ATTR_BIT(NFTA_CHAIN_TYPE) | ATTR_BIT(NFTA_CHAIN_COUNTERS) |
			       ATTR_BIT(NFTA_CHAIN_PAD) | ATTR_BIT(NFTA_CHAIN_FLAGS) |
			       ATTR_BIT(NFTA_CHAIN_USERDATA);
	struct chain *chain;

	if (!table || !name)
		return -EBADMSG;
	if (!is_of(d, message, table))
		return 0;
	chain = ruleset_chain(d->rs, name);
	*index_find(&d->chains, chain->name, strlen(chain->name)) = chain;
	if (a.at[NFTA_CHAIN_HOOK])
		decode_hook(d, &a, chain);
	if (flags & ~(uint32_t)NFT_CHAIN_BASE) {
		unsupported(d, &chain->unsupported, "it has flags 0x%x", flags);
		chain->off_path |= chain->is_base;
	}
	if (!note_of_chain(d, a.at[NFTA_CHAIN_USERDATA], &chain->note))
		unsupported(d, &chain->unsupported, "it has user data that jgfw does not know");
	if (!attrs_within(&a, known))
		unsupported(d, &chain->unsupported, "it has attributes that jgfw does not know");
	return 0;
}

/* --- rules ---------------------------------------------------------------------------------- */

/** struct comment - what the user data of a rule say */
struct comment {
	const char *text;
	bool strange;
};

static int take_udata(const struct nftnl_udata *attr, void *data)
{
	struct comment *comment = data;
	const char *text = nftnl_udata_get(attr);
	uint8_t len = nftnl_udata_len(attr);

	if (nftnl_udata_type(attr) == NFTNL_UDATA_RULE_COMMENT && len && !text[len - 1])
		comment->text = text;
	else
		comment->strange = true;
	return 0;
}

static void decode_comment(struct decoder *d, const struct nlattr *attr, struct rule *rule)
{
	struct comment comment = {0};

	if (!udata_each_of(attr, take_udata, &comment) || comment.strange)
		unsupported(d, &rule->unsupported, "it has user data");
	if (comment.text)
		rule->comment = arena_copy(&d->rs->arena, comment.text, strlen(comment.text));
}

static int decode_rule(struct decoder *d, const struct nlmsghdr *message)
{
	struct attrs a = attrs_of_message(message);
	const char *table = attr_str(&a, NFTA_RULE_TABLE), *name = attr_str(&a, NFTA_RULE_CHAIN);
	const uint32_t known = ATTR_BIT(NFTA_RULE_TABLE) | ATTR_BIT(NFTA_RULE_CHAIN) |
			       ATTR_BIT(NFTA_RULE_HANDLE) | ATTR_BIT(NFTA_RULE_EXPRESSIONS) |
			       ATTR_BIT(NFTA_RULE_POSITION) | ATTR_BIT(NFTA_RULE_USERDATA) |
			       ATTR_BIT(NFTA_RULE_PAD);
	struct chain *chain;
	struct rule *rule;

	if (!table || !name)
		return -EBADMSG;
	if (!is_of(d, message, table))
		return 0;
	chain = decoder_find_chain(d, name);
	if (!chain)
		return -EBADMSG;
	rule = vec_push_in(&d->rs->arena, &chain->rules);
	*rule = (struct rule){0};
	if (a.at[NFTA_RULE_HANDLE])
		rule->handle = attr_u64(&a, NFTA_RULE_HANDLE);
	if (a.at[NFTA_RULE_EXPRESSIONS])
		decode_exprs(d, a.at[NFTA_RULE_EXPRESSIONS], rule);
	if (a.at[NFTA_RULE_USERDATA])
		decode_comment(d, a.at[NFTA_RULE_USERDATA], rule);
	if (!attrs_within(&a, known))
		unsupported(d, &rule->unsupported, "it has attributes of another tool's");
	return 0;
}

static int decode_object(struct decoder *d, const struct nlmsghdr *message)
{
	struct attrs a = attrs_of_message(message), data = attrs_of(a.at[NFTA_OBJ_DATA]);
	const char *table = attr_str(&a, NFTA_OBJ_TABLE);

	if (!table || !is_of(d, message, table))
		return table ? 0 : -EBADMSG;
	unsupported(d, &d->rs->table.unsupported, "the table has stateful objects");
	if (attr_u32(&a, NFTA_OBJ_TYPE) == NFT_OBJECT_CT_HELPER) {
		const char *helper = attr_str(&data, NFTA_CT_HELPER_NAME);

		d->rs->table.sip_helper |= helper && !strncmp(helper, "sip", 3);
	}
	return 0;
}

static int decode_flowtable(struct decoder *d, const struct nlmsghdr *message)
{
	struct attrs a = attrs_of_message(message);
	const char *table = attr_str(&a, NFTA_FLOWTABLE_TABLE);

	if (table && is_of(d, message, table))
		unsupported(d, &d->rs->table.unsupported, "the table has flowtables");
	return table ? 0 : -EBADMSG;
}

int decode_message(struct decoder *d, const struct nlmsghdr *message)
{
	if (message->nlmsg_len < NLMSG_HDRLEN + sizeof(struct nfgenmsg))
		return -EBADMSG;
	if (NFNL_SUBSYS_ID(message->nlmsg_type) != NFNL_SUBSYS_NFTABLES)
		return 0; /* the ends of a transaction */
	switch (NFNL_MSG_TYPE(message->nlmsg_type)) {
	case NFT_MSG_NEWTABLE:
		return decode_table(d, message);
	case NFT_MSG_NEWCHAIN:
		return decode_chain(d, message);
	case NFT_MSG_NEWSET:
		return decode_set(d, message);
	case NFT_MSG_NEWSETELEM:
		return decode_elements(d, message);
	case NFT_MSG_NEWRULE:
		return decode_rule(d, message);
	case NFT_MSG_NEWOBJ:
		return decode_object(d, message);
	case NFT_MSG_NEWFLOWTABLE:
		return decode_flowtable(d, message);
	default:
		return 0;
	}
}

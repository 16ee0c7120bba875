/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A change as messages. */

#include "change.h"

#include "encode.h"
#include "message.h"
#include "sets.h"

#include <endian.h>
#include <string.h>

#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_tables.h>

static void delete_rule(struct batch *batch, const struct table *table, const struct chain *chain,
			const struct rule *rule)
{
	struct nlmsghdr *message;

	batch->about = (struct about){.chain = chain, .rule = rule};
	message = message_begin(batch, NFT_MSG_DELRULE, 0);
	mnl_attr_put_strz(message, NFTA_RULE_TABLE, table->name);
	mnl_attr_put_strz(message, NFTA_RULE_CHAIN, chain->name);
	mnl_attr_put_u64(message, NFTA_RULE_HANDLE, htobe64(rule->handle));
	message_end(batch, message);
}

static void delete_chain(struct batch *batch, const struct table *table, const struct chain *chain)
{
	struct nlmsghdr *message;

	batch->about = (struct about){.chain = chain};
	message = message_begin(batch, NFT_MSG_DELCHAIN, 0);
	mnl_attr_put_strz(message, NFTA_CHAIN_TABLE, table->name);
	mnl_attr_put_strz(message, NFTA_CHAIN_NAME, chain->name);
	message_end(batch, message);
}

static void delete_set(struct batch *batch, const struct table *table, const struct set *set)
{
	struct nlmsghdr *message;

	batch->about = (struct about){.set = set};
	message = message_begin(batch, NFT_MSG_DELSET, 0);
	mnl_attr_put_strz(message, NFTA_SET_TABLE, table->name);
	mnl_attr_put_strz(message, NFTA_SET_NAME, set->name);
	message_end(batch, message);
}

static bool set_goes(const struct set_change *set)
{
	return set->old && (set->renew || !set->new);
}

static bool set_comes(const struct change *change, const struct set_change *set)
{
	return set->new && (set->renew || !set->old || change->whole);
}

static void encode_going(struct batch *batch, const struct change *change)
{
	const struct table *table = &change->old->table;

	vec_each(chain, &change->chains)
		vec_each(edit, &chain->rules)
			if (edit->old)
				delete_rule(batch, table, chain->old, edit->old);
	vec_each(set, &change->sets)
		if (!set_goes(set) && set->gone.n)
			encode_elements(
				batch, table,
				(struct elements){.set = set->old, set->gone.at, set->gone.n, NULL},
				NFT_MSG_DELSETELEM);
	vec_each(set, &change->sets)
		if (set_goes(set))
			delete_set(batch, table, set->old);
	vec_each(chain, &change->chains)
		if (chain->old && (chain->renew || !chain->new))
			delete_chain(batch, table, chain->old);
}

static void encode_coming(struct batch *batch, const struct change *change)
{
	const struct table *table = &change->new->table;

	vec_each(chain, &change->chains)
		if (chain->new && (!chain->old || chain->renew || chain->policy))
			encode_chain(batch, table, chain->new);
	vec_each(set, &change->sets)
		if (set_comes(change, set))
			encode_set(batch, table, set->new);
	vec_each(chain, &change->chains)
		vec_each(edit, &chain->rules)
			if (edit->new)
				encode_rule(batch, table, chain->new, edit->new,
					    edit->before ? edit->before->handle : 0,
					    edit->counts_on ? &edit->counted : NULL);
	vec_each(set, &change->sets)
		if (set_comes(change, set))
			encode_elements(
				batch, table,
				(struct elements){.set = set->new, .counters = set->counters},
				NFT_MSG_NEWSETELEM);
		else if (set->come.n)
			encode_elements(
				batch, table,
				(struct elements){
					.set = set->new, set->come.at, set->come.n, set->counters},
				NFT_MSG_NEWSETELEM);
}

void encode_change(struct batch *batch, const struct change *change)
{
	const struct ruleset *any = change->old ? change->old : change->new;
	bool replace = any && (!change->old || change->whole || !change->new);

	/* made and deleted first, as the text for nft does: the kernel counts its handles on */
	if (replace && !change->old)
		encode_table(batch, &any->table, NFT_MSG_NEWTABLE, NLM_F_CREATE);
	if (replace)
		encode_table(batch, &any->table, NFT_MSG_DELTABLE, 0);
	if (!replace && change->old)
		encode_going(batch, change);
	if (change->new &&replace)
		encode_table(batch, &change->new->table, NFT_MSG_NEWTABLE, NLM_F_CREATE);
	if (change->new)
		encode_coming(batch, change);
}

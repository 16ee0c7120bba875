/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A change as messages. */
#include "messages.h"

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

/* The stage in which a set comes. One with ranges is empty for a moment when the rules that look it
 * up are in force: the kernel fills it behind that. */
static enum stage stage_of(const struct set *set, stages apart)
{
	return set->interval && apart & STAGE_BEFORE ? STAGE_BEFORE : STAGE_EDIT;
}

static bool chain_goes_late(const struct chain_change *chain)
{
	return chain->old && !chain->new && !chain->old->is_base;
}

/* A map that goes is empty already while packets on their way obey the rules that go. */
stages change_stages(const struct change *change)
{
	stages needed = STAGE_EDIT;

	if (!change->old || !change->old->table.chains.n || !change->new || change->whole ||
	    change_renews(change))
		return needed;
	vec_each(set, &change->sets) {
		if (set_comes(change, set) && set->new->interval)
			needed |= STAGE_BEFORE;
		if (set_goes(set) && set->old->n_data)
			needed |= STAGE_AFTER;
	}
	return needed;
}

static void encode_sets_come(struct batch *batch, const struct change *change, enum stage stage,
			     stages apart)
{
	vec_each(set, &change->sets)
		if (set_comes(change, set) && stage_of(set->new, apart) == stage)
			encode_set(batch, &change->new->table, set->new);
}

static void encode_elements_come(struct batch *batch, const struct change *change, enum stage stage,
				 stages apart)
{
	vec_each(set, &change->sets) {
		struct elements come = {.set = set->new, .counters = set->counters};

		if (!set_comes(change, set)) {
			if (!set->come.n || stage != STAGE_EDIT)
				continue;
			come = (struct elements){set->new, set->come.at, set->come.n, NULL};
		} else if (stage_of(set->new, apart) != stage) {
			continue;
		}
		encode_elements(batch, &change->new->table, come, NFT_MSG_NEWSETELEM);
	}
}

static void encode_after(struct batch *batch, const struct change *change)
{
	const struct table *table = &change->old->table;

	vec_each(set, &change->sets)
		if (set_goes(set))
			delete_set(batch, table, set->old);
	vec_each(chain, &change->chains)
		if (chain_goes_late(chain))
			delete_chain(batch, table, chain->old);
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
	vec_each(chain, &change->chains)
		if (chain->old && (chain->renew || !chain->new) && !chain_goes_late(chain))
			delete_chain(batch, table, chain->old);
}

static void encode_coming(struct batch *batch, const struct change *change, stages apart)
{
	const struct table *table = &change->new->table;

	vec_each(chain, &change->chains)
		if (chain->new && (!chain->old || chain->renew || chain->policy))
			encode_chain(batch, table, chain->new);
	encode_sets_come(batch, change, STAGE_EDIT, apart);
	vec_each(chain, &change->chains)
		vec_each(edit, &chain->rules)
			if (edit->new)
				encode_rule(batch, table, chain->new, edit->new,
					    edit->before ? edit->before->handle : 0,
					    edit->counts_on ? &edit->counted : NULL);
	encode_elements_come(batch, change, STAGE_EDIT, apart);
}

static void encode_edit(struct batch *batch, const struct change *change, stages apart)
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
	if (!replace && change->old && !(apart & STAGE_AFTER))
		encode_after(batch, change);
	if (change->new &&replace)
		encode_table(batch, &change->new->table, NFT_MSG_NEWTABLE, NLM_F_CREATE);
	if (change->new)
		encode_coming(batch, change, apart);
}

void encode_undo_before(struct batch *batch, const struct change *change)
{
	vec_each(set, &change->sets)
		if (set_comes(change, set) && stage_of(set->new, STAGE_BEFORE) == STAGE_BEFORE)
			delete_set(batch, &change->new->table, set->new);
}

void encode_change(struct batch *batch, const struct change *change, enum stage stage, stages apart)
{
	switch (stage) {
	case STAGE_BEFORE:
		encode_sets_come(batch, change, stage, apart);
		encode_elements_come(batch, change, stage, apart);
		break;
	case STAGE_EDIT:
		encode_edit(batch, change, apart);
		break;
	case STAGE_AFTER:
		encode_after(batch, change);
		break;
	}
}

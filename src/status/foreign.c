/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tables of others: what in them can drop or translate what passes through the gateway. */
#include "foreign.h"

#include "jgfw/base/index.h"
#include "jgfw/kernel/read.h"

#include <string.h>

#include <linux/netfilter.h>

static const char nothing[] = "";

/* Expressions that are no words of ours and do something to a packet, with what they do. */
static const char *deed(const struct expr *e)
{
	static const struct {
		const char *name, *deed;
	} known[] = {
		{"reject", "rejects"},
		{"queue", "queues"},
		{"redir", "redirects"},
		{"tproxy", "redirects"},
		{"nat", "translates"},
		{"masq", "translates"},
		{"notrack", "untracks"},
		{"fwd", "forwards"},
		{"synproxy", "answers"},
		{"target", "may drop or translate (a target of iptables)"},
		{"flow_offload", "offloads"},
	};

	if (e->kind == EXPR_VERDICT)
		return e->verdict.kind == VERDICT_DROP ? "drops" : NULL;
	if (e->kind == EXPR_NAT)
		return "translates";
	if (e->kind != EXPR_UNKNOWN)
		return NULL;
	if (e->unknown.effect == EFFECT_NONE)
		return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (!strcmp(known[i].name, e->unknown.name))
			return known[i].deed;
	return NULL;
}

/* Each chain and each map is looked into once, however many lead there: @known has its deed, or
 * `nothing`. */
static const char *chain_deed(const struct chain *chain, struct index *known);

static const char *verdict_deed(const struct verdict *v, struct index *known)
{
	if (v->kind == VERDICT_DROP)
		return "drops";
	return v->chain ? chain_deed(v->chain, known) : NULL;
}

static const char *map_deed(const struct set *set, struct index *known)
{
	const char *what = index_get(known, &set, sizeof(const struct set *));

	if (what)
		return what == nothing ? NULL : what;
	for (size_t i = 0; i < set->n && !what; i++)
		what = verdict_deed(&set->verdicts[i], known);
	*index_find(known, &set, sizeof(const struct set *)) =
		(void *)(uintptr_t)(what ? what : nothing);
	return what;
}

static const char *expr_deed(const struct expr *e, struct index *known)
{
	const char *what = deed(e);

	if (!what && e->kind == EXPR_VERDICT)
		return verdict_deed(&e->verdict, known);
	if (!what && e->kind == EXPR_LOOKUP && set_is_vmap(e->lookup.set))
		return map_deed(e->lookup.set, known);
	return what;
}

/* What @chain can do to a packet, or NULL. */
static const char *chain_deed(const struct chain *chain, struct index *known)
{
	const char *what = index_get(known, &chain, sizeof(const struct chain *));

	if (what)
		return what == nothing ? NULL : what;
	if (chain->is_base && chain->policy_drop)
		return "drops";
	*index_find(known, &chain, sizeof(const struct chain *)) = (void *)(uintptr_t)nothing;
	vec_each(rule, &chain->rules)
		for (size_t i = 0; i < rule->n && !what; i++)
			what = expr_deed(&rule->at[i], known);
	if (what)
		*index_find(known, &chain, sizeof(const struct chain *)) = (void *)(uintptr_t)what;
	return what;
}

static bool is_on_the_way(enum hook hook)
{
	switch (hook) {
	case HOOK_PREROUTING:
	case HOOK_FORWARD:
	case HOOK_POSTROUTING:
	case HOOK_INGRESS:
	case HOOK_EGRESS:
		return true;
	case HOOK_INPUT:
	case HOOK_OUTPUT:
		break;
	}
	return false;
}

static const char *family_name(uint8_t family)
{
	switch (family) {
	case NFPROTO_INET:
		return "inet";
	case NFPROTO_IPV4:
		return "ip";
	case NFPROTO_NETDEV:
		return "netdev";
	case NFPROTO_BRIDGE:
		return "bridge";
	default:
		return NULL; /* no IPv4 packet passes */
	}
}

/* A helper object of nftables, or iptables' target CT with its name. */
static bool gives_to_sip(const struct ruleset *rs)
{
	if (rs->table.sip_helper)
		return true;
	vec_each(chain, &rs->table.chains)
		vec_each(rule, &(*chain)->rules)
			for (size_t i = 0; i < rule->n; i++) {
				const struct expr *e = &rule->at[i];

				if (e->kind == EXPR_UNKNOWN && e->unknown.len &&
				    !strcmp(e->unknown.name, "target") &&
				    memmem(e->unknown.bytes, e->unknown.len, "CT", 3) &&
				    memmem(e->unknown.bytes, e->unknown.len, "sip", 3))
					return true;
			}
	return false;
}

static void warn_table(const struct ruleset *rs, struct diag *diag)
{
	struct index known = {0};

	if (rs->table.dormant)
		return;
	vec_each(it, &rs->table.chains) {
		const struct chain *chain = *it;
		const char *what = NULL;

		if (chain->is_base && is_on_the_way(chain->hook))
			what = chain_deed(chain, &known);

		if (what)
			diag_warn(diag, (struct loc){0}, "foreign-chain",
				  "chain %s of table %s %s %s packets on their way through "
				  "(priority %d)",
				  chain->name, family_name(rs->table.family), rs->table.name, what,
				  chain->priority);
	}
	index_free(&known);
	if (gives_to_sip(rs))
		diag_warn(diag, (struct loc){0}, "sip-helper",
			  "table %s %s assigns flows to the SIP connection tracking helper, which "
			  "changes addresses inside packets",
			  family_name(rs->table.family), rs->table.name);
}

int warn_foreign(struct kernel *kernel, struct diag *diag)
{
	struct table_names names = {0};
	int r = kernel_tables(kernel, &names, diag);

	for (size_t i = 0; !r && i < names.n; i++) {
		const struct table_name *name = &names.at[i];
		struct ruleset *rs = NULL;
		uint32_t generation;

		if (!family_name(name->family) ||
		    (name->family == NFPROTO_INET && !strcmp(name->name, RULESET_TABLE)))
			continue;
		r = kernel_read(kernel, name->family, name->name, READ_SKELETON, &rs, &generation,
				diag);
		if (!r && rs)
			warn_table(rs, diag);
		ruleset_free(rs);
	}
	vec_free(&names);
	arena_free(&names.arena);
	return r;
}

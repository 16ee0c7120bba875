/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kernel asks of a ruleset, as far as anything here depends on it. */
#include "fuzz.h"

#include <string.h>

enum {
	MAX_DEPTH = 16,	   /* NFT_JUMP_STACK_SIZE */
	MAX_VISITS = 2000, /* of chains: beyond, it is taken for not loadable */
	MAX_ELEMENTS = 300,
	REGISTER_BYTES = REGISTER_SLOTS * 4,
};

/* --- sets ----------------------------------------------------------------------------------- */

static bool overlap(const struct set *set, const uint8_t *a, const uint8_t *b)
{
	size_t end = set->interval ? set->key_len : 0, at = 0;

	for (size_t f = 0; f < set->n_key; f++) {
		size_t len = datatype_len(set->key[f]);

		if (memcmp(a + end + at, b + at, len) < 0 || memcmp(b + end + at, a + at, len) < 0)
			return false;
		at += len;
	}
	return true;
}

static bool set_is_loadable(const struct set *set)
{
	if (set->unsupported || !set->n_key)
		return true; /* nobody looks into it */
	if (set->n > MAX_ELEMENTS)
		return false;
	for (size_t i = 0; i < set->n; i++) {
		const uint8_t *a = set->bytes + i * set->stride;

		if (!overlap(set, a, a)) /* a field ends before it begins */
			return false;
		for (size_t k = 0; k < i; k++)
			if (overlap(set, a, set->bytes + k * set->stride))
				return false;
	}
	return true;
}

/* --- chains --------------------------------------------------------------------------------- */

/** struct visit - chains on the way from a base chain */
struct visit {
	const struct chain *base;
	unsigned int left, depth;
};

static bool chain_is_loadable(struct visit *v, const struct chain *chain);

static bool verdict_is_loadable(struct visit *v, const struct verdict *verdict)
{
	bool jumps = verdict->kind == VERDICT_JUMP || verdict->kind == VERDICT_GOTO;

	return !jumps || (!verdict->chain->is_base && chain_is_loadable(v, verdict->chain));
}

static bool nat_is_loadable(const struct chain *base, const struct expr *e)
{
	if (base->type != CHAIN_NAT)
		return false;
	if (e->nat.kind == NAT_DNAT)
		return base->hook == HOOK_PREROUTING || base->hook == HOOK_OUTPUT;
	return base->hook == HOOK_POSTROUTING ||
	       (base->hook == HOOK_INPUT && e->nat.kind == NAT_SNAT);
}

static bool fits(uint8_t slot, size_t len)
{
	return len && (size_t)slot * 4 + len <= REGISTER_BYTES;
}

static bool lookup_is_loadable(struct visit *v, const struct expr *e)
{
	const struct set *set = e->lookup.set;

	if ((set->n_data && e->lookup.invert) || !set_is_loadable(set))
		return false;
	for (size_t i = 0; set->verdicts && i < set->n; i++)
		if (!verdict_is_loadable(v, &set->verdicts[i]))
			return false;
	return fits(e->lookup.sreg, set->key_len + !set->key_len) &&
	       (!set->data_len || fits(e->lookup.dreg, set->data_len));
}

static bool expr_is_loadable(struct visit *v, const struct expr *e)
{
	switch (e->kind) {
	case EXPR_PAYLOAD:
		return fits(e->payload.dreg, e->payload.len);
	case EXPR_CMP:
		return fits(e->cmp.sreg, e->cmp.value.len);
	case EXPR_BITWISE:
		return fits(e->bitwise.sreg, e->bitwise.mask.len) &&
		       fits(e->bitwise.dreg, e->bitwise.mask.len);
	case EXPR_LOOKUP:
		return lookup_is_loadable(v, e);
	case EXPR_VERDICT:
		return verdict_is_loadable(v, &e->verdict);
	case EXPR_NAT:
		return nat_is_loadable(v->base, e);
	case EXPR_META:
		return e->meta.key == META_IIFNAME || e->meta.key == META_OIFNAME
			       ? fits(e->meta.dreg, 16)
			       : fits(e->meta.dreg, 1);
	case EXPR_CT:
	case EXPR_COUNTER:
	case EXPR_LIMIT:
	case EXPR_LOG:
	case EXPR_UNKNOWN:
		break;
	}
	return true;
}

static bool chain_is_loadable(struct visit *v, const struct chain *chain)
{
	if (chain->unsupported || v->depth == MAX_DEPTH || !v->left)
		return false;
	v->left--;
	v->depth++;
	vec_each(rule, &chain->rules)
		for (size_t i = 0; i < rule->n; i++)
			if (!expr_is_loadable(v, &rule->at[i]))
				return false;
	v->depth--;
	return true;
}

static bool hook_is_loadable(const struct chain *chain)
{
	if (chain->type == CHAIN_ROUTE)
		return chain->hook == HOOK_OUTPUT;
	return chain->type != CHAIN_NAT || chain->hook != HOOK_FORWARD;
}

/* Names are told apart; the kernel makes its own of those with a percent sign. */
static bool names_are_loadable(const struct table *table)
{
	for (size_t i = 0; i < table->chains.n; i++)
		for (size_t k = 0; k < i; k++)
			if (!strcmp(table->chains.at[i]->name, table->chains.at[k]->name))
				return false;
	for (size_t i = 0; i < table->sets.n; i++) {
		if (strchr(table->sets.at[i]->name, '%'))
			return false;
		for (size_t k = 0; k < i; k++)
			if (!strcmp(table->sets.at[i]->name, table->sets.at[k]->name))
				return false;
	}
	return true;
}

bool is_loadable(const struct ruleset *rs)
{
	if (!names_are_loadable(&rs->table))
		return false;
	vec_each(chain, &rs->table.chains) {
		struct visit v = {.base = *chain, .left = MAX_VISITS};

		if ((*chain)->is_base &&
		    (!hook_is_loadable(*chain) || !chain_is_loadable(&v, *chain)))
			return false;
	}
	return true;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules as byte strings that are equal where the rules are. */
#include "jgfw/ruleset/change.h"

#include <string.h>

static void key_str(struct buf *key, const char *s)
{
	if (s)
		buf_puts(key, s);
	buf_putc(key, '\0');
}

static void key_value(struct buf *key, const struct value *v)
{
	buf_putc(key, (char)v->len);
	buf_add(key, v->bytes, v->len);
}

static void key_verdict(struct buf *key, const struct verdict *v)
{
	buf_putc(key, (char)v->kind);
	key_str(key, v->chain ? v->chain->name : NULL);
}

static int pointer_order(const void *a, const void *b, void *arg)
{
	const struct set *set = arg;

	return memcmp(*(const uint8_t *const *)a, *(const uint8_t *const *)b, set->stride);
}

/* The elements of an anonymous set, in an order of their own. */
static void key_elements(struct buf *key, const struct set *set)
{
	const uint8_t **at = mem_resize(NULL, set->n + 1, sizeof(*at));

	for (size_t i = 0; i < set->n; i++)
		at[i] = set->bytes + i * set->stride;
	if (set->n)
		qsort_r(at, set->n, sizeof(*at), pointer_order, (void *)(uintptr_t)set);
	for (size_t i = 0; i < set->n; i++) {
		size_t index = (size_t)(at[i] - set->bytes) / set->stride;

		buf_add(key, at[i], set->stride);
		if (set->verdicts)
			key_verdict(key, &set->verdicts[index]);
		if (set->origins[index] == ELEMENT_UNSUPPORTED)
			key_str(key, "odd");
	}
	free(at);
}

static void key_set(struct buf *key, const struct set *set)
{
	if (set->name) {
		key_str(key, set->name);
		return;
	}
	buf_printf(key, "%zu %zu %d %d %zu", set->n_key, set->n_data, set->interval, set->counter,
		   set->n);
	for (size_t i = 0; i < set->n_key; i++)
		buf_putc(key, (char)set->key[i]);
	for (size_t i = 0; i < set->n_data; i++)
		buf_putc(key, (char)set->data[i]);
	key_str(key, set->unsupported);
	key_elements(key, set);
}

static void key_unknown(struct buf *key, const struct expr *e)
{
	key_str(key, e->unknown.name);
	buf_printf(key, "%zu ", e->unknown.len);
	if (e->unknown.len)
		buf_add(key, e->unknown.bytes, e->unknown.len);
}

static void key_expr(struct buf *key, const struct expr *e)
{
	buf_putc(key, (char)e->kind);
	switch (e->kind) {
	case EXPR_META:
		buf_printf(key, "%u %u", e->meta.key, e->meta.dreg);
		break;
	case EXPR_PAYLOAD:
		buf_printf(key, "%u %u %u %u", e->payload.base, e->payload.offset, e->payload.len,
			   e->payload.dreg);
		break;
	case EXPR_CT:
		buf_printf(key, "%u %u", e->ct.key, e->ct.dreg);
		break;
	case EXPR_CMP:
		buf_printf(key, "%u %u ", e->cmp.op, e->cmp.sreg);
		key_value(key, &e->cmp.value);
		break;
	case EXPR_BITWISE:
		buf_printf(key, "%u %u ", e->bitwise.sreg, e->bitwise.dreg);
		key_value(key, &e->bitwise.mask);
		break;
	case EXPR_LOOKUP:
		buf_printf(key, "%u %u %d ", e->lookup.sreg, e->lookup.dreg, e->lookup.invert);
		key_set(key, e->lookup.set);
		break;
	case EXPR_VERDICT:
		key_verdict(key, &e->verdict);
		break;
	case EXPR_NAT:
		buf_printf(key, "%u %u %u %u", e->nat.kind, e->nat.addr, e->nat.port,
			   e->nat.has_port);
		break;
	case EXPR_COUNTER:
		break;
	case EXPR_LIMIT:
		buf_printf(key, "%llu %u %u", (unsigned long long)e->limit.rate, e->limit.unit,
			   e->limit.burst);
		break;
	case EXPR_LOG:
		key_str(key, e->log.prefix);
		break;
	case EXPR_UNKNOWN:
		key_unknown(key, e);
		break;
	}
	buf_putc(key, '\0');
}

void rule_key(const struct rule *rule, struct buf *key)
{
	for (size_t i = 0; i < rule->n; i++)
		key_expr(key, &rule->at[i]);
	buf_putc(key, rule->comment ? '"' : ' '); /* an empty one is one */
	key_str(key, rule->comment);
	key_str(key, rule->unsupported);
}

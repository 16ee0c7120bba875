/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rows of a port table and their ends, in models and in sites. */
#include "row.h"

#include "decode.h"
#include "jgfw/base/icmp.h"
#include "jgfw/base/text.h"
#include "ports.h"

#include <errno.h>
#include <string.h>

/* --- rows ----------------------------------------------------------------------------------- */

/* What a row takes of ports: nothing that is derived. */
static void field_row_ports(struct yaml *y, const struct node *value,
			    const struct yaml_field *field, void *member)
{
	if (value->kind == NODE_MAP)
		yaml_is(y, value, NODE_SCALAR, "a port, a range, a named port, or a list of them");
	else
		field_ports(y, value, field, member);
}

static void row_icmp(struct yaml *y, const struct node *value, void *object)
{
	struct row *row = object;
	const char *words[UINT8_MAX + 1];
	size_t n = 0;

	if (!yaml_word(y, value, "an ICMP type"))
		return;
	row->has_icmp_type = true;
	row->icmp_loc = value->loc;
	if (icmp_type_parse(value->text, &row->icmp_type))
		return;
	for (unsigned int type = 0; type <= UINT8_MAX; type++)
		if (icmp_type_name((uint8_t)type))
			words[n++] = icmp_type_name((uint8_t)type);
	diag_unknown(y->diag, value->loc, "unknown-value", "ICMP type", value->text, words, n);
}

_Static_assert(ARRAY_SIZE((struct row){0}.footnotes) == FIELD_UINTS + 1, "field_uints");

static const struct yaml_field model_row_fields[] = {
	{"id", true, field_id, MEMBER(row, id), .max = ROW_ID_MAX, .what = "the id of a row"},
	{"purpose", true, field_text_word, MEMBER(row, purpose), .what = "a purpose"},
	{"from", false, field_word, MEMBER(row, from), .what = "an endpoint"},
	{"to", true, field_word, MEMBER(row, to), .what = "an endpoint"},
	{"proto", true, field_choice, MEMBER(row, proto), .words = proto_names,
	 .n_words = PROTO_COUNT, .what = "protocol"},
	{"sport", false, field_row_ports, MEMBER(row, sport)},
	{"dport", false, field_row_ports, MEMBER(row, dport)},
	{"icmp", false, .decode = row_icmp},
	{"translate", false, field_row_ports, MEMBER(row, translate)},
	{"translation_of", false, field_word, MEMBER(row, translation_of),
	 .what = "the id of a row"},
	{"never", false, field_text, MEMBER(row, never)},
	{"condition", false, field_text, MEMBER(row, condition)},
	{"footnotes", false, field_uints, MEMBER(row, footnotes), .max = 999, .what = "footnotes"},
	{"citation", true, field_text, MEMBER(row, citation)},
};

static const struct yaml_field site_row_fields[] = {
	{"id", true, field_id, MEMBER(row, id), .max = ROW_ID_MAX, .what = "the id of a row"},
	{"purpose", true, field_text_word, MEMBER(row, purpose), .what = "a purpose"},
	{"from", true, field_word, MEMBER(row, from), .what = "an endpoint"},
	{"to", true, field_word, MEMBER(row, to), .what = "an endpoint"},
	{"proto", true, field_choice, MEMBER(row, proto), .words = proto_names,
	 .n_words = PROTO_COUNT, .what = "protocol"},
	{"sport", false, field_row_ports, MEMBER(row, sport)},
	{"dport", false, field_row_ports, MEMBER(row, dport)},
	{"icmp", false, .decode = row_icmp},
	{"translate", false, field_row_ports, MEMBER(row, translate)},
};

/* What must fit together in a row whatever its ends and ports turn out to be. */
static void row_check(struct yaml *y, const struct row *row)
{
	bool icmp = row->proto == PROTO_ICMP;

	if (icmp && (row->sport.loc.source || row->dport.loc.source || row->translate.loc.source))
		diag_error(y->diag, row->dport.loc.source ? row->dport.loc : row->loc, "bad-row",
			   "ICMP has no ports");
	else if (icmp && !row->has_icmp_type)
		diag_error(y->diag, row->loc, "missing-key",
			   "a row with proto: icmp needs 'icmp', the type");
	else if (icmp && row->has_icmp_type && !icmp_type_opens_flow(row->icmp_type))
		diag_error(y->diag, row->icmp_loc, "bad-row",
			   "ICMP of this type does not open a flow: without an earlier request or "
			   "flow, connection tracking treats it as invalid");
	else if (!icmp && row->has_icmp_type)
		diag_error(y->diag, row->loc, "bad-row",
			   "'icmp' is only for rows with proto: icmp");
	else if (!icmp && !row->dport.n && !row->dport.loc.source && !row->never)
		diag_error(y->diag, row->loc, "missing-key", "a row has no 'dport'");
	if (row->id.text && row->purpose.text &&
	    strlen(row->id.text) + 2 + strlen(row->purpose.text) > RULE_COMMENT_MAX)
		diag_error(
			y->diag, row->purpose.loc, "text-too-long",
			"id and purpose together are longer than the %d bytes of a rule's comment",
			RULE_COMMENT_MAX - 2);
	if (!row->from.text && !row->translation_of.text && !row->of_site)
		diag_error(y->diag, row->loc, "missing-key",
			   "a row has neither 'from' nor 'translation_of'");
}

int rows_find(const struct rows *rows, const char *id)
{
	for (size_t i = 0; i < rows->n; i++)
		if (rows->at[i].id.text && !strcmp(rows->at[i].id.text, id))
			return (int)i;
	return -1;
}

void decode_row(struct yaml *y, const struct node *value, struct rows *rows, bool of_site)
{
	const struct yaml_field *fields = of_site ? site_row_fields : model_row_fields;
	size_t n = of_site ? ARRAY_SIZE(site_row_fields) : ARRAY_SIZE(model_row_fields);
	struct row row = {.loc = value->loc, .of_site = of_site, .index = (unsigned int)rows->n};
	unsigned int before = y->diag->errors;
	int twin;

	yaml_fields(y, value, fields, n, &row, "a row");
	if (y->diag->errors != before)
		return;
	row_check(y, &row);
	twin = rows_find(rows, row.id.text);
	if (twin >= 0) {
		diag_error(y->diag, row.id.loc, "duplicate-name", "row '%s' is defined twice",
			   row.id.text);
		diag_note(y->diag, rows->at[twin].id.loc, "first defined here");
	}
	if (rows->n >= DEPLOYMENT_MAX_ROWS) {
		diag_error(y->diag, row.loc, "too-many", "more than %d rows", DEPLOYMENT_MAX_ROWS);
		y->failed = true;
		return;
	}
	vec_add(rows, row);
}

/* --- ends ----------------------------------------------------------------------------------- */

static bool parse_zone_end(const struct word *word, const char *colon, struct endpoint *ret_end,
			   struct diag *diag)
{
	struct buf text = {0};

	*ret_end = (struct endpoint){.kind = END_ZONE, .peer = -1, .range = IPV4_ALL};
	for (int i = 0; i < ZONE_COUNT; i++)
		if (strlen(zone_names[i]) == (size_t)(colon - word->text) &&
		    !memcmp(zone_names[i], word->text, (size_t)(colon - word->text))) {
			ret_end->zone = (enum zone)i;
			goto found;
		}
	return false;
found:
	if (!*colon)
		return true;
	switch (ipv4_net_parse(colon + 1, &ret_end->range)) {
	case 0:
		return true;
	case -EDOM:
		buf_ipv4(&text, ret_end->range.lo);
		diag_error(diag, word->loc, "bad-address",
			   "'%s' has host bits set; did you mean %s/%d?", word->text,
			   buf_str(&text), ipv4_prefix_len(ret_end->range));
		buf_free(&text);
		return true;
	default:
		diag_error(diag, word->loc, "bad-address",
			   "'%s' is neither an IPv4 address nor a network (ADDRESS/LENGTH)",
			   colon + 1);
		return true;
	}
}

/* public or a NIC of all peers or of one. */
static bool parse_edge_end(const char *name, int peer, const struct model *model,
			   struct endpoint *ret_end)
{
	*ret_end = (struct endpoint){.kind = END_PUBLIC, .peer = peer, .nic = model->behind};
	for (unsigned int i = 0; strcmp(name, "public"); i++) {
		if (i == model->n_nics)
			return false;
		ret_end->kind = END_NIC;
		ret_end->nic = i;
		if (!strcmp(name, model->nics[i].name.text))
			break;
	}
	ret_end->zone = model->nics[ret_end->nic].zone;
	return true;
}

static void unknown_endpoint(const struct word *word, const struct model *model,
			     const struct deployment *dep, struct diag *diag)
{
	struct arena arena = {0};
	struct names names = {0};

	if (diag_is_full(diag)) {
		diag_error(diag, word->loc, "unknown-endpoint", "unknown endpoint");
		return;
	}
	vec_add(&names, "any");
	for (int i = 0; i < ZONE_COUNT; i++)
		vec_add(&names, zone_names[i]);
	for (size_t i = 0; i < model->n_roles; i++)
		vec_add(&names, model->roles[i].name.text);
	for (size_t p = 0; p < 1 + (dep ? dep->edge.n : 0); p++) {
		const char *peer = p ? dep->edge.at[p - 1].name.text : "edge";

		if (!peer)
			continue;
		vec_add(&names, arena_printf(&arena, "%s.public", peer));
		for (size_t i = 0; i < model->n_nics; i++)
			vec_add(&names,
				arena_printf(&arena, "%s.%s", peer, model->nics[i].name.text));
	}
	diag_unknown(diag, word->loc, "unknown-endpoint", "endpoint", word->text, names.at,
		     names.n);
	vec_free(&names);
	arena_free(&arena);
}

bool endpoint_parse(const struct word *word, const struct model *model,
		    const struct deployment *dep, struct endpoint *ret_end, struct diag *diag)
{
	const char *text = word->text;
	const char *colon = text + strcspn(text, ":");
	const char *dot = text + strcspn(text, ".");
	unsigned int before = diag->errors;
	size_t len = (size_t)(dot - text);

	if (!strcmp(text, "any")) {
		*ret_end = (struct endpoint){.kind = END_ANY, .peer = -1};
		return true;
	}
	for (unsigned int i = 0; i < model->n_roles; i++)
		if (!strcmp(text, model->roles[i].name.text)) {
			*ret_end = (struct endpoint){.kind = END_ROLE,
						     .peer = -1,
						     .role = i,
						     .zone = model->roles[i].zone};
			return true;
		}
	if (parse_zone_end(word, colon, ret_end, diag))
		return diag->errors == before;
	if (*dot && len == strlen("edge") && !memcmp(text, "edge", len) &&
	    parse_edge_end(dot + 1, -1, model, ret_end))
		return true;
	for (size_t p = 0; dep && *dot && p < dep->edge.n; p++) {
		const char *name = dep->edge.at[p].name.text;

		/* names of peers may hold dots themselves */
		if (name && !strncmp(text, name, strlen(name)) && text[strlen(name)] == '.' &&
		    parse_edge_end(text + strlen(name) + 1, (int)p, model, ret_end))
			return true;
	}
	unknown_endpoint(word, model, dep, diag);
	return false;
}

void row_bind(struct row *row, const struct model *model, const struct deployment *dep,
	      struct diag *diag)
{
	bool ok = endpoint_parse(&row->to, model, dep, &row->to_end, diag);

	if (row->from.text)
		ok &= endpoint_parse(&row->from, model, dep, &row->from_end, diag);
	port_expr_bind(&row->sport, &model->ports, diag);
	port_expr_bind(&row->dport, &model->ports, diag);
	port_expr_bind(&row->translate, &model->ports, diag);
	if (ok && row->translate.n && row->to_end.kind != END_PUBLIC)
		diag_error(diag, row->translate.loc, "bad-row",
			   "'translate' is only for rows to a public address, and '%s' is not one",
			   row->to.text);
}

/* A list may name ports that are lists themselves. */
static bool check_ranges(const struct port_expr *expr, const struct deployment *dep,
			 struct diag *diag)
{
	size_t n = 0;

	for (size_t i = 0; i < expr->n; i++)
		n += expr->items[i].index < 0 ? 1 : dep->ports[expr->items[i].index].n;
	if (n > PORTS_MAX_RANGES)
		diag_error(diag, expr->loc, "too-many", "more than %d ranges of ports",
			   PORTS_MAX_RANGES);
	return n <= PORTS_MAX_RANGES;
}

void row_check_ports(const struct row *row, const struct deployment *dep, struct arena *arena,
		     struct diag *diag)
{
	struct range_set to, from;

	if (!dep->ports || !check_ranges(&row->sport, dep, diag) ||
	    !check_ranges(&row->dport, dep, diag) || !check_ranges(&row->translate, dep, diag) ||
	    !row->translate.n)
		return;
	to = row_ports(dep, &row->translate, arena);
	from = row_ports(dep, &row->dport, arena);
	if (range_set_count(to) != 1 || range_set_count(from) != 1)
		diag_error(diag, row->translate.loc, "bad-translation",
			   "'translate' maps one port to one port");
}

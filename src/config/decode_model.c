/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Port models and profiles, decoded and checked. */
#include "decode_model.h"

#include "decode.h"
#include "ports.h"
#include "row.h"

#include <string.h>

enum {
	ROLE_MACHINES_MAX = 1 << 10,
};

/* --- edge ----------------------------------------------------------------------------------- */

/* A name that stood before, at @first; nothing where that is NULL. */
static void tell_twice(struct yaml *y, const struct word *word, const struct word *first)
{
	if (!first)
		return;
	diag_error(y->diag, word->loc, "duplicate-key", "'%s' is given twice", word->text);
	diag_note(y->diag, first->loc, "first given here");
}

static const struct yaml_field nic_fields[] = {
	{"zone", true, field_zone, MEMBER(nic, zone)},
	{"label", true, field_text, MEMBER(nic, label)},
};

static void edge_nics(struct yaml *y, const struct node *value, void *object)
{
	struct model *model = object;
	struct node key, nic;

	if (!yaml_is(y, value, NODE_MAP, "a mapping of NICs"))
		return;
	for (key = yaml_next(y); key.kind != NODE_END; key = yaml_next(y)) {
		struct nic *slot = &model->nics[model->n_nics];
		const struct word *first = NULL;

		if (model->n_nics == MODEL_MAX_NICS) {
			diag_error(y->diag, key.loc, "too-many", "more than %d NICs",
				   MODEL_MAX_NICS);
			y->failed = true;
			return;
		}
		decode_id(y, &key, &slot->name, ROW_ID_MAX, "the name of a NIC");
		for (size_t i = 0; i < model->n_nics; i++)
			if (slot->name.text && !strcmp(model->nics[i].name.text, slot->name.text))
				first = &model->nics[i].name;
		tell_twice(y, &slot->name, first);
		nic = yaml_next(y);
		yaml_fields(y, &nic, nic_fields, ARRAY_SIZE(nic_fields), slot, "a NIC");
		model->n_nics += slot->name.text != NULL;
	}
}

static const struct yaml_field management_fields[] = {
	{"tcp", false, field_ports, MEMBER(model, management_tcp)},
	{"udp", false, field_ports, MEMBER(model, management_udp)},
};

static const struct yaml_field edge_fields[] = {
	{"label", true, field_text, MEMBER(model, edge_label)},
	{"max", true, field_uint, MEMBER(model, max_peers), .max = 64},
	{"public", true, field_word, MEMBER(model, public_nic), .what = "the name of a NIC"},
	{"inside", false, field_word, MEMBER(model, inside_nic), .what = "the name of a NIC"},
	{"nics", true, .decode = edge_nics},
	{"management", false, field_map, .fields = management_fields,
	 .n_fields = ARRAY_SIZE(management_fields), .what = "management"},
};

/* --- roles ---------------------------------------------------------------------------------- */

_Static_assert(ARRAY_SIZE((struct role){0}.usual) == FIELD_UINTS + 1, "field_uints");

static const struct yaml_field role_fields[] = {
	{"zone", true, field_zone, MEMBER(role, zone)},
	{"label", true, field_text, MEMBER(role, label)},
	{"max", true, field_uint, MEMBER(role, max), .max = ROLE_MACHINES_MAX},
	{"usual", false, field_uints, MEMBER(role, usual), .max = ROLE_MACHINES_MAX,
	 .what = "usual numbers"},
	{"foreign", false, field_bool, MEMBER(role, foreign)},
	{"shared", false, field_bool, MEMBER(role, shared)},
};

/* --- model ---------------------------------------------------------------------------------- */

static void model_citation(struct yaml *y, const struct node *value, void *object)
{
	struct word word = {0};

	decode_word(y, value, &word, "a text");
	((struct model *)object)->citation = word.text;
}

static void model_edge(struct yaml *y, const struct node *value, void *object)
{
	((struct model *)object)->add_on = false;
	yaml_fields(y, value, edge_fields, ARRAY_SIZE(edge_fields), object, "edge");
}

static void model_hosts(struct yaml *y, const struct node *value, void *object)
{
	struct model *model = object;
	struct node key, role;

	if (!yaml_is(y, value, NODE_MAP, "a mapping of roles"))
		return;
	for (key = yaml_next(y); key.kind != NODE_END; key = yaml_next(y)) {
		struct role *slot = &model->roles[model->n_roles];
		const struct word *first = NULL;

		if (model->n_roles == MODEL_MAX_ROLES) {
			diag_error(y->diag, key.loc, "too-many", "more than %d roles",
				   MODEL_MAX_ROLES);
			y->failed = true;
			return;
		}
		decode_id(y, &key, &slot->name, ROW_ID_MAX, "the name of a role");
		for (size_t i = 0; i < model->n_roles; i++)
			if (slot->name.text && !strcmp(model->roles[i].name.text, slot->name.text))
				first = &model->roles[i].name;
		tell_twice(y, &slot->name, first);
		role = yaml_next(y);
		yaml_fields(y, &role, role_fields, ARRAY_SIZE(role_fields), slot, "a role");
		model->n_roles += slot->name.text != NULL;
	}
}

static void model_ports(struct yaml *y, const struct node *value, void *object)
{
	decode_port_defs(y, value, &((struct model *)object)->ports);
}

static void model_footnotes(struct yaml *y, const struct node *value, void *object)
{
	struct model *model = object;
	struct node key, text;
	uint64_t number;

	if (!yaml_is(y, value, NODE_MAP, "a mapping of numbers to texts"))
		return;
	for (key = yaml_next(y); key.kind != NODE_END; key = yaml_next(y)) {
		struct word word = {0};
		bool ok = yaml_uint(y, &key, 1, 999, &number);

		vec_each(known, &model->footnotes)
			if (ok && known->number == number)
				diag_error(y->diag, key.loc, "duplicate-key",
					   "footnote %u is given twice", known->number);
		text = yaml_next(y);
		decode_word(y, &text, &word, "a text");
		if (ok && word.text)
			vec_add_in(y->arena, &model->footnotes,
				   ((struct footnote){(uint32_t)number, word.text, key.loc}));
	}
}

static void model_row(struct yaml *y, const struct node *item, void *object)
{
	decode_row(y, item, object, false);
}

static void model_rows(struct yaml *y, const struct node *value, void *object)
{
	struct rows *rows = &((struct model *)object)->rows;

	yaml_items(y, value, model_row, rows, "a list of rows");
	vec_move_to(y->arena, rows);
}

static const struct yaml_field model_fields[] = {
	{"model", true, field_id, MEMBER(model, name), .max = 64, .what = "the name of a model"},
	{"title", true, field_text, MEMBER(model, title)},
	{"citation", true, .decode = model_citation},
	{"edge", false, .decode = model_edge},
	{"excludes", false, field_names, MEMBER(model, excludes), .what = "a list of port models"},
	{"hosts", true, .decode = model_hosts},
	{"ports", true, .decode = model_ports},
	{"footnotes", false, .decode = model_footnotes},
	{"rows", true, .decode = model_rows},
};

static void bind_choices(struct port_choices *choices, const struct port_defs *defs,
			 struct diag *diag)
{
	for (size_t i = 0; i < choices->n; i++)
		port_expr_bind(&choices->at[i].exact, defs, diag);
}

void model_check_translation(const struct model *model, const struct row *row, struct diag *diag)
{
	const struct row *of;
	int i = rows_find(&model->rows, row->translation_of.text);

	if (i < 0) {
		diag_error(diag, row->translation_of.loc, "unknown-row", "there is no row '%s'",
			   row->translation_of.text);
		return;
	}
	of = &model->rows.at[i];
	if (of->to_end.kind != END_PUBLIC || of->translate.n != 1 || row->dport.n != 1 ||
	    row->to_end.kind != END_NIC || row->to_end.nic != model->behind ||
	    of->translate.items[0].index != row->dport.items[0].index ||
	    !range_equal(of->translate.items[0].range, row->dport.items[0].range))
		diag_error(diag, row->loc, "bad-row",
			   "this row contradicts the translation in row '%s'", of->id.text);
}

/* The index of the NIC that @name names; 0 after an error. */
static unsigned int nic_find(const struct model *model, const struct word *name, struct diag *diag)
{
	for (unsigned int i = 0; i < model->n_nics; i++)
		if (!strcmp(model->nics[i].name.text, name->text))
			return i;
	diag_error(diag, name->loc, "unknown-value", "there is no NIC '%s'", name->text);
	return 0;
}

static void bind_edge(struct model *model, struct diag *diag)
{
	model->behind = nic_find(model, &model->public_nic, diag);
	if (model->inside_nic.text)
		nic_find(model, &model->inside_nic, diag);
}

/* The ends of an add-on's rows are understood where it joins a model; its ports have names here. */
static void bind_rows(struct model *model, struct diag *diag)
{
	vec_each(row, &model->rows) {
		row->part = model;
		if (!model->add_on) {
			row_bind(row, model, NULL, diag);
			continue;
		}
		port_expr_bind(&row->sport, &model->ports, diag);
		port_expr_bind(&row->dport, &model->ports, diag);
		port_expr_bind(&row->translate, &model->ports, diag);
	}
	vec_each(row, &model->rows)
		if (row->translation_of.text && !model->add_on)
			model_check_translation(model, row, diag);
}

static void bind_footnotes(const struct model *model, struct diag *diag)
{
	vec_each(row, &model->rows)
		for (size_t i = 0; i < ARRAY_SIZE(row->footnotes) && row->footnotes[i]; i++) {
			bool known = false;

			vec_each(note, &model->footnotes)
				known |= note->number == row->footnotes[i];
			if (!known)
				diag_error(diag, row->loc, "unknown-row", "there is no footnote %u",
					   row->footnotes[i]);
		}
}

static void model_bind(struct model *model, struct diag *diag)
{
	if (!model->add_on)
		bind_edge(model, diag);
	bind_footnotes(model, diag);
	port_expr_bind(&model->management_tcp, &model->ports, diag);
	port_expr_bind(&model->management_udp, &model->ports, diag);
	vec_each(def, &model->ports) {
		port_expr_bind(&def->value, &model->ports, diag);
		bind_choices(&def->allow, &model->ports, diag);
		vec_each(size, &def->sizes) {
			port_expr_bind(&size->value, &model->ports, diag);
			bind_choices(&size->allow, &model->ports, diag);
		}
	}
	bind_rows(model, diag);
}

struct model *model_decode(const struct source *source, struct arena *arena, struct diag *diag)
{
	struct model *model = arena_new(arena, struct model);
	unsigned int before = diag->errors;
	struct yaml y;
	struct node root = yaml_open(&y, source, diag, arena);

	model->loc = root.loc;
	model->add_on = true; /* until there is an edge */
	if (!y.failed)
		yaml_fields(&y, &root, model_fields, ARRAY_SIZE(model_fields), model,
			    "a port model");
	yaml_close(&y);
	if (diag->errors == before)
		model_bind(model, diag);
	return diag->errors == before ? model : NULL;
}

/* --- profile -------------------------------------------------------------------------------- */

static void profile_ports(struct yaml *y, const struct node *value, void *object)
{
	decode_port_values(y, value, &((struct profile *)object)->ports);
}

static void profile_allow(struct yaml *y, const struct node *value, void *object)
{
	decode_port_allows(y, value, &((struct profile *)object)->ports);
}

static const struct yaml_field profile_fields[] = {
	{"profile", true, field_id, MEMBER(profile, name), .max = 64,
	 .what = "the name of a profile"},
	{"title", true, field_text, MEMBER(profile, title)},
	{"model", true, field_id, MEMBER(profile, model_name), .max = 64,
	 .what = "the name of a model"},
	{"with", false, field_names, MEMBER(profile, with), .what = "a list of add-ons"},
	{"size", true, field_id, MEMBER(profile, size), .max = 16, .what = "a size"},
	{"multiplexing", true, field_bool, MEMBER(profile, multiplexing)},
	{"warning", false, field_text, MEMBER(profile, warning)},
	{"ports", false, .decode = profile_ports},
	{"allow", false, .decode = profile_allow},
};

struct profile *profile_decode(const struct source *source, struct arena *arena, struct diag *diag)
{
	struct profile *profile = arena_new(arena, struct profile);
	unsigned int before = diag->errors;
	struct yaml y;
	struct node root = yaml_open(&y, source, diag, arena);

	profile->loc = root.loc;
	if (!y.failed)
		yaml_fields(&y, &root, profile_fields, ARRAY_SIZE(profile_fields), profile,
			    "a profile");
	yaml_close(&y);
	return diag->errors == before ? profile : NULL;
}

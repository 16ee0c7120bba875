/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A port model and its add-ons, joined to one model. */
#include "join.h"

#include "decode_model.h"
#include "ports.h"
#include "row.h"

#include <string.h>

struct join {
	struct model *model;	   /* what they become */
	const struct model *part;  /* the add-on at hand */
	const struct word *called; /* by this word */
	const struct profile *profile;
	struct arena *arena;
	struct diag *diag;
};

static void tell_clash(struct join *j, const char *what, struct loc here, struct loc there)
{
	diag_error(j->diag, j->called->loc, "name-clash",
		   "add-on '%s' declares %s, which profile '%s' already has", j->part->name.text,
		   what, j->profile->name.text);
	diag_note(j->diag, here, "the add-on declares it here");
	diag_note(j->diag, there, "it was declared here before");
}

static void join_role(struct join *j, const struct role *role)
{
	struct model *model = j->model;

	for (size_t i = 0; i < model->n_roles; i++) {
		const struct role *known = &model->roles[i];

		if (strcmp(known->name.text, role->name.text))
			continue;
		if (!role->shared || role->zone != known->zone || role->foreign != known->foreign)
			tell_clash(j, arena_printf(j->arena, "a role '%s'", role->name.text),
				   role->name.loc, known->name.loc);
		return;
	}
	if (model->n_roles == MODEL_MAX_ROLES)
		diag_error(j->diag, j->called->loc, "too-many",
			   "with add-on '%s' there are more than %d roles", j->part->name.text,
			   MODEL_MAX_ROLES);
	else
		model->roles[model->n_roles++] = *role;
}

/* The named port as it is on systems of the profile's size. */
static struct port_def of_size(const struct join *j, const struct port_def *def)
{
	const struct profile *profile = j->profile;
	const char *size = arena_printf(j->arena, "%s%s", profile->size.text,
					profile->multiplexing ? "-mux" : "");
	struct port_def result = *def;

	vec_each(own, &def->sizes)
		if (!strcmp(own->name.text, size)) {
			result.value = own->value;
			result.allow = own->allow;
		}
	return result;
}

static void join_port(struct join *j, const struct port_def *def)
{
	int i = port_def_find(&j->model->ports, def->name.text);

	if (i < 0)
		vec_add_in(j->arena, &j->model->ports, of_size(j, def));
	else if (!def->shared)
		tell_clash(j, arena_printf(j->arena, "a named port '%s'", def->name.text),
			   def->name.loc, j->model->ports.at[i].name.loc);
}

static void join_footnote(struct join *j, const struct footnote *note)
{
	vec_each(known, &j->model->footnotes)
		if (known->number == note->number)
			tell_clash(j, arena_printf(j->arena, "a footnote %u", note->number),
				   note->loc, known->loc);
	vec_add_in(j->arena, &j->model->footnotes, *note);
}

/* The ports of a row know their names by index, which another model has others of. */
static void own_items(struct join *j, struct port_expr *expr)
{
	struct port_item *items = arena_array(j->arena, expr->n, struct port_item);

	if (expr->n)
		memcpy(items, expr->items, expr->n * sizeof(*items));
	expr->items = items;
}

/* What the model calls the NIC that faces the inside. */
static void name_inside(struct join *j, struct word *end)
{
	if (end->text && j->model->inside_nic.text && !strcmp(end->text, "edge.inside"))
		end->text = arena_printf(j->arena, "edge.%s", j->model->inside_nic.text);
}

static bool knows(struct join *j, const struct row *row, const struct word *end)
{
	struct diag untold = {0};
	struct endpoint ignored;
	bool known = !end->text || endpoint_parse(end, j->model, NULL, &ignored, &untold);

	diag_free(&untold);
	if (known)
		return true;
	diag_error(j->diag, j->called->loc, "does-not-fit",
		   "add-on '%s' does not fit profile '%s', which has no '%s'", j->part->name.text,
		   j->profile->name.text, end->text);
	diag_note(j->diag, end->loc, "row '%s' refers to it", row->id.text);
	return false;
}

static void join_row(struct join *j, const struct row *row)
{
	int twin = rows_find(&j->model->rows, row->id.text);
	struct row own = *row;

	if (twin >= 0)
		tell_clash(j, arena_printf(j->arena, "a row '%s'", row->id.text), row->id.loc,
			   j->model->rows.at[twin].id.loc);
	name_inside(j, &own.from);
	name_inside(j, &own.to);
	if (!knows(j, row, &own.from) || !knows(j, row, &own.to))
		return;
	own_items(j, &own.sport);
	own_items(j, &own.dport);
	own_items(j, &own.translate);
	row_bind(&own, j->model, NULL, j->diag);
	vec_add_in(j->arena, &j->model->rows, own);
}

static void join_part(struct join *j)
{
	const struct model *part = j->part;
	unsigned int before = j->diag->errors;

	/* a model without rows cites nothing */
	j->model->citation = !j->model->rows.n ? part->citation
					       : arena_printf(j->arena, "%s; %s",
							      j->model->citation, part->citation);
	for (size_t i = 0; i < part->n_roles; i++)
		join_role(j, &part->roles[i]);
	vec_each(def, &part->ports)
		join_port(j, def);
	vec_each(note, &part->footnotes)
		join_footnote(j, note);
	for (size_t i = 0; i < part->rows.n && j->diag->errors == before; i++)
		join_row(j, &part->rows.at[i]);
	vec_each(row, &j->model->rows)
		if (row->part == part && row->translation_of.text && j->diag->errors == before)
			model_check_translation(j->model, row, j->diag);
	vec_add_in(j->arena, &j->model->parts, part);
}

/* The vendor lets no Expressway-E do the work of both; @before is where the other one was named. */
static bool may_join(struct join *j, const struct model *other, struct loc before)
{
	const struct word *word = part_excludes(j->part, other);

	word = word ? word : part_excludes(other, j->part);
	if (other == j->part) {
		diag_error(j->diag, j->called->loc, "duplicate-name",
			   "add-on '%s' already belongs to profile '%s'", j->part->name.text,
			   j->profile->name.text);
		diag_note(j->diag, before, "named here");
	} else if (word) {
		diag_error(j->diag, j->called->loc, "never-together",
			   "'%s' and '%s' never share an Expressway-E", j->part->name.text,
			   other->name.text);
		diag_note(j->diag, before, "'%s' is named here", other->name.text);
		diag_note(j->diag, word->loc, "excluded here");
	}
	return other != j->part && !word;
}

/* @base as a model of its own that can grow: what it points to stays @base's. */
static struct model *copy_of(struct join *j, const struct model *base)
{
	struct model *model = arena_new(j->arena, struct model);

	*model = *base;
	model->rows.cap = model->rows.n;
	model->footnotes.cap = model->footnotes.n;
	model->parts.cap = model->parts.n;
	if (!model->parts.n)
		vec_add_in(j->arena, &model->parts, base);
	memset(&model->ports, 0, sizeof(model->ports));
	vec_each(def, &base->ports)
		vec_add_in(j->arena, &model->ports, of_size(j, def));
	return model;
}

const struct model *model_join(const struct profile *profile, const struct model *base,
			       const struct model *const *add_ons, const struct words *names,
			       struct loc named, struct arena *arena, struct diag *diag)
{
	struct join j = {.profile = profile, .arena = arena, .diag = diag};
	unsigned int before = diag->errors;
	size_t own_parts;

	j.model = copy_of(&j, base);
	own_parts = j.model->parts.n;
	for (size_t i = 0; i < names->n; i++) {
		bool may = true;

		j.part = add_ons[i];
		j.called = &names->at[i];
		for (size_t k = 0; k < j.model->parts.n; k++)
			may &= may_join(&j, j.model->parts.at[k],
					k < own_parts ? named : names->at[k - own_parts].loc);
		if (may)
			join_part(&j);
	}
	return diag->errors == before ? j.model : NULL;
}

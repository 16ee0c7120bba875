/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ports.h"

#include "decode.h"

#include <errno.h>
#include <string.h>

static bool is_port_name(const char *s)
{
	if (*s < 'a' || *s > 'z')
		return false;
	for (; *s; s++)
		if ((*s < 'a' || *s > 'z') && (*s < '0' || *s > '9') && *s != '_')
			return false;
	return true;
}

/* A literal port or range; what is wrong with it becomes an error. */
static bool decode_range(struct yaml *y, const struct node *value, struct range *ret_range)
{
	switch (port_range_parse(value->text, ret_range)) {
	case 0:
		return true;
	case -ERANGE:
		diag_error(y->diag, value->loc, "bad-port",
			   "'%s' is out of range: ports are 1 to %d", value->text, PORT_MAX);
		return false;
	case -EDOM:
		diag_error(y->diag, value->loc, "bad-range",
			   "'%s' is the wrong way round: the lower port comes first", value->text);
		return false;
	default:
		diag_error(y->diag, value->loc, "bad-port",
			   "expected a port, a range such as 6000-6005, or the name of a port, "
			   "found '%s'",
			   value->text);
		return false;
	}
}

static bool decode_item(struct yaml *y, const struct node *value, struct port_item *item)
{
	*item = (struct port_item){.index = -1, .loc = value->loc};
	if (!yaml_word(y, value, "a port, a range such as 6000-6005, or the name of a port"))
		return false;
	if (!is_port_name(value->text))
		return decode_range(y, value, &item->range);
	item->name = arena_copy(y->arena, value->text, strlen(value->text));
	return true;
}

static void field_of(struct yaml *y, const struct node *value, const struct yaml_field *field,
		     void *member)
{
	struct port_item *item = member;
	struct port_item of;

	(void)field;
	if (!decode_item(y, value, &of))
		return;
	item->loc = of.loc;
	if (of.name)
		item->name = of.name;
	else
		diag_error(y->diag, value->loc, "bad-port", "expected a named port");
}

static const struct yaml_field derived_fields[] = {
	{"first", true, field_uint, MEMBER(port_item, first), .max = PORT_MAX},
	{"of", true, field_of, .member = 0},
};

void decode_port_expr(struct yaml *y, const struct node *value, struct port_expr *ret_expr)
{
	struct {
		VEC(struct port_item);
	} items = {0};
	struct port_item item = {.index = -1, .loc = value->loc};
	unsigned int before = y->diag->errors;

	*ret_expr = (struct port_expr){.loc = value->loc};
	if (value->kind == NODE_MAP) {
		yaml_fields(y, value, derived_fields, ARRAY_SIZE(derived_fields), &item,
			    "a derived port");
		if (item.name && item.first)
			vec_add(&items, item);
	} else if (value->kind == NODE_LIST) {
		for (struct node n = yaml_next(y); n.kind != NODE_END; n = yaml_next(y)) {
			if (!decode_room(y, &n, items.n, PORTS_MAX_RANGES))
				break;
			if (decode_item(y, &n, &item))
				vec_add(&items, item);
		}
	} else if (decode_item(y, value, &item)) {
		vec_add(&items, item);
	}
	if (value->kind == NODE_LIST && !items.n && y->diag->errors == before)
		diag_error(y->diag, value->loc, "wrong-type", "the list of ports is empty");
	ret_expr->n = items.n;
	ret_expr->items = arena_array(y->arena, items.n, struct port_item);
	if (items.n)
		memcpy(ret_expr->items, items.at, items.n * sizeof(*items.at));
	vec_free(&items);
}

void field_ports(struct yaml *y, const struct node *value, const struct yaml_field *field,
		 void *member)
{
	(void)field;
	decode_port_expr(y, value, member);
}

/* --- choices -------------------------------------------------------------------------------- */

/** struct written_choice - a choice on its way, with the one item that a mapping may derive */
struct written_choice {
	struct port_choice choice;
	struct port_item derived;
};

static void decode_count(struct yaml *y, const struct node *value, void *object)
{
	struct port_choice *choice = &((struct written_choice *)object)->choice;
	struct range r;

	if (yaml_word(y, value, "a number of ports, or two") && decode_range(y, value, &r)) {
		choice->min_count = r.lo;
		choice->max_count = r.hi;
	}
}

static void decode_within(struct yaml *y, const struct node *value, void *object)
{
	if (yaml_word(y, value, "a range of ports"))
		decode_range(y, value, &((struct written_choice *)object)->choice.within);
}

static const struct yaml_field choice_fields[] = {
	{"count", false, .decode = decode_count},
	{"within", false, .decode = decode_within},
	{"first", false, field_uint, MEMBER(written_choice, derived.first), .max = PORT_MAX},
	{"of", false, field_of, MEMBER(written_choice, derived)},
};

static void decode_choice(struct yaml *y, const struct node *value, void *object)
{
	struct port_choices *choices = object;
	struct written_choice written = {.choice = {.max_count = PORT_MAX},
					 .derived = {.index = -1, .loc = value->loc}};
	struct port_choice *choice = &written.choice;
	const struct port_item *derived = &written.derived;

	if (value->kind != NODE_MAP) {
		decode_port_expr(y, value, &choice->exact);
		if (choice->exact.n)
			vec_add_in(y->arena, choices, *choice);
		return;
	}
	choice->exact.loc = value->loc;
	yaml_fields(y, value, choice_fields, ARRAY_SIZE(choice_fields), &written, "a choice");
	if (derived->name && derived->first && !choice->within.hi) {
		choice->exact.items = arena_new(y->arena, struct port_item);
		*choice->exact.items = *derived;
		choice->exact.n = 1;
	} else if (derived->name || derived->first || !choice->within.hi) {
		diag_error(y->diag, value->loc, "bad-choice",
			   "a choice is ports, {first: N, of: NAME}, or {count: N, within: RANGE}");
	}
	vec_add_in(y->arena, choices, *choice);
}

/* --- definitions ---------------------------------------------------------------------------- */

static void decode_value(struct yaml *y, const struct node *value, void *object)
{
	decode_port_expr(y, value, &((struct port_def *)object)->value);
}

static void decode_allow(struct yaml *y, const struct node *value, void *object)
{
	struct port_def *def = object;

	def->allow.given = true;
	yaml_items(y, value, decode_choice, &def->allow, "a list of choices");
}

static const struct yaml_field size_fields[] = {
	{"value", true, field_ports, MEMBER(port_def, value)},
	{"allow", false, .decode = decode_allow},
};

static void decode_sizes(struct yaml *y, const struct node *value, void *object)
{
	struct port_def *def = object;
	struct node key, size;

	if (!yaml_is(y, value, NODE_MAP, "a mapping of sizes"))
		return;
	for (key = yaml_next(y); key.kind != NODE_END; key = yaml_next(y)) {
		struct port_def of_size = {0};
		struct word name = {0};

		decode_id(y, &key, &name, 32, "a size");
		vec_each(known, &def->sizes)
			if (name.text && !strcmp(known->name.text, name.text))
				diag_error(y->diag, name.loc, "duplicate-key",
					   "'%s' is given twice", name.text);
		size = yaml_next(y);
		yaml_fields(y, &size, size_fields, ARRAY_SIZE(size_fields), &of_size,
			    "a named port of one size");
		if (name.text)
			vec_add_in(y->arena, &def->sizes,
				   ((struct port_size){name, of_size.value, of_size.allow}));
	}
}

static const struct yaml_field def_fields[] = {
	{"value", false, field_ports, MEMBER(port_def, value)},
	{"purpose", true, field_text, MEMBER(port_def, purpose)},
	{"allow", false, .decode = decode_allow},
	{"sizes", false, .decode = decode_sizes},
	{"shared", false, field_bool, MEMBER(port_def, shared)},
};

static void decode_def(struct yaml *y, const struct node *value, void *def)
{
	yaml_fields(y, value, def_fields, ARRAY_SIZE(def_fields), def, "a named port");
}

/* A mapping from names to something about each, decoded by @decode into the definition; @given
 * tells whether it already was. */
static void decode_named(struct yaml *y, const struct node *map, struct port_defs *defs,
			 void (*decode)(struct yaml *y, const struct node *value, void *object))
{
	struct loc seen[MODEL_MAX_PORTS] = {0}; /* in this mapping, by index in @defs */
	struct node key, value;

	if (!yaml_is(y, map, NODE_MAP, "a mapping of named ports"))
		return;
	for (key = yaml_next(y); key.kind != NODE_END; key = yaml_next(y)) {
		struct port_def *def = NULL;
		int i = -1;

		if (yaml_word(y, &key, "the name of a port") && !is_port_name(key.text))
			diag_error(y->diag, key.loc, "bad-name",
				   "'%s': names of ports are a-z, 0-9 and _", key.text);
		else if (key.kind == NODE_SCALAR && *key.text)
			i = port_def_find(defs, key.text);
		if (i < 0 && defs->n == MODEL_MAX_PORTS) {
			diag_error(y->diag, key.loc, "too-many", "more than %d named ports",
				   MODEL_MAX_PORTS);
			y->failed = true;
			return;
		}
		if (i >= 0 && seen[i].source) {
			diag_error(y->diag, key.loc, "duplicate-key", "'%s' is given twice",
				   key.text);
			diag_note(y->diag, seen[i], "first given here");
		} else if (i >= 0) {
			def = &defs->at[i];
			seen[i] = key.loc;
		} else if (key.kind == NODE_SCALAR && is_port_name(key.text)) {
			def = vec_push_in(y->arena, defs);
			*def = (struct port_def){.name.loc = key.loc};
			seen[defs->n - 1] = key.loc;
			def->name.text = arena_copy(y->arena, key.text, strlen(key.text));
		}
		value = yaml_next(y);
		if (def)
			decode(y, &value, def);
		else
			yaml_skip(y, &value);
	}
}

void decode_port_defs(struct yaml *y, const struct node *value, struct port_defs *defs)
{
	decode_named(y, value, defs, decode_def);
}

void decode_port_values(struct yaml *y, const struct node *value, struct port_defs *defs)
{
	decode_named(y, value, defs, decode_value);
}

void decode_port_allows(struct yaml *y, const struct node *value, struct port_defs *defs)
{
	decode_named(y, value, defs, decode_allow);
}

int port_def_find(const struct port_defs *defs, const char *name)
{
	for (size_t i = 0; i < defs->n; i++)
		if (!strcmp(defs->at[i].name.text, name))
			return (int)i;
	return -1;
}

struct names port_names(const struct port_defs *defs)
{
	struct names names = {0};

	for (size_t i = 0; i < defs->n; i++)
		vec_add(&names, defs->at[i].name.text);
	return names;
}

void port_expr_bind(struct port_expr *expr, const struct port_defs *defs, struct diag *diag)
{
	for (size_t i = 0; i < expr->n; i++) {
		struct port_item *item = &expr->items[i];
		struct names names;

		if (!item->name)
			continue;
		item->index = port_def_find(defs, item->name);
		if (item->index >= 0)
			continue;
		names = port_names(defs);
		diag_unknown(diag, item->loc, "unknown-port", "named port", item->name, names.at,
			     names.n);
		vec_free(&names);
	}
}

/* --- values --------------------------------------------------------------------------------- */

struct resolution {
	const struct model *model;
	const struct profile *profile;
	const struct port_override *overrides;
	size_t n_overrides;
	struct arena *arena;
	struct diag *diag;
	struct range_vec *values; /* by index; without ranges until it is resolved */
	enum {
		OPEN,
		BUSY,
		FAILED
	} * state; /* by index; of what failed it was told why */
};

static bool resolve_name(struct resolution *r, int index);

/* Where a site gives the value of what @item names, or else where @item stands. */
static struct loc place_of(const struct resolution *r, const struct port_item *item)
{
	for (size_t i = 0; i < r->n_overrides; i++)
		if (!strcmp(r->overrides[i].name.text, item->name))
			return r->overrides[i].value.loc;
	return item->loc;
}

/* Append what @item stands for to @out; false after an error. */
static bool resolve_item(struct resolution *r, const struct port_item *item, struct range_vec *out)
{
	const struct range_vec *base;
	uint64_t left = item->first;
	int index;

	if (!item->name) {
		vec_add(out, item->range);
		return true;
	}
	index = port_def_find(&r->model->ports, item->name);
	if (index < 0) {
		struct names names = port_names(&r->model->ports);

		diag_unknown(r->diag, item->loc, "unknown-port", "named port", item->name, names.at,
			     names.n);
		vec_free(&names);
		return false;
	}
	if (r->state[index] == BUSY) {
		r->state[index] = FAILED;
		diag_error(r->diag, item->loc, "bad-port", "'%s' refers to itself", item->name);
		return false;
	}
	if (!resolve_name(r, index))
		return false;
	base = &r->values[index];
	if (left && range_set_count((struct range_set){base->at, base->n}) < left) {
		diag_error(r->diag, place_of(r, item), "bad-port", "'%s' has fewer than %u ports",
			   item->name, item->first);
		return false;
	}
	for (size_t i = 0; i < base->n && (left || !item->first); i++) {
		struct range range = base->at[i];

		if (item->first && (uint64_t)range.hi - range.lo + 1 > left)
			range.hi = range.lo + (uint32_t)left - 1;
		left -= item->first ? (uint64_t)range.hi - range.lo + 1 : 0;
		vec_add(out, range);
	}
	return true;
}

static bool resolve_expr(struct resolution *r, const struct port_expr *expr,
			 struct range_vec *ret_set)
{
	bool ok = true;

	*ret_set = (struct range_vec){0};
	for (size_t i = 0; i < expr->n && ret_set->n <= PORTS_MAX_RANGES; i++)
		ok &= resolve_item(r, &expr->items[i], ret_set);
	if (ret_set->n > PORTS_MAX_RANGES) {
		diag_error(r->diag, expr->loc, "too-many", "more than %d ranges of ports",
			   PORTS_MAX_RANGES);
		ok = false;
	}
	range_normalize(ret_set);
	return ok && ret_set->n;
}

static const struct port_expr *value_of(const struct resolution *r, int index)
{
	const struct port_def *def = &r->model->ports.at[index];
	const char *name = def->name.text;
	int i;

	for (size_t k = 0; k < r->n_overrides; k++)
		if (!strcmp(r->overrides[k].name.text, name))
			return &r->overrides[k].value;
	i = port_def_find(&r->profile->ports, name);
	if (i >= 0 && r->profile->ports.at[i].value.n)
		return &r->profile->ports.at[i].value;
	return &def->value;
}

static bool resolve_name(struct resolution *r, int index)
{
	const struct port_def *def = &r->model->ports.at[index];
	const struct port_expr *value = value_of(r, index);
	struct range_vec set;
	bool ok;

	if (r->values[index].n || r->state[index] == FAILED)
		return r->values[index].n;
	if (!value->n) {
		r->state[index] = FAILED;
		diag_error(r->diag, r->profile->name.loc, "missing-port",
			   "profile '%s' gives no value to '%s' of model '%s'",
			   r->profile->name.text, def->name.text, r->model->name.text);
		diag_note(r->diag, def->name.loc, "declared here");
		return false;
	}
	r->state[index] = BUSY;
	ok = resolve_expr(r, value, &set) && r->state[index] == BUSY;
	if (ok) {
		r->values[index].at = arena_array(r->arena, set.n, struct range);
		memcpy(r->values[index].at, set.at, set.n * sizeof(*set.at));
		r->values[index].n = set.n;
	}
	r->state[index] = ok ? OPEN : FAILED;
	vec_free(&set);
	return ok;
}

/* As people write it: ranges as LOW-HIGH, divided by commas. */
static void put_port_set(struct buf *b, struct range_set set)
{
	for (size_t i = 0; i < set.n; i++) {
		if (i)
			buf_puts(b, ", ");
		buf_uint(b, set.at[i].lo);
		if (set.at[i].hi != set.at[i].lo) {
			buf_putc(b, '-');
			buf_uint(b, set.at[i].hi);
		}
	}
}

/* Does @set fit @choice? Says what would fit in @text. */
static bool choice_fits(struct resolution *r, const struct port_choice *choice,
			struct range_set set, struct buf *text)
{
	uint64_t count = range_set_count(set);
	bool fits;

	if (text->n)
		buf_puts(text, " or ");
	if (choice->exact.n) {
		struct diag *told = r->diag, untold = {0};
		struct range_vec exact;

		/* that this choice cannot be had is no error where another fits */
		r->diag = &untold;
		fits = resolve_expr(r, &choice->exact, &exact);
		r->diag = told;
		diag_free(&untold);
		put_port_set(text, (struct range_set){exact.at, exact.n});
		fits = fits && range_set_equal(set, (struct range_set){exact.at, exact.n});
		vec_free(&exact);
		return fits;
	}
	if (choice->max_count == 1)
		buf_puts(text, "one port ");
	else if (choice->max_count < PORT_MAX)
		buf_printf(text, "%u to %u consecutive ports ", choice->min_count,
			   choice->max_count);
	buf_printf(text, "within %u-%u", choice->within.lo, choice->within.hi);
	fits = count >= choice->min_count && count <= choice->max_count &&
	       (choice->max_count == PORT_MAX || set.n == 1);
	for (size_t i = 0; i < set.n; i++)
		fits = fits && range_within(set.at[i], choice->within);
	return fits;
}

static void check_override(struct resolution *r, const struct port_override *o)
{
	int index = port_def_find(&r->model->ports, o->name.text);
	int own = port_def_find(&r->profile->ports, o->name.text);
	const struct port_choices *allow;
	struct buf text = {0};
	bool fits = false;

	if (index < 0 || !r->values[index].n)
		return;
	allow = &r->model->ports.at[index].allow;
	if (own >= 0 && r->profile->ports.at[own].allow.given)
		allow = &r->profile->ports.at[own].allow;
	for (size_t i = 0; i < allow->n; i++)
		fits |= choice_fits(r, &allow->at[i],
				    (struct range_set){r->values[index].at, r->values[index].n},
				    &text);
	if (!allow->n)
		diag_error(r->diag, o->name.loc, "port-override",
			   "profile '%s' does not let a site change '%s'", r->profile->name.text,
			   o->name.text);
	else if (!fits)
		diag_error(r->diag, o->value.loc, "port-override",
			   "profile '%s' does not allow these ports for '%s': it must be %s",
			   r->profile->name.text, o->name.text, buf_str(&text));
	buf_free(&text);
}

const struct range_vec *ports_resolve(const struct model *model, const struct profile *profile,
				      const struct port_override *overrides, size_t n_overrides,
				      struct arena *arena, struct diag *diag)
{
	struct resolution r = {.model = model,
			       .profile = profile,
			       .overrides = overrides,
			       .n_overrides = n_overrides,
			       .arena = arena,
			       .diag = diag};
	unsigned int before = diag->errors;

	r.values = arena_array(arena, model->ports.n, struct range_vec);
	r.state = mem_alloc(model->ports.n * sizeof(*r.state));
	for (size_t i = 0; i < model->ports.n; i++)
		resolve_name(&r, (int)i);
	for (size_t i = 0; i < n_overrides; i++)
		check_override(&r, &overrides[i]);
	free(r.state);
	return diag->errors == before ? r.values : NULL;
}

struct range_set row_ports(const struct deployment *dep, const struct port_expr *expr,
			   struct arena *arena)
{
	struct range_vec set = {0};
	struct range_set result;
	struct range *copy;

	if (expr->n == 1 && expr->items[0].index >= 0 && !expr->items[0].first) {
		const struct range_vec *named = &dep->ports[expr->items[0].index];

		return (struct range_set){named->at, named->n};
	}
	for (size_t i = 0; i < expr->n; i++) {
		const struct port_item *item = &expr->items[i];

		if (item->index < 0) {
			vec_add(&set, item->range);
			continue;
		}
		for (size_t k = 0; k < dep->ports[item->index].n; k++)
			vec_add(&set, dep->ports[item->index].at[k]);
	}
	range_normalize(&set);
	copy = arena_array(arena, set.n, struct range);
	if (set.n)
		memcpy(copy, set.at, set.n * sizeof(*copy));
	result = (struct range_set){copy, set.n};
	vec_free(&set);
	return result;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/yaml.h" /* <yaml.h> is the library's */

#include "jgfw/base/text.h"

#include <string.h>
#include <yaml.h>

struct yaml_parser_state {
	yaml_parser_t parser;
	yaml_event_t event;
	bool have_event;
	unsigned int depth;
};

static struct loc loc_of(const struct yaml *y, yaml_mark_t start, yaml_mark_t end)
{
	struct loc loc = {.source = y->source,
			  .line = (uint32_t)start.line + 1,
			  .column = (uint32_t)start.column + 1,
			  .len = 1};

	if (end.line == start.line && end.column > start.column)
		loc.len = (uint32_t)(end.column - start.column);
	return loc;
}

static void fail_syntax(struct yaml *y)
{
	const yaml_parser_t *p = &y->state->parser;
	const char *problem = p->problem ? p->problem : "not readable";

	y->failed = true;
	if (p->error == YAML_MEMORY_ERROR)
		mem_exhausted();
	if (p->error == YAML_READER_ERROR) { /* it counts bytes and has no line */
		struct loc loc = {y->source, 1, 1, 1};

		for (size_t i = 0; i < p->problem_offset && i < y->text_len; loc.column++) {
			size_t n = utf8_len(y->text + i, y->text_len - i);

			if (y->text[i] == '\n') {
				loc.line++;
				loc.column = 0;
			}
			i += n ? n : 1;
		}
		diag_error(y->diag, loc, "yaml-encoding", "not UTF-8 text: %s", problem);
		return;
	}
	diag_error(y->diag, loc_of(y, p->problem_mark, p->problem_mark), "yaml-syntax",
		   "malformed YAML: %s%s%s", problem, p->context ? ", " : "",
		   p->context ? p->context : "");
	if (p->context && p->context_mark.line != p->problem_mark.line)
		diag_note(y->diag, loc_of(y, p->context_mark, p->context_mark), "it began here");
}

/* Fetch the next event into the state; false at a failure. */
static bool fetch(struct yaml *y)
{
	struct yaml_parser_state *s = y->state;

	if (s->have_event)
		yaml_event_delete(&s->event);
	s->have_event = false;
	if (y->failed)
		return false;
	if (!yaml_parser_parse(&s->parser, &s->event)) {
		fail_syntax(y);
		return false;
	}
	s->have_event = true;
	return true;
}

static void refuse_properties(struct yaml *y, const yaml_char_t *anchor, const yaml_char_t *tag)
{
	struct loc loc;

	if (!anchor && !tag)
		return;
	loc = loc_of(y, y->state->event.start_mark, y->state->event.start_mark);
	if (anchor)
		diag_error(y->diag, loc, "yaml-anchor", "anchors are not accepted here: '&%s'",
			   (const char *)anchor);
	if (tag)
		diag_error(y->diag, loc, "yaml-tag", "tags are not accepted here: '%s'",
			   (const char *)tag);
}

static void enter(struct yaml *y, struct loc loc)
{
	if (++y->state->depth > YAML_MAX_DEPTH) {
		diag_error(y->diag, loc, "yaml-depth", "nested deeper than %d levels",
			   YAML_MAX_DEPTH);
		y->failed = true;
	}
}

static struct node scalar_node(struct yaml *y, const yaml_event_t *e)
{
	struct node node = {.kind = NODE_SCALAR,
			    .loc = loc_of(y, e->start_mark, e->end_mark),
			    .quoted = e->data.scalar.style != YAML_PLAIN_SCALAR_STYLE,
			    .text = (const char *)e->data.scalar.value};

	refuse_properties(y, e->data.scalar.anchor, e->data.scalar.tag);
	if (strlen(node.text) != e->data.scalar.length)
		diag_error(y->diag, node.loc, "yaml-encoding", "a NUL character is not accepted");
	return node;
}

struct node yaml_next(struct yaml *y)
{
	struct node node = {.kind = NODE_END};
	const yaml_event_t *e = &y->state->event;

	if (!fetch(y))
		return node;
	if (e->type == YAML_SCALAR_EVENT)
		return scalar_node(y, e);
	node.loc = loc_of(y, e->start_mark, e->start_mark);
	switch (e->type) {
	case YAML_ALIAS_EVENT:
		node.loc = loc_of(y, e->start_mark, e->end_mark);
		diag_error(y->diag, node.loc, "yaml-alias", "aliases are not accepted here: '*%s'",
			   (const char *)e->data.alias.anchor);
		node.kind = NODE_ALIAS;
		return node;
	case YAML_SEQUENCE_START_EVENT:
		refuse_properties(y, e->data.sequence_start.anchor, e->data.sequence_start.tag);
		node.kind = NODE_LIST;
		enter(y, node.loc);
		return node;
	case YAML_MAPPING_START_EVENT:
		refuse_properties(y, e->data.mapping_start.anchor, e->data.mapping_start.tag);
		node.kind = NODE_MAP;
		enter(y, node.loc);
		return node;
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		y->state->depth--;
		return node;
	case YAML_NO_EVENT:
	case YAML_SCALAR_EVENT:
	case YAML_STREAM_START_EVENT:
	case YAML_STREAM_END_EVENT:
	case YAML_DOCUMENT_START_EVENT:
	case YAML_DOCUMENT_END_EVENT:
		break;
	}
	return node;
}

/* To what comes behind the next event. */
static bool fetch_second(struct yaml *y)
{
	if (!fetch(y))
		return false;
	return fetch(y);
}

/* Is the first token a directive? libyaml compares each with each before it tells of any. A token
 * that was looked at is gone, hence a parser for this alone. */
static bool begins_with_directive(const struct yaml *y, struct loc *ret_loc)
{
	yaml_parser_t parser;
	yaml_token_t token;
	bool is = false;

	if (!yaml_parser_initialize(&parser))
		mem_exhausted();
	yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&parser, (const unsigned char *)y->text, y->text_len);
	for (int i = 0; i < 2; i++) { /* the stream's start, then what is asked for */
		if (!yaml_parser_scan(&parser, &token))
			break;
		is = token.type == YAML_VERSION_DIRECTIVE_TOKEN ||
		     token.type == YAML_TAG_DIRECTIVE_TOKEN;
		*ret_loc = loc_of(y, token.start_mark, token.start_mark);
		yaml_token_delete(&token);
	}
	yaml_parser_delete(&parser);
	return is;
}

struct node yaml_open(struct yaml *y, const struct source *source, struct diag *diag,
		      struct arena *arena)
{
	struct node none = {.kind = NODE_END, .loc = {source, 1, 1, 1}};
	const yaml_event_t *e;
	struct loc directive;

	*y = (struct yaml){.diag = diag, .arena = arena, .source = source};
	y->state = mem_alloc(sizeof(*y->state));
	if (!yaml_parser_initialize(&y->state->parser))
		mem_exhausted();
	if (source->len > YAML_MAX_SIZE) {
		diag_error(diag, (struct loc){.source = source}, "yaml-size", "larger than %d MiB",
			   YAML_MAX_SIZE / (1024 * 1024));
		y->failed = true;
		return none;
	}
	yaml_parser_set_encoding(&y->state->parser, YAML_UTF8_ENCODING);
	y->text = source->text;
	y->text_len = source->len;
	if (source->len >= 3 && !memcmp(source->text, "\xef\xbb\xbf", 3)) { /* byte order mark */
		y->text += 3;
		y->text_len -= 3;
	}
	yaml_parser_set_input_string(&y->state->parser, (const unsigned char *)y->text,
				     y->text_len);
	if (begins_with_directive(y, &directive)) {
		diag_error(diag, directive, "yaml-tag", "directives are not accepted here");
		y->failed = true;
		return none;
	}
	e = &y->state->event;
	if (!fetch_second(y)) /* the document's start, behind the stream's */
		return none;
	if (e->type == YAML_STREAM_END_EVENT) {
		diag_error(diag, none.loc, "yaml-empty",
			   "this file is empty, or has only comments");
		y->failed = true;
		return none;
	}
	return yaml_next(y);
}

/* Behind the document: tokens, not events, as what follows is not read, be it a document or the
 * directives of one. */
static void check_end(struct yaml *y)
{
	enum yaml_token_type_e type;
	yaml_token_t token;
	struct loc loc;

	do {
		if (!yaml_parser_scan(&y->state->parser, &token)) {
			fail_syntax(y);
			return;
		}
		type = token.type;
		loc = loc_of(y, token.start_mark, token.end_mark);
		yaml_token_delete(&token);
	} while (type == YAML_DOCUMENT_END_TOKEN);
	if (type != YAML_STREAM_END_TOKEN && type != YAML_NO_TOKEN)
		diag_error(y->diag, loc, "yaml-documents", "a second document is not accepted");
}

void yaml_close(struct yaml *y)
{
	struct yaml_parser_state *s = y->state;

	if (!s)
		return;
	if (fetch(y))
		check_end(y);
	if (s->have_event)
		yaml_event_delete(&s->event);
	yaml_parser_delete(&s->parser);
	free(s);
	y->state = NULL;
}

void yaml_skip(struct yaml *y, const struct node *node)
{
	unsigned int outside;

	if (node->kind != NODE_LIST && node->kind != NODE_MAP)
		return;
	outside = y->state->depth - 1;
	while (!y->failed && y->state->depth > outside)
		yaml_next(y);
}

static const char *kind_name(enum node_kind kind)
{
	switch (kind) {
	case NODE_SCALAR:
		return "a single value";
	case NODE_LIST:
		return "a list";
	case NODE_MAP:
		return "a mapping";
	case NODE_ALIAS:
	case NODE_END:
		break;
	}
	return "nothing";
}

/* YAML 1.1's words for nothing. */
static bool is_null(const struct node *node)
{
	const char *text = node->text;

	if (node->kind != NODE_SCALAR || node->quoted)
		return false;
	return !*text || (*text == '~' && !text[1]) || (*text == 'n' && !strcmp(text, "null"));
}

bool yaml_is(struct yaml *y, const struct node *node, enum node_kind kind, const char *what)
{
	if (node->kind == kind)
		return true;
	if (y->failed || node->kind == NODE_ALIAS) /* that was told */
		return false;
	if (is_null(node))
		diag_error(y->diag, node->loc, "wrong-type", "expected %s, found nothing", what);
	else
		diag_error(y->diag, node->loc, "wrong-type", "expected %s, found %s", what,
			   kind_name(node->kind));
	yaml_skip(y, node);
	return false;
}

bool yaml_word(struct yaml *y, const struct node *node, const char *what)
{
	if (!yaml_is(y, node, NODE_SCALAR, what))
		return false;
	if (*node->text && !is_null(node))
		return true;
	diag_error(y->diag, node->loc, "wrong-type", "expected %s, found nothing", what);
	return false;
}

bool yaml_bool(struct yaml *y, const struct node *node, bool *ret_value)
{
	if (!yaml_word(y, node, "true or false"))
		return false;
	if (!node->quoted && (!strcmp(node->text, "true") || !strcmp(node->text, "false"))) {
		*ret_value = node->text[0] == 't';
		return true;
	}
	diag_error(y->diag, node->loc, "wrong-type", "expected true or false, found '%s'",
		   node->text);
	return false;
}

bool yaml_uint(struct yaml *y, const struct node *node, uint64_t min, uint64_t max,
	       uint64_t *ret_value)
{
	if (!yaml_word(y, node, "a number"))
		return false;
	if (!text_uint(node->text, max, ret_value) && *ret_value >= min)
		return true;
	diag_error(y->diag, node->loc, "bad-number",
		   "expected a number from %llu to %llu, found '%s'", (unsigned long long)min,
		   (unsigned long long)max, node->text);
	return false;
}

void diag_unknown(struct diag *d, struct loc loc, const char *slug, const char *what,
		  const char *word, const char *const *words, size_t n)
{
	int near = diag_is_full(d) ? -1 : text_nearest(word, words, n);

	if (near >= 0)
		diag_error(d, loc, slug, "unknown %s '%s'; did you mean '%s'?", what, word,
			   words[near]);
	else
		diag_error(d, loc, slug, "unknown %s '%s'", what, word);
}

int yaml_choice(struct yaml *y, const struct node *node, const char *const *words, size_t n,
		const char *what)
{
	struct buf list = {0};
	int near;

	if (!yaml_word(y, node, what))
		return -1;
	for (size_t i = 0; i < n; i++)
		if (!strcmp(node->text, words[i]))
			return (int)i;
	near = diag_is_full(y->diag) ? -1 : text_nearest(node->text, words, n);
	for (size_t i = 0; i < n; i++)
		buf_printf(&list, "%s%s", i == 0 ? "" : i + 1 == n ? " or " : ", ", words[i]);
	if (near >= 0)
		diag_error(y->diag, node->loc, "unknown-value",
			   "unknown %s '%s'; did you mean '%s'? (%s)", what, node->text,
			   words[near], buf_str(&list));
	else
		diag_error(y->diag, node->loc, "unknown-value", "unknown %s '%s': expected %s",
			   what, node->text, buf_str(&list));
	buf_free(&list);
	return -1;
}

static void unknown_key(struct yaml *y, const struct node *key, const struct yaml_field *fields,
			size_t n, const char *what)
{
	const char *words[YAML_MAX_FIELDS];
	struct buf name = {0};

	for (size_t i = 0; i < n; i++)
		words[i] = fields[i].key;
	buf_printf(&name, "key of %s", what);
	diag_unknown(y->diag, key->loc, "unknown-key", buf_str(&name), key->text, words, n);
	buf_free(&name);
}

void yaml_fields(struct yaml *y, const struct node *map, const struct yaml_field *fields, size_t n,
		 void *object, const char *what)
{
	struct loc seen[YAML_MAX_FIELDS];
	struct node key, value;

	if (!yaml_is(y, map, NODE_MAP, what))
		return;
	memset(seen, 0, n * sizeof(*seen));
	for (key = yaml_next(y); key.kind != NODE_END; key = yaml_next(y)) {
		size_t i = n;

		if (yaml_word(y, &key, "a key"))
			for (i = 0; i < n && strcmp(fields[i].key, key.text); i++)
				;
		else
			key.text = NULL;
		if (i == n && key.text)
			unknown_key(y, &key, fields, n, what);
		if (i < n && seen[i].source) {
			diag_error(y->diag, key.loc, "duplicate-key", "'%s' is given twice",
				   fields[i].key);
			diag_note(y->diag, seen[i], "first given here");
			i = n;
		}
		if (i < n)
			seen[i] = key.loc;
		value = yaml_next(y);
		if (i == n)
			yaml_skip(y, &value);
		else if (fields[i].kind)
			fields[i].kind(y, &value, &fields[i], (char *)object + fields[i].member);
		else
			fields[i].decode(y, &value, object);
	}
	for (size_t i = 0; i < n && !y->failed; i++)
		if (fields[i].required && !seen[i].source)
			diag_error(y->diag, map->loc, "missing-key", "%s has no '%s'", what,
				   fields[i].key);
}

void yaml_items(struct yaml *y, const struct node *list,
		void (*decode)(struct yaml *y, const struct node *item, void *object), void *object,
		const char *what)
{
	struct node item;

	if (!yaml_is(y, list, NODE_LIST, what))
		return;
	for (item = yaml_next(y); item.kind != NODE_END; item = yaml_next(y))
		decode(y, &item, object);
}

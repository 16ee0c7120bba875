/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Assertions of a site: allow|deny END > END [PROTO [PORTS] [from PORTS]] */
#include "assertion.h"

#include "jgfw/base/icmp.h"
#include "jgfw/base/text.h"
#include "ports.h"
#include "row.h"

#include <string.h>

struct assertion_scanner {
	const char *at;	  /* behind the word that was read last */
	struct word word; /* that word; NULL at the end */
	const struct word *text;
	struct arena *arena;
	struct diag *diag;
	bool failed;
	uint32_t columns; /* code points of the text */
};

static void next_word(struct assertion_scanner *s)
{
	size_t len;

	s->at += strspn(s->at, " ");
	len = strcspn(s->at, " ");
	s->word = (struct word){NULL, s->text->loc};
	s->word.loc.column += (uint32_t)(s->at - s->text->text);
	if (s->text->loc.len == s->columns + 2) /* it stands in quotes */
		s->word.loc.column++;
	s->word.loc.len = len ? (uint32_t)len : 1;
	if (len)
		s->word.text = arena_copy(s->arena, s->at, len);
	s->at += len;
}

static void fail(struct assertion_scanner *s, const char *expected)
{
	if (!s->failed && s->word.text)
		diag_error(s->diag, s->word.loc, "bad-assertion", "expected %s, found '%s'",
			   expected, s->word.text);
	else if (!s->failed)
		diag_error(s->diag, s->word.loc, "bad-assertion", "expected %s after this",
			   expected);
	s->failed = true;
}

static bool word_is(const struct assertion_scanner *s, const char *text)
{
	return s->word.text && !strcmp(s->word.text, text);
}

static void take_end(struct assertion_scanner *s, const struct deployment *dep,
		     struct endpoint *ret_end)
{
	if (!s->word.text)
		fail(s, "an endpoint");
	else if (!s->failed)
		s->failed = !endpoint_parse(&s->word, dep->model, dep, ret_end, s->diag);
	next_word(s);
}

/* A port, a range or a name, or several with commas between them. */
static void take_ports(struct assertion_scanner *s, const struct deployment *dep,
		       struct port_expr *ret_expr)
{
	char *list = s->word.text ? arena_copy(s->arena, s->word.text, strlen(s->word.text)) : NULL;
	struct {
		VEC(struct port_item);
	} items = {0};

	ret_expr->loc = s->word.loc;
	for (char *part = list, *end; part; part = end) {
		struct port_item *item;

		if (items.n == PORTS_MAX_RANGES) {
			fail(s, "fewer ports");
			break;
		}
		item = vec_push_in(s->arena, &items);
		end = strchr(part, ',');
		if (end)
			*end++ = '\0';
		*item = (struct port_item){.index = -1, .loc = s->word.loc};
		if (!port_range_parse(part, &item->range))
			continue;
		item->name = part;
		item->index = port_def_find(&dep->model->ports, part);
		if (item->index < 0)
			fail(s, "a port, a range such as 6000-6005, or the name of a port");
	}
	if (!list)
		fail(s, "ports");
	ret_expr->items = items.at;
	ret_expr->n = items.n;
	next_word(s);
}

static void take_proto(struct assertion_scanner *s, struct assertion *a)
{
	a->has_proto = true;
	for (int i = PROTO_TCP; i <= PROTO_ICMP; i++)
		if (word_is(s, proto_name((enum proto)i))) {
			a->proto = (enum proto)i;
			next_word(s);
			return;
		}
	fail(s, "tcp, tls, udp, tcp+udp or icmp");
}

void assertion_parse(const struct word *text, const struct deployment *dep, struct arena *arena,
		     struct assertion *ret_assertion, struct diag *diag)
{
	struct assertion_scanner s = {.at = text->text, .text = text, .arena = arena, .diag = diag};
	struct assertion *a = ret_assertion;

	for (size_t i = 0, len = strlen(text->text); i < len;
	     i += utf8_len(text->text + i, len - i))
		s.columns++;
	*a = (struct assertion){.text = *text};
	next_word(&s);
	a->allow = word_is(&s, "allow");
	if (!a->allow && !word_is(&s, "deny"))
		fail(&s, "'allow' or 'deny'");
	next_word(&s);
	take_end(&s, dep, &a->from);
	if (!word_is(&s, ">"))
		fail(&s, "'>'");
	next_word(&s);
	take_end(&s, dep, &a->to);
	if (s.word.text)
		take_proto(&s, a);
	if (a->has_proto && a->proto == PROTO_ICMP && s.word.text) {
		a->has_icmp_type = true;
		if (!icmp_type_parse(s.word.text, &a->icmp_type))
			fail(&s, "an ICMP type");
		next_word(&s);
	} else if (s.word.text && !word_is(&s, "from")) {
		take_ports(&s, dep, &a->dport);
	}
	if (word_is(&s, "from") && !(a->has_proto && a->proto == PROTO_ICMP)) {
		next_word(&s);
		take_ports(&s, dep, &a->sport);
	}
	if (s.word.text)
		fail(&s, "the end");
}

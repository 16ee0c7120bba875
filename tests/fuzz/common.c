/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuzz.h"

#include <stdio.h>
#include <string.h>

_Noreturn void must_not_be(const char *what, const char *file, int line)
{
	fprintf(stderr, "%s:%d: not so: %s\n", file, line, what);
	abort();
}

unsigned int feed_below(struct feed *f, unsigned int n)
{
	if (!f->left)
		return 0;
	f->left--;
	return *f->at++ % n;
}

uint32_t feed_u32(struct feed *f)
{
	uint32_t v = 0;

	for (int i = 0; i < 4; i++)
		v = v << 8 | feed_below(f, 256);
	return v;
}

/* At most: YAML also ends lines with U+0085, U+2028 and U+2029, and counts the end as one more. */
static size_t lines_of(const struct source *source)
{
	size_t n = 2;

	for (size_t i = 0; i < source->len; i++)
		n += strchr("\n\r\x85\xa8\xa9", source->text[i]) != NULL;
	return n;
}

void check_diag(struct diag *diag)
{
	struct buf out = {0};

	for (size_t i = 0; i < diag->n; i++) {
		const struct loc *loc = &diag->messages[i]->loc;

		must(!loc->source || loc->line <= lines_of(loc->source));
	}
	diag_sort(diag);
	diag_render(diag, &out, true);
	must(diag->n == 0 || out.n > 0);
	for (int severity = DIAG_ERROR; severity <= DIAG_WARNING; severity++) {
		out.n = 0;
		diag_render_json(diag, &out, (enum severity)severity);
		must(json_is_formed(out.at, out.n));
	}
	buf_free(&out);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "picture.h"

#include "dot.h"
#include "jgfw/base/program.h"

#include <errno.h>
#include <string.h>

enum {
	TIMEOUT_MS = 10 * 1000, /* a tenth of a second is usual */
	OUTPUT_MAX = 64 * 1024 * 1024,
};

static const char *reason(int error)
{
	switch (error) {
	case -ENOENT:
		return "the program dot of Graphviz is not installed";
	case -ETIME:
		return "the program dot of Graphviz took too long";
	default:
		return "the program dot of Graphviz failed";
	}
}

/* Graphs get a process each: dot orders those behind the first by where they lie in memory. */
const char *picture_svg(const struct policy *policy, size_t begin, size_t end, struct buf *ret)
{
	static const char *const argv[] = {"dot", "-Tsvg", NULL};
	struct buf graph = {0}, svg = {0};
	const char *from, *to;
	int r;

	dot_deployment(policy, begin, end, &graph);
	r = program_filter(argv, &graph, OUTPUT_MAX, TIMEOUT_MS, &svg);
	buf_free(&graph);
	if (r)
		return reason(r);
	/* a prolog, which has no place in a page, comes before the element */
	from = strstr(buf_str(&svg), "<svg ");
	to = from ? strstr(from, "</svg>") : NULL;
	if (to)
		buf_add(ret, from, (size_t)(to - from) + strlen("</svg>"));
	buf_free(&svg);
	return to ? NULL : reason(-EPROTO);
}

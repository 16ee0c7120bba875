/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The YAML reader alone: every node of any file. */
#include "fuzz.h"

#include "config/yaml.h"

#include <string.h>

/** struct reading - what was met so far */
struct reading {
	size_t nodes, depth;
};

static void take(struct yaml *y, const struct node *node, void *object);

static void enter(struct yaml *y, const struct node *node, struct reading *r)
{
	struct node item;

	must(++r->depth <= YAML_MAX_DEPTH || y->failed);
	if (r->nodes % 7 == 6)
		yaml_skip(y, node);
	else if (node->kind == NODE_LIST)
		yaml_items(y, node, take, r, "a list");
	else
		for (item = yaml_next(y); item.kind != NODE_END; item = yaml_next(y))
			take(y, &item, r);
	r->depth--;
}

static void take(struct yaml *y, const struct node *node, void *object)
{
	struct reading *r = object;
	uint64_t number;
	bool flag;

	r->nodes++;
	must(node->loc.line && node->loc.column);
	if (node->kind == NODE_LIST || node->kind == NODE_MAP) {
		enter(y, node, r);
	} else if (node->kind == NODE_SCALAR && r->nodes % 3 == 0) {
		yaml_uint(y, node, 1, 1000, &number);
	} else if (node->kind == NODE_SCALAR && r->nodes % 3 == 1) {
		yaml_bool(y, node, &flag);
	} else if (node->kind == NODE_SCALAR) {
		yaml_word(y, node, "a word");
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *copy = mem_alloc(size);
	struct source source = {"test.yaml", copy, size};
	struct reading reading = {0};
	struct arena arena = {0};
	struct diag diag = {0};
	struct node root;
	struct yaml y;

	memcpy(copy, data, size);
	root = yaml_open(&y, &source, &diag, &arena);
	if (!y.failed)
		take(&y, &root, &reading);
	must(!y.failed || diag.errors);
	yaml_close(&y);
	check_diag(&diag);
	diag_free(&diag);
	arena_free(&arena);
	free(copy);
	return 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A site's ruleset as text that nft loads, and as messages, is the same thing in a real kernel: in
 * a network namespace of this program's own. */
#include "fuzz.h"
#include "jgfw/kernel/read.h"

#include "jgfw/base/program.h"
#include "jgfw/emit/change.h"
#include "jgfw/emit/ruleset.h"
#include "jgfw/kernel/kernel.h"

#include <sched.h>
#include <stdio.h>
#include <string.h>

enum {
	NFT_TIMEOUT_MS = 10 * 1000,
	NFT_OUTPUT_MAX = 1 << 26,
};

static struct kernel *kernel;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	struct diag diag = {0};

	(void)argc;
	(void)argv;
	if (unshare(CLONE_NEWNET) && unshare(CLONE_NEWUSER | CLONE_NEWNET)) {
		fputs("skipped: no network namespace can be made\n", stderr);
		exit(0);
	}
	kernel = kernel_open(&diag);
	must(kernel);
	return 0;
}

static struct ruleset *read_back(uint32_t *ret_generation)
{
	struct diag diag = {0};
	struct ruleset *rs = NULL;

	must(!kernel_read(kernel, NFPROTO_INET, RULESET_TABLE, READ_ALL, &rs, ret_generation,
			  &diag));
	return rs;
}

static void tell(const char *text, uint32_t origin, void *data)
{
	(void)origin;
	(void)data;
	fprintf(stderr, "%s\n", text);
}

/* The kernel holds @rs, and nothing in it that @rs does not speak of. */
static void must_hold(const struct ruleset *rs)
{
	uint32_t generation;
	struct ruleset *found = read_back(&generation);
	struct change change;

	must(found && !ruleset_unsupported(found));
	change_between(found, rs, &change);
	if (!change_is_empty(&change))
		emit_change(&change, tell, NULL);
	must(change_is_empty(&change));
	change_free(&change);
	ruleset_free(found);
}

static void listed(struct buf *ret)
{
	static const char *const argv[] = {"nft", "-s", "list", "ruleset", NULL};
	struct buf nothing = {0};

	must(!program_filter(argv, &nothing, NFT_OUTPUT_MAX, NFT_TIMEOUT_MS, ret));
}

static void load_text(const struct ruleset *rs)
{
	static const char *const argv[] = {"nft", "-f", "-", NULL};
	struct buf text = {0}, said = {0};
	int r;

	must(!emit_ruleset(rs, &text));
	r = program_filter(argv, &text, NFT_OUTPUT_MAX, NFT_TIMEOUT_MS, &said);
	if (r)
		fputs(buf_str(&text), stderr);
	must(!r);
	buf_free(&text);
	buf_free(&said);
}

/* From what the kernel holds to @rs. */
static void load_messages(const struct ruleset *rs)
{
	uint32_t generation;
	struct ruleset *old = read_back(&generation);
	struct diag diag = {0};
	struct change change;

	change_between(old, rs, &change);
	must(!kernel_change(kernel, &change, generation, false, &diag));
	change_free(&change);
	ruleset_free(old);
}

static void check_both(const struct ruleset *from, const struct ruleset *to)
{
	struct buf by_text = {0}, by_messages = {0};

	load_text(to);
	must_hold(to);
	listed(&by_text);
	load_text(from);
	load_messages(to);
	must_hold(to);
	listed(&by_messages);
	/* what came last may stand elsewhere, so it is the length alone that must be the same */
	must(by_text.n == by_messages.n);
	buf_free(&by_text);
	buf_free(&by_messages);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct feed first = {data, size / 2}, second = {data + size / 2, size - size / 2};
	struct made from, to;

	made_new(&from, &first);
	made_new(&to, &second);
	if (from.rs && to.rs)
		check_both(from.rs, to.rs);
	made_free(&from);
	made_free(&to);
	return 0;
}

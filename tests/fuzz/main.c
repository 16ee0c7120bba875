/* SPDX-License-Identifier: GPL-2.0-or-later */
/* In the place of libFuzzer's main(): every file that is named, or lies in a folder, once. */
#include "fuzz.h"

#include "jgfw/base/file.h"

#include <fts.h>
#include <stdio.h>
#include <unistd.h>

enum {
	MAX_SIZE = 1 << 20,
	TIMEOUT_S = 20, /* an input, as run tells libFuzzer */
};

/* Harnesses that mutate refer to it; nothing is mutated here. */
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size)
{
	(void)data;
	(void)max_size;
	return size;
}

#pragma weak LLVMFuzzerInitialize

static void replay(const char *path)
{
	char *text;
	size_t len;

	fprintf(stderr, "%s\n", path); /* the last one is the one to look at */
	must(!file_read(path, MAX_SIZE, &text, &len));
	alarm(TIMEOUT_S);
	LLVMFuzzerTestOneInput((const uint8_t *)text, len);
	free(text);
}

int main(int argc, char **argv)
{
	size_t n = 0;
	FTS *fts;

	if (LLVMFuzzerInitialize)
		LLVMFuzzerInitialize(&argc, &argv);
	while (argc > 1 && argv[1][0] == '-') { /* libFuzzer's options */
		argc--;
		argv++;
	}
	must(argc > 1);
	fts = fts_open(argv + 1, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	for (FTSENT *file; (file = fts_read(fts));)
		if (file->fts_info == FTS_F) {
			replay(file->fts_path);
			n++;
		}
	fts_close(fts);
	fprintf(stderr, "stat::number_of_executed_units: %zu\n", n);
	return 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packets as people write them: what is read is told so that it is read the same again. */
#include "fuzz.h"

#include "jgfw/trace/packet.h"

#include <string.h>

static bool read_packet(const char *text, size_t len, struct arena *arena, struct buf *ret_told)
{
	struct source source = {"packet", text, len};
	struct diag diag = {0};
	struct probe probe;
	int r = probe_parse(&source, arena, &probe, &diag);

	must(!r == !diag.errors);
	if (!r)
		probe_format(&probe, ret_told);
	check_diag(&diag);
	diag_free(&diag);
	return !r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *copy = mem_alloc(size);
	struct buf told = {0}, again = {0}, quoted = {0};
	struct arena arena = {0};

	memcpy(copy, data, size);
	if (read_packet(copy, size, &arena, &told)) {
		must(read_packet(told.at, told.n, &arena, &again));
		must(told.n == again.n && !memcmp(told.at, again.at, told.n));
		shell_quote(buf_str(&told), &quoted);
	}
	buf_free(&told);
	buf_free(&again);
	buf_free(&quoted);
	arena_free(&arena);
	free(copy);
	return 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files of the state: what is written is read as it was, and any damage is seen. */
#include "fuzz.h"

#include "apply/state.h"
#include "jgfw/base/file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static char path[64];

static void remove_file(void)
{
	unlink(path);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	snprintf(path, sizeof(path), "/dev/shm/jgfw-fuzz-%d", (int)getpid());
	return atexit(remove_file);
}

/* Whatever bytes lie there. */
static void read_any(const void *bytes, size_t len)
{
	struct record record;

	must(!file_write(path, bytes, len, false));
	if (!record_read(path, &record))
		record_free(&record);
}

static void read_damaged(struct feed *f)
{
	uint32_t at = feed_u32(f), how = feed_below(f, 4);
	struct record record;
	char *bytes;
	size_t len;

	must(!file_read(path, 1 << 20, &bytes, &len));
	at %= (uint32_t)len;
	if (!how)
		len = at;
	else
		bytes[at] = (char)(bytes[at] ^ (int)(1 + feed_below(f, 255)));
	must(!file_write(path, bytes, len, false));
	must(record_read(path, &record) == -EBADMSG);
	free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct feed f = {data, size};
	struct state state = {.cookie = feed_u32(&f), .boot = "a-boot"};
	struct record written = {.generation = feed_u32(&f), .deadline_ns = feed_u32(&f)}, read;
	struct buf payload = {0};
	struct diag diag = {0};

	read_any(data, size);
	buf_add(&payload, data, size);
	must(!record_write(&state, path, &written, &payload, RECORD_HINT, &diag));
	must(!record_read(path, &read));
	must(read.len == size && !memcmp(read.payload, data, size));
	must(read.generation == written.generation && read.deadline_ns == written.deadline_ns &&
	     record_is_here(&state, &read));
	record_free(&read);
	read_damaged(&f);
	buf_free(&payload);
	return 0;
}

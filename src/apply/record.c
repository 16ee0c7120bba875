/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files of the state: a head of fixed size, a payload, and a checksum over both. */
#include "jgfw/base/file.h"
#include "state.h"

#include <errno.h>
#include <string.h>

enum {
	RECORD_MAX_SIZE = 1 << 30,
};

/* The last digit is the format's. */
static const char MAGIC[8] = "jgfwst1";

/** struct head - of a file; byte order and sizes are this machine's, where alone it is read */
struct head {
	char magic[sizeof(MAGIC)];
	uint64_t checksum; /* over all that follows */
	struct id id, ends;
	uint64_t deadline_ns, cookie, len;
	uint32_t generation, unused;
	char boot[BOOT_LEN + 4];
};

/* A file that was cut off or damaged is told by it; it keeps off no intruder, who would be root. */
static uint64_t checksum(uint64_t sum, const void *data, size_t len)
{
	const uint8_t *at = data;
	uint64_t word;

	for (; len >= sizeof(word); at += sizeof(word), len -= sizeof(word)) {
		memcpy(&word, at, sizeof(word));
		sum = (sum ^ word) * 0x100000001b3u;
		sum ^= sum >> 29;
	}
	while (len--)
		sum = (sum ^ *at++) * 0x100000001b3u;
	return sum;
}

static uint64_t head_checksum(const struct head *head, const void *payload, size_t len)
{
	size_t skip = offsetof(struct head, id);
	uint64_t sum = 0xcbf29ce484222325u;

	sum = checksum(sum, (const char *)head + skip, sizeof(*head) - skip);
	return checksum(sum, payload, len);
}

int record_write(const struct state *state, const char *path, const struct record *record,
		 const struct buf *payload, enum record_care care, struct diag *diag)
{
	struct head head = {
		.id = record->id,
		.ends = record->ends,
		.deadline_ns = record->deadline_ns,
		.cookie = state->cookie,
		.len = payload ? payload->n : 0,
		.generation = record->generation,
	};
	struct buf file = {0};
	int r;

	memcpy(head.magic, MAGIC, sizeof(head.magic));
	memcpy(head.boot, state->boot, BOOT_LEN);
	head.checksum = head_checksum(&head, payload ? payload->at : NULL, head.len);
	buf_add(&file, &head, sizeof(head));
	if (payload)
		buf_add(&file, payload->at, payload->n);
	if (care == RECORD_REPLACED)
		r = file_replace(path, file.at, file.n);
	else
		r = file_write(path, file.at, file.n, care == RECORD_SYNCED);
	buf_free(&file);
	return r ? io_error(diag, "write", path, r) : 0;
}

int record_read(const char *path, struct record *ret)
{
	struct head head;
	size_t len;
	char *text;
	int r = file_read(path, RECORD_MAX_SIZE, &text, &len);

	if (r)
		return r;
	if (len < sizeof(head))
		goto damaged;
	memcpy(&head, text, sizeof(head));
	if (memcmp(head.magic, MAGIC, sizeof(MAGIC)) != 0 || head.len != len - sizeof(head) ||
	    head.checksum != head_checksum(&head, text + sizeof(head), head.len))
		goto damaged;
	*ret = (struct record){.id = head.id,
			       .ends = head.ends,
			       .generation = head.generation,
			       .deadline_ns = head.deadline_ns,
			       .cookie = head.cookie,
			       .text = text,
			       .payload = text + sizeof(head),
			       .len = head.len};
	memcpy(ret->boot, head.boot, BOOT_LEN);
	return 0;
damaged:
	free(text);
	return -EBADMSG;
}

void record_free(struct record *record)
{
	free(record->text);
	*record = (struct record){0};
}

bool record_is_here(const struct state *state, const struct record *record)
{
	return record->cookie == state->cookie && !strcmp(record->boot, state->boot);
}

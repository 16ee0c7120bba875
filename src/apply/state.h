/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is remembered between runs, and where. */
#ifndef JGFW_APPLY_STATE_H
#define JGFW_APPLY_STATE_H

#include "jgfw/apply/apply.h"
#include "jgfw/base/buf.h"

enum {
	ID_LEN = 16,
	BOOT_LEN = 36, /* of a UUID in words */
};

/** struct id - a random name of one apply; zero is none's */
struct id {
	uint8_t bytes[ID_LEN];
};

/** struct state - the folders, locked for this program, and where and when it runs
 *
 * Names of files that mean something in this network namespace only bear its cookie.
 */
struct state {
	struct arena arena;
	const char *dir, *run; /* survives a boot; need not */
	const char *given;     /* the folder for both, or empty for the usual ones */
	const char *confirmed; /* the ruleset for boot */
	const char *before;    /* the same, while another takes its place */
	const char *pending;   /* what waits for confirmation */
	const char *known;     /* what the kernel held after the last apply */
	const char *outcome;   /* the apply that was rolled back because nobody confirmed it */
	char boot[BOOT_LEN + 1];
	uint64_t cookie;
	int lock;
};

/** struct record - a file of the state; of its numbers each kind of file uses some */
struct record {
	struct id id;	      /* of the apply that it belongs to */
	struct id ends;	      /* of a confirmed ruleset: a pending apply that it put an end to */
	uint32_t generation;  /* of the kernel's tables */
	uint64_t deadline_ns; /* CLOCK_BOOTTIME */
	uint64_t cookie;
	char boot[BOOT_LEN + 1];
	char *text; /* the whole file */
	const char *payload;
	size_t len; /* of the payload */
};

/** state_open - find the folders (@dir, $JGFW_STATE or the usual ones), which need not be there yet
 *
 * To be closed by state_close(). Returns 0 or -errno after an error in @diag.
 */
int state_open(struct state *state, const char *dir, struct diag *diag);

/** state_lock - make the folders where they are missing, and wait until no other jgfw works here; 0
 * or -errno after an error in @diag */
int state_lock(struct state *state, struct diag *diag);
void state_close(struct state *state);

/** state_next - the name of the file in which the ruleset of apply @id waits; owned by @state */
const char *state_next(struct state *state, const struct id *id);

/** state_confirm - what waits in @next (see state_next()) is what boot loads from now on, and
 * nothing waits any more; 0, or -errno after an error in @diag: then boot loads what it did before
 *
 * It allocates nothing but for the error.
 */
int state_confirm(const struct state *state, const char *next, struct diag *diag);

/** state_sweep - remove what killed programs left: temporary files, and files of state_next() but
 * the one of @keep (may be NULL) */
void state_sweep(struct state *state, const struct id *keep);

/** enum record_care - what must be true of a record when it was written */
enum record_care {
	RECORD_HINT,	/* it may be torn or lost; readers see that */
	RECORD_SYNCED,	/* it is on disk, under a name that means nothing yet */
	RECORD_REPLACED /* it took the place of another, which was there up to then, on disk */
};

/** record_write - write the file @path; 0 or -errno after an error in @diag */
int record_write(const struct state *state, const char *path, const struct record *record,
		 const struct buf *payload, enum record_care care, struct diag *diag);

/** record_read - the file @path; to be released by record_free()
 *
 * Returns 0, -ENOENT where there is none, -EBADMSG where it is damaged, or another -errno, all
 * without an error in a diag.
 */
int record_read(const char *path, struct record *ret);
void record_free(struct record *record);

/** record_is_here - was @record written in this network namespace, since the last boot? */
bool record_is_here(const struct state *state, const struct record *record);

struct id id_new(void);
bool id_equal(const struct id *a, const struct id *b);
bool id_is_none(const struct id *id);

/** boottime_ns - CLOCK_BOOTTIME, which no one can set */
uint64_t boottime_ns(void);

/** io_error - an error that tells what could not be done with @path; gives back @r */
int io_error(struct diag *diag, const char *what, const char *path, int r);

#endif

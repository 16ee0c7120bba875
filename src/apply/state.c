/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "state.h"

#include "jgfw/base/confine.h"
#include "jgfw/base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define STATE_DIR "/var/lib/jgfw"
#define RUN_DIR	  "/run/jgfw"
#define BOOT_ID	  "/proc/sys/kernel/random/boot_id"

#define BEFORE_SUFFIX ".before" /* as long as that of a temporary file, to be swept like one */

enum {
	LOCK_WAIT_MS = 30 * 1000,
	LOCK_STEP_MS = 20,
	SUFFIX_LEN = 7, /* of a temporary file: a dot and six letters */
};

uint64_t boottime_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

int io_error(struct diag *diag, const char *what, const char *path, int r)
{
	diag_error(diag, (struct loc){0}, r == -EACCES || r == -EPERM ? "privilege" : "state",
		   "cannot %s %s: %s", what, path, r == -EBADMSG ? "it is damaged" : strerror(-r));
	return r;
}

/* --- where ---------------------------------------------------------------------------------- */

static int make_folder(const char *path, struct diag *diag)
{
	struct buf part = {0};
	int r = 0;

	for (size_t i = 1; !r && i <= strlen(path); i++) {
		if (path[i] != '/' && path[i])
			continue;
		part.n = 0;
		buf_add(&part, path, i);
		if (mkdir(buf_str(&part), 0700) && errno != EEXIST)
			r = -errno;
		/* what is there already counts, on a read-only disk too */
		if (r == -EROFS && !access(buf_str(&part), F_OK))
			r = 0;
	}
	buf_free(&part);
	return r ? io_error(diag, "make the folder", path, r) : 0;
}

static int read_boot_id(struct state *state, struct diag *diag)
{
	char *text;
	size_t len;
	int r = file_read(BOOT_ID, 4096, &text, &len);

	if (r)
		return io_error(diag, "read", BOOT_ID, r);
	memcpy(state->boot, text, len < BOOT_LEN ? len : BOOT_LEN);
	free(text);
	return 0;
}

/* The cookie of this network namespace; none has 0. */
static int read_cookie(struct state *state, struct diag *diag)
{
	socklen_t len = sizeof(state->cookie);
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0), r = 0;

	if (fd < 0 || getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, &state->cookie, &len))
		r = io_error(diag, "find out", "which network namespace this is", -errno);
	if (fd >= 0)
		close(fd);
	return r;
}

static const char *here(struct state *state, const char *name)
{
	return arena_printf(&state->arena, "%s/%llx.%s", state->run,
			    (unsigned long long)state->cookie, name);
}

/* Where the disk takes no new file, an old one can be locked as it is, and the folder where there
 * is none: to read and to take back must be possible there, and nobody else can make the file. */
static int open_lock(const struct state *state, const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	int r = -errno;

	if (fd < 0)
		fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		fd = open(state->run, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? r : fd;
}

static int take_lock(struct state *state, struct diag *diag)
{
	const struct timespec step = {.tv_nsec = LOCK_STEP_MS * 1000000L};
	const char *path = here(state, "lock");

	state->lock = open_lock(state, path);
	if (state->lock < 0)
		return io_error(diag, "open", path, state->lock);
	for (int waited = 0; flock(state->lock, LOCK_EX | LOCK_NB); waited += LOCK_STEP_MS) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return io_error(diag, "lock", path, -errno);
		if (waited >= LOCK_WAIT_MS) {
			diag_error(diag, (struct loc){0}, "locked",
				   "another jgfw has held %s for %d seconds", path,
				   LOCK_WAIT_MS / 1000);
			return -EBUSY;
		}
		nanosleep(&step, NULL);
	}
	return 0;
}

/* A folder of the user's, by a name that means the same in any folder. */
static int take_folder(struct state *state, const char *given, struct diag *diag)
{
	char *here = NULL;

	if (*given == '/') {
		state->given = arena_copy(&state->arena, given, strlen(given));
	} else {
		here = getcwd(NULL, 0);
		if (!here)
			return io_error(diag, "find", given, -errno);
		state->given = arena_printf(&state->arena, "%s/%s", here, given);
		free(here);
	}
	state->dir = state->run = state->given;
	return 0;
}

int state_open(struct state *state, const char *dir, struct diag *diag)
{
	const char *given = dir && *dir ? dir : getenv("JGFW_STATE");
	int r;

	*state = (struct state){.lock = -1, .dir = STATE_DIR, .run = RUN_DIR, .given = ""};
	r = read_boot_id(state, diag);
	if (!r)
		r = read_cookie(state, diag);
	if (!r && given && *given)
		r = take_folder(state, given, diag);
	if (r)
		return r;
	state->confirmed = arena_printf(&state->arena, "%s/confirmed", state->dir);
	state->before = arena_printf(&state->arena, "%s" BEFORE_SUFFIX, state->confirmed);
	state->pending = here(state, "pending");
	state->known = here(state, "known");
	state->outcome = here(state, "rolled-back");
	return 0;
}

int state_lock(struct state *state, struct diag *diag)
{
	int r = make_folder(state->dir, diag);

	if (!r)
		r = make_folder(state->run, diag);
	return r ? r : take_lock(state, diag);
}

void state_close(struct state *state)
{
	if (state->lock >= 0)
		close(state->lock);
	arena_free(&state->arena);
	*state = (struct state){.lock = -1};
}

/* --- files of one apply --------------------------------------------------------------------- */

struct id id_new(void)
{
	struct id id;
	ssize_t n;

	do
		n = getrandom(id.bytes, sizeof(id.bytes), 0);
	while (n < 0 && errno == EINTR);
	if (n != sizeof(id.bytes))
		mem_exhausted(); /* a kernel without it has no nftables */
	return id;
}

bool id_equal(const struct id *a, const struct id *b)
{
	return !memcmp(a->bytes, b->bytes, sizeof(a->bytes));
}

bool id_is_none(const struct id *id)
{
	static const struct id none;

	return id_equal(id, &none);
}

/* next-BOOT-COOKIE-, with what tells boots apart. */
static const char *next_stem(struct state *state)
{
	return arena_printf(&state->arena, "next-%.8s-%llx-", state->boot,
			    (unsigned long long)state->cookie);
}

const char *state_next(struct state *state, const struct id *id)
{
	struct buf name = {0};
	const char *path;

	for (size_t i = 0; i < sizeof(id->bytes); i++)
		buf_printf(&name, "%02x", id->bytes[i]);
	path = arena_printf(&state->arena, "%s/%s%s", state->dir, next_stem(state), buf_str(&name));
	buf_free(&name);
	return path;
}

/* One rename, which is taken back where it does not get to the disk. */
static int replace_confirmed(const struct state *state, const char *next)
{
	bool had, none;
	int r;

	unlink(state->before);
	had = !link(state->confirmed, state->before);
	none = !had && errno == ENOENT;
	r = file_move(next, state->confirmed, state->dir);
	if (r && had)
		rename(state->before, state->confirmed);
	else if (r && none)
		unlink(state->confirmed);
	unlink(state->before); /* where two names were of one file, both are still there */
	return r;
}

int state_confirm(const struct state *state, const char *next, struct diag *diag)
{
	int r = replace_confirmed(state, next);

	if (r)
		return io_error(diag, "write", state->confirmed, r);
	unlink(state->pending);
	unlink(state->outcome);
	return 0;
}

/* Is @name one of ours that nobody needs any more? Other namespaces of this boot keep theirs. */
static bool is_left_over(struct state *state, const char *name, const char *keep)
{
	const char *stem = next_stem(state), *cookie = here(state, "");
	const char *mine = strrchr(cookie, '/') + 1;
	size_t len = strlen(name);
	bool temporary = len > SUFFIX_LEN && name[len - SUFFIX_LEN] == '.';

	if (!strncmp(name, "next-", 5)) {
		bool this_boot = !strncmp(name, stem, strcspn(stem + 5, "-") + 6);

		return !this_boot ||
		       (!strncmp(name, stem, strlen(stem)) && (!keep || strcmp(name, keep) != 0));
	}
	return temporary &&
	       (!strncmp(name, "confirmed.", 10) || !strncmp(name, mine, strlen(mine)));
}

static void sweep_folder(struct state *state, const char *path, const char *keep)
{
	DIR *dir = opendir(path);

	if (!dir)
		return;
	for (const struct dirent *entry = readdir(dir); entry; entry = readdir(dir))
		if (is_left_over(state, entry->d_name, keep))
			unlinkat(dirfd(dir), entry->d_name, 0);
	closedir(dir);
}

void state_sweep(struct state *state, const struct id *keep)
{
	const char *path = keep ? state_next(state, keep) : NULL;
	const char *name = path ? strrchr(path, '/') + 1 : NULL;

	sweep_folder(state, state->dir, name);
	if (strcmp(state->dir, state->run) != 0)
		sweep_folder(state, state->run, name);
}

void apply_confine(const char *state_dir)
{
	struct diag quiet = {0};
	struct state state;

	if (!state_open(&state, state_dir, &quiet))
		confine((const char *const[]){state.dir, state.run}, 2);
	state_close(&state);
	diag_free(&quiet);
}

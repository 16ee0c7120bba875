/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Confirm or take back. At every moment the files say what must become of the kernel's table:
 *
 *   pending, without a later word in confirmed   the ruleset in pending, at the deadline
 *   pending, with one                            nothing: whoever wrote it was killed behind it
 *   pending, damaged                             the ruleset in confirmed, at once
 *   no pending                                   nothing
 */
#include "pending.h"

#include "jgfw/base/file.h"
#include "jgfw/kernel/pack.h"
#include "jgfw/kernel/read.h"
#include "jgfw/policy/closed.h"

#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define SECOND_NS 1000000000u

enum {
	GUARD_TRIES = 3600, /* about a second each */
};

/* Of the program, not of one apply: who asks has no memory left, and nothing but the end before it.
 */
static bool has_changed;

bool apply_has_changed(void)
{
	return has_changed;
}

int commit(struct kernel *kernel, const struct change *change, uint32_t generation,
	   struct diag *diag)
{
	int r = kernel_change(kernel, change, generation, false, diag);

	has_changed |= !r;
	return r;
}

static bool is_overdue(const struct record *pending)
{
	return boottime_ns() >= pending->deadline_ns;
}

void pending_forget(const struct state *state)
{
	unlink(state->pending);
}

/* Was it confirmed, or ended by a later apply, by a program that was killed behind that? */
static bool was_decided(const struct state *state, const struct record *pending)
{
	struct record confirmed;
	bool decided;

	if (record_read(state->confirmed, &confirmed))
		return false;
	decided = id_equal(&confirmed.id, &pending->id) || id_equal(&confirmed.ends, &pending->id);
	record_free(&confirmed);
	return decided;
}

/* What was to be put back cannot be read: what boot would load takes its place. Its own name is
 * lost, and its time is over. */
static int read_instead(const struct state *state, struct record *ret, struct diag *diag)
{
	int r = record_read(state->confirmed, ret);

	if (r) {
		diag_warn(diag, (struct loc){0}, "damaged",
			  "%s is damaged: the kernel keeps its table, as no other is known",
			  state->pending);
		pending_forget(state);
		return -ENOENT;
	}
	diag_warn(diag, (struct loc){0}, "damaged",
		  "%s is damaged: the last confirmed ruleset is restored", state->pending);
	ret->id = ret->ends = (struct id){0};
	ret->deadline_ns = 0;
	return 0;
}

/* The apply that waits here, unless a later word was said on it; -ENOENT where none does. */
static int read_pending(const struct state *state, struct record *ret, struct diag *diag)
{
	int r = record_read(state->pending, ret);

	if (r == -ENOENT)
		return r;
	if (r == -EBADMSG)
		return read_instead(state, ret, diag);
	if (r)
		return io_error(diag, "read", state->pending, r);
	if (record_is_here(state, ret) && !was_decided(state, ret))
		return 0;
	pending_forget(state);
	record_free(ret);
	return -ENOENT;
}

void restart_pause(int times)
{
	struct timespec pause = {.tv_nsec = times * 2000000L};

	if (times)
		nanosleep(&pause, NULL);
}

int transfer(struct kernel *kernel, const struct ruleset *target, bool *ret_changed,
	     struct diag *diag)
{
	int r = -ERESTART;

	for (int i = 0; i < RESTARTS && r == -ERESTART; i++) {
		struct ruleset *now = NULL;
		struct change change;
		uint32_t generation;

		r = kernel_read(kernel, NFPROTO_INET, RULESET_TABLE, READ_ALL, &now, &generation,
				diag);
		if (r)
			return r;
		change_between(now, target, &change);
		if (ret_changed)
			*ret_changed = !change_is_empty(&change);
		if (!change_is_empty(&change))
			r = commit(kernel, &change, generation, diag);
		change_free(&change);
		ruleset_free(now);
		if (r == -ERESTART)
			restart_pause(i);
	}
	if (r == -ERESTART)
		diag_error(diag, (struct loc){0}, "kernel",
			   "others change the ruleset faster than it can be compared");
	return r;
}

/* Put the ruleset before into the kernel. */
static int take_back(struct state *state, struct kernel *kernel, const struct record *pending,
		     struct diag *diag)
{
	struct ruleset *before;
	int r = kernel_unpack(pending->payload, pending->len, RULESET_TABLE, &before);

	if (r)
		return io_error(diag, "understand", state->pending, r);
	r = transfer(kernel, before, NULL, diag);
	ruleset_free(before);
	return r;
}

/* It was taken back, because its time was over: nothing waits, and that is remembered. No room is
 * asked for on the disk. Where it cannot be written at all, taking back again changes nothing. */
static void taken_back_late(const struct state *state, const struct record *pending,
			    struct diag *diag)
{
	struct diag quiet = {0};
	int r = 0;

	if (id_is_none(&pending->id)) { /* damaged */
		pending_forget(state);
		record_write(state, state->outcome, pending, NULL, RECORD_REPLACED, &quiet);
	} else {
		r = file_move(state->pending, state->outcome, state->run);
	}
	if (r) {
		diag_warn(diag, (struct loc){0}, "state", "cannot write %s: %s", state->outcome,
			  strerror(-r));
		pending_forget(state);
	}
	diag_free(&quiet);
}

int pending_expire(struct state *state, struct kernel *kernel, enum expired *ret_expired,
		   struct record *ret, struct diag *diag)
{
	int r = read_pending(state, ret, diag);

	*ret_expired = r ? EXPIRED_NOTHING : EXPIRED_WAITS;
	if (r)
		return r == -ENOENT ? 0 : r;
	if (!is_overdue(ret))
		return 0;
	*ret_expired = EXPIRED_TAKEN_BACK;
	r = take_back(state, kernel, ret, diag);
	if (!r) {
		taken_back_late(state, ret, diag);
		diag_warn(diag, (struct loc){0}, "rolled-back",
			  "the last apply was not confirmed in time: the previous ruleset is back");
	}
	record_free(ret);
	return r;
}

/* --- what commands call --------------------------------------------------------------------- */

/** struct stage - all that the functions below begin with */
struct stage {
	struct kernel *kernel;
	struct state state;
	struct record pending;
	enum expired expired;
};

static void scene_end(struct stage *s)
{
	record_free(&s->pending);
	state_close(&s->state);
	kernel_close(s->kernel);
}

/* The kernel, whose word on privileges is the clearest, then the state with its lock. */
static int scene_begin(struct stage *s, const char *state_dir, struct diag *diag)
{
	uint32_t generation;
	int r;

	*s = (struct stage){.kernel = kernel_open(diag), .state = {.lock = -1}};
	if (!s->kernel)
		return -EIO;
	r = kernel_generation(s->kernel, &generation, diag);
	if (!r)
		r = state_open(&s->state, state_dir, diag);
	if (!r)
		r = state_lock(&s->state, diag);
	return r;
}

/* The record of what waits, as it is now, without the lock: it is replaced as a whole. One that is
 * damaged is overdue. 0, -ENOENT where nothing waits, or another -errno. */
static int peek(const struct state *state, struct record *ret)
{
	int r = record_read(state->pending, ret);

	if (r)
		*ret = (struct record){0};
	if (!r && !record_is_here(state, ret)) {
		record_free(ret);
		return -ENOENT;
	}
	return r == -EBADMSG ? 0 : r == -ENOTDIR ? -ENOENT : r;
}

/* Was the last apply taken back because nobody confirmed it? On a read-only disk it still seems to
 * wait. */
static bool was_too_late(const struct state *state)
{
	struct record record;
	bool too_late;

	if (!peek(state, &record)) {
		too_late = is_overdue(&record);
	} else {
		if (record_read(state->outcome, &record))
			return false;
		too_late = record_is_here(state, &record);
	}
	record_free(&record);
	return too_late;
}

/* Did its apply come to its end, and was nothing sent after it? */
static bool was_sent_last(const struct state *state, const struct record *pending)
{
	struct record known;
	bool sent;

	if (record_read(state->known, &known))
		return false;
	sent = record_is_here(state, &known) && id_equal(&known.id, &pending->id);
	record_free(&known);
	return sent;
}

/* Does the kernel hold what was packed? */
static int holds(const struct ruleset *now, const char *payload, size_t len, bool *ret)
{
	struct ruleset *packed;
	struct change change;
	int r = kernel_unpack(payload, len, RULESET_TABLE, &packed);

	if (r)
		return r;
	change_between(now, packed, &change);
	*ret = change_is_empty(&change);
	change_free(&change);
	ruleset_free(packed);
	return 0;
}

/* Does the kernel hold the ruleset that waits? Or still the one before, because the apply was
 * killed before it sent anything? */
static int look(struct state *state, struct kernel *kernel, const struct record *pending,
		bool *ret_new, bool *ret_before, struct diag *diag)
{
	const char *next = state_next(state, &pending->id);
	struct ruleset *now = NULL;
	struct record record;
	uint32_t generation;
	int r = record_read(next, &record);

	if (r) {
		io_error(diag, "read", next, r);
		return r;
	}
	r = kernel_read(kernel, NFPROTO_INET, RULESET_TABLE, READ_ALL, &now, &generation, diag);
	if (!r) {
		r = holds(now, record.payload, record.len, ret_new);
		if (!r)
			r = holds(now, pending->payload, pending->len, ret_before);
		if (r)
			io_error(diag, "understand", next, r);
	}
	ruleset_free(now);
	record_free(&record);
	return r;
}

/* What waits goes into the place of what boot loads: one rename. */
static int keep(struct state *state, struct kernel *kernel, const struct record *pending,
		enum pending *ret, struct diag *diag)
{
	bool is_new, is_before;
	int r = look(state, kernel, pending, &is_new, &is_before, diag);

	if (r)
		return r;
	if (is_before && !is_new) {
		diag_warn(diag, (struct loc){0}, "drift",
			  "the last apply was interrupted before it changed anything");
		pending_forget(state);
		return 0;
	}
	if (!is_new && !was_sent_last(state, pending)) {
		diag_error(diag, (struct loc){0}, "interrupted",
			   "the kernel does not hold the ruleset of the pending apply: another "
			   "apply was interrupted");
		diag_note(diag, (struct loc){0},
			  "the previous ruleset returns, unless 'jgfw apply' is run again before");
		return -ECANCELED;
	}
	if (!is_new)
		diag_warn(diag, (struct loc){0}, "drift",
			  "the kernel differs from what was applied; 'jgfw status' shows how");
	r = state_confirm(state, state_next(state, &pending->id), diag);
	if (!r)
		*ret = PENDING_KEPT;
	return r;
}

int apply_confirm(const char *state_dir, enum pending *ret, struct diag *diag)
{
	struct stage s;
	int r = scene_begin(&s, state_dir, diag);

	*ret = PENDING_NONE;
	if (!r)
		r = pending_expire(&s.state, s.kernel, &s.expired, &s.pending, diag);
	if (!r && s.expired == EXPIRED_WAITS)
		r = keep(&s.state, s.kernel, &s.pending, ret, diag);
	else if (!r && (s.expired == EXPIRED_TAKEN_BACK || was_too_late(&s.state)))
		*ret = PENDING_TOO_LATE;
	scene_end(&s);
	return r;
}

int apply_rollback(const char *state_dir, enum pending *ret, struct diag *diag)
{
	struct stage s;
	int r = scene_begin(&s, state_dir, diag);

	*ret = PENDING_NONE;
	if (!r)
		r = read_pending(&s.state, &s.pending, diag);
	if (r == -ENOENT) {
		*ret = was_too_late(&s.state) ? PENDING_TOO_LATE : PENDING_NONE;
		r = 0;
	} else if (!r) {
		r = take_back(&s.state, s.kernel, &s.pending, diag);
		if (!r) {
			pending_forget(&s.state);
			*ret = PENDING_TAKEN_BACK;
		}
	}
	scene_end(&s);
	return r;
}

/* Sleep until the deadline, or a second: it may be confirmed meanwhile, or get another deadline. */
static void sleep_towards(uint64_t deadline_ns)
{
	uint64_t now_ns = boottime_ns();
	struct timespec step = {1, 0};

	if (deadline_ns > now_ns && deadline_ns - now_ns < SECOND_NS)
		step = (struct timespec){0, (long)(deadline_ns - now_ns)};
	clock_nanosleep(CLOCK_BOOTTIME, 0, &step, NULL);
}

int apply_guard(const char *state_dir, enum pending *ret, struct diag *diag)
{
	struct state state;
	struct record pending;
	int tries = 0, r = state_open(&state, state_dir, diag);

	*ret = PENDING_NONE;
	while (!r && peek(&state, &pending) != -ENOENT) {
		uint64_t deadline_ns = pending.deadline_ns;
		bool overdue = is_overdue(&pending);

		record_free(&pending);
		if (overdue) {
			r = apply_expire(state_dir, NULL, diag);
			if (!r || ++tries == GUARD_TRIES)
				break;
			/* what fails may do so for a while: a lock that another holds */
			diag_free(diag);
			r = 0;
		}
		sleep_towards(deadline_ns);
	}
	state_close(&state);
	return r;
}

int apply_expire(const char *state_dir, unsigned int *ret_left_s, struct diag *diag)
{
	uint64_t now_ns = boottime_ns();
	struct record pending = {0};
	struct state state;
	struct stage s;
	bool waits, overdue;
	int r = state_open(&state, state_dir, diag);

	if (r) {
		state_close(&state);
		return r;
	}
	r = peek(&state, &pending);
	waits = !r;
	overdue = waits && now_ns >= pending.deadline_ns;
	/* a user who may not look sees the kernel as it is */
	if (r == -ENOENT || (r == -EACCES && geteuid()))
		r = 0;
	else if (r)
		io_error(diag, "read", state.pending, r);
	if (ret_left_s)
		*ret_left_s =
			waits && !overdue && !was_decided(&state, &pending)
				? (unsigned int)((pending.deadline_ns - now_ns) / SECOND_NS + 1)
				: 0;
	record_free(&pending);
	state_close(&state);
	if (r || !overdue)
		return r;
	r = scene_begin(&s, state_dir, diag);
	if (!r)
		r = pending_expire(&s.state, s.kernel, &s.expired, &s.pending, diag);
	scene_end(&s);
	return r;
}

/* --- boot ----------------------------------------------------------------------------------- */

static int load_confirmed(struct state *state, struct kernel *kernel, struct diag *diag)
{
	struct record record;
	struct ruleset *rs;
	int r = record_read(state->confirmed, &record);

	if (r == -ENOENT) {
		diag_error(diag, (struct loc){0}, "state",
			   "no ruleset was ever applied and confirmed here: there is no %s",
			   state->confirmed);
		return r;
	}
	if (r)
		return io_error(diag, "read", state->confirmed, r);
	r = kernel_unpack(record.payload, record.len, RULESET_TABLE, &rs);
	record_free(&record);
	if (r)
		return io_error(diag, "understand", state->confirmed, r);
	r = transfer(kernel, rs, NULL, diag);
	ruleset_free(rs);
	return r;
}

static int close_forwarding(struct kernel *kernel, struct diag *diag)
{
	struct ruleset *closed = policy_closed();
	int r = transfer(kernel, closed, NULL, diag);

	ruleset_free(closed);
	if (!r)
		diag_error(diag, (struct loc){0}, "closed",
			   "this gateway forwards nothing now, until 'jgfw apply' succeeds");
	return r;
}

int apply_restore(const char *state_dir, struct diag *diag)
{
	struct stage s;
	struct diag quiet = {0};
	int r = scene_begin(&s, state_dir, diag);

	if (!r) {
		r = load_confirmed(&s.state, s.kernel, diag);
		/* what waited is not there any more; to confirm it is too late */
		if (!r && !read_pending(&s.state, &s.pending, &quiet))
			taken_back_late(&s.state, &s.pending, diag);
	}
	if (r && s.kernel)
		close_forwarding(s.kernel, diag);
	diag_free(&quiet);
	scene_end(&s);
	return r;
}

int apply_close(struct diag *diag)
{
	struct kernel *kernel = kernel_open(diag);
	int r = kernel ? close_forwarding(kernel, diag) : -EIO;

	kernel_close(kernel);
	return r;
}

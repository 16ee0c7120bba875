/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Apply: read, compare, put on disk what may be needed, send.
 *
 * What is killed in between leaves the old ruleset or the new one in the kernel, and files that say
 * the same to whoever comes next (see pending.c).
 */
#include "jgfw/apply/flush.h"
#include "jgfw/kernel/pack.h"
#include "jgfw/kernel/read.h"
#include "pending.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/** struct attempt - one apply on its way */
struct attempt {
	const struct apply_options *options;
	const struct ruleset *new;
	struct kernel *kernel;
	struct state state;
	struct record before; /* an apply that waits already */
	bool waits;
	struct id id;
	struct buf packed;   /* the new ruleset, for files */
	struct ruleset *old; /* what the kernel holds, as of @generation */
	uint32_t generation;
	bool pending; /* the file of what waits is this apply's */
	bool armed;   /* a guard watches over it */
};

/* --- what the kernel holds ------------------------------------------------------------------ */

/* Elements that are known from a file take the place of those that were not read. */
static bool graft_set(struct set *to, struct set *from)
{
	if (!from || from->stride * from->n == 0)
		return from && !from->n;
	if (to->n || from->key_len != to->key_len || from->data_len != to->data_len ||
	    from->interval != to->interval || from->counter != to->counter)
		return false;
	to->stride = from->stride;
	to->n = from->n;
	to->cap = from->cap;
	to->bytes = from->bytes;
	to->origins = from->origins;
	from->bytes = NULL;
	from->origins = NULL;
	from->n = from->cap = 0;
	return true;
}

static bool graft(struct ruleset *skeleton, struct ruleset *saved)
{
	if (!skeleton || !saved || skeleton->table.sets.n != saved->table.sets.n)
		return false;
	vec_each(it, &skeleton->table.sets) {
		struct set *from = NULL;

		if (set_is_vmap(*it))
			continue;
		vec_each(other, &saved->table.sets)
			if (!strcmp((*it)->name, (*other)->name))
				from = *other;
		if (!graft_set(*it, from))
			return false;
	}
	return true;
}

/* The file that has what the kernel holds, if nobody has changed any table since the last apply. */
static bool find_remembered(struct attempt *run, struct record *ret)
{
	struct record known;
	struct diag quiet = {0};
	uint32_t generation;
	bool found;

	if (record_read(run->state.known, &known))
		return false;
	found = record_is_here(&run->state, &known) &&
		!kernel_generation(run->kernel, &generation, &quiet) &&
		generation == known.generation &&
		(!record_read(state_next(&run->state, &known.id), ret) ||
		 !record_read(run->state.confirmed, ret));
	if (found && !id_equal(&ret->id, &known.id)) {
		record_free(ret);
		found = false;
	}
	if (found)
		run->generation = generation;
	record_free(&known);
	diag_free(&quiet);
	return found;
}

static bool counts_elements(const struct ruleset *rs)
{
	vec_each(set, &rs->table.sets)
		if ((*set)->counter)
			return true;
	return false;
}

/* Elements of the kernel's table from a file: as good where no element counts. */
static int read_with(struct attempt *run, const struct record *saved, bool *ret_done,
		     struct diag *diag)
{
	uint32_t expected = run->generation;
	struct ruleset *rs;
	int r = 0;

	*ret_done = false;
	if (kernel_unpack(saved->payload, saved->len, RULESET_TABLE, &rs) || !rs)
		return 0;
	if (!counts_elements(rs)) {
		r = kernel_read(run->kernel, NFPROTO_INET, RULESET_TABLE, READ_SKELETON, &run->old,
				&run->generation, diag);
		*ret_done = !r && expected == run->generation && graft(run->old, rs);
	}
	ruleset_free(rs);
	return r;
}

/* What the kernel holds; @ret_same where it is known, without reading, to be the new ruleset. */
static int read_old(struct attempt *run, bool *ret_same, struct diag *diag)
{
	struct record saved;
	bool done = false;
	int r = 0;

	ruleset_free(run->old);
	run->old = NULL;
	*ret_same = false;
	if (find_remembered(run, &saved)) {
		*ret_same = saved.len == run->packed.n &&
			    !memcmp(saved.payload, run->packed.at, saved.len);
		if (!*ret_same)
			r = read_with(run, &saved, &done, diag);
		record_free(&saved);
	}
	if (r || done || *ret_same)
		return r;
	ruleset_free(run->old);
	run->old = NULL;
	return kernel_read(run->kernel, NFPROTO_INET, RULESET_TABLE, READ_ALL, &run->old,
			   &run->generation, diag);
}

/* Remember what the kernel holds at @generation; where that fails it is read the next time. */
static void remember(struct attempt *run, const struct id *id, uint32_t generation)
{
	struct record known = {.id = *id, .generation = generation};
	struct diag quiet = {0};

	record_write(&run->state, run->state.known, &known, NULL, RECORD_HINT, &quiet);
	diag_free(&quiet);
}

/* --- files ---------------------------------------------------------------------------------- */

/* The new ruleset on disk, before anything is sent: a full disk shows here. */
static int write_next(struct attempt *run, struct diag *diag)
{
	struct record next = {.id = run->id};

	if (run->waits && !run->options->confirm_s)
		next.ends = run->before.id;
	return record_write(&run->state, state_next(&run->state, &run->id), &next, &run->packed,
			    RECORD_SYNCED, diag);
}

/* The ruleset before, the deadline, and somebody who watches it. */
static int write_pending(struct attempt *run, struct diag *diag)
{
	struct record pending = {.id = run->id,
				 .deadline_ns =
					 boottime_ns() + run->options->confirm_s * 1000000000ull};
	struct buf old = {0};
	int r;

	if (run->waits) /* what was confirmed last stays the one to go back to */
		buf_add(&old, run->before.payload, run->before.len);
	else
		kernel_pack(run->old, &old);
	run->pending = true;
	r = record_write(&run->state, run->state.pending, &pending, &old, RECORD_REPLACED, diag);
	buf_free(&old);
	if (!r && !run->armed) {
		r = guard_arm(&run->state, &pending, diag);
		run->armed = !r;
	}
	return r;
}

/* Nothing was sent: the files say again what they said before. */
static void unwrite(struct attempt *run)
{
	struct buf old = {0};
	struct diag quiet = {0};

	unlink(state_next(&run->state, &run->id)); /* first: the disk may be full */
	if (run->pending && run->waits) {
		buf_add(&old, run->before.payload, run->before.len);
		record_write(&run->state, run->state.pending, &run->before, &old, RECORD_REPLACED,
			     &quiet);
	} else if (run->pending) {
		pending_forget(&run->state);
	}
	run->pending = false;
	run->armed = false; /* the guard goes where nothing waits */
	buf_free(&old);
	diag_free(&quiet);
}

/* The kernel holds the new ruleset already: so does the file for boot, and nothing waits. */
static int keep_unchanged(struct attempt *run, struct diag *diag)
{
	struct record confirmed, next = {.id = run->id};
	bool same;
	int r = 0;

	if (run->waits)
		next.ends = run->before.id;
	same = !record_read(run->state.confirmed, &confirmed);
	if (same) {
		same = confirmed.len == run->packed.n &&
		       !memcmp(confirmed.payload, run->packed.at, run->packed.n);
		if (same)
			run->id = confirmed.id;
		record_free(&confirmed);
	}
	if (!same || run->waits) {
		run->id = next.id;
		r = record_write(&run->state, run->state.confirmed, &next, &run->packed,
				 RECORD_REPLACED, diag);
	}
	if (!r) {
		unlink(run->state.pending);
		unlink(run->state.outcome);
		remember(run, &run->id, run->generation);
	}
	return r;
}

/* --- sending -------------------------------------------------------------------------------- */

static int write_files(struct attempt *run, struct diag *diag)
{
	const char *strange = run->old ? ruleset_unsupported(run->old) : NULL;
	int r;

	if (run->options->confirm_s && !run->waits && strange) {
		diag_error(diag, (struct loc){0}, "unrestorable",
			   "the table that is in the kernel now could not be restored later: %s",
			   strange);
		diag_note(diag, (struct loc){0},
			  "apply without --confirm replaces it; 'jgfw diff' shows the difference");
		return -EOPNOTSUPP;
	}
	r = write_next(run, diag);
	if (!r && run->options->confirm_s)
		r = write_pending(run, diag);
	return r;
}

static int send_change(struct attempt *run, const struct change *change, struct diag *diag)
{
	/* named before: what comes behind the change must not fail for lack of memory */
	const char *next = state_next(&run->state, &run->id);
	int r = write_files(run, diag);

	if (!r) {
		/* while one waits, this file says that it was sent, and nothing after it */
		unlink(run->state.known);
		r = commit(run->kernel, change, run->generation, diag);
	}
	if (r) {
		unwrite(run);
		return r;
	}
	if (!run->options->confirm_s) {
		r = state_confirm(&run->state, next, diag);
		if (r) { /* what cannot be kept for boot must not be in force */
			transfer(run->kernel, run->old, NULL, diag);
			unwrite(run);
			return r;
		}
	}
	unlink(run->state.outcome); /* of an earlier one */
	remember(run, &run->id, run->generation + 1);
	return 0;
}

/* The kernel holds it already, but what waits is this apply from now on, to a new deadline. */
static int wait_on(struct attempt *run, struct diag *diag)
{
	int r = write_files(run, diag);

	if (r)
		unwrite(run);
	else
		remember(run, &run->id, run->generation);
	return r;
}

/* The kernel holds the new ruleset already. */
static int nothing_to_send(struct attempt *run, struct apply_result *ret, struct diag *diag)
{
	if (run->options->dry_run)
		return 0;
	if (!run->waits || !run->options->confirm_s)
		return keep_unchanged(run, diag);
	ret->waits = true;
	return wait_on(run, diag);
}

static int compare_and_send(struct attempt *run, struct apply_result *ret, struct diag *diag)
{
	struct change change;
	int r;

	change_between(run->old, run->new, &change);
	ret->changed = !change_is_empty(&change);
	ret->changes = change_size(&change);
	if (!ret->changed)
		r = nothing_to_send(run, ret, diag);
	else if (run->options->dry_run)
		r = kernel_change(run->kernel, &change, run->generation, true, diag);
	else
		r = send_change(run, &change, diag);
	if (!r && ret->changed && !run->options->dry_run)
		ret->waits = run->options->confirm_s;
	change_free(&change);
	return r;
}

/* One attempt; -ERESTART where somebody else committed in between. */
static int attempt(struct attempt *run, struct apply_result *ret, struct diag *diag)
{
	bool same;
	int r = read_old(run, &same, diag);

	if (r)
		return r;
	return same ? nothing_to_send(run, ret, diag) : compare_and_send(run, ret, diag);
}

static int attempts(struct attempt *run, struct apply_result *ret, struct diag *diag)
{
	int r = -ERESTART;

	kernel_pack(run->new, &run->packed);
	for (int i = 0; i < RESTARTS && r == -ERESTART; i++) {
		restart_pause(i);
		r = attempt(run, ret, diag);
	}
	if (r == -ERESTART)
		diag_error(diag, (struct loc){0}, "kernel",
			   "others change the ruleset faster than it can be compared");
	return r;
}

static int end_flows(const struct attempt *run, struct apply_result *ret, struct diag *diag)
{
	int r = flows_flush(run->new, ret->changed ? run->old : run->new, &ret->flows_ended, diag);

	if (r)
		diag_note(
			diag, (struct loc){0},
			"the ruleset is in force, but flows that it would not allow may continue");
	return r;
}

int apply_ruleset(const struct ruleset *rs, const struct apply_options *options,
		  struct apply_result *ret, struct diag *diag)
{
	struct attempt run = {.options = options,
			      .new = rs,
			      .kernel = kernel_open(diag),
			      .state = {.lock = -1},
			      .id = id_new()};
	enum expired expired = EXPIRED_NOTHING;
	uint32_t generation;
	int r;

	*ret = (struct apply_result){0};
	if (!run.kernel)
		return -EIO;
	r = kernel_generation(run.kernel, &generation, diag);
	if (!r)
		r = state_open(&run.state, options->state_dir, diag);
	if (!r && !options->dry_run)
		r = state_lock(&run.state, diag);
	if (!r && !options->dry_run)
		r = pending_expire(&run.state, run.kernel, &expired, &run.before, diag);
	run.waits = expired == EXPIRED_WAITS;
	if (!r && !options->dry_run)
		state_sweep(&run.state, run.waits ? &run.before.id : NULL);
	if (!r)
		r = attempts(&run, ret, diag);
	if (!r && options->flush_flows && !options->dry_run && rs)
		r = end_flows(&run, ret, diag);
	if (!r && !options->dry_run)
		state_sweep(&run.state, ret->waits ? &run.id : NULL);
	buf_free(&run.packed);
	ruleset_free(run.old);
	record_free(&run.before);
	state_close(&run.state);
	kernel_close(run.kernel);
	return r;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rulesets brought into the kernel, and back out where nobody confirms them. */
#ifndef JGFW_APPLY_H
#define JGFW_APPLY_H

#include "jgfw/kernel/kernel.h"

/** struct apply_options - how; zero is the plain way */
struct apply_options {
	const char *state_dir;	/* NULL: $JGFW_STATE, or /var/lib/jgfw and /run/jgfw */
	bool dry_run;		/* let the kernel judge it, and change nothing */
	unsigned int confirm_s; /* seconds in which it must be confirmed; 0: it need not */
	bool flush_flows;	/* end established flows that the new ruleset would not let begin */
};

struct apply_result {
	bool changed;	/* the kernel held something else */
	size_t changes; /* of how many pieces, see change_size() */
	bool waits;	/* for confirmation */
	size_t flows_ended;
};

/** apply_confine - give up all files but those of the state, see confine(); for when the site was
 * read, and not before a guard is to be started */
void apply_confine(const char *state_dir);

/** apply_ruleset - bring @rs (NULL: no table) into the kernel in one transaction, and keep it for
 * the next boot
 *
 * Where the kernel holds it already nothing is sent. With @options->confirm_s the ruleset before is
 * kept until apply_confirm(), and put back when the time is over; nothing is kept for boot until
 * then. Without, this is the last word, also on an apply that still waits.
 *
 * Returns 0 or -errno after errors in @diag; then the kernel holds what it held before, unless it
 * was the flows that could not be ended, which a note tells.
 */
int apply_ruleset(const struct ruleset *rs, const struct apply_options *options,
		  struct apply_result *ret, struct diag *diag);

/** enum pending - what became of an apply that waits */
enum pending {
	PENDING_NONE,	    /* nothing waits */
	PENDING_KEPT,	    /* confirmed */
	PENDING_TAKEN_BACK, /* the ruleset before is in the kernel again */
	PENDING_TOO_LATE,   /* taken back before, since nobody confirmed it in time */
};

/** apply_confirm - keep an apply that waits; 0 or -errno, @ret tells what it came to */
int apply_confirm(const char *state_dir, enum pending *ret, struct diag *diag);

/** apply_rollback - take back an apply that waits; as above */
int apply_rollback(const char *state_dir, enum pending *ret, struct diag *diag);

/** apply_guard - wait until nothing waits any more, or the time is over, and then take it back; as
 * above */
int apply_guard(const char *state_dir, enum pending *ret, struct diag *diag);

/** apply_expire - take back an apply whose time is over, where one is; it warns of it
 *
 * For commands that look at the kernel: a killed guard's work is done by whoever comes next.
 * @ret_left_s (may be NULL) tells in how many seconds one that waits is taken back, 0: none waits.
 */
int apply_expire(const char *state_dir, unsigned int *ret_left_s, struct diag *diag);

/** apply_restore - load the last confirmed ruleset, or else one that forwards nothing
 *
 * Returns 0, or -errno after an error in @diag; then forwarding is closed, unless the kernel did
 * not take that either.
 */
int apply_restore(const char *state_dir, struct diag *diag);

/** apply_close - load a ruleset that forwards nothing, with an error that says so; 0 or -errno */
int apply_close(struct diag *diag);

/** apply_has_changed - did this program change the kernel's table? */
bool apply_has_changed(void);

#endif

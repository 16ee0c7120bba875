/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Applies that wait for confirmation, under the lock. */
#ifndef JGFW_APPLY_PENDING_H
#define JGFW_APPLY_PENDING_H

#include "state.h"

/** pending_forget - nothing waits any more */
void pending_forget(const struct state *state);

/** enum expired - what became of a pending apply */
enum expired {
	EXPIRED_NOTHING,
	EXPIRED_WAITS,	    /* and its time is not over */
	EXPIRED_TAKEN_BACK, /* just now, as its time was over */
};

/** pending_expire - take back what is overdue, with a warning
 *
 * With EXPIRED_WAITS @ret is what waits, to be released by record_free(). Returns 0 or -errno after
 * an error in @diag.
 */
int pending_expire(struct state *state, struct kernel *kernel, enum expired *ret_expired,
		   struct record *ret, struct diag *diag);

/** commit - send @change, as kernel_change(); apply_has_changed() knows of it */
int commit(struct kernel *kernel, const struct change *change, uint32_t generation,
	   struct diag *diag);

/** transfer - make the kernel's table what @target is (NULL: none), whatever it is now
 *
 * Returns 0 or -errno after an error in @diag; @ret_changed (may be NULL) tells whether it was
 * something else.
 */
int transfer(struct kernel *kernel, const struct ruleset *target, bool *ret_changed,
	     struct diag *diag);

/** restart_pause - let the others finish, longer each time that they came first */
void restart_pause(int times);

/** guard_arm - see that somebody takes back what waits at @pending's deadline, whatever becomes of
 * this program; 0 or -errno after an error in @diag */
int guard_arm(struct state *state, const struct record *pending, struct diag *diag);

enum {
	RESTARTS = 20, /* how often others may commit in between */
};

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "apart.h"

#include "jgfw/kernel/read.h"
#include "socket.h"
#include "transaction.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

static int load(const struct ruleset *rs, struct diag *diag)
{
	struct kernel *kernel = kernel_open(diag);
	struct change change;
	uint32_t generation;
	int r = kernel ? kernel_generation(kernel, &generation, diag) : -EIO;

	if (!r) {
		change_between(NULL, rs, &change);
		r = transaction(kernel, &change, generation, false, diag);
		change_free(&change);
	}
	kernel_close(kernel);
	return r;
}

int kernel_load_apart(const struct ruleset *rs, struct diag *diag)
{
	int home = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC), r;

	if (home < 0 || unshare(CLONE_NEWNET)) {
		diag_warn(diag, (struct loc){0}, "half-judged",
			  "cannot make a network namespace to try it in (%s): loops of jumps are "
			  "found only when it is applied",
			  strerror(errno));
		if (home >= 0)
			close(home);
		return 0;
	}
	r = load(rs, diag);
	if (setns(home, CLONE_NEWNET)) {
		diag_error(diag, (struct loc){0}, "kernel",
			   "cannot return to the network namespace: %s", strerror(errno));
		r = r ? r : -EIO;
	}
	close(home);
	return r;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The connection behind struct kernel. */
#ifndef JGFW_KERNEL_SOCKET_H
#define JGFW_KERNEL_SOCKET_H

#include "jgfw/kernel.h"

struct kernel {
	struct mnl_socket *socket;
	uint32_t seq;	    /* of the last question */
	struct arena arena; /* what the kernel said in words */
};

/** kernel_load_apart - load @rs into a network namespace of its own, which ends with that; what the
 * kernel does not take is an error as of kernel_change(). The caller is back in its namespace;
 * where none can be made it warns.
 */
int kernel_load_apart(const struct ruleset *rs, struct diag *diag);

/** privilege_error - say that CAP_NET_ADMIN is missing */
void privilege_error(struct diag *diag);

#endif

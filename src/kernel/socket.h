/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The connection behind struct kernel. */
#ifndef JGFW_KERNEL_SOCKET_H
#define JGFW_KERNEL_SOCKET_H

#include "jgfw/kernel/kernel.h"

struct kernel {
	struct mnl_socket *socket;
	uint32_t seq;	    /* of the last question */
	struct arena arena; /* what the kernel said in words */
};

/** privilege_error - say that CAP_NET_ADMIN is missing */
void privilege_error(struct diag *diag);

#endif

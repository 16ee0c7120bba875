/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "socket.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include <libmnl/libmnl.h>
#include <linux/netlink.h>

struct kernel *kernel_open(struct diag *diag)
{
	struct mnl_socket *socket = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC);
	struct kernel *kernel;
	int on = 1;

	if (!socket || mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID)) {
		diag_error(diag, (struct loc){0}, "kernel", "no netlink socket: %s",
			   strerror(errno));
		if (socket)
			mnl_socket_close(socket);
		return NULL;
	}
	/* errors then say in words what is wrong; older kernels do without */
	mnl_socket_setsockopt(socket, NETLINK_EXT_ACK, &on, sizeof(on));
	mnl_socket_setsockopt(socket, NETLINK_CAP_ACK, &on, sizeof(on));
	kernel = mem_alloc(sizeof(*kernel));
	kernel->socket = socket;
	return kernel;
}

void kernel_close(struct kernel *kernel)
{
	if (!kernel)
		return;
	mnl_socket_close(kernel->socket);
	arena_free(&kernel->arena);
	free(kernel);
}

void privilege_error(struct diag *diag)
{
	diag_error(diag, (struct loc){0}, "privilege",
		   "the kernel requires CAP_NET_ADMIN for this: run as root");
}

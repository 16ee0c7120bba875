/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests to the kernel that have nothing to do with transactions. */
#ifndef JGFW_KERNEL_TALK_H
#define JGFW_KERNEL_TALK_H

#include "jgfw/base/diag.h"

#include <linux/netlink.h>

enum {
	TALK_ROOM = 64 * 1024, /* bytes: more than the kernel sends at once */
};

struct mnl_socket;

/** talk_open - a netlink socket of @bus (NETLINK_*), or NULL after an error */
struct mnl_socket *talk_open(int bus, struct diag *diag);

/** talk_error - record that the kernel answered @r (-errno) where @what was wanted; gives back @r
 */
int talk_error(int r, const char *what, struct diag *diag);

/** talk_receive - messages from the kernel into @room (TALK_ROOM bytes); how many bytes, or -errno
 */
int talk_receive(struct mnl_socket *socket, char *room);

/** talk_send - @len bytes of requests to the kernel; 0 or -errno */
int talk_send(struct mnl_socket *socket, const char *room, size_t len);

/** struct talk - many requests of one kind, each with one answer */
struct talk {
	/* write the request number @i behind @message, which is a header alone and will be numbered
	 */
	void (*ask)(struct nlmsghdr *message, size_t i, void *arg);
	/* the answer to it; @error is -errno, or 0 where it is acknowledged or @message tells more;
	 * to go on 0, or -errno */
	int (*answer)(const struct nlmsghdr *message, size_t i, int error, void *arg);
	void *arg;
};

/** talk_all - ask the requests 0 to @n - 1, several at a time; 0 or -errno */
int talk_all(struct mnl_socket *socket, const struct talk *talk, size_t n);

#endif

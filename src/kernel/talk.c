/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "talk.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <libmnl/libmnl.h>

enum {
	AT_A_TIME = 64, /* so few that all answers fit a socket's usual buffer, and bits a word */
};

struct mnl_socket *talk_open(int bus, struct diag *diag)
{
	struct mnl_socket *socket = mnl_socket_open2(bus, SOCK_CLOEXEC);
	int on = 1;

	if (!socket || mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID)) {
		talk_error(-errno, "a netlink socket", diag);
		if (socket)
			mnl_socket_close(socket);
		return NULL;
	}
	/* errors then do not repeat the request */
	mnl_socket_setsockopt(socket, NETLINK_CAP_ACK, &on, sizeof(on));
	return socket;
}

int talk_error(int r, const char *what, struct diag *diag)
{
	if (r == -EPERM)
		diag_error(diag, (struct loc){0}, "privilege",
			   "the kernel requires CAP_NET_ADMIN for %s: run as root", what);
	else
		diag_error(diag, (struct loc){0}, "kernel", "the kernel refuses %s: %s", what,
			   strerror(-r));
	return r;
}

int talk_receive(struct mnl_socket *socket, char *room)
{
	ssize_t n;

	do
		n = mnl_socket_recvfrom(socket, room, TALK_ROOM);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : (int)n;
}

int talk_send(struct mnl_socket *socket, const char *room, size_t len)
{
	ssize_t n;

	do
		n = mnl_socket_sendto(socket, room, len);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : 0;
}

/* Ask the requests @from to @to - 1; they bear their numbers as sequence. */
static int ask(struct mnl_socket *socket, const struct talk *talk, size_t from, size_t to,
	       char *room)
{
	size_t len = 0;

	memset(room, 0, TALK_ROOM); /* the library skips what pads an attribute */
	for (size_t i = from; i < to; i++) {
		struct nlmsghdr *message = mnl_nlmsg_put_header(room + len);

		talk->ask(message, i, talk->arg);
		message->nlmsg_seq = (uint32_t)i;
		len += (message->nlmsg_len + 3u) & ~3u;
	}
	return talk_send(socket, room, len);
}

static int take(const struct talk *talk, const struct nlmsghdr *message)
{
	const struct nlmsgerr *error = mnl_nlmsg_get_payload(message);

	return talk->answer(message, message->nlmsg_seq,
			    message->nlmsg_type == NLMSG_ERROR ? error->error : 0, talk->arg);
}

/* One answer to each request counts, the first. */
static int take_answers(struct mnl_socket *socket, const struct talk *talk, size_t from, size_t to,
			char *room)
{
	uint64_t missing = UINT64_MAX >> (AT_A_TIME - (to - from));

	while (missing) {
		const struct nlmsghdr *m = (const struct nlmsghdr *)(const void *)room;
		int left = talk_receive(socket, room), r;

		if (left < 0)
			return left;
		for (; mnl_nlmsg_ok(m, left); m = mnl_nlmsg_next(m, &left)) {
			uint64_t bit = m->nlmsg_seq < from || m->nlmsg_seq >= to
					       ? 0
					       : UINT64_C(1) << (m->nlmsg_seq - from);

			if (!(missing & bit))
				continue;
			missing &= ~bit;
			r = take(talk, m);
			if (r)
				return r;
		}
	}
	return 0;
}

int talk_all(struct mnl_socket *socket, const struct talk *talk, size_t n)
{
	char *room = mem_alloc(TALK_ROOM);
	int r = 0;

	for (size_t from = 0, to; !r && from < n; from = to) {
		to = from + AT_A_TIME < n ? from + AT_A_TIME : n;
		r = ask(socket, talk, from, to, room);
		if (!r)
			r = take_answers(socket, talk, from, to, room);
	}
	free(room);
	return r;
}

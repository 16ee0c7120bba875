/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Transactions with the kernel. */
#include "jgfw/kernel.h"

#include "encode.h"

#include <errno.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <libmnl/libmnl.h>

enum {
	SEND_MARGIN = 64 * 1024, /* the kernel counts more than the bytes of a message */
	ANSWER_ROOM = 64 * 1024,
};

struct kernel {
	struct mnl_socket *socket;
};

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
	free(kernel);
}

/* One sendmsg() for all: cut in two, the first half would vanish without an error. */
static int send_batch(struct kernel *kernel, struct batch *batch)
{
	int fd = mnl_socket_get_fd(kernel->socket);
	struct sockaddr_nl to = {.nl_family = AF_NETLINK};
	struct iovec iov = {batch->bytes.at, batch->bytes.n};
	struct msghdr msg = {
		.msg_name = &to, .msg_namelen = sizeof(to), .msg_iov = &iov, .msg_iovlen = 1};
	int size = (int)(batch->bytes.n + SEND_MARGIN);
	ssize_t n;

	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)))
		setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	do
		n = sendmsg(fd, &msg, 0);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : 0;
}

static int take_text(const struct nlattr *attr, void *data)
{
	const char **text = data;

	if (mnl_attr_get_type(attr) == NLMSGERR_ATTR_MSG &&
	    mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) >= 0)
		*text = mnl_attr_get_str(attr);
	return MNL_CB_OK;
}

/* What the kernel says of an error in words, or NULL; inside @m. */
static const char *error_text(const struct nlmsghdr *m)
{
	const char *text = NULL;

	if (m->nlmsg_flags & NLM_F_ACK_TLVS)
		mnl_attr_parse(m, sizeof(struct nlmsgerr), take_text, &text);
	return text;
}

/* The kernel has judged the batch when sendmsg() returns: its answers are there. The first message
 * asks for an acknowledgement; without one, and without an error, nothing is known. */
static int read_answers(struct kernel *kernel, char *room, const char **ret_text)
{
	bool acknowledged = false;
	ssize_t n;

	while ((n = recv(mnl_socket_get_fd(kernel->socket), room, ANSWER_ROOM, MSG_DONTWAIT)) > 0 ||
	       errno == EINTR) {
		const struct nlmsghdr *m = (const struct nlmsghdr *)(const void *)room;

		for (int left = (int)n; mnl_nlmsg_ok(m, left); m = mnl_nlmsg_next(m, &left)) {
			const struct nlmsgerr *answer = mnl_nlmsg_get_payload(m);

			if (m->nlmsg_type != NLMSG_ERROR)
				continue;
			acknowledged |= !answer->error;
			if (!answer->error)
				continue;
			*ret_text = error_text(m);
			return answer->error;
		}
	}
	return acknowledged ? 0 : -ENOMSG;
}

static int commit(struct kernel *kernel, struct batch *batch, struct diag *diag)
{
	char *room = mem_alloc(ANSWER_ROOM);
	const char *text = NULL;
	int r;

	batch_end(batch);
	r = send_batch(kernel, batch);
	if (!r)
		r = read_answers(kernel, room, &text);
	if (r == -EPERM)
		diag_error(diag, (struct loc){0}, "privilege",
			   "the kernel wants CAP_NET_ADMIN for this: run as root");
	else if (r)
		diag_error(diag, (struct loc){0}, "kernel", "the kernel refuses: %s%s%s",
			   strerror(-r), text ? ": " : "", text ? text : "");
	free(room);
	batch_free(batch);
	return r;
}

int kernel_replace(struct kernel *kernel, const struct ruleset *rs, struct diag *diag)
{
	struct batch batch;

	batch_begin(&batch);
	encode_delete(&batch, rs->table.name);
	encode_ruleset(&batch, rs);
	return commit(kernel, &batch, diag);
}

int kernel_remove(struct kernel *kernel, const char *table, struct diag *diag)
{
	struct batch batch;

	batch_begin(&batch);
	encode_delete(&batch, table);
	return commit(kernel, &batch, diag);
}

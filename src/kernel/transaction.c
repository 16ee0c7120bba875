/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "transaction.h"

#include "change.h"
#include "jgfw/kernel/read.h"
#include "message.h"
#include "socket.h"

#include <errno.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/socket.h>

#include <libmnl/libmnl.h>

enum {
	SEND_MARGIN = 64 * 1024, /* the kernel counts more than the bytes of a message */
	ANSWER_ROOM = 64 * 1024,
	LOOKS = 5, /* at what became of a change */
};

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

/** struct refusal - the first error of a transaction */
struct refusal {
	int error; /* -errno */
	uint32_t seq;
	const char *text;
	int lost; /* -errno where answers may not have been received */
};

/* The kernel has judged the batch when sendmsg() returns: its answers are there. All are taken off
 * the socket; the first error counts. */
static bool read_answers(struct kernel *kernel, char *room, struct refusal *ret)
{
	bool acknowledged = false;

	for (;;) {
		const struct nlmsghdr *m = (const struct nlmsghdr *)(const void *)room;
		int fd = mnl_socket_get_fd(kernel->socket);
		ssize_t n = recv(fd, room, ANSWER_ROOM, MSG_DONTWAIT);

		if (n < 0 && errno != EAGAIN && errno != EINTR)
			ret->lost = -errno;
		if (n < 0 && errno != EINTR && errno != ENOBUFS)
			return acknowledged;
		for (int left = (int)n; n > 0 && mnl_nlmsg_ok(m, left);
		     m = mnl_nlmsg_next(m, &left)) {
			const struct nlmsgerr *answer = mnl_nlmsg_get_payload(m);

			if (m->nlmsg_type != NLMSG_ERROR)
				continue;
			acknowledged |= !answer->error;
			if (!answer->error || ret->error)
				continue;
			ret->error = answer->error;
			ret->seq = m->nlmsg_seq;
			ret->text = error_text(m);
			if (ret->text) /* @room is used again */
				ret->text =
					arena_copy(&kernel->arena, ret->text, strlen(ret->text));
		}
	}
}

/* The place in the site that a thing comes from, where it is known. */
static struct loc loc_of(const struct ruleset *rs, const struct about *about)
{
	uint32_t origin = about->rule			? about->rule->origin
			  : about->set && about->set->n ? about->set->origins[0]
							: 0;

	return rs && origin && origin <= rs->origins.n ? rs->origins.at[origin - 1].loc
						       : (struct loc){0};
}

/* For the reason @r. */
static void refused(const struct change *change, const struct batch *batch,
		    const struct refusal *refusal, int r, struct diag *diag)
{
	uint32_t index = refusal->seq - batch->first;
	struct about about = index < batch->abouts.n ? batch->abouts.at[index] : (struct about){0};
	struct loc loc = loc_of(change->new, &about);
	struct buf what = {0};

	if (about.rule)
		buf_printf(&what, " the rule '%s' of chain %s",
			   about.rule->comment ? about.rule->comment : "", about.chain->name);
	else if (about.chain)
		buf_printf(&what, " chain %s", about.chain->name);
	else if (about.set)
		buf_printf(&what, " set %s", about.set->name ? about.set->name : "of a rule");
	diag_error(diag, loc, "kernel", "the kernel refuses%s: %s%s%s", buf_str(&what),
		   strerror(-r), refusal->text ? ": " : "", refusal->text ? refusal->text : "");
	buf_free(&what);
}

static void owned_error(const struct table *table, struct diag *diag)
{
	diag_error(
		diag, (struct loc){0}, "owned",
		"another process holds the table inet %s: nobody else can change it, and it goes "
		"with that process",
		table->name);
}

/* Did the transaction take place, where no answer tells? What is @lost may have been a refusal. */
static int look_after(struct kernel *kernel, uint32_t before, bool dry_run, int lost,
		      struct diag *diag)
{
	struct diag quiet = {0};
	uint32_t after = before;
	int r = -EIO;

	for (int i = 0; i < LOOKS && r && !dry_run; i++)
		r = kernel_generation(kernel, &after, &quiet);
	diag_free(&quiet);
	if ((!r && after != before) || (dry_run && !lost))
		return 0;
	diag_error(diag, (struct loc){0}, "kernel", "the kernel's answer did not arrive%s%s%s",
		   lost ? ": " : "", lost ? strerror(-lost) : "",
		   r && !dry_run ? "; whether it made the change is not known" : "");
	return -ENOMSG;
}

int transaction(struct kernel *kernel, const struct change *change, uint32_t generation,
		bool dry_run, struct diag *diag)
{
	char *room = mem_alloc(ANSWER_ROOM);
	struct refusal refusal = {0};
	struct batch batch;
	bool acknowledged;
	int r;

	batch_begin(&batch, kernel->seq + 1, generation);
	encode_change(&batch, change);
	if (!dry_run) /* without its end a transaction is judged and taken back */
		batch_end(&batch);
	kernel->seq = batch.seq;
	r = send_batch(kernel, &batch);
	acknowledged = read_answers(kernel, room, &refusal);
	if (!r)
		r = refusal.error;
	if (!r && !acknowledged)
		r = look_after(kernel, generation, dry_run, refusal.lost, diag);
	else if (r == -EPERM && change->old && change->old->table.owned)
		owned_error(&change->old->table, diag);
	else if (r == -EPERM)
		privilege_error(diag);
	else if (r && r != -ERESTART)
		refused(change, &batch, &refusal, r, diag);
	batch_free(&batch);
	free(room);
	return r;
}

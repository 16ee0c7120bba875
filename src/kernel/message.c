/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages of one transaction, one behind the other. */
#include "message.h"

#include <arpa/inet.h>
#include <string.h>

#include <libmnl/libmnl.h>
#include <libnftnl/common.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

enum {
	/* bytes, more than any message takes: an attribute has up to 64 KiB, and a file may hold
	 * names that no kernel would take */
	MESSAGE_ROOM = 256 << 10,
};

/* A failed allocation within the libraries. */
void *need(void *p)
{
	if (!p)
		mem_exhausted();
	return p;
}

void need_set(int r)
{
	if (r < 0)
		mem_exhausted();
}

struct nlmsghdr *message_begin(struct batch *batch, uint16_t type, uint16_t flags)
{
	struct buf *b = &batch->bytes;
	size_t end = b->n + MESSAGE_ROOM;

	if (b->cap < end) {
		b->cap = end * 2;
		b->at = mem_resize(b->at, b->cap, 1);
	}
	/* the libraries skip what pads an attribute; it is sent, and part of files that are
	 * compared */
	memset(b->at + batch->zeroed, 0, end - batch->zeroed);
	batch->zeroed = end;
	vec_add(&batch->abouts, batch->about);
	/* one answer is enough, and older kernels give none for the mark in front */
	if (batch->abouts.n == 2)
		flags |= NLM_F_ACK;
	return nftnl_nlmsg_build_hdr(b->at + b->n, type, NFPROTO_INET, flags, batch->seq++);
}

void message_end(struct batch *batch, const struct nlmsghdr *message)
{
	batch->bytes.n += (message->nlmsg_len + 3u) & ~3u;
}

static void batch_mark(struct batch *batch, uint16_t type, uint32_t generation)
{
	struct nlmsghdr *message = message_begin(batch, 0, 0);
	struct nfgenmsg *nfg = mnl_nlmsg_get_payload(message);

	message->nlmsg_type = type;
	nfg->nfgen_family = AF_UNSPEC;
	nfg->res_id = htons(NFNL_SUBSYS_NFTABLES);
	if (generation)
		mnl_attr_put_u32(message, NFNL_BATCH_GENID, htonl(generation));
	message_end(batch, message);
}

void batch_begin(struct batch *batch, uint32_t seq, uint32_t generation)
{
	*batch = (struct batch){.set_id = 1, .first = seq, .seq = seq};
	batch_mark(batch, NFNL_MSG_BATCH_BEGIN, generation);
}

void batch_end(struct batch *batch)
{
	batch_mark(batch, NFNL_MSG_BATCH_END, 0);
}

void batch_free(struct batch *batch)
{
	buf_free(&batch->bytes);
	index_free(&batch->ids);
	vec_free(&batch->abouts);
}

uint32_t batch_set_id(struct batch *batch, const struct set *set, bool is_new)
{
	void **slot = index_find(&batch->ids, &set, sizeof(const struct set *));

	if (is_new)
		*slot = (void *)(uintptr_t)batch->set_id++;
	return (uint32_t)(uintptr_t)*slot;
}

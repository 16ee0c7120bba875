/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Entries of connection tracking, as ctnetlink tells them. */
#include "jgfw/kernel/conntrack.h"

#include "talk.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <string.h>

#include <libmnl/libmnl.h>

struct conntrack {
	struct mnl_socket *socket;
};

struct conntrack *conntrack_open(struct diag *diag)
{
	struct mnl_socket *socket = talk_open(NETLINK_NETFILTER, diag);
	struct conntrack *ct;

	if (!socket)
		return NULL;
	ct = mem_alloc(sizeof(*ct));
	ct->socket = socket;
	return ct;
}

void conntrack_close(struct conntrack *ct)
{
	if (!ct)
		return;
	mnl_socket_close(ct->socket);
	free(ct);
}

void conns_free(struct conns *conns)
{
	vec_free(conns);
	arena_free(&conns->arena);
}

static void put_request(struct nlmsghdr *message, uint16_t type, uint16_t flags)
{
	struct nfgenmsg *nfg = mnl_nlmsg_put_extra_header(message, sizeof(*nfg));

	message->nlmsg_type = (uint16_t)(NFNL_SUBSYS_CTNETLINK << 8 | type);
	message->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
	nfg->nfgen_family = AF_INET;
	nfg->version = NFNETLINK_V0;
}

/* --- reading -------------------------------------------------------------------------------- */

static bool is_u32(const struct nlattr *attr)
{
	return mnl_attr_validate(attr, MNL_TYPE_U32) >= 0;
}

static bool is_u16(const struct nlattr *attr)
{
	return mnl_attr_validate(attr, MNL_TYPE_U16) >= 0;
}

static bool is_u8(const struct nlattr *attr)
{
	return mnl_attr_validate(attr, MNL_TYPE_U8) >= 0;
}

static uint32_t host_u32(const struct nlattr *attr)
{
	return ntohl(mnl_attr_get_u32(attr));
}

static uint16_t host_u16(const struct nlattr *attr)
{
	return ntohs(mnl_attr_get_u16(attr));
}

static int take_addr(const struct nlattr *attr, void *data)
{
	struct tuple *tuple = data;

	if (mnl_attr_get_type(attr) == CTA_IP_V4_SRC && is_u32(attr))
		tuple->saddr = host_u32(attr);
	else if (mnl_attr_get_type(attr) == CTA_IP_V4_DST && is_u32(attr))
		tuple->daddr = host_u32(attr);
	return MNL_CB_OK;
}

/** struct entry_reader - a direction of an entry that is being read */
struct entry_reader {
	struct conn *conn;
	struct tuple *tuple;
};

static int take_proto(const struct nlattr *attr, void *data)
{
	struct entry_reader *r = data;
	bool orig = r->tuple == &r->conn->orig;

	if (mnl_attr_get_type(attr) == CTA_PROTO_NUM && is_u8(attr))
		r->conn->l4proto = mnl_attr_get_u8(attr);
	else if (mnl_attr_get_type(attr) == CTA_PROTO_SRC_PORT && is_u16(attr))
		r->tuple->sport = host_u16(attr);
	else if (mnl_attr_get_type(attr) == CTA_PROTO_DST_PORT && is_u16(attr))
		r->tuple->dport = host_u16(attr);
	else if (mnl_attr_get_type(attr) == CTA_PROTO_ICMP_TYPE && is_u8(attr) && orig)
		r->conn->icmp_type = mnl_attr_get_u8(attr);
	return MNL_CB_OK;
}

static int take_part(const struct nlattr *attr, void *data)
{
	struct entry_reader *r = data;

	if (mnl_attr_get_type(attr) == CTA_TUPLE_IP)
		mnl_attr_parse_nested(attr, take_addr, r->tuple);
	else if (mnl_attr_get_type(attr) == CTA_TUPLE_PROTO)
		mnl_attr_parse_nested(attr, take_proto, r);
	return MNL_CB_OK;
}

/** struct dump - entries that are being read */
struct dump {
	struct conns *conns;
	struct conn *conn; /* the one under way */
};

static int take_attr(const struct nlattr *attr, void *data)
{
	struct dump *d = data;
	struct conn *conn = d->conn;

	switch (mnl_attr_get_type(attr)) {
	case CTA_TUPLE_ORIG:
		conn->wire_len = mnl_attr_get_payload_len(attr);
		conn->wire =
			arena_copy(&d->conns->arena, mnl_attr_get_payload(attr), conn->wire_len);
		mnl_attr_parse_nested(attr, take_part, &(struct entry_reader){conn, &conn->orig});
		break;
	case CTA_TUPLE_REPLY:
		mnl_attr_parse_nested(attr, take_part, &(struct entry_reader){conn, &conn->reply});
		break;
	case CTA_STATUS:
		conn->status = is_u32(attr) ? host_u32(attr) : 0;
		break;
	case CTA_ID:
		conn->id = is_u32(attr) ? host_u32(attr) : 0;
		break;
	case CTA_ZONE:
		conn->zone = is_u16(attr) ? host_u16(attr) : 0;
		break;
	}
	return MNL_CB_OK;
}

static int take_entry(const struct nlmsghdr *message, void *data)
{
	struct dump *d = data;
	const struct nfgenmsg *nfg = mnl_nlmsg_get_payload(message);

	if (nfg->nfgen_family != AF_INET)
		return MNL_CB_OK;
	d->conn = vec_push(d->conns);
	*d->conn = (struct conn){0};
	mnl_attr_parse(message, sizeof(*nfg), take_attr, d);
	return MNL_CB_OK;
}

static int receive_dump(struct conntrack *ct, char *room, struct dump *d)
{
	unsigned int port = mnl_socket_get_portid(ct->socket);
	int r;

	do {
		r = talk_receive(ct->socket, room);
		if (r >= 0) {
			r = mnl_cb_run(room, (size_t)r, 0, port, take_entry, d);
			r = r < 0 ? -errno : r;
		}
	} while (r > MNL_CB_STOP);
	return r < 0 ? r : 0;
}

int conntrack_dump(struct conntrack *ct, struct conns *ret_conns, struct diag *diag)
{
	char *room = mem_alloc(TALK_ROOM);
	struct nlmsghdr *message = mnl_nlmsg_put_header(room);
	struct dump d = {.conns = ret_conns};
	int r;

	*ret_conns = (struct conns){0};
	put_request(message, IPCTNL_MSG_CT_GET, NLM_F_DUMP);
	r = talk_send(ct->socket, room, message->nlmsg_len);
	if (!r)
		r = receive_dump(ct, room, &d);
	if (r)
		talk_error(r, "the list of tracked flows", diag);
	free(room);
	return r;
}

/* --- deleting ------------------------------------------------------------------------------- */

struct deletion {
	const struct conn *const *conns;
	size_t deleted;
};

static void ask_delete(struct nlmsghdr *message, size_t i, void *arg)
{
	const struct deletion *d = arg;
	const struct conn *conn = d->conns[i];

	put_request(message, IPCTNL_MSG_CT_DELETE, NLM_F_ACK);
	mnl_attr_put(message, CTA_TUPLE_ORIG | NLA_F_NESTED, conn->wire_len, conn->wire);
	mnl_attr_put_u32(message, CTA_ID, htonl(conn->id));
	if (conn->zone)
		mnl_attr_put_u16(message, CTA_ZONE, htons(conn->zone));
}

/* One that is gone, or another by now, is as good as deleted, but not by us. */
static int count_deleted(const struct nlmsghdr *message, size_t i, int error, void *arg)
{
	struct deletion *d = arg;

	(void)message;
	(void)i;
	if (error == -ENOENT)
		return 0;
	d->deleted += !error;
	return error;
}

int conntrack_delete(struct conntrack *ct, const struct conn *const *conns, size_t n,
		     size_t *ret_deleted, struct diag *diag)
{
	struct deletion d = {.conns = conns};
	const struct talk talk = {ask_delete, count_deleted, &d};
	int r = talk_all(ct->socket, &talk, n);

	*ret_deleted = d.deleted;
	if (r)
		talk_error(r, "to end a flow", diag);
	return r;
}

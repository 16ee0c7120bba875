/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ways to addresses, as rtnetlink tells them. */
#include "jgfw/kernel/route.h"

#include "jgfw/kernel/conntrack.h"
#include "talk.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/rtnetlink.h>

#include <libmnl/libmnl.h>

static void ask(struct nlmsghdr *message, size_t i, void *arg)
{
	const struct route *routes = arg;
	struct rtmsg *rtm = mnl_nlmsg_put_extra_header(message, sizeof(*rtm));

	message->nlmsg_type = RTM_GETROUTE;
	message->nlmsg_flags = NLM_F_REQUEST;
	rtm->rtm_family = AF_INET;
	rtm->rtm_dst_len = 32;
	mnl_attr_put_u32(message, RTA_DST, htonl(routes[i].addr));
}

static int take_oif(const struct nlattr *attr, void *data)
{
	struct route *route = data;

	if (mnl_attr_get_type(attr) != RTA_OIF || mnl_attr_validate(attr, MNL_TYPE_U32) < 0)
		return MNL_CB_OK;
	/* an interface that has just gone leads nowhere */
	if (if_indextoname(mnl_attr_get_u32(attr), route->oif))
		route->kind = ROUTE_UNICAST;
	return MNL_CB_STOP;
}

/* An error is an answer, too: nothing leads there. */
static int answer(const struct nlmsghdr *message, size_t i, int error, void *arg)
{
	struct route *route = (struct route *)arg + i;
	const struct rtmsg *rtm = mnl_nlmsg_get_payload(message);

	route->kind = ROUTE_NONE;
	if (error == -EPERM || error == -ENOBUFS || error == -ENOMEM)
		return error;
	if (error || message->nlmsg_type != RTM_NEWROUTE)
		return 0;
	if (rtm->rtm_type == RTN_LOCAL || rtm->rtm_type == RTN_BROADCAST ||
	    rtm->rtm_type == RTN_MULTICAST)
		route->kind = ROUTE_LOCAL;
	else if (rtm->rtm_type == RTN_UNICAST)
		mnl_attr_parse(message, sizeof(*rtm), take_oif, route);
	return 0;
}

int routes_find(struct route *routes, size_t n, struct diag *diag)
{
	const struct talk talk = {ask, answer, routes};
	struct mnl_socket *socket = talk_open(NETLINK_ROUTE, diag);
	int r;

	if (!socket)
		return -EIO;
	r = talk_all(socket, &talk, n);
	if (r)
		talk_error(r, "the way to an address", diag);
	mnl_socket_close(socket);
	return r;
}

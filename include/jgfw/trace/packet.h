/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Packets as people write them:
 *
 *   [in=IF] [out=IF] [state=STATE] PROTO ADDRESS[:PORT] > ADDRESS[:PORT]
 *
 * PROTO is tcp, udp, tls, sctp, icmp [TYPE], icmpv6 or proto=NUMBER; an IPv6 address stands in
 * brackets; "to" may stand for ">". Words like in= may stand anywhere.
 */
#ifndef JGFW_TRACE_PACKET_H
#define JGFW_TRACE_PACKET_H

#include "jgfw/base/buf.h"
#include "jgfw/base/diag.h"

/** enum probe_state - what connection tracking says of a packet */
enum probe_state {
	STATE_NEW,
	STATE_ESTABLISHED, /* of a flow's first direction */
	STATE_REPLY,	   /* established, of the other one */
	STATE_RELATED,
	STATE_INVALID,
	STATE_UNTRACKED,
};

/** probe_state_name - the word for @state in a packet */
const char *probe_state_name(enum probe_state state);

enum {
	ADDR6_LEN = 16,
	USUAL_SOURCE_PORT = 40000, /* a client's, where nothing asks for another */
};

/** struct probe_end - one end of a packet */
struct probe_end {
	uint32_t addr; /* IPv4, host byte order */
	uint8_t addr6[ADDR6_LEN];
	bool has_port;
	uint16_t port;
	struct loc loc;
};

/** struct probe - a packet as it was written */
struct probe {
	const char *in, *out; /* an interface or a zone; NULL where it is not given */
	struct loc in_loc, out_loc;
	uint8_t nfproto;   /* NFPROTO_IPV4 or NFPROTO_IPV6 */
	uint8_t l4proto;   /* IPPROTO_* */
	bool has_ports;	   /* its protocol has them */
	uint8_t icmp_type; /* of IPPROTO_ICMP; an echo-request where it is not given */
	bool has_state;
	enum probe_state state; /* STATE_NEW where it is not given */
	struct probe_end src, dst;
};

/** probe_parse - read the packet that is all of @source
 *
 * Strings belong to @arena. Returns 0, or -EINVAL after an error in @diag at its place.
 */
int probe_parse(const struct source *source, struct arena *arena, struct probe *ret_probe,
		struct diag *diag);

/** probe_format - append @probe so that probe_parse() reads it */
void probe_format(const struct probe *probe, struct buf *out);

/** proto_format - append the word for the protocol @l4proto: its name, or proto=NUMBER */
void proto_format(uint8_t l4proto, struct buf *out);

/** shell_quote - append @text as one word for a shell */
void shell_quote(const char *text, struct buf *out);

#endif

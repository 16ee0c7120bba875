/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A stream of numbered packets into a gateway, each a flow of its own, and what becomes of each.
 *
 *     traffic NETLINK INTERFACE=SOCKET...
 *
 * Each SOCKET is a descriptor of a bound AF_PACKET socket behind the gateway's INTERFACE, NETLINK
 * one of a NETLINK_NETFILTER socket of the gateway. Standard input says what to do, a line each:
 *
 *     kind NAME IN PROTO SRC SOURCES SPORT-SPORT DST DPORT FLOWS OUT SRC DST DPORT
 *
 *                 sends PROTO (udp, tcp, ipv6) from SOURCES addresses from SRC on, and those
 *                 ports; it must arrive behind OUT as sent to DST and DPORT, from SRC (- where it
 *                 keeps its source), or nowhere (-). Where FLOWS is not 0, it is so many flows,
 *                 which are answered once and then go on.
 *     run         forgets the kinds before; answers READY once all flows are answered
 *     stop        answers, for each kind: NAME SENT LOST WRONG [TIME-OF-A-LOSS ...], then END
 *
 * All is sent from one CPU, where a veth delivers before the call returns: nothing waits in queues
 * that could overflow. What a socket or the gateway's conntrack lost all the same ends the program.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <error.h>
#include <linux/if_packet.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netlink.h>
#include <netinet/if_ether.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	MAX_WAITING = 128, /* packets: net.core.netdev_max_backlog, 1000, drops silently */
	PATIENCE_S = 5,
	BURST = 16,	 /* packets of a kind, one after the other */
	FRAME = 256,	 /* bytes of a slot of a ring */
	SLOTS = 1 << 14, /* of a ring */
	RING_BLOCK = 1 << 16,
	MAX_PORTS = 16,
	MAX_KINDS = 64,
	FLOWS_BEFORE_FLUSH = 120000, /* below net.netfilter.nf_conntrack_max, 262144 */
	SHOWN = 8,		     /* losses with their time */
	KEPT_DSCP = 1 << 2,	     /* what the lab marks as not to be forgotten */
};

static const char magic[4] = "TRFC";

struct trailer {
	char magic[4];
	uint32_t kind;
	uint64_t number;
} __attribute__((packed));

struct port {
	char name[32];
	int fd;
	uint8_t *ring;
	unsigned next;
};

struct kind {
	char name[64];
	struct port *in, *out;		     /* @out NULL: nowhere */
	int protocol;			     /* IPPROTO_IPV6: UDP over it */
	uint32_t src, dst, out_src, out_dst; /* @out_src 0: it keeps its own */
	unsigned n_src, sport, n_sport, dport, out_dport, flows;
	uint64_t sent, arrived, wrong;
	uint64_t capacity; /* of @seen and @when */
	uint8_t *seen;	   /* by number */
	double *when;	   /* by number of burst */
	uint64_t since_flush;
};

static struct port ports[MAX_PORTS];
static unsigned n_ports;
static struct kind kinds[MAX_KINDS];
static uint64_t given_up; /* packets that are lost */
static unsigned n_kinds;
static int netlink_fd;
static uint64_t flows_made;

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static struct port *port_by_name(const char *name)
{
	for (unsigned i = 0; i < n_ports; i++)
		if (!strcmp(ports[i].name, name))
			return &ports[i];
	error(1, 0, "no interface %s", name);
	return NULL;
}

static void port_open(const char *argument)
{
	struct port *port = &ports[n_ports++];
	struct tpacket_req req = {.tp_block_size = RING_BLOCK,
				  .tp_frame_size = FRAME,
				  .tp_block_nr = SLOTS / (RING_BLOCK / FRAME),
				  .tp_frame_nr = SLOTS};
	int version = TPACKET_V2;

	if (n_ports > MAX_PORTS || sscanf(argument, "%31[^=]=%d", port->name, &port->fd) != 2)
		error(2, 0, "not an interface: %s", argument);
	if (setsockopt(port->fd, SOL_PACKET, PACKET_VERSION, &version, sizeof(version)) ||
	    setsockopt(port->fd, SOL_PACKET, PACKET_RX_RING, &req, sizeof(req)))
		error(1, errno, "%s: ring", port->name);
	port->ring =
		mmap(NULL, (size_t)SLOTS * FRAME, PROT_READ | PROT_WRITE, MAP_SHARED, port->fd, 0);
	if (port->ring == MAP_FAILED)
		error(1, errno, "%s: mmap", port->name);
}

/* --- packets -------------------------------------------------------------------------------- */

static uint32_t add_up(uint32_t sum, const void *data, size_t n)
{
	const uint8_t *at = data;

	for (; n > 1; n -= 2, at += 2)
		/* NOLINTNEXTLINE(*.UndefinedBinaryOperatorResult): build_ip() wrote them */
		sum += (uint32_t)(at[0] << 8 | at[1]);
	return n ? sum + (uint32_t)(at[0] << 8) : sum;
}

static uint16_t checksum(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons((uint16_t)~sum);
}

struct addresses {
	uint32_t src, dst;
	uint16_t sport, dport;
};

static size_t build_ip(uint8_t *at, const struct kind *kind, const struct addresses *a,
		       size_t length)
{
	struct iphdr ip = {.version = 4,
			   .ihl = 5,
			   .ttl = 64,
			   .tos = kind->flows ? KEPT_DSCP : 0,
			   .protocol = (uint8_t)kind->protocol,
			   .tot_len = htons((uint16_t)(sizeof(ip) + length)),
			   .saddr = htonl(a->src),
			   .daddr = htonl(a->dst)};

	ip.check = checksum(add_up(0, &ip, sizeof(ip)));
	memcpy(at, &ip, sizeof(ip));
	return sizeof(ip);
}

static size_t build_ip6(uint8_t *at, const struct port *in, const struct addresses *a,
			size_t length)
{
	struct ip6_hdr ip = {.ip6_flow = htonl(6u << 28),
			     .ip6_plen = htons((uint16_t)length),
			     .ip6_nxt = IPPROTO_UDP,
			     .ip6_hlim = 64};

	inet_pton(AF_INET6, "2001:db8::", &ip.ip6_src); /* 2001:db8:INTERFACE:: */
	ip.ip6_src.s6_addr[5] = (uint8_t)(in - ports + 1);
	memcpy(&ip.ip6_src.s6_addr[12], &a->src, 4);
	inet_pton(AF_INET6, "2001:db8:2::99", &ip.ip6_dst);
	memcpy(at, &ip, sizeof(ip));
	return sizeof(ip);
}

static size_t build(uint8_t *frame, const struct port *in, const struct kind *kind,
		    const struct addresses *a, const struct trailer *trailer)
{
	uint8_t ethernet[ETH_HLEN] = {2, 0, 0, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0x08, 0x00};
	struct tcphdr tcp = {.source = htons(a->sport),
			     .dest = htons(a->dport),
			     .syn = 1,
			     .doff = 5,
			     .window = 0xffff};
	struct udphdr udp = {.source = htons(a->sport), .dest = htons(a->dport)};
	bool is_tcp = kind->protocol == IPPROTO_TCP, is_ip6 = kind->protocol == IPPROTO_IPV6;
	size_t header = is_tcp ? sizeof(tcp) : sizeof(udp), length = header + sizeof(*trailer);
	uint8_t *at = frame + sizeof(ethernet), *ip = at;
	uint32_t sum;

	ethernet[5] = ethernet[11] = (uint8_t)(in - ports); /* as the lab numbers them */
	if (is_ip6) {
		ethernet[12] = 0x86;
		ethernet[13] = 0xdd;
	}
	memcpy(frame, ethernet, sizeof(ethernet));
	at += is_ip6 ? build_ip6(at, in, a, length) : build_ip(at, kind, a, length);
	udp.len = htons((uint16_t)length);
	sum = add_up((uint32_t)(is_tcp ? IPPROTO_TCP : IPPROTO_UDP) + (uint32_t)length,
		     ip + (is_ip6 ? 8 : 12), is_ip6 ? 32 : 8);
	sum = add_up(sum, trailer, sizeof(*trailer));
	tcp.check = checksum(add_up(sum, &tcp, sizeof(tcp)));
	udp.check = checksum(add_up(sum, &udp, sizeof(udp)));
	if (!udp.check)
		udp.check = 0xffff;
	memcpy(at, is_tcp ? (void *)&tcp : (void *)&udp, header);
	memcpy(at + header, trailer, sizeof(*trailer));
	return (size_t)(at - frame) + length;
}

/* --- sending -------------------------------------------------------------------------------- */

static void make_room(struct kind *kind)
{
	if (kind->sent + BURST <= kind->capacity)
		return;
	kind->capacity = kind->capacity ? 2 * kind->capacity : 1 << 16;
	kind->seen = realloc(kind->seen, kind->capacity);
	kind->when = realloc(kind->when, kind->capacity / BURST * sizeof(*kind->when));
	if (!kind->seen || !kind->when)
		error(1, ENOMEM, "packets");
	memset(kind->seen + kind->sent, 0, kind->capacity - kind->sent);
}

static struct addresses addresses_of(const struct kind *kind, uint64_t flow)
{
	return (struct addresses){
		.src = kind->src + (uint32_t)(flow / kind->n_sport % kind->n_src),
		.sport = (uint16_t)(kind->sport + flow % kind->n_sport),
		.dst = kind->dst,
		.dport = (uint16_t)kind->dport,
	};
}

static void transmit(struct port *port, uint8_t frames[][FRAME], const size_t *lengths, unsigned n)
{
	struct mmsghdr messages[BURST] = {0};
	struct iovec parts[BURST];
	unsigned done = 0;

	for (unsigned i = 0; i < n; i++) {
		parts[i] = (struct iovec){frames[i], lengths[i]};
		messages[i].msg_hdr = (struct msghdr){.msg_iov = &parts[i], .msg_iovlen = 1};
	}
	while (done < n) {
		int r = sendmmsg(port->fd, messages + done, n - done, 0);

		if (r <= 0)
			error(1, errno, "%s: send", port->name);
		done += (unsigned)r;
	}
}

static void send_burst(struct kind *kind)
{
	static uint8_t frames[BURST][FRAME];
	size_t lengths[BURST];

	make_room(kind);
	kind->when[kind->sent / BURST] = now();
	for (unsigned i = 0; i < BURST; i++) {
		struct trailer trailer = {.kind = (uint32_t)(kind - kinds), .number = kind->sent};
		uint64_t flow = kind->flows ? kind->sent % kind->flows : kind->sent;
		struct addresses a = addresses_of(kind, flow);

		memcpy(trailer.magic, magic, sizeof(magic));
		lengths[i] = build(frames[i], kind->in, kind, &a, &trailer);
		kind->sent++;
	}
	transmit(kind->in, frames, lengths, BURST);
	if (!kind->flows) {
		kind->since_flush += BURST;
		flows_made += BURST;
	}
}

/* --- receiving ------------------------------------------------------------------------------ */

static void received(struct port *port, const uint8_t *frame, size_t n)
{
	struct trailer trailer;
	struct addresses a;
	struct iphdr ip;
	struct kind *kind;
	uint16_t ports_be[2];

	if (n < ETH_HLEN + sizeof(ip) + 8 + sizeof(trailer))
		return;
	memcpy(&trailer, frame + n - sizeof(trailer), sizeof(trailer));
	if (memcmp(trailer.magic, magic, sizeof(magic)) || trailer.kind >= n_kinds)
		return;
	kind = &kinds[trailer.kind];
	if (trailer.number >= kind->sent)
		return; /* an answer of send_answers() */
	memcpy(&ip, frame + ETH_HLEN, sizeof(ip));
	memcpy(ports_be, frame + ETH_HLEN + sizeof(ip), sizeof(ports_be));
	a = addresses_of(kind, kind->flows ? trailer.number % kind->flows : trailer.number);
	if (port != kind->out || kind->seen[trailer.number]++ || ip.version != 4 ||
	    ntohl(ip.daddr) != kind->out_dst ||
	    ntohl(ip.saddr) != (kind->out_src ? kind->out_src : a.src) ||
	    ntohs(ports_be[0]) != a.sport || ntohs(ports_be[1]) != kind->out_dport)
		kind->wrong++;
	else
		kind->arrived++;
}

static void receive(void)
{
	for (unsigned i = 0; i < n_ports; i++)
		for (struct port *port = &ports[i];; port->next = (port->next + 1) % SLOTS) {
			uint8_t *slot = port->ring + (size_t)port->next * FRAME;
			struct tpacket2_hdr *header = (struct tpacket2_hdr *)(void *)slot;

			if (!(__atomic_load_n(&header->tp_status, __ATOMIC_ACQUIRE) &
			      TP_STATUS_USER))
				break;
			received(port, slot + header->tp_mac, header->tp_snaplen);
			__atomic_store_n(&header->tp_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
		}
}

static void check_rings(void)
{
	for (unsigned i = 0; i < n_ports; i++) {
		struct tpacket_stats stats;
		socklen_t n = sizeof(stats);

		if (getsockopt(ports[i].fd, SOL_PACKET, PACKET_STATISTICS, &stats, &n))
			error(1, errno, "%s: statistics", ports[i].name);
		if (stats.tp_drops)
			error(1, 0, "%s: the ring lost %u packets", ports[i].name, stats.tp_drops);
	}
}

/* How many that may pass have not arrived. */
static uint64_t missing(void)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < n_kinds; i++)
		if (kinds[i].out)
			n += kinds[i].sent - kinds[i].arrived;
	return n;
}

/*
 * What still waits for a softirq of its own is through: on a machine with other work too, that is
 * done by ksoftirqd, which must wait for its turn. What has not come PATIENCE_S after the last that
 * has is lost.
 */
static void settle(void)
{
	uint64_t before = missing();
	double last = now();

	while (before > given_up) {
		receive();
		if (missing() < before)
			last = now();
		else if (now() - last > PATIENCE_S)
			given_up = before;
		else
			usleep(1000);
		before = missing();
	}
	given_up = before;
	for (unsigned i = 0; i < 20; i++) {
		receive();
		usleep(1000);
	}
}

/* --- flows ---------------------------------------------------------------------------------- */

/* Forget all flows of the gateway but those that the lab marks. */
static void flush_flows(void)
{
	struct {
		struct nlmsghdr header;
		struct nfgenmsg family;
		struct nlattr mark_header;
		uint32_t mark;
		struct nlattr mask_header;
		uint32_t mask;
	} request = {
		.header = {.nlmsg_len = sizeof(request),
			   .nlmsg_type = NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_DELETE,
			   .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK},
		.mark_header = {.nla_len = 8, .nla_type = CTA_MARK},
		.mask_header = {.nla_len = 8, .nla_type = CTA_MARK_MASK},
		.mask = UINT32_MAX,
	};
	struct {
		struct nlmsghdr header;
		struct nlmsgerr error;
		char rest[256];
	} answer;

	if (send(netlink_fd, &request, sizeof(request), 0) < 0 ||
	    recv(netlink_fd, &answer, sizeof(answer), 0) < 0 || answer.error.error)
		error(1, errno, "conntrack flush");
	for (unsigned i = 0; i < n_kinds; i++)
		kinds[i].since_flush = 0;
	flows_made = 0;
}

static bool must_flush(const struct kind *kind)
{
	return kind->since_flush + BURST > (uint64_t)kind->n_src * kind->n_sport ||
	       flows_made > FLOWS_BEFORE_FLUSH;
}

/* The first packet of each flow of a kind, and its answer. */
static void answer_flows(struct kind *kind)
{
	uint8_t frames[BURST][FRAME];
	size_t lengths[BURST];

	for (uint64_t sent = 0; sent < kind->flows; sent += BURST)
		send_burst(kind);
	for (unsigned i = 0; i < kind->flows; i += BURST) {
		for (unsigned k = 0; k < BURST; k++) {
			struct trailer none = {.kind = MAX_KINDS};
			struct addresses a = addresses_of(kind, i + k);
			struct addresses back = {.src = kind->out_dst,
						 .dst = a.src,
						 .sport = (uint16_t)kind->out_dport,
						 .dport = a.sport};

			lengths[k] = build(frames[k], kind->out, kind, &back, &none);
		}
		transmit(kind->out, frames, lengths, BURST);
	}
}

/* --- all ------------------------------------------------------------------------------------ */

static void add_kind(const char *line)
{
	struct kind kind = {0};
	char in[32], protocol[8], src[32], dst[32], out[32], out_src[32], out_dst[32];
	unsigned last = 0;

	if (n_kinds == MAX_KINDS ||
	    sscanf(line, "kind %63s %31s %7s %31s %u %u-%u %31s %u %u %31s %31s %31s %u", kind.name,
		   in, protocol, src, &kind.n_src, &kind.sport, &last, dst, &kind.dport,
		   &kind.flows, out, out_src, out_dst, &kind.out_dport) != 14)
		error(2, 0, "not a kind: %s", line);
	kind.in = port_by_name(in);
	kind.out = strcmp(out, "-") ? port_by_name(out) : NULL;
	kind.protocol = !strcmp(protocol, "tcp")    ? IPPROTO_TCP
			: !strcmp(protocol, "ipv6") ? IPPROTO_IPV6
						    : IPPROTO_UDP;
	kind.src = ntohl(inet_addr(src));
	kind.dst = ntohl(inet_addr(dst));
	kind.out_src = strcmp(out_src, "-") ? ntohl(inet_addr(out_src)) : 0;
	kind.out_dst = ntohl(inet_addr(out_dst));
	kind.n_sport = last - kind.sport + 1;
	kinds[n_kinds++] = kind;
}

static void start(void)
{
	given_up = 0;
	flush_flows();
	for (unsigned i = 0; i < n_kinds; i++)
		if (kinds[i].flows)
			answer_flows(&kinds[i]);
	settle();
	puts("READY");
	fflush(stdout);
}

static void stop(void)
{
	settle();
	check_rings();
	for (unsigned i = 0; i < n_kinds; i++) {
		struct kind *kind = &kinds[i];
		uint64_t lost = kind->out ? kind->sent - kind->arrived : 0;
		unsigned shown = 0;

		printf("%s %llu %llu %llu", kind->name, (unsigned long long)kind->sent,
		       (unsigned long long)lost, (unsigned long long)kind->wrong);
		for (uint64_t n = 0; lost && n < kind->sent && shown < SHOWN; n++)
			if (!kind->seen[n]) {
				printf(" %.6f", kind->when[n / BURST]);
				shown++;
			}
		putchar('\n');
		free(kind->seen);
		free(kind->when);
	}
	puts("END");
	fflush(stdout);
	n_kinds = 0;
}

static bool has_line(void)
{
	struct pollfd in = {.fd = STDIN_FILENO, .events = POLLIN};

	return poll(&in, 1, 0) > 0;
}

static void run(void)
{
	start();
	while (!has_line())
		for (unsigned i = 0; i < n_kinds; i++) {
			if (must_flush(&kinds[i])) {
				settle();
				flush_flows();
			}
			send_burst(&kinds[i]);
			receive();
			if (missing() > given_up + MAX_WAITING)
				settle();
		}
}

int main(int argc, char **argv)
{
	char line[512];

	if (argc < 3)
		error(2, 0, "usage: traffic NETLINK INTERFACE=SOCKET...");
	setvbuf(stdin, NULL, _IONBF, 0);
	netlink_fd = atoi(argv[1]);
	for (int i = 2; i < argc; i++)
		port_open(argv[i]);
	while (fgets(line, sizeof(line), stdin))
		if (!strncmp(line, "kind ", 5))
			add_kind(line);
		else if (!strcmp(line, "run\n"))
			run();
		else
			stop();
	return 0;
}

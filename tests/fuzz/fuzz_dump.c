/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Answers of the kernel, damaged at any level: tables of anybody, tracked flows, routes. In the
 * place of libmnl's sockets stand those here, which give the messages of the input one by one, in
 * the form of a packed ruleset (kernel_pack()): how many bytes of them, and they.
 */
#include "fuzz.h"
#include "jgfw/kernel/pack.h"
#include "jgfw/kernel/route.h"

#include "jgfw/apply/flush.h"
#include "jgfw/emit/ruleset.h"
#include "jgfw/kernel/conntrack.h"
#include "jgfw/kernel/tables.h"
#include "jgfw/verify/proof/prove.h"
#include "status/foreign.h"

#include <errno.h>
#include <string.h>

#include <libmnl/libmnl.h>
#include <linux/netfilter/nfnetlink.h>

/* NOLINTBEGIN(readability-inconsistent-declaration-parameter-name): libmnl's say less */

enum {
	MAX_ERRNO = 4095, /* the kernel's */
};

/* --- the kernel's side of the socket -------------------------------------------------------- */

struct mnl_socket {
	uint32_t seq; /* of the last question; messages of an input count from it */
};

static struct mnl_socket the_socket;
static struct feed answers;

struct mnl_socket *mnl_socket_open2(int bus, int flags)
{
	(void)bus;
	(void)flags;
	return &the_socket;
}

int mnl_socket_bind(struct mnl_socket *socket, unsigned int groups, pid_t pid)
{
	(void)socket;
	(void)groups;
	(void)pid;
	return 0;
}

int mnl_socket_setsockopt(const struct mnl_socket *socket, int type, void *value, socklen_t len)
{
	(void)socket;
	(void)type;
	(void)value;
	(void)len;
	return 0;
}

unsigned int mnl_socket_get_portid(const struct mnl_socket *socket)
{
	(void)socket;
	return 0;
}

int mnl_socket_close(struct mnl_socket *socket)
{
	(void)socket;
	return 0;
}

ssize_t mnl_socket_sendto(const struct mnl_socket *socket, const void *bytes, size_t len)
{
	const struct nlmsghdr *first = bytes;

	(void)socket;
	must(mnl_nlmsg_ok(first, (int)len));
	the_socket.seq = first->nlmsg_seq;
	return (ssize_t)len;
}

/* How many bytes come at once: up to the end of an answer, or all where that is not to be seen. Of
 * lengths that libmnl takes for negative ones, which no kernel sends, none comes. */
static size_t datagram_len(size_t max)
{
	size_t n = 0;

	while (answers.left - n >= NLMSG_HDRLEN) {
		struct nlmsghdr head;

		memcpy(&head, answers.at + n, sizeof(head));
		if (head.nlmsg_len > INT32_MAX)
			return n;
		if (head.nlmsg_len < NLMSG_HDRLEN || head.nlmsg_len > answers.left - n ||
		    NLMSG_ALIGN(head.nlmsg_len) > max - n)
			break;
		n += NLMSG_ALIGN(head.nlmsg_len);
		if (n >= answers.left || head.nlmsg_type == NLMSG_DONE ||
		    head.nlmsg_type == NLMSG_ERROR)
			break;
	}
	n = n ? n : max;
	return n < answers.left ? n : answers.left;
}

ssize_t mnl_socket_recvfrom(const struct mnl_socket *socket, void *room, size_t max)
{
	size_t n = datagram_len(max);
	int left = (int)n;

	if (!n) {
		errno = EIO;
		return -1;
	}
	memcpy(room, answers.at, n);
	answers.at += n;
	answers.left -= n;
	for (struct nlmsghdr *m = room; mnl_nlmsg_ok(m, left); m = mnl_nlmsg_next(m, &left)) {
		struct nlmsgerr *answer = mnl_nlmsg_get_payload(m);

		m->nlmsg_seq += socket->seq;
		if (m->nlmsg_type == NLMSG_ERROR && mnl_nlmsg_get_payload_len(m) >= sizeof(int))
			answer->error = -(int)(-(unsigned int)answer->error % MAX_ERRNO);
	}
	return (ssize_t)n;
}

/* --- who asks ------------------------------------------------------------------------------- */

static const char site_text[] =
	"version: 1\n"
	"gateway: {zones: {wan: eth0, outward: eth1, inward: eth2, lan: eth3}}\n"
	"deployments:\n"
	"  - name: hq\n"
	"    profile: dual-medium\n"
	"    edge: [{name: e1, public: 203.0.113.10, outward: 192.0.2.10, inward: 192.0.2.74}]\n"
	"    core: [10.10.0.20]\n"
	"    guest: [10.10.0.30]\n";
static const struct source source = {"site.yaml", site_text, sizeof(site_text) - 1};
static struct site *site;
static struct ruleset *rs;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static struct library *library;

	(void)argc;
	(void)argv;
	library = library_new(NULL);
	site = compile_text(&source, library, &rs);
	must(site);
	return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed)
{
	return messages_mutate(data, size, max_size, seed);
}

/* What is read can be told, run, and judged with all that stands beside it. */
static void use_tables(const struct tables *tables, struct feed packets)
{
	struct question question = {.site = site,
				    .rulesets = (const struct ruleset *const *)tables->at,
				    .n_rulesets = tables->n};
	struct buf text = {0};
	struct proof proof;

	vec_each(table, tables) {
		emit_ruleset(*table, &text);
		compare_ways(*table, &packets);
	}
	verify(&question, &proof);
	proof_free(&proof);
	buf_free(&text);
}

static void ask_tables(struct diag *diag)
{
	struct feed all = answers;
	struct kernel *kernel = kernel_open(diag);
	struct tables tables;

	if (!tables_read(&tables, diag))
		use_tables(&tables, all);
	tables_free(&tables);
	answers = all;
	warn_foreign(kernel, diag);
	kernel_close(kernel);
}

/* Flows that are tracked, then the ways to their ends. */
static void ask_conntrack(struct diag *diag)
{
	struct feed all_answers = answers;
	struct conntrack *ct = conntrack_open(diag);
	struct {
		VEC(const struct conn *);
	} all = {0};
	struct conns conns;
	size_t deleted;

	if (!conntrack_dump(ct, &conns, diag)) {
		vec_each(conn, &conns)
			vec_add(&all, conn);
		conntrack_delete(ct, all.at, all.n, &deleted, diag);
		must(deleted <= all.n);
	}
	vec_free(&all);
	conns_free(&conns);
	conntrack_close(ct);
	answers = all_answers;
	flows_flush(rs, NULL, &deleted, diag);
}

static void ask_routes(struct diag *diag)
{
	struct route routes[] = {{.addr = 0xcb00710a}, {.addr = 0xc000020a}, {.addr = 0x7f000001}};

	if (routes_find(routes, ARRAY_SIZE(routes), diag))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(routes); i++)
		must((routes[i].kind == ROUTE_UNICAST) ==
		     (memchr(routes[i].oif, '\0', IFNAMSIZ) != routes[i].oif));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct nlmsghdr first;
	struct diag diag = {0};
	uint64_t len;

	if (size < sizeof(len) + sizeof(first))
		return -1;
	memcpy(&len, data, sizeof(len));
	memcpy(&first, data + sizeof(len), sizeof(first));
	size -= sizeof(len);
	answers = (struct feed){data + sizeof(len), len < size ? len : size};
	if (NFNL_SUBSYS_ID(first.nlmsg_type) == NFNL_SUBSYS_NFTABLES)
		ask_tables(&diag);
	else if (NFNL_SUBSYS_ID(first.nlmsg_type) == NFNL_SUBSYS_CTNETLINK)
		ask_conntrack(&diag);
	else
		ask_routes(&diag);
	check_diag(&diag);
	diag_free(&diag);
	return 0;
}

/* NOLINTEND(readability-inconsistent-declaration-parameter-name) */

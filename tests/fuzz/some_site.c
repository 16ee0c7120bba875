/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sites, from bytes that choose: most are right, and say more than a mutated text would. */
#include "fuzz.h"

#include <string.h>

enum {
	MAX_DEPLOYMENTS = 3,
	MAX_PEERS = 3,
	MAX_ROWS = 3,
	MAX_ASSERTIONS = 2,
};

/** one_of - a word of a list */
#define one_of(f, words) ((words)[feed_below((f), ARRAY_SIZE(words))])

/* Nothing more often than not. */
static void maybe(struct feed *f, const char *const *lines, size_t n, struct buf *out)
{
	size_t i = feed_below(f, (unsigned int)(2 * n + 1));

	if (i < n)
		buf_printf(out, "%s\n", lines[i]);
}

static void gateway(struct feed *f, bool dual, struct buf *out)
{
	static const char *const duals[] = {
		"wan: eth0, outward: eth1, inward: eth2, lan: [eth3, eth4]",
		"wan: [eth0, eth5], outward: eth1, inward: eth2, lan: eth3",
		"wan: eth0, outward: eth1",
		"inward: eth2, lan: eth3",
		"wan: eth0, outward: eth1, inward: eth2",
		"wan: eth0, outward: eth1, inward: eth1, lan: eth1",
		"wan: eth0, outward: [eth1, eth2], inward: [eth2, eth3], lan: [eth3, eth4]",
	};
	static const char *const singles[] = {
		"wan: eth0, dmz: eth1, lan: [eth3, eth4]",
		"wan: eth0, dmz: eth1, lan: eth1",
		"wan: [eth0, eth2], dmz: eth1",
		"dmz: eth1, lan: eth2",
		"wan: eth0, dmz: [eth1, eth2], lan: [eth2, eth3]",
	};
	static const char *const options[] = {"  scope: hosts", "  public_addresses: shared",
					      "  scope: hosts\n  public_addresses: shared"};
	static const char *const quiet[] = {"  log_drops: true", "  counters: deployments"};

	buf_printf(out, "version: 1\ngateway:\n  zones: {%s}\n",
		   dual ? one_of(f, duals) : one_of(f, singles));
	maybe(f, options, ARRAY_SIZE(options), out);
	maybe(f, quiet, ARRAY_SIZE(quiet), out);
}

static void machines(struct feed *f, const char *key, unsigned int net, struct buf *out)
{
	unsigned int first = 20 + feed_below(f, 4), n = 1 + feed_below(f, 3);

	buf_printf(out, "    %s: [", key);
	for (unsigned int i = 0; i < n; i++)
		buf_printf(out, "%s10.%u.0.%u", i ? ", " : "", net, first + i);
	buf_puts(out, "]\n");
}

/* Addresses are those of this deployment, but now and then of its neighbour. */
static void peers(struct feed *f, bool dual, unsigned int d, struct buf *out)
{
	unsigned int n = 1 + feed_below(f, MAX_PEERS);
	bool no_static_nat = feed_below(f, 8) == 7;

	buf_puts(out, "    edge:\n");
	for (unsigned int i = 0; i < n; i++) {
		unsigned int at = 10 + 10 * (feed_below(f, 32) == 31 ? 0 : d) + i;

		buf_printf(out, "      - {name: e%u, public: 203.0.113.%u, ", i + 1, at);
		buf_printf(out, "%s: %s.%u", dual ? "outward" : "private",
			   no_static_nat ? "203.0.113" : "192.0.2", at);
		if (dual)
			buf_printf(out, ", inward: 192.0.2.%u", at + 64);
		buf_puts(out, "}\n");
	}
}

static const char *some_end(struct feed *f, bool dual)
{
	static const char *const ends[] = {
		"edge.public",
		"e1.public",
		"core",
		"guest",
		"any",
		"lan",
		"wan",
		"lan:10.20.0.0/16",
		"wan:9.9.9.9",
		"lan:10.1.0.0/16",
		"wan:198.51.100.0/24",
		"wan:203.0.113.10",
		"lan:10.1.0.20/31",
		"wan:0.0.0.0/1",
	};
	static const char *const duals[] = {
		"edge.outward", "edge.inward", "e1.outward",	     "e1.inward",	 "outward",
		"inward",	"edge.inward", "outward:192.0.2.10", "inward:192.0.2.74"};
	static const char *const singles[] = {"edge.private", "e1.private", "dmz",
					      "dmz:192.0.2.0/28", "dmz:192.0.2.10"};

	if (feed_below(f, 2))
		return one_of(f, ends);
	return dual ? one_of(f, duals) : one_of(f, singles);
}

static void put_rows(struct feed *f, bool dual, struct buf *out)
{
	static const char *const kinds[] = {
		"proto: tcp, dport: 22",
		"proto: udp, dport: 53, sport: 1024-65535",
		"proto: tcp+udp, dport: [53, 8000-8010]",
		"proto: icmp, icmp: echo-request",
		"proto: tls, dport: https",
		"proto: udp, dport: [3478, 36000-36001], sport: [5, 7-9]",
		"proto: tcp, dport: 1-65535",
	};
	static const char *const translations[] = {", translate: 8443", ", translate: 9443", ""};
	unsigned int n = feed_below(f, MAX_ROWS + 1);

	if (n)
		buf_puts(out, "    rows:\n");
	for (unsigned int i = 0; i < n; i++) {
		const char *from = some_end(f, dual), *to = some_end(f, dual);
		bool public = strstr(to, ".public");

		buf_printf(out, "      - {id: own%u, purpose: p, from: \"%s\", to: \"%s\", ", i,
			   from, to);
		if (public && feed_below(f, 2))
			buf_printf(out, "proto: tcp, dport: 443%s}\n", one_of(f, translations));
		else
			buf_printf(out, "%s}\n", one_of(f, kinds));
	}
}

static void assertions(struct feed *f, struct buf *out)
{
	static const char *const texts[] = {
		"deny wan > lan",
		"allow wan > edge.public tcp https from 1024-65535",
		"allow lan:10.1.0.5 > e1.public tcp 443",
		"deny any > core",
		"allow core > wan udp 53 from 1024-65535",
		"deny wan > edge.public tcp 22",
		"deny lan > wan icmp echo-request",
	};
	unsigned int n = feed_below(f, MAX_ASSERTIONS + 1);

	if (n)
		buf_puts(out, "    assert:\n");
	while (n--)
		buf_printf(out, "      - %s\n", one_of(f, texts));
}

static void deployment(struct feed *f, bool dual, unsigned int d, struct buf *out)
{
	static const char *const sizes[] = {"small",	 "medium",     "large",
					    "small-mux", "medium-mux", "large-mux"};
	static const char *const sources[] = {"    source_ports: any", "    source_ports: strict"};
	static const char *const clients[] = {"    clients: [wan, \"lan:10.0.0.0/8\"]",
					      "    clients: [\"wan:198.51.100.0/24\"]",
					      "    clients: [lan]", "    clients: [wan, lan]"};
	static const char *const reflection[] = {"    reflection_source: gateway\n",
						 "    reflection_source: keep\n", ""};
	static const char *const ports[] = {"    ports: {https: 8443}", "    ports: {turn: 443}",
					    "    ports: {media: 40000-41000}",
					    "    ports: {https: 4443, http: 8080}",
					    "    ports: {ephemeral: 30000-65535}"};
	static const char *const duals[] = {"    omit: [d1]", "    omit: [d2, d6, d9]"};
	static const char *const singles[] = {"    omit: [s1]", "    omit: [s2, s7]"};
	static const char *const add_ons[] = {
		"    with: [b2b]", "    with: [administration]\n    hosts: {admin: [10.9.0.5]}",
		"    with: [edge-services]\n    hosts: {dns: [10.9.0.53], ntp: [10.9.0.53]}",
		"    with: [traversal]", "    with: [cluster]"};

	buf_printf(out, "  - name: dep%u\n    profile: %s-%s\n", d, dual ? "dual" : "single",
		   one_of(f, sizes));
	peers(f, dual, d, out);
	machines(f, "core", d + 1, out);
	machines(f, "guest", d + 11, out);
	maybe(f, sources, ARRAY_SIZE(sources), out);
	maybe(f, clients, ARRAY_SIZE(clients), out);
	buf_puts(out, one_of(f, reflection));
	maybe(f, ports, ARRAY_SIZE(ports), out);
	if (dual)
		maybe(f, duals, ARRAY_SIZE(duals), out);
	else
		maybe(f, singles, ARRAY_SIZE(singles), out);
	maybe(f, add_ons, ARRAY_SIZE(add_ons), out);
	put_rows(f, dual, out);
	assertions(f, out);
}

void some_site(struct feed *f, struct buf *out)
{
	bool dual = feed_below(f, 2);
	unsigned int n;

	gateway(f, dual, out);
	buf_puts(out, "deployments:\n");
	n = 1 + feed_below(f, MAX_DEPLOYMENTS);
	for (unsigned int d = 0; d < n; d++)
		deployment(f, dual, d, out);
}

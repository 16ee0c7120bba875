/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A ruleset run on one packet, as the kernel runs it.
 *
 * What the packet here does not tell (a header's other fields, bytes where a protocol without ports
 * has none, the address that masquerade chooses) is unknown: a rule that fails for another reason
 * fails all the same, and one whose verdict hangs on it is undecided.
 */
#ifndef JGFW_RULESET_RUN_H
#define JGFW_RULESET_RUN_H

#include "jgfw/ruleset/ruleset.h"

/** struct packet - a packet, and what the kernel knows about it */
struct packet {
	const char *iif, *oif; /* NULL for none, as @oif is before routing */
	uint8_t nfproto;       /* NFPROTO_IPV4 or NFPROTO_IPV6; the addresses are those of IPv4 */
	uint8_t l4proto;       /* IPPROTO_* */
	uint32_t saddr, daddr; /* host byte order */
	bool saddr_unknown;    /* it was masqueraded */
	bool daddr_unknown;    /* it answers what was masqueraded */
	uint16_t sport, dport; /* host byte order; of protocols that have ports */
	uint8_t icmp_type;     /* of IPPROTO_ICMP */
	uint32_t ct_state;     /* CT_STATE_*: one of them */
	uint32_t ct_status;    /* bits, CT_STATUS_* and the kernel's others (IPS_*) */
	uint32_t ct_status_unknown; /* those of them that nobody knows */
};

/** proto_has_ports - does @l4proto (IPPROTO_*) begin with a source and a destination port? */
bool proto_has_ports(uint8_t l4proto);

/** enum run_fate - what becomes of the packet */
enum run_fate {
	RUN_ACCEPT,
	RUN_DROP,
	RUN_UNDECIDED, /* it hangs on what is not known or not understood */
};

/** enum run_result - what a rule made of the packet */
enum run_result {
	RULE_FAILED,	/* it does not match */
	RULE_HELD,	/* it matches, and says no verdict */
	RULE_DECIDED,	/* it matches, and says one */
	RULE_UNDECIDED, /* it cannot be known */
};

/** struct run_step - a rule that was looked at, or the policy at a base chain's end */
struct run_step {
	const struct chain *chain;
	const struct rule *rule; /* NULL: the policy of @chain */
	enum run_result result;
	size_t at; /* the expression that failed, decided or is not known; else rule->n */
	struct verdict verdict; /* of RULE_DECIDED; of a nat statement accept */
	const struct expr *nat; /* the nat statement that decided, or NULL; see struct run */
	bool by_chance;		/* a limit was taken as kept; it may be otherwise at another time */
	const struct set *set;	/* the set that was looked up with success last, or NULL */
	size_t element;		/* that was found in it */
};

/** run_step_fn - is told each step; what @step points to is valid as long as the ruleset */
typedef void run_step_fn(const struct run_step *step, void *arg);

/** struct translation - what a nat statement makes of one end of a flow */
struct translation {
	bool is_set;	 /* a statement decided; it may leave everything as it was */
	bool masquerade; /* the address is that of an interface */
	bool has_port;	 /* else the port stays */
	uint32_t addr;	 /* host byte order */
	uint16_t port;
};

/** struct runner - a ruleset, or several, prepared for many packets */
struct runner;

/** runner_new - prepare @rs, which must outlive the runner and stay as it is; to be freed by
 * runner_free() */
struct runner *runner_new(const struct ruleset *rs);
/** runner_new_all - prepare @n tables that see the same packets; otherwise as runner_new() */
struct runner *runner_new_all(const struct ruleset *const *rulesets, size_t n);
void runner_free(struct runner *runner);

/** struct run - a packet on its way through the hooks; zero but for @packet, @step, @arg and @left
 * where it begins. Translations change @packet as they do in the kernel, its ct status included.
 * Those of a packet that begins no flow are what the kernel remembers of its flow: they may be set
 * where it begins. */
struct run {
	struct packet packet;
	struct translation dnat, snat;
	run_step_fn *step; /* NULL: nobody wants to know */
	void *arg;
	size_t *left; /* rules that may still be looked at, then it is undecided; NULL: any number
		       */
};

/** run_chain - take the packet through the base chain @chain
 *
 * RUN_ACCEPT means that this chain lets it go on.
 */
enum run_fate run_chain(const struct runner *runner, const struct chain *chain, struct run *run);

/** run_hook - take the packet through all base chains of @hook, in the kernel's order
 *
 * Chains of type nat see the packets of new flows only, and where one of them translates, the rest
 * do not. They run at the kernel's priorities for nat, whatever theirs is (NF_IP_PRI_NAT_DST and
 * NF_IP_PRI_NAT_SRC). What comes before connection tracking has no state: it counts as invalid. The
 * caller sets @run's interfaces for the hook.
 *
 * What hangs on the order of hooks with one priority that are not of one table is undecided: the
 * last that was registered comes first, and no dump tells which that is.
 */
enum run_fate run_hook(const struct runner *runner, enum hook hook, struct run *run);

/** chain_is_unclear - has the base chain @chain, which is not of type nat, the priority of nat or
 * connection tracking, so that it may come in front of them or behind? */
bool chain_is_unclear(const struct chain *chain);

#endif

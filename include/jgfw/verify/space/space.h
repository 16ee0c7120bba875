/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All packets: the variables that tell them apart, and what can become of them. */
#ifndef JGFW_VERIFY_SPACE_H
#define JGFW_VERIFY_SPACE_H

#include "jgfw/base/index.h"
#include "jgfw/diagram/diagram.h"
#include "jgfw/verify/space/sources.h"

/** enum var - the fields of a packet, in the order in which diagrams look at them
 *
 * The destination comes first: deployments have many, and translations are looked up by it. So a
 * diagram is a wide node of destinations, and what follows each is small.
 */
enum var {
	VAR_DADDR,
	VAR_DPORT, /* bytes 2 and 3 behind the IP header, whatever the protocol */
	VAR_PROTO,
	VAR_IIF, /* index of a name */
	VAR_OIF,
	VAR_SOURCE, /* kind of VAR_SADDR, see sources.h; follows from it */
	VAR_SADDR,
	VAR_SPORT,  /* bytes 0 and 1: of ICMP type and code */
	VAR_DADDR6, /* four words */
	VAR_SADDR6 = VAR_DADDR6 + 4,
	VAR_SHORT = VAR_SADDR6 + 4, /* 1: it ends before byte 4 of its transport header */
	VAR_TRANSLATED,		    /* 1: its flow bears the mark of a translated destination */
	VARS
};

enum {
	/* in VAR_SPORT */
	ICMP_TYPE_SHIFT = 8,
	MAX_ICMP_TYPE = UINT8_MAX,
	MAX_ICMP_CODE = UINT8_MAX,
};

/** enum terminal_value - what becomes of a packet; as conditions TERMINAL_NO and TERMINAL_YES */
enum terminal_value {
	TERMINAL_NO,
	TERMINAL_YES,
	TERMINAL_ELSE,	 /* nothing yet: what comes next decides */
	TERMINAL_ACCEPT, /* it goes on as it is */
	TERMINAL_DROP,
	TERMINAL_RETURN,
	TERMINAL_UNKNOWN,  /* something that is not understood decides */
	TERMINAL_EITHER,   /* of what should become: anything */
	TERMINAL_NOT_OURS, /* of what should become: not the table's to say */
	TERMINAL_FIRST_OUTCOME,
};

/** struct outcome - a packet that goes on with other addresses or ports; where has_* is not set it
 * keeps its own */
struct outcome {
	uint32_t daddr, saddr; /* host byte order */
	uint16_t dport, sport;
	bool has_daddr, has_dport, has_saddr, has_sport;
	bool masquerade; /* its source becomes an address of the gateway's */
};

/** enum free_variable - why a packet can fare one way or the other */
enum free_variable {
	FREE_CHANCE,  /* both happen, as with a rate limit */
	FREE_UNKNOWN, /* one happens, but it is not known which */
};

/** struct space - all packets; owns its memory */
struct space {
	struct arena arena;
	struct diagrams *d;
	struct {
		VEC(const char *);
	} names; /* of interfaces: those that are spoken of, and some that are not */
	struct {
		VEC(struct outcome);
	} outcomes;
	struct index known_outcomes;
	const struct sources *sources;
	struct {
		VEC(enum free_variable);
	} free_variables; /* by boolean variable from VARS on */
	uint32_t op_seq, op_guard, op_and, op_or, op_not, op_source;
};

/** space_init - @names, sorted and without doubles, and @sources are borrowed */
void space_init(struct space *s, const char *const *names, size_t n, const struct sources *sources);
void space_free(struct space *s);

/** space_outcome - the terminal for @o; TERMINAL_ACCEPT where it changes nothing */
node space_outcome(struct space *s, const struct outcome *o);

/** terminal_outcome - the outcome of a terminal that accepts; false for other terminals */
bool terminal_outcome(const struct space *s, uint32_t value, struct outcome *ret);

/** space_free_variable - a condition that nothing decides */
node space_free_variable(struct space *s, enum free_variable doubt);

/** seq - @f, and where it is TERMINAL_ELSE @g */
node seq(struct space *s, node f, node g);
/** guard - @f where @condition holds, elsewhere TERMINAL_ELSE */
node guard(struct space *s, node condition, node f);
node both(struct space *s, node a, node b);
node either(struct space *s, node a, node b);
node negation(struct space *s, node a);

/** struct conditions - several, to be put together at once */
struct conditions {
	VEC(node);
};

/** any_of - does one of them hold? Empties @all. Cheaper than either() in turn, which makes ever
 * larger nodes */
node any_of(struct space *s, struct conditions *all);

/** by_source - @f, which looks at VAR_SADDR, rewritten so that it looks at VAR_SOURCE first
 *
 * The kind follows from the address, so a diagram could look at the address alone, or at both, and
 * equal functions would be different nodes. This gives the one form that all functions here have.
 * Below each kind, only addresses of that kind are told apart; an address of another kind cannot
 * occur there and is merged with its lower neighbour. For example, let 10.0.0.1 and 10.0.0.3 be of
 * kind 1 and all others of kind 0. "The source is 10.0.0.3" becomes: of kind 0 no; of kind 1 no up
 * to 10.0.0.2, and yes from 10.0.0.3 on.
 */
node by_source(struct space *s, node f);

/** in_boxes - as diagram_boxes() */
node in_boxes(struct space *s, const unsigned int *vars, size_t n_vars, struct box *boxes, size_t n,
	      node otherwise);

/** space_source - the kind of @saddr */
uint32_t space_source(const struct space *s, uint32_t saddr);

/** replace_terminal - @f with the terminal @to for each @from */
node replace_terminal(struct space *s, node f, uint32_t from, uint32_t to);

/** in_range - does @var lie in the range? */
node in_range(struct space *s, unsigned int var, uint32_t lo, uint32_t hi);
/** in_set - does @var lie in the set? */
node in_set(struct space *s, unsigned int var, struct range_set set);
/** in_ranges - in one of them; everywhere where there is none */
node in_ranges(struct space *s, unsigned int var, struct range_set ranges);
/** in_names - is the interface of @var one of those that @fn likes? */
node in_names(struct space *s, unsigned int var, bool (*fn)(const char *name, const void *arg),
	      const void *arg);

/** name_begins - does the interval from @lo to @hi hold all names that begin alike, and no others?
 *
 * Both are padded to IFNAMSIZ, @lo with zeros and @hi with 0xff: "eth" stands for eth0, eth1 ...
 */
bool name_begins(const uint8_t *lo, const uint8_t *hi);

#endif

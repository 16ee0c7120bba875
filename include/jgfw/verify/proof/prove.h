/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A proof that a ruleset lets through what the rows of a site say, translated so, and nothing else:
 * over all packets, or a packet that shows the contrary.
 */
#ifndef JGFW_VERIFY_PROOF_PROVE_H
#define JGFW_VERIFY_PROOF_PROVE_H

#include "jgfw/config/site.h"
#include "jgfw/ruleset/ruleset.h"
#include "jgfw/trace/packet.h"

enum answer {
	ANSWER_YES,
	ANSWER_NO,
	ANSWER_UNKNOWN, /* something that is not understood decides */
};

/** struct witness - a packet that shows it */
struct witness {
	struct probe probe;	    /* its interfaces are given */
	bool is_local;		    /* it is for the gateway itself */
	const char *oif;	    /* that routes lead it to; NULL where it is local */
	const char *provided;	    /* what else must be true of it, in words; NULL for nothing */
	const char *wanted, *found; /* what should become of it, and does become, in words */
};

/** struct finding - an answer to one question */
struct finding {
	const char *name; /* a word for scripts */
	const char *text; /* the claim, as a sentence without its full stop */
	enum answer answer;
	const struct witness *witness; /* of no and unknown; NULL where no packet shows it */
	const char *detail;	       /* or what else is to be said; NULL for nothing */
	struct loc loc;		       /* of an assertion; else without a source */
};

/** struct proof - owns all that is in it but for names of interfaces, which are the site's and the
 * rulesets' */
struct proof {
	struct arena arena;
	struct {
		VEC(struct finding);
	} findings;
	uint64_t classes; /* of packets that were compared; UINT64_MAX for more */
};

/** struct question - what is to be proved; borrowed */
struct question {
	const struct site *site;
	const struct ruleset *const *rulesets; /* tables, in the kernel's order */
	size_t n_rulesets;
	bool legacy; /* there are tables of iptables' own, which see packets, too */
	bool assertions_only;
};

/** verify - answer @question; @ret_proof is to be freed by proof_free() */
void verify(const struct question *question, struct proof *ret_proof);
void proof_free(struct proof *proof);

/** proof_answer - no where one finding is, else unknown where one is */
enum answer proof_answer(const struct proof *proof);

#endif

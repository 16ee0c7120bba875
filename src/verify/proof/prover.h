/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A proof under way, and what its parts do for each other. */
#ifndef JGFW_VERIFY_PROOF_PROVER_H
#define JGFW_VERIFY_PROOF_PROVER_H

#include "jgfw/verify/actual/pipeline.h"
#include "jgfw/verify/expected/expected.h"
#include "jgfw/verify/proof/prove.h"

/** struct prover - a proof under way */
struct prover {
	const struct question *question;
	const struct site *site;
	struct proof *proof;
	struct space space;
	struct symbolic symbolic;
	struct pipeline all, own; /* of all tables, and of jgfw's alone */
	bool has_own, has_others;
	struct expected expected;
	node fresh; /* what becomes of new IPv4 packets that are forwarded */
};

/** enum comparison - terminals of a comparison */
enum comparison {
	SAME,
	DIFFERENT,
	UNDECIDED, /* it hangs on what is not understood */
};

/** struct scene - which packets are compared, and where */
struct scene {
	uint8_t nfproto;
	enum probe_state state;
	enum {
		FORWARDED,
		DELIVERED, /* to the gateway itself */
		SENT,	   /* by the gateway itself */
	} path;
};

#endif

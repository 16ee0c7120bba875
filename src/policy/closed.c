/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "jgfw/policy/closed.h"

/* A ruleset that forwards nothing. */
struct ruleset *policy_closed(void)
{
	struct ruleset *rs = ruleset_new(RULESET_TABLE);
	struct chain *chain =
		ruleset_base_chain(rs, "forward", CHAIN_FILTER, HOOK_FORWARD, 0, true);
	struct builder b = rule_begin(rs, chain);

	rule_counter(&b);
	rule_verdict(&b, VERDICT_DROP, NULL);
	rule_comment(&b, "closed: no confirmed ruleset could be loaded");
	return rs;
}

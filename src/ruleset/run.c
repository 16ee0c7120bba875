/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's nft_do_chain() and its hooks. */
#include "find.h"
#include "match.h"

#include <linux/netfilter.h>

enum {
	MAX_DEPTH = 16, /* of jumps and gotos: the kernel's NFT_JUMP_STACK_SIZE */
	/* linux/netfilter_ipv4.h: where chains of type nat run, whatever their priority */
	PRIORITY_NAT_DST = -100,
	PRIORITY_NAT_SRC = 100,
	PRIORITY_CONNTRACK = -200,
	/* linux/netfilter/nf_conntrack_common.h: nat was asked, whatever it said */
	CT_STATUS_SNAT_DONE = 1 << 7,
	CT_STATUS_DNAT_DONE = 1 << 8,
};

static bool is_source_hook(enum hook hook)
{
	return hook == HOOK_INPUT || hook == HOOK_POSTROUTING;
}

static int32_t priority_of(const struct chain *chain)
{
	if (chain->type != CHAIN_NAT)
		return chain->priority;
	return is_source_hook(chain->hook) ? PRIORITY_NAT_SRC : PRIORITY_NAT_DST;
}

/* Does @a, added later than @b, run before it? It does where they have the same priority. */
static bool runs_before(const struct chain *a, const struct chain *b)
{
	if (priority_of(a) != priority_of(b))
		return priority_of(a) < priority_of(b);
	if ((a->type == CHAIN_NAT) != (b->type == CHAIN_NAT))
		return a->type == CHAIN_NAT; /* filters there run in both places */
	return a->priority <= b->priority;   /* they differ within nat */
}

static bool is_early_hook(enum hook hook)
{
	return hook == HOOK_PREROUTING || hook == HOOK_OUTPUT;
}

bool chain_is_unclear(const struct chain *chain)
{
	if (chain->type == CHAIN_NAT || !chain->rules.n)
		return false;
	if (is_early_hook(chain->hook))
		return chain->priority == PRIORITY_CONNTRACK || chain->priority == PRIORITY_NAT_DST;
	return is_source_hook(chain->hook) && chain->priority == PRIORITY_NAT_SRC;
}

/* Put a base chain among those that were added before it. */
static void add_base(struct runner *runner, struct hooked_chain base)
{
	size_t i = runner->base.n;

	vec_add(&runner->base, base);
	for (; i && runs_before(base.chain, runner->base.at[i - 1].chain); i--)
		runner->base.at[i] = runner->base.at[i - 1];
	runner->base.at[i] = base;
}

static void prepare_set(struct runner *runner, const struct set *set)
{
	*index_find(&runner->finders, &set, sizeof(const struct set *)) = finder_new(set);
}

static void add_ruleset(struct runner *runner, const struct ruleset *rs)
{
	vec_each(chain, &rs->table.chains)
		if ((*chain)->is_base && !rs->table.dormant)
			add_base(runner, (struct hooked_chain){*chain, &rs->table});
	vec_each(set, &rs->table.sets)
		prepare_set(runner, *set);
	vec_each(set, &rs->anonymous)
		prepare_set(runner, *set);
}

struct runner *runner_new_all(const struct ruleset *const *rulesets, size_t n)
{
	struct runner *runner = mem_alloc(sizeof(*runner));

	for (size_t i = 0; i < n; i++)
		add_ruleset(runner, rulesets[i]);
	return runner;
}

struct runner *runner_new(const struct ruleset *rs)
{
	return runner_new_all(&rs, 1);
}

void runner_free(struct runner *runner)
{
	if (!runner)
		return;
	for (size_t i = 0; i < runner->finders.n_slots; i++)
		finder_free(runner->finders.slots[i].value);
	index_free(&runner->finders);
	vec_free(&runner->base);
	free(runner);
}

/* --- chains --------------------------------------------------------------------------------- */

static void tell(const struct run *run, const struct run_step *step)
{
	if (run->step)
		run->step(step, run->arg);
}

/** struct frame - where a chain goes on behind a jump */
struct frame {
	const struct chain *chain;
	size_t next;  /* rule */
	size_t depth; /* jumps and gotos that led here */
};

/* Follow a verdict; true where it ends the base chain, with its fate. */
static bool follow(const struct verdict *v, struct frame *at, struct frame *stack, size_t *n,
		   enum run_fate *ret_fate)
{
	switch (v->kind) {
	case VERDICT_ACCEPT:
		*ret_fate = RUN_ACCEPT;
		return true;
	case VERDICT_DROP:
		*ret_fate = RUN_DROP;
		return true;
	case VERDICT_RETURN:
		at->next = at->chain->rules.n;
		return false;
	case VERDICT_JUMP:
		if (*n < MAX_DEPTH)
			stack[(*n)++] = *at;
		break;
	case VERDICT_GOTO:
		break;
	}
	if (at->depth == MAX_DEPTH) {
		*ret_fate = RUN_UNDECIDED; /* no kernel would have taken it */
		return true;
	}
	*at = (struct frame){.chain = v->chain, .depth = at->depth + 1};
	return false;
}

/* The rules from @at on, up to the end of its chain. */
static bool run_rules(const struct runner *runner, struct run *run, struct frame *at,
		      struct frame *stack, size_t *n, enum run_fate *ret_fate)
{
	while (at->next < at->chain->rules.n) {
		struct run_step step = {.chain = at->chain, .rule = &at->chain->rules.at[at->next]};

		/* chains that jump to one chain more than once are a tree of exponential size */
		if (run->left && !(*run->left)--) {
			*run->left = 0;
			*ret_fate = RUN_UNDECIDED;
			return true;
		}
		rule_run(runner, run, &step);
		tell(run, &step);
		at->next++;
		if (step.result == RULE_UNDECIDED) {
			*ret_fate = RUN_UNDECIDED;
			return true;
		}
		if (step.result == RULE_DECIDED && follow(&step.verdict, at, stack, n, ret_fate))
			return true;
	}
	return false;
}

static enum run_fate run_policy(const struct chain *chain, const struct run *run)
{
	struct run_step step = {.chain = chain, .result = RULE_DECIDED};

	step.verdict.kind = chain->policy_drop ? VERDICT_DROP : VERDICT_ACCEPT;
	tell(run, &step);
	return chain->policy_drop ? RUN_DROP : RUN_ACCEPT;
}

enum run_fate run_chain(const struct runner *runner, const struct chain *chain, struct run *run)
{
	struct frame stack[MAX_DEPTH], at = {.chain = chain};
	enum run_fate fate = RUN_ACCEPT;
	size_t n = 0;

	for (;;) {
		if (run_rules(runner, run, &at, stack, &n, &fate))
			return fate;
		if (!n)
			return run_policy(chain, run);
		at = stack[--n];
	}
}

/* --- hooks ---------------------------------------------------------------------------------- */

static bool change(const struct translation *t, uint8_t l4proto, uint32_t *addr, uint16_t *port)
{
	uint16_t to = t->has_port && proto_has_ports(l4proto) ? t->port : *port;
	bool changed = t->addr != *addr || to != *port;

	*addr = t->addr;
	*port = to;
	return changed;
}

/* The packet and its flow's status behind nat; the status bears a bit for what was changed, so none
 * for a translation to what already stood there. */
static void apply_dnat(struct run *run)
{
	struct packet *p = &run->packet;

	p->ct_status |= CT_STATUS_DNAT_DONE;
	if (!run->dnat.is_set)
		return;
	if (change(&run->dnat, p->l4proto, &p->daddr, &p->dport))
		p->ct_status |= CT_STATUS_DNAT;
	p->daddr_unknown = false;
}

static void apply_snat(struct run *run)
{
	struct packet *p = &run->packet;

	p->ct_status |= CT_STATUS_SNAT_DONE;
	if (!run->snat.is_set)
		return;
	p->saddr_unknown = run->snat.masquerade;
	if (run->snat.masquerade || change(&run->snat, p->l4proto, &p->saddr, &p->sport))
		p->ct_status |= CT_STATUS_SNAT;
}

static bool sees_family(const struct table *table, uint8_t nfproto)
{
	return table->family == NFPROTO_INET || table->family == nfproto;
}

static struct translation *translation_of(struct run *run, enum hook hook)
{
	return is_source_hook(hook) ? &run->snat : &run->dnat;
}

static bool same_translation(const struct translation *a, const struct translation *b)
{
	return a->is_set == b->is_set && a->masquerade == b->masquerade && a->addr == b->addr &&
	       a->has_port == b->has_port && a->port == b->port;
}

/* Would a chain of another table's with the priority of @base, if it were the first, decide
 * otherwise than @base did? */
static bool has_rival(const struct runner *runner, const struct hooked_chain *base,
		      enum run_fate fate, struct run *run)
{
	const struct chain *chain = base->chain;

	vec_each(other, &runner->base) {
		struct run copy = *run;
		struct translation *t = translation_of(&copy, chain->hook);
		enum run_fate its;

		if (other->chain->type != CHAIN_NAT || other->chain->hook != chain->hook ||
		    other->chain->priority != chain->priority || other->table == base->table ||
		    !sees_family(other->table, run->packet.nfproto))
			continue;
		copy.step = NULL;
		*t = (struct translation){0};
		its = run_chain(runner, other->chain, &copy);
		if (its == RUN_ACCEPT && !t->is_set)
			continue;
		if (its != fate || !same_translation(t, translation_of(run, chain->hook)))
			return true;
	}
	return false;
}

static enum run_fate run_nat_chain(const struct runner *runner, const struct hooked_chain *base,
				   struct run *run)
{
	const struct translation *t = translation_of(run, base->chain->hook);
	enum run_fate fate;

	if (t->is_set)
		return RUN_ACCEPT;
	fate = run_chain(runner, base->chain, run);
	if ((fate == RUN_DROP || t->is_set) && has_rival(runner, base, fate, run))
		return RUN_UNDECIDED;
	return fate;
}

static void forget_flow(struct packet *p)
{
	if (!(p->ct_state & CT_STATE_UNTRACKED))
		p->ct_state = CT_STATE_INVALID;
}

/* A chain that is not of type nat; @front is the packet in front of nat. One whose place is unclear
 * is tried in the other place, too. */
static enum run_fate run_filter_chain(const struct runner *runner, const struct chain *chain,
				      struct run *run, const struct packet *front)
{
	bool early = is_early_hook(chain->hook) && chain->priority <= PRIORITY_CONNTRACK;
	struct run other = *run, here = *run;
	enum run_fate fate;

	other.step = NULL;
	other.packet = *front;
	if (early)
		forget_flow(&other.packet);
	if (early && chain->priority < PRIORITY_CONNTRACK)
		here.packet = other.packet;
	fate = run_chain(runner, chain, &here);
	if (chain_is_unclear(chain) && run_chain(runner, chain, &other) != fate)
		return RUN_UNDECIDED;
	return fate;
}

/* What the chains of nat have said of a new flow, when all of them have been asked, or what the
 * kernel remembers of another, whose status is known; once. */
static void take_translation(enum hook hook, struct run *run, bool *done)
{
	uint32_t status = run->packet.ct_status;

	if (*done)
		return;
	*done = true;
	if (is_early_hook(hook))
		apply_dnat(run);
	else if (is_source_hook(hook))
		apply_snat(run);
	if (!(run->packet.ct_state & CT_STATE_NEW))
		run->packet.ct_status = status;
}

/* With one chain of nat the kernel looks for translations at all of its hooks. */
static bool has_nat(const struct runner *runner, uint8_t nfproto)
{
	vec_each(base, &runner->base)
		if (base->chain->type == CHAIN_NAT && sees_family(base->table, nfproto))
			return true;
	return false;
}

enum run_fate run_hook(const struct runner *runner, enum hook hook, struct run *run)
{
	bool is_new = run->packet.ct_state & CT_STATE_NEW;
	bool translated = is_new && !has_nat(runner, run->packet.nfproto);
	int32_t nat = is_source_hook(hook) ? PRIORITY_NAT_SRC : PRIORITY_NAT_DST;
	const struct packet front = run->packet;
	enum run_fate fate = RUN_ACCEPT;

	vec_each(base, &runner->base) {
		const struct chain *chain = base->chain;

		if (chain->hook != hook || !sees_family(base->table, run->packet.nfproto))
			continue;
		if (chain->type == CHAIN_NAT) {
			fate = is_new ? run_nat_chain(runner, base, run) : RUN_ACCEPT;
		} else {
			if (chain->priority >= nat)
				take_translation(hook, run, &translated);
			fate = run_filter_chain(runner, chain, run, &front);
		}
		if (fate != RUN_ACCEPT)
			return fate;
	}
	take_translation(hook, run, &translated);
	return RUN_ACCEPT;
}

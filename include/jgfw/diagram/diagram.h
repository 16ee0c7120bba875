/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Functions of a packet as decision diagrams: multi-terminal, ordered, reduced, with intervals on
 * their edges. A unique table holds each node once, so equal functions are equal numbers.
 *
 * R. E. Bryant, Graph-Based Algorithms for Boolean Function Manipulation, IEEE Transactions on
 * Computers C-35 (1986), for ordered reduced diagrams, apply and restrict; M. Christiansen and
 * E. Fleury, An MTIDD Based Firewall, Telecommunication Systems 27 (2004), for intervals on edges
 * and several terminals.
 */
#ifndef JGFW_DIAGRAM_H
#define JGFW_DIAGRAM_H

#include "jgfw/base/addr.h"

/** node - a function: a terminal, which is a constant, or a variable to look at */
typedef uint32_t node;

enum {
	TERMINAL_BIT = 1u << 31,
};

/** terminal - the constant @value, below 2^31 */
static inline node terminal(uint32_t value)
{
	return TERMINAL_BIT | value;
}

static inline bool is_terminal(node f)
{
	return f & TERMINAL_BIT;
}

static inline uint32_t terminal_value(node f)
{
	return f & ~TERMINAL_BIT;
}

/** struct edge - where the values up to @hi lead that are above those of the edge before */
struct edge {
	uint32_t hi;
	node to;
};

struct edge_vec {
	VEC(struct edge);
};

/** struct diagrams - owner of all nodes; variables are numbered in their order */
struct diagrams;

/** diagrams_new - for @n variables with values from 0 to @max; those beyond are booleans */
struct diagrams *diagrams_new(const uint32_t *max, unsigned int n);
void diagrams_free(struct diagrams *d);

/** diagram_var - the variable that @f, not a terminal, looks at */
unsigned int diagram_var(const struct diagrams *d, node f);

/** diagram_edges - the edges of @f, not a terminal, the last one's hi is the variable's maximum */
const struct edge *diagram_edges(const struct diagrams *d, node f, size_t *ret_n);

/** diagram_node - the function that looks at @var first; neighbours that lead to the same place are
 * merged, and children look at later variables only */
node diagram_node(struct diagrams *d, unsigned int var, const struct edge *edges, size_t n);

/** diagram_range - @in where @var is in @range, else @out; both look at later variables only */
node diagram_range(struct diagrams *d, unsigned int var, struct range range, node in, node out);

/** diagram_ranges - the same of a set of ranges */
node diagram_ranges(struct diagrams *d, unsigned int var, struct range_set ranges, node in,
		    node out);

/** diagram_within - @f where @var, before which @f looks at nothing, is in @ranges, a set;
 * elsewhere
 * @out. Takes no longer for the edges of @f outside */
node diagram_within(struct diagrams *d, unsigned int var, struct range_set ranges, node f,
		    node out);

/** apply_fn - what becomes of @a and @b where it is known already; false where it hangs on the
 * variables of both */
typedef bool apply_fn(node a, node b, void *arg, node *ret);

/** diagram_apply - @fn of the two functions, packet by packet
 *
 * Results are remembered by @op, which stands for @fn and all that it takes from @arg.
 */
node diagram_apply(struct diagrams *d, uint32_t op, apply_fn *fn, void *arg, node a, node b);

/** terminal_fn - another terminal in the place of one */
typedef node terminal_fn(uint32_t value, void *arg);

/** diagram_map_terminals - @f with other terminals; @fn may look at the terminals alone */
node diagram_map_terminals(struct diagrams *d, node f, terminal_fn *fn, void *arg);

/** diagram_restrict - @f where @var has @value */
node diagram_restrict(struct diagrams *d, node f, unsigned int var, uint32_t value);

/** diagram_eval - the terminal of a packet, by variable; booleans beyond it are 0 */
uint32_t diagram_eval(const struct diagrams *d, node f, const uint32_t *packet, unsigned int n);

/** diagram_paths - from the root to terminals, as a number of classes; UINT64_MAX for more */
uint64_t diagram_paths(struct diagrams *d, node f);

/** diagram_op - a new number for diagram_apply() */
uint32_t diagram_op(struct diagrams *d);

enum {
	BOX_MAX_VARS = 5,
};

/** struct box - packets by intervals of some variables, and the terminal that they have */
struct box {
	struct range at[BOX_MAX_VARS];
	node to;
};

/** diagram_boxes - the function that has the terminals of @boxes, by @vars (@n_vars of them, in
 * their order), and @otherwise outside; of boxes that overlap, one of them; they are put in another
 * order */
node diagram_boxes(struct diagrams *d, const unsigned int *vars, size_t n_vars, struct box *boxes,
		   size_t n, node otherwise);

#endif

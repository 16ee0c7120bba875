/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Diagrams beside the functions that they stand for, over all values of small variables. */
#include "unit.h"

#include "jgfw/diagram/diagram.h"

#include <stdlib.h>

enum {
	N_VARS = 3,
	VAR_MAX = 15,
	TRIALS = 300,
	MAX_BOXES = 12,
};

static const uint32_t maxima[N_VARS] = {VAR_MAX, VAR_MAX, VAR_MAX};

/* A generator of the tests' own: the same numbers everywhere. */
static uint32_t next_random(uint32_t *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 8;
}

static struct range random_range(uint32_t *state)
{
	uint32_t a = next_random(state) % (VAR_MAX + 1), b = next_random(state) % (VAR_MAX + 1);

	return a < b ? (struct range){a, b} : (struct range){b, a};
}

/* for each packet */
#define EACH_PACKET(p)                                                                             \
	for (uint32_t p[N_VARS] = {0}; p[0] <= VAR_MAX; p[2] < VAR_MAX ? p[2]++                    \
							: p[1] < VAR_MAX                           \
								? (p[2] = 0, p[1]++)               \
								: (p[2] = p[1] = 0, p[0]++))

static bool in_box(const struct box *box, const uint32_t *packet)
{
	for (size_t i = 0; i < N_VARS; i++)
		if (packet[i] < box->at[i].lo || packet[i] > box->at[i].hi)
			return false;
	return true;
}

/* Boxes with one terminal, which may overlap. */
static node random_function(struct diagrams *d, uint32_t *state, struct box *ret_boxes,
			    size_t *ret_n)
{
	static const unsigned int vars[] = {0, 1, 2};
	struct box copy[MAX_BOXES];

	*ret_n = next_random(state) % MAX_BOXES;
	for (size_t i = 0; i < *ret_n; i++) {
		for (size_t v = 0; v < N_VARS; v++)
			ret_boxes[i].at[v] = random_range(state);
		copy[i] = ret_boxes[i];
		ret_boxes[i].to = copy[i].to = terminal(1);
	}
	return diagram_boxes(d, vars, N_VARS, copy, *ret_n, terminal(0));
}

static uint32_t expected(const struct box *boxes, size_t n, const uint32_t *packet)
{
	for (size_t i = 0; i < n; i++)
		if (in_box(&boxes[i], packet))
			return 1;
	return 0;
}

static bool xor_fn(node a, node b, void *arg, node *ret)
{
	(void)arg;
	if (!is_terminal(a) || !is_terminal(b))
		return false;
	*ret = terminal(terminal_value(a) ^ terminal_value(b));
	return true;
}

static node invert(uint32_t value, void *arg)
{
	(void)arg;
	return terminal(!value);
}

START_TEST(diagrams_are_their_functions)
{
	struct diagrams *d = diagrams_new(maxima, N_VARS);
	struct box f_boxes[MAX_BOXES], g_boxes[MAX_BOXES];
	uint32_t state = 1;
	size_t n_f, n_g;

	for (int trial = 0; trial < TRIALS; trial++) {
		node f = random_function(d, &state, f_boxes, &n_f);
		node g = random_function(d, &state, g_boxes, &n_g);
		node both = diagram_apply(d, diagram_op(d), xor_fn, NULL, f, g);
		node not = diagram_map_terminals(d, f, invert, NULL);
		unsigned int var = next_random(&state) % N_VARS;
		uint32_t value = next_random(&state) % (VAR_MAX + 1);
		node fixed = diagram_restrict(d, f, var, value);

		EACH_PACKET(p)
		{
			uint32_t x = expected(f_boxes, n_f, p), y = expected(g_boxes, n_g, p);
			uint32_t q[N_VARS] = {p[0], p[1], p[2]};

			q[var] = value;
			if (diagram_eval(d, f, p, N_VARS) != x ||
			    diagram_eval(d, both, p, N_VARS) != (x ^ y) ||
			    diagram_eval(d, not, p, N_VARS) != !x ||
			    diagram_eval(d, fixed, p, N_VARS) != expected(f_boxes, n_f, q))
				ck_abort_msg("trial %d, packet %u %u %u", trial, p[0], p[1], p[2]);
		}
		/* what is equal is the same */
		ck_assert_uint_eq(diagram_map_terminals(d, not, invert, NULL), f);
		ck_assert_uint_eq(diagram_apply(d, diagram_op(d), xor_fn, NULL, both, g), f);
	}
	diagrams_free(d);
}
END_TEST

START_TEST(ranges_have_their_bounds)
{
	static const struct range ranges[] = {{0, 0}, {3, 5}, {VAR_MAX, VAR_MAX}};
	struct diagrams *d = diagrams_new(maxima, N_VARS);
	node f = diagram_ranges(d, 1, (struct range_set){ranges, 3}, terminal(1), terminal(0));

	for (uint32_t v = 0; v <= VAR_MAX; v++) {
		uint32_t packet[N_VARS] = {0, v, 0};

		ck_assert_uint_eq(diagram_eval(d, f, packet, N_VARS),
				  v == 0 || (v >= 3 && v <= 5) || v == VAR_MAX);
	}
	/* 0, 1 to 2, 3 to 5, 6 to 14, 15 */
	ck_assert_uint_eq(diagram_paths(d, f), 5);
	ck_assert_uint_eq(diagram_range(d, 1, (struct range){0, VAR_MAX}, terminal(1), terminal(0)),
			  terminal(1));
	diagrams_free(d);
}
END_TEST

Suite *diagram_suite(void)
{
	Suite *s = suite_create("diagram");
	TCase *tc = tcase_create("diagram");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, diagrams_are_their_functions);
	tcase_add_test(tc, ranges_have_their_bounds);
	suite_add_tcase(s, tc);
	return s;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs all unit tests; CK_FORK, CK_RUN_SUITE, CK_VERBOSITY and the like are Check's. */
#include "unit.h"

#include <stdlib.h>
#include <unistd.h>

static _Noreturn void out_of_memory(void)
{
	_exit(EXIT_EXHAUSTED);
}

int main(void)
{
	static Suite *(*const suites[])(void) = {
		mem_suite,     text_suite,     addr_suite,     diag_suite,     file_suite,
		yaml_suite,    ports_suite,    profiles_suite, site_suite,     policy_suite,
		ruleset_suite, emit_suite,     wordless_suite, run_suite,      chains_suite,
		find_suite,    change_suite,   refusals_suite, pack_suite,     packet_suite,
		trace_suite,   diagram_suite,  prove_suite,    pipeline_suite, page_suite,
		add_ons_suite, recorded_suite,
	};
	SRunner *runner;
	int failed;

	mem_end_by(out_of_memory);
	setenv("CK_DEFAULT_TIMEOUT", "60", 0); /* seconds; Check's four are few beside other work */
	runner = srunner_create(suites[0]());
	for (size_t i = 1; i < ARRAY_SIZE(suites); i++)
		srunner_add_suite(runner, suites[i]());
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The change from one ruleset of any kind to another. */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct feed one = {data, size / 2}, again = one, other = {data + size / 2, size - size / 2};
	struct ruleset *from = some_ruleset(&one, true), *same = some_ruleset(&again, true);
	struct ruleset *to = some_ruleset(&other, true);

	if (is_loadable(from) && is_loadable(to)) {
		check_change(from, to);
		check_change(from, same);
		check_change(NULL, to);
	}
	ruleset_free(from);
	ruleset_free(same);
	ruleset_free(to);
	return 0;
}

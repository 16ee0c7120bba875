/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rulesets of any kind that the kernel would take, run in the two ways there are. */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* half and half, so that packets stay while rules change */
	struct feed rules = {data, size / 2}, packets = {data + size / 2, size - size / 2};
	struct ruleset *rs = some_ruleset(&rules, false);

	compare_ways(rs, &packets);
	ruleset_free(rs);
	return 0;
}

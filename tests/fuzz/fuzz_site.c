/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Site files. */
#include "fuzz.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *copy = mem_alloc(size); /* of its own size, and not NUL-terminated */

	memcpy(copy, data, size);
	check_site(copy, size, NULL);
	free(copy);
	return 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "jgfw/icmp.h"

#include "jgfw/mem.h"
#include "jgfw/text.h"

#include <string.h>

static const char *const names[] = {
	[0] = "echo-reply",	      [3] = "destination-unreachable",
	[4] = "source-quench",	      [5] = "redirect",
	[8] = "echo-request",	      [9] = "router-advertisement",
	[10] = "router-solicitation", [11] = "time-exceeded",
	[12] = "parameter-problem",   [13] = "timestamp-request",
	[14] = "timestamp-reply",     [15] = "info-request",
	[16] = "info-reply",	      [17] = "address-mask-request",
	[18] = "address-mask-reply",
};

const char *icmp_type_name(uint8_t type)
{
	return type < ARRAY_SIZE(names) ? names[type] : NULL;
}

bool icmp_type_opens_flow(uint8_t type)
{
	return type == 8 || type == 13 || type == 15 || type == 17;
}

bool icmp_type_parse(const char *s, uint8_t *ret_type)
{
	uint64_t number;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (names[i] && !strcmp(names[i], s)) {
			*ret_type = (uint8_t)i;
			return true;
		}
	if (text_uint(s, UINT8_MAX, &number))
		return false;
	*ret_type = (uint8_t)number;
	return true;
}

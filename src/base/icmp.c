/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "jgfw/base/icmp.h"

#include "jgfw/base/mem.h"
#include "jgfw/base/text.h"

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

uint8_t icmp_other_direction(uint8_t type)
{
	/* RFC 792 and 950: replies to requests */
	static const uint8_t pairs[][2] = {{8, 0}, {13, 14}, {15, 16}, {17, 18}};

	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++)
		for (size_t k = 0; k < 2; k++)
			if (pairs[i][k] == type)
				return pairs[i][1 - k];
	return type;
}

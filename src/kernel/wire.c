/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "wire.h"

#include <arpa/inet.h>
#include <string.h>

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

uint32_t wire_len(const enum datatype *types, size_t n)
{
	uint32_t len = 0;

	if (n == 1)
		return (uint32_t)datatype_len(types[0]);
	for (size_t i = 0; i < n; i++)
		len += padded(datatype_len(types[i]));
	return len;
}

void copy_field(uint8_t *to, const uint8_t *from, enum datatype type)
{
	size_t len = datatype_len(type);
	uint32_t bits;

	memcpy(to, from, len);
	if (type != TYPE_CT_STATE && type != TYPE_CT_STATUS)
		return;
	memcpy(&bits, from, sizeof(bits));
	bits = htonl(bits);
	memcpy(to, &bits, sizeof(bits));
}

uint32_t verdict_code(enum verdict_kind kind)
{
	switch (kind) {
	case VERDICT_ACCEPT:
		return NF_ACCEPT;
	case VERDICT_DROP:
		return NF_DROP;
	case VERDICT_JUMP:
		return (uint32_t)NFT_JUMP;
	case VERDICT_GOTO:
		return (uint32_t)NFT_GOTO;
	case VERDICT_RETURN:
		return (uint32_t)NFT_RETURN;
	}
	return NF_DROP;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of ICMP types, as nft knows them (its icmp_type_tbl; RFC 792, 950 and 1256). */
#ifndef JGFW_BASE_ICMP_H
#define JGFW_BASE_ICMP_H

#include <stdbool.h>
#include <stdint.h>

/** icmp_type_name - the name of @type, or NULL where it has none */
const char *icmp_type_name(uint8_t type);

/** icmp_type_opens_flow - is @type a request, which connection tracking takes as new? (the kernel's
 * icmp_new() in nf_conntrack_proto_icmp.c) */
bool icmp_type_opens_flow(uint8_t type);

/** icmp_type_parse - a type by its name or its number; false where @s is neither */
bool icmp_type_parse(const char *s, uint8_t *ret_type);

/** icmp_other_direction - the type of the reply to @type, or of what it replies to */
uint8_t icmp_other_direction(uint8_t type);

#endif

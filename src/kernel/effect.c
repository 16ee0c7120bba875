/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What expressions do that are not jgfw's. Of what is not in these tables anything is expected.
 */
#include "effect.h"

#include "parse.h"

#include <string.h>

#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_tables_compat.h>

static bool is_one_of(const char *name, const char *const *names)
{
	for (; *names; names++)
		if (!strcmp(name, *names))
			return true;
	return false;
}

/* Of targets of iptables some let packets go on as they are, or with another mark or header. */
static enum effect effect_of_target(struct attrs *a)
{
	static const char *const names[] = {"LOG",	"NFLOG",    "MARK",  "CONNMARK",
					    "TCPMSS",	"CLASSIFY", "DSCP",  "TOS",
					    "CHECKSUM", "AUDIT",    "TRACE", NULL};
	const char *name = a->at[NFTA_TARGET_NAME] ? attr_str(a, NFTA_TARGET_NAME) : NULL;

	if (name && !strcmp(name, "REJECT"))
		return EFFECT_REJECT;
	return name && is_one_of(name, names) ? EFFECT_NONE : EFFECT_ANY;
}

/* Where a register is written from, a field of the packet, or what the kernel knows of it, changes.
 */
static enum effect effect_of_write(const char *name, struct attrs *a)
{
	static const uint32_t meta_harmless[] = {NFT_META_MARK, NFT_META_PRIORITY, NFT_META_NFTRACE,
						 NFT_META_SECMARK};
	static const uint32_t ct_harmless[] = {NFT_CT_MARK, NFT_CT_LABELS, NFT_CT_SECMARK,
					       NFT_CT_EVENTMASK};

	if (!strcmp(name, "exthdr")) /* an option of TCP, where the packet has it */
		return EFFECT_TEST;
	/* not the packet's type: the kernel forwards what is for itself alone */
	for (size_t i = 0; !strcmp(name, "meta") && i < ARRAY_SIZE(meta_harmless); i++)
		if (attr_u32(a, NFTA_META_KEY) == meta_harmless[i])
			return EFFECT_NONE;
	for (size_t i = 0; !strcmp(name, "ct") && i < ARRAY_SIZE(ct_harmless); i++)
		if (attr_u32(a, NFTA_CT_KEY) == ct_harmless[i])
			return EFFECT_NONE;
	return EFFECT_ANY;
}

static bool is_write(const char *name, const struct attrs *a)
{
	static const struct {
		const char *name;
		unsigned int sreg;
	} writers[] = {{"meta", NFTA_META_SREG},
		       {"ct", NFTA_CT_SREG},
		       {"payload", NFTA_PAYLOAD_SREG},
		       {"exthdr", NFTA_EXTHDR_SREG}};

	for (size_t i = 0; i < ARRAY_SIZE(writers); i++)
		if (!strcmp(name, writers[i].name))
			return a->at[writers[i].sreg];
	return false;
}

static enum effect effect_of_object(struct attrs *a)
{
	if (!a->at[NFTA_OBJREF_IMM_TYPE])
		return EFFECT_ANY;
	switch (attr_u32(a, NFTA_OBJREF_IMM_TYPE)) {
	case NFT_OBJECT_COUNTER:
		return EFFECT_NONE;
	case NFT_OBJECT_QUOTA:
	case NFT_OBJECT_LIMIT:
	case NFT_OBJECT_CONNLIMIT:
		return EFFECT_CHANCE;
	default:
		return EFFECT_ANY;
	}
}

enum effect effect_of(const char *name, const struct nlattr *data)
{
	static const char *const tests[] = {"cmp",   "range",	"bitwise", "byteorder", "meta",
					    "ct",    "payload", "exthdr",  "fib",	"rt",
					    "hash",  "osf",	"socket",  "numgen",	"xfrm",
					    "match", "tunnel",	"dynset",  NULL};
	static const char *const chances[] = {"limit", "quota", "connlimit", NULL};
	static const char *const harmless[] = {"log", "counter", "last", NULL};
	struct attrs a = attrs_of(data);

	if (is_write(name, &a))
		return effect_of_write(name, &a);
	if (is_one_of(name, tests))
		return EFFECT_TEST;
	if (is_one_of(name, chances))
		return EFFECT_CHANCE;
	if (is_one_of(name, harmless))
		return EFFECT_NONE;
	if (!strcmp(name, "reject"))
		return EFFECT_REJECT;
	if (!strcmp(name, "target"))
		return effect_of_target(&a);
	if (!strcmp(name, "objref"))
		return effect_of_object(&a);
	/* a set that jgfw does not know is looked up; a map of verdicts decides */
	if (!strcmp(name, "lookup"))
		return a.at[NFTA_LOOKUP_DREG] && attr_u32(&a, NFTA_LOOKUP_DREG) == NFT_REG_VERDICT
			       ? EFFECT_ANY
			       : EFFECT_TEST;
	return EFFECT_ANY;
}

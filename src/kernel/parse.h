/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the decoders share: attributes by number, and nothing that is passed over in silence. */
#ifndef JGFW_KERNEL_PARSE_H
#define JGFW_KERNEL_PARSE_H

#include "decode.h"

#include <arpa/inet.h>
#include <endian.h>

#include <libmnl/libmnl.h>
#include <libnftnl/udata.h>

enum {
	ATTRS_MAX = 32,
};

/** struct attrs - the attributes of one nest by number */
struct attrs {
	const struct nlattr *at[ATTRS_MAX];
	uint32_t seen; /* bits */
	bool strange;  /* one has a higher number, or a wrong length */
};

/** attr_each - for (@attr: each well-formed attribute between @from and @to) */
#define attr_each(attr, from, to)                                                                  \
	for (const struct nlattr *attr = (from);                                                   \
	     mnl_attr_ok(attr, (int)((const char *)(to) - (const char *)attr));                    \
	     attr = mnl_attr_next(attr))

/** nest_each - for (@attr: each attribute inside @nest) */
#define nest_each(attr, nest)                                                                      \
	attr_each(attr, (const struct nlattr *)mnl_attr_get_payload(nest),                         \
		  (const char *)mnl_attr_get_payload(nest) + mnl_attr_get_payload_len(nest))

#define ATTR_BIT(n) ((uint32_t)1 << (n))

/** attrs_of_message - of @message behind its nfgenmsg; attrs_of() - those inside @nest */
struct attrs attrs_of_message(const struct nlmsghdr *message);
struct attrs attrs_of(const struct nlattr *nest);

/** attrs_within - are there no others than those of @allowed? */
static inline bool attrs_within(const struct attrs *a, uint32_t allowed)
{
	return !a->strange && !(a->seen & ~allowed);
}

/** attr_u32 - a number in network order, or 0 and a mark in @a where it is not there or malformed
 */
uint32_t attr_u32(struct attrs *a, unsigned int number);
uint64_t attr_u64(struct attrs *a, unsigned int number);
/** attr_str - a string, or NULL as above */
const char *attr_str(struct attrs *a, unsigned int number);

/** udata_each - hand each part of the user data in @at to @take, with @arg, as nftnl_udata_parse()
 * does, which trusts the lengths inside; false where they do not fit, or @take was not content (<
 * 0) */
bool udata_each(const void *at, size_t len, nftnl_udata_cb_t take, void *arg);
/** udata_each_of - the same, of the user data in @attr */
bool udata_each_of(const struct nlattr *attr, nftnl_udata_cb_t take, void *arg);

/** note_of_table - the user data @attr (may be NULL) of a table; false where a part of them is not
 * one that jgfw knows */
bool note_of_table(struct decoder *d, const struct nlattr *attr, struct note *ret);
bool note_of_chain(struct decoder *d, const struct nlattr *attr, struct note *ret);
bool note_of_set(struct decoder *d, const struct nlattr *attr, struct note *ret);

/** decode_exprs - the expressions in @list to the end of @rule */
void decode_exprs(struct decoder *d, const struct nlattr *list, struct rule *rule);

/** decode_counter - a counter from the attributes of its expression; false where it is none */
bool decode_counter(const struct nlattr *nest, struct counter *ret);

/** effect_of - what an expression of the kernel's, by its name and attributes, does to a packet */
enum effect effect_of(const char *name, const struct nlattr *data);

/** decode_verdict - from NFTA_DATA_VERDICT; false where jgfw has no such verdict */
bool decode_verdict(struct decoder *d, const struct nlattr *nest, struct verdict *ret);

/** decode_set - a new set; decode_elements() - elements of one */
int decode_set(struct decoder *d, const struct nlmsghdr *message);
int decode_elements(struct decoder *d, const struct nlmsghdr *message);

/** is_of - does @message speak of the table of @d, if it names the table @name? */
bool is_of(const struct decoder *d, const struct nlmsghdr *message, const char *name);

/** odd - say in @where (a member @odd) what is strange, unless something was said before */
void odd(struct decoder *d, const char **where, const char *fmt, ...) PRINTF_LIKE(3, 4);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the decoders share: attributes by number, and nothing that is passed over in silence. */
#ifndef JGFW_KERNEL_PARSE_H
#define JGFW_KERNEL_PARSE_H

#include "jgfw/base/index.h"
#include "jgfw/ruleset/ruleset.h"

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

/** struct bounds - what was seen so far of a set whose intervals come as starts and ends */
struct bounds;

/** struct decoder - a table on its way from messages; zero but for @rs before the first one */
struct decoder {
	struct ruleset *rs;
	struct index chains; /* by name */
	struct index sets;   /* by the kernel's name, and by id within a transaction */
	struct {
		VEC(struct bounds *);
	} bounds;
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

/** is_of - does @message speak of the table of @d, if it names the table @name? */
bool is_of(const struct decoder *d, const struct nlmsghdr *message, const char *name);

/** odd - say in @where (a member @unsupported) what is strange, unless something was said before */
void unsupported(struct decoder *d, const char **where, const char *fmt, ...) PRINTF_LIKE(3, 4);

/** decoder_find_set - the set @name, or NULL; @id counts where it is not 0 */
struct set *decoder_find_set(struct decoder *d, const char *name, uint32_t id);
/** decoder_find_chain - the chain @name, or NULL */
struct chain *decoder_find_chain(struct decoder *d, const char *name);

#endif

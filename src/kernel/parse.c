/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the decoders share: attributes by number, and nothing that is passed over in silence. */
#include "parse.h"

#include <string.h>

#include <linux/netfilter/nfnetlink.h>

static void attrs_add(struct attrs *a, const struct nlattr *attr)
{
	unsigned int number = mnl_attr_get_type(attr);

	if (number >= ATTRS_MAX) {
		a->strange = true;
		return;
	}
	a->at[number] = attr;
	a->seen |= ATTR_BIT(number);
}

struct attrs attrs_of_message(const struct nlmsghdr *message)
{
	struct attrs a = {0};

	attr_each(attr,
		  (const struct nlattr *)mnl_nlmsg_get_payload_offset(message,
								      sizeof(struct nfgenmsg)),
		  mnl_nlmsg_get_payload_tail(message))
		attrs_add(&a, attr);
	return a;
}

struct attrs attrs_of(const struct nlattr *nest)
{
	struct attrs a = {0};

	if (nest)
		nest_each(attr, nest)
			attrs_add(&a, attr);
	return a;
}

uint32_t attr_u32(struct attrs *a, unsigned int number)
{
	if (a->at[number] && mnl_attr_get_payload_len(a->at[number]) == sizeof(uint32_t))
		return ntohl(mnl_attr_get_u32(a->at[number]));
	a->strange = true;
	return 0;
}

uint64_t attr_u64(struct attrs *a, unsigned int number)
{
	if (a->at[number] && mnl_attr_get_payload_len(a->at[number]) == sizeof(uint64_t))
		return be64toh(mnl_attr_get_u64(a->at[number]));
	a->strange = true;
	return 0;
}

const char *attr_str(struct attrs *a, unsigned int number)
{
	const struct nlattr *attr = a->at[number];
	size_t len = attr ? mnl_attr_get_payload_len(attr) : 0;

	if (len && memchr(mnl_attr_get_payload(attr), '\0', len))
		return mnl_attr_get_str(attr);
	a->strange = true;
	return NULL;
}

/* A byte of type and a byte of length in front of each part's value: all of them end within @len.
 */
static bool udata_fits(const uint8_t *at, size_t len)
{
	size_t i = 0;

	while (i + 2 <= len)
		i += 2 + (size_t)at[i + 1];
	return i == len;
}

bool udata_each(const void *at, size_t len, nftnl_udata_cb_t take, void *arg)
{
	return udata_fits(at, len) && nftnl_udata_parse(at, (uint32_t)len, take, arg) >= 0;
}

bool udata_each_of(const struct nlattr *attr, nftnl_udata_cb_t take, void *arg)
{
	return udata_each(mnl_attr_get_payload(attr), mnl_attr_get_payload_len(attr), take, arg);
}

void unsupported(struct decoder *d, const char **where, const char *fmt, ...)
{
	va_list ap;
	char *line = NULL;

	if (*where)
		return;
	va_start(ap, fmt);
	if (vasprintf(&line, fmt, ap) < 0)
		mem_exhausted();
	va_end(ap);
	*where = arena_copy(&d->rs->arena, line, strlen(line));
	free(line);
}

struct chain *decoder_find_chain(struct decoder *d, const char *name)
{
	return index_get(&d->chains, name, strlen(name));
}

struct set *decoder_find_set(struct decoder *d, const char *name, uint32_t id)
{
	if (id)
		return index_get(&d->sets, &id, sizeof(id));
	return index_get(&d->sets, name, strlen(name) + 1);
}

bool is_of(const struct decoder *d, const struct nlmsghdr *message, const char *table)
{
	const struct nfgenmsg *nfg = mnl_nlmsg_get_payload(message);

	return nfg->nfgen_family == d->rs->table.family && !strcmp(table, d->rs->table.name);
}

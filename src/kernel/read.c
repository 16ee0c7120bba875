/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tables read back from the kernel. */
#include "jgfw/kernel/read.h"

#include "decode.h"
#include "decode_set.h"
#include "parse.h"
#include "socket.h"

#include <errno.h>
#include <string.h>

#include <libmnl/libmnl.h>
#include <libnftnl/common.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

enum {
	READ_ROOM = 64 * 1024, /* the kernel fills up to half of it at once */
	REQUEST_ROOM = 4 << 8,
	READ_TRIES = 20,
};

/** take_fn - what a request is for; 0 or -errno */
typedef int take_fn(const struct nlmsghdr *message, void *data);

/** struct request - a question with up to two names */
struct request {
	uint16_t type, flags;
	uint8_t family;
	struct {
		uint16_t attribute;
		const char *text;
	} names[2];
};

static int ask(struct kernel *kernel, const struct request *request)
{
	char room[REQUEST_ROOM] = {0}; /* the library skips what pads an attribute */
	struct nlmsghdr *message = nftnl_nlmsg_build_hdr(room, request->type, request->family,
							 request->flags, ++kernel->seq);
	ssize_t n;

	for (size_t i = 0; i < ARRAY_SIZE(request->names) && request->names[i].text; i++)
		if (!mnl_attr_put_strz_check(message, sizeof(room), request->names[i].attribute,
					     request->names[i].text))
			return -ENAMETOOLONG;
	do
		n = mnl_socket_sendto(kernel->socket, message, message->nlmsg_len);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : 0;
}

/* One message of an answer: 1 where it was the last, -EINTR where the tables changed meanwhile. */
static int take(struct kernel *kernel, const struct nlmsghdr *m, bool *interrupted, take_fn *fn,
		void *data)
{
	const struct nlmsgerr *error = mnl_nlmsg_get_payload(m);

	if (m->nlmsg_seq != kernel->seq)
		return 0;
	*interrupted |= m->nlmsg_flags & NLM_F_DUMP_INTR;
	if (m->nlmsg_type == NLMSG_DONE)
		return *interrupted ? -EINTR : 1;
	if (m->nlmsg_type == NLMSG_ERROR)
		return error->error ? error->error : 1;
	return fn(m, data);
}

/* Ask, and give every message of the answer to @fn. Asking for one thing ends with an
 * acknowledgement, a dump with a message of its own. */
static int request(struct kernel *kernel, const struct request *what, take_fn *fn, void *data)
{
	char *room = mem_alloc(READ_ROOM);
	bool interrupted = false;
	int r = ask(kernel, what);

	while (!r) {
		ssize_t n = mnl_socket_recvfrom(kernel->socket, room, READ_ROOM);
		const struct nlmsghdr *m = (const struct nlmsghdr *)(const void *)room;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			r = -errno;
		for (int left = (int)n; !r && mnl_nlmsg_ok(m, left); m = mnl_nlmsg_next(m, &left))
			r = take(kernel, m, &interrupted, fn, data);
	}
	free(room);
	return r > 0 ? 0 : r;
}

/* --- generations ---------------------------------------------------------------------------- */

static int take_generation(const struct nlmsghdr *message, void *data)
{
	struct attrs a = attrs_of_message(message);

	*(uint32_t *)data = attr_u32(&a, NFTA_GEN_ID);
	return 0;
}

static int read_generation(struct kernel *kernel, uint32_t *ret)
{
	static const struct request what = {.type = NFT_MSG_GETGEN, .flags = NLM_F_ACK};

	*ret = 0;
	return request(kernel, &what, take_generation, ret);
}

/* --- a table -------------------------------------------------------------------------------- */

static int take_message(const struct nlmsghdr *message, void *data)
{
	return decode_message(data, message);
}

static int dump(struct kernel *kernel, struct decoder *d, uint16_t type, uint16_t attribute)
{
	struct request what = {type,
			       NLM_F_DUMP,
			       d->rs->table.family,
			       {{attribute, attribute ? d->rs->table.name : NULL}}};

	return request(kernel, &what, take_message, d);
}

/* Elements, of sets that the kernel named itself too. */
static int dump_elements(struct kernel *kernel, struct decoder *d, enum read_extent extent)
{
	for (size_t i = 0; i < d->sets.n_slots; i++) {
		const struct index_slot *slot = &d->sets.slots[i];
		const struct set *set = slot->value;
		struct request what = {NFT_MSG_GETSETELEM,
				       NLM_F_DUMP,
				       d->rs->table.family,
				       {{NFTA_SET_ELEM_LIST_TABLE, d->rs->table.name},
					{NFTA_SET_ELEM_LIST_SET, slot->key}}};
		int r;

		if (!set || (set->name && !set_is_vmap(set) && extent == READ_SKELETON))
			continue;
		r = request(kernel, &what, take_message, d);
		if (r)
			return r;
	}
	return 0;
}

static int read_once(struct kernel *kernel, struct decoder *d, enum read_extent extent)
{
	struct request table = {NFT_MSG_GETTABLE,
				NLM_F_ACK,
				d->rs->table.family,
				{{NFTA_TABLE_NAME, d->rs->table.name}}};
	int r = request(kernel, &table, take_message, d);

	if (!r)
		r = dump(kernel, d, NFT_MSG_GETCHAIN, NFTA_CHAIN_TABLE);
	if (!r)
		r = dump(kernel, d, NFT_MSG_GETSET, NFTA_SET_TABLE);
	if (!r)
		r = dump_elements(kernel, d, extent);
	if (!r)
		r = dump(kernel, d, NFT_MSG_GETRULE, NFTA_RULE_TABLE);
	if (!r)
		r = dump(kernel, d, NFT_MSG_GETOBJ, NFTA_OBJ_TABLE);
	if (!r)
		r = dump(kernel, d, NFT_MSG_GETFLOWTABLE, NFTA_FLOWTABLE_TABLE);
	return r;
}

static int cannot_read(int r, struct diag *diag)
{
	if (r == -EPERM)
		privilege_error(diag);
	else if (r == -EINTR)
		diag_error(diag, (struct loc){0}, "kernel",
			   "the ruleset changes faster than it can be read");
	else
		diag_error(diag, (struct loc){0}, "kernel", "cannot read the ruleset: %s",
			   strerror(-r));
	return r;
}

int kernel_read(struct kernel *kernel, uint8_t family, const char *table, enum read_extent extent,
		struct ruleset **ret, uint32_t *ret_generation, struct diag *diag)
{
	int r = -EINTR;

	for (int i = 0; i < READ_TRIES && r == -EINTR; i++) {
		struct decoder d = {.rs = ruleset_new(table)};
		uint32_t after = 0;

		d.rs->table.family = family;
		r = read_generation(kernel, ret_generation);
		if (!r)
			r = read_once(kernel, &d, extent);
		decode_finish(&d);
		if (r == -ENOENT) {
			ruleset_free(d.rs);
			d.rs = NULL;
			r = 0;
		}
		/* what does not fit together may be of two generations */
		if ((!r || r == -EBADMSG) && !read_generation(kernel, &after) &&
		    after != *ret_generation)
			r = -EINTR;
		if (r)
			ruleset_free(d.rs);
		else
			*ret = d.rs;
	}
	return r ? cannot_read(r, diag) : 0;
}

/* --- all tables ----------------------------------------------------------------------------- */

static int take_table(const struct nlmsghdr *message, void *data)
{
	const struct nfgenmsg *nfg = mnl_nlmsg_get_payload(message);
	struct attrs a = attrs_of_message(message);
	const char *name = attr_str(&a, NFTA_TABLE_NAME);
	struct table_names *names = data;

	if (!name)
		return -EBADMSG;
	vec_add(names, ((struct table_name){nfg->nfgen_family,
					    arena_copy(&names->arena, name, strlen(name))}));
	return 0;
}

int kernel_tables(struct kernel *kernel, struct table_names *ret, struct diag *diag)
{
	static const struct request what = {
		.type = NFT_MSG_GETTABLE, .flags = NLM_F_DUMP, .family = NFPROTO_UNSPEC};
	int r = -EINTR;

	for (int i = 0; i < READ_TRIES && r == -EINTR; i++) {
		ret->n = 0;
		r = request(kernel, &what, take_table, ret);
	}
	return r ? cannot_read(r, diag) : 0;
}

int kernel_generation(struct kernel *kernel, uint32_t *ret, struct diag *diag)
{
	int r = read_generation(kernel, ret);

	return r ? cannot_read(r, diag) : 0;
}

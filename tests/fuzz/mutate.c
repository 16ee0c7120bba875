/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Packed rulesets, and what netlink answers, mutated as what they are: messages with attributes in
 * attributes. Most mutants keep every length around the change right, so that what is inside is
 * looked at; some do not.
 */
#include "fuzz.h"

#include <arpa/inet.h>
#include <string.h>

#include <linux/netlink.h>

enum {
	HEAD = sizeof(uint64_t), /* how many bytes of messages follow */
	NFGEN_LEN = 4,		 /* struct nfgenmsg */
	RTMSG_LEN = 12, /* struct rtmsg, of messages that are no subsystem's of netfilter */
	SUBSYS_AT = 5,	/* in a message's head, the high byte of its type */
	ATTR_HEAD = sizeof(struct nlattr),
	MAX_NESTING = 8,
	MAX_ATTRS = 32,
	PAYLOAD_MAX = 64,
	BROKEN_ONCE_IN = 16,
};

/** struct input - bytes under mutation */
struct input {
	uint8_t *at;
	size_t n, max;
	uint32_t random;
};

/** struct spot - an attribute, or (without @nesting) a message, and the heads of what it is in */
struct spot {
	size_t at, len;
	size_t around[MAX_NESTING]; /* attributes, the outermost first */
	size_t nesting, message;
};

static uint32_t below(struct input *in, size_t n)
{
	in->random = in->random * 1664525u + 1013904223u;
	return n ? (in->random >> 8) % (uint32_t)n : 0;
}

static size_t aligned(size_t len)
{
	return (len + 3) & ~(size_t)3;
}

static uint64_t total(const struct input *in)
{
	uint64_t len = 0;

	memcpy(&len, in->at, sizeof(len));
	return len < in->n - HEAD ? len : in->n - HEAD;
}

static uint16_t attr_len(const struct input *in, size_t at)
{
	uint16_t len;

	memcpy(&len, in->at + at, sizeof(len));
	return len;
}

static uint32_t message_len(const struct input *in, size_t at)
{
	uint32_t len;

	memcpy(&len, in->at + at, sizeof(len));
	return len;
}

/* --- finding a spot ------------------------------------------------------------------------- */

static bool choose_message(struct input *in, struct spot *ret)
{
	size_t end = HEAD + total(in), seen = 0;

	for (size_t at = HEAD, len; at + NLMSG_HDRLEN <= end; at += aligned(len)) {
		len = message_len(in, at);
		if (len < NLMSG_HDRLEN || at + len > end)
			break;
		if (!below(in, ++seen))
			*ret = (struct spot){.at = at, .len = len, .message = at};
	}
	return seen;
}

/* One of the attributes between @from and @to; false where these bytes are not attributes. */
static bool choose_attr(struct input *in, size_t from, size_t to, size_t *ret_at)
{
	size_t at = from, seen = 0;

	while (at + ATTR_HEAD <= to) {
		size_t len = attr_len(in, at);
		uint16_t type;

		memcpy(&type, in->at + at + 2, sizeof(type));
		if (len < ATTR_HEAD || at + len > to || (type & NLA_TYPE_MASK) > MAX_ATTRS)
			return false;
		if (!below(in, ++seen))
			*ret_at = at;
		at += aligned(len);
	}
	return seen && at >= to;
}

/* Down from a message, an attribute at any level: deep ones as often as others. */
static bool choose_spot(struct input *in, struct spot *ret)
{
	size_t from, to, at = 0;

	if (!choose_message(in, ret))
		return false;
	from = ret->at + NLMSG_HDRLEN + (in->at[ret->at + SUBSYS_AT] ? NFGEN_LEN : RTMSG_LEN);
	to = ret->at + ret->len;
	while (ret->nesting < MAX_NESTING && choose_attr(in, from, to, &at)) {
		ret->around[ret->nesting++] = at;
		ret->at = at;
		ret->len = attr_len(in, at);
		from = at + ATTR_HEAD;
		to = at + ret->len;
		if (!below(in, 5))
			break;
	}
	return ret->nesting;
}

/* --- changing it ---------------------------------------------------------------------------- */

static void add_to_attr(struct input *in, size_t at, long delta)
{
	uint16_t len = (uint16_t)(attr_len(in, at) + delta);

	memcpy(in->at + at, &len, sizeof(len));
}

/* Put @new_len bytes of @new in the place of @old_len at @at; the lengths of all that is around it
 * follow, but now and then one that stays wrong. */
static void replace(struct input *in, const struct spot *spot, size_t n_around, size_t at,
		    size_t old_len, const uint8_t *new, size_t new_len)
{
	long delta = (long)new_len - (long)old_len;
	uint32_t len = (uint32_t)(message_len(in, spot->message) + delta);
	uint64_t all = total(in) + (uint64_t)delta;
	size_t broken = below(in, (size_t)BROKEN_ONCE_IN * MAX_NESTING);

	if (at + old_len > in->n || in->n + new_len - old_len > in->max)
		return;
	memmove(in->at + at + new_len, in->at + at + old_len, in->n - at - old_len);
	memcpy(in->at + at, new, new_len);
	in->n = in->n + new_len - old_len;
	for (size_t i = 0; i < n_around; i++)
		if (i != broken)
			add_to_attr(in, spot->around[i], delta);
	if (spot->nesting)
		memcpy(in->at + spot->message, &len, sizeof(len));
	memcpy(in->at, &all, sizeof(all));
}

static void change_payload(struct input *in, const struct spot *spot)
{
	uint8_t bytes[PAYLOAD_MAX] = {0};
	size_t at = spot->at + ATTR_HEAD, old = spot->len - ATTR_HEAD, len;

	if (old > sizeof(bytes))
		return;
	memcpy(bytes, in->at + at, old);
	len = LLVMFuzzerMutate(bytes, old, sizeof(bytes));
	if (aligned(at + old) > in->n)
		return;
	replace(in, spot, spot->nesting, at, aligned(old), bytes, aligned(len));
}

/* Numbers are in network order; those that stand for expressions, flags and hooks are small. */
static void change_number(struct input *in, const struct spot *spot)
{
	static const uint32_t numbers[] = {0,
					   1,
					   2,
					   3,
					   8,
					   16,
					   32,
					   64,
					   255,
					   256,
					   1023,
					   1024,
					   65535,
					   65536,
					   1u << 31,
					   UINT32_MAX,
					   UINT32_MAX - 1,
					   UINT32_MAX - 4};
	uint32_t number =
		htonl(below(in, 2) ? below(in, 48) : numbers[below(in, ARRAY_SIZE(numbers))]);

	if (spot->len == ATTR_HEAD + sizeof(number))
		memcpy(in->at + spot->at + ATTR_HEAD, &number, sizeof(number));
}

static void change_type(struct input *in, const struct spot *spot)
{
	uint16_t type = (uint16_t)(below(in, MAX_ATTRS + 2) | (below(in, 8) ? 0 : NLA_F_NESTED));

	memcpy(in->at + spot->at + 2, &type, sizeof(type));
}

static void break_length(struct input *in, const struct spot *spot)
{
	static const uint16_t lengths[] = {0, 1, 3, 4, 5, 6, 8, 32767, 32768, 65535};
	uint16_t len = lengths[below(in, ARRAY_SIZE(lengths))];

	if (below(in, 2))
		len = (uint16_t)(spot->len + below(in, 9) - 4);
	memcpy(in->at + spot->at, &len, sizeof(len));
}

static void remove_spot(struct input *in, const struct spot *spot)
{
	size_t len = aligned(spot->len);

	replace(in, spot, spot->nesting ? spot->nesting - 1 : 0, spot->at, len, in->at, 0);
}

/* A copy of @what in front of @spot, or in its place. */
static void copy_spot(struct input *in, const struct spot *spot, const struct spot *what,
		      bool instead)
{
	size_t len = aligned(what->len);
	uint8_t *copy;

	if (what->at + len > in->n)
		return;
	copy = mem_alloc(len);
	memcpy(copy, in->at + what->at, len);
	replace(in, spot, spot->nesting ? spot->nesting - 1 : 0, spot->at,
		instead ? aligned(spot->len) : 0, copy, len);
	free(copy);
}

static void change_messages(struct input *in)
{
	struct spot one, other;

	if (!choose_message(in, &one) || !choose_message(in, &other))
		return;
	switch (below(in, 4)) {
	case 0:
		remove_spot(in, &one);
		break;
	case 1:
		copy_spot(in, &one, &other, below(in, 2));
		break;
	case 2: /* NFT_MSG_* of its type */
		in->at[one.at + 4] = (uint8_t)below(in, 26);
		break;
	default:
		in->at[one.at + below(in, NLMSG_HDRLEN + NFGEN_LEN)] ^=
			(uint8_t)(1u << below(in, 8));
	}
}

static void mutate_once(struct input *in)
{
	struct spot spot, other;

	if (!choose_spot(in, &spot) || !below(in, 12)) {
		change_messages(in);
		return;
	}
	switch (below(in, 8)) {
	case 0:
	case 1:
		change_payload(in, &spot);
		break;
	case 2:
	case 3:
		change_number(in, &spot);
		break;
	case 4:
		change_type(in, &spot);
		break;
	case 5:
		if (below(in, 3))
			remove_spot(in, &spot);
		else
			break_length(in, &spot);
		break;
	default:
		if (choose_spot(in, &other))
			copy_spot(in, &spot, &other, below(in, 2));
	}
}

size_t messages_mutate(uint8_t *data, size_t size, size_t max_size, unsigned int seed)
{
	struct input in = {data, size, max_size, seed};

	if (size < HEAD + NLMSG_HDRLEN || !below(&in, 20))
		return LLVMFuzzerMutate(data, size, max_size);
	for (uint32_t n = 1 + below(&in, 3); n--;)
		mutate_once(&in);
	return in.n;
}

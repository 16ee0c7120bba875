/* SPDX-License-Identifier: GPL-2.0-or-later */
/* User data of tables, chains and sets: what nft keeps there for itself. */
#include "decode_note.h"

#include <string.h>

enum {
	/* newer than the library that we may be built with: enum nftnl_udata_table_types */
	TABLE_NFTVER = 1,
	TABLE_NFTBLD = 2,
	UDATA_HEAD = 2, /* bytes: a type and a length */
};

/** struct note_reader - a note on its way */
struct note_reader {
	struct note *note;
	bool unknown; /* a part of it is */
};

static void say(struct note_reader *r, const char *what)
{
	if (!r->note->what)
		r->note->what = what;
}

static void take_comment(struct note_reader *r, const struct nftnl_udata *part, const char *what)
{
	const char *text = nftnl_udata_get(part);
	uint8_t len = nftnl_udata_len(part);

	if (len && memchr(text, '\0', len) == text + len - 1)
		say(r, what);
	else
		r->unknown = true;
}

static bool note_of(struct decoder *d, const struct nlattr *attr, nftnl_udata_cb_t take,
		    struct note *ret)
{
	struct note_reader r = {.note = ret};

	*ret = (struct note){0};
	if (!attr)
		return true;
	ret->len = mnl_attr_get_payload_len(attr);
	ret->bytes =
		(const uint8_t *)arena_copy(&d->rs->arena, mnl_attr_get_payload(attr), ret->len);
	return udata_each_of(attr, take, &r) && !r.unknown;
}

static int take_of_table(const struct nftnl_udata *part, void *data)
{
	struct note_reader *r = data;

	switch (nftnl_udata_type(part)) {
	case NFTNL_UDATA_TABLE_COMMENT:
		take_comment(r, part, "the table has a comment");
		break;
	case TABLE_NFTVER: /* of the nft that loaded it */
	case TABLE_NFTBLD:
		break;
	default:
		r->unknown = true;
	}
	return 0;
}

bool note_of_table(struct decoder *d, const struct nlattr *attr, struct note *ret)
{
	return note_of(d, attr, take_of_table, ret);
}

static int take_of_chain(const struct nftnl_udata *part, void *data)
{
	struct note_reader *r = data;

	if (nftnl_udata_type(part) == NFTNL_UDATA_CHAIN_COMMENT)
		take_comment(r, part, "it has a comment");
	else
		r->unknown = true;
	return 0;
}

bool note_of_chain(struct decoder *d, const struct nlattr *attr, struct note *ret)
{
	return note_of(d, attr, take_of_chain, ret);
}

/* --- sets ----------------------------------------------------------------------------------- */

/* What 'typeof' names. Where a concatenation was declared by 'type', nft 1.1 leaves the head of its
 * first field alone, without a length: it takes it for no 'typeof' itself. */
static int take_typeof(const struct nftnl_udata *part, void *data)
{
	const uint8_t *field = nftnl_udata_get(part);
	uint8_t len = nftnl_udata_len(part);
	bool *is_typeof = data;

	if (nftnl_udata_type(part) == NFTNL_UDATA_SET_TYPEOF_DATA && len)
		*is_typeof |= len < UDATA_HEAD || field[1];
	return 0;
}

static bool is_zero(const struct nftnl_udata *part)
{
	return nftnl_udata_len(part) == sizeof(uint32_t) && !nftnl_udata_get_u32(part);
}

static int take_of_set(const struct nftnl_udata *part, void *data)
{
	struct note_reader *r = data;
	bool is_typeof = false;

	switch (nftnl_udata_type(part)) {
	case NFTNL_UDATA_SET_KEYBYTEORDER:
	case NFTNL_UDATA_SET_DATABYTEORDER:
		break;
	case NFTNL_UDATA_SET_MERGE_ELEMENTS:
		if (!is_zero(part))
			say(r, "it has 'auto-merge'");
		break;
	case NFTNL_UDATA_SET_KEY_TYPEOF:
	case NFTNL_UDATA_SET_DATA_TYPEOF:
		if (!udata_each(nftnl_udata_get(part), nftnl_udata_len(part), take_typeof,
				&is_typeof))
			r->unknown = true;
		else if (is_typeof)
			say(r, "it is declared by 'typeof'");
		break;
	case NFTNL_UDATA_SET_DATA_INTERVAL: /* then the data are not what their type says */
		r->unknown |= !is_zero(part);
		break;
	case NFTNL_UDATA_SET_COMMENT:
		take_comment(r, part, "it has a comment");
		break;
	default:
		r->unknown = true;
	}
	return 0;
}

bool note_of_set(struct decoder *d, const struct nlattr *attr, struct note *ret)
{
	return note_of(d, attr, take_of_set, ret);
}

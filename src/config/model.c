/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "jgfw/config/model.h"

const char *const proto_names[PROTO_COUNT] = {
	[PROTO_TCP] = "tcp",	     [PROTO_TLS] = "tls",   [PROTO_UDP] = "udp",
	[PROTO_TCP_UDP] = "tcp+udp", [PROTO_ICMP] = "icmp",
};

const char *proto_name(enum proto proto)
{
	return proto_names[proto];
}

const struct word *part_excludes(const struct model *a, const struct model *b)
{
	vec_each(word, &a->excludes)
		if (!strcmp(word->text, b->name.text))
			return word;
	return NULL;
}

const struct word *models_exclude(const struct model *a, const struct model *b)
{
	vec_each(x, &a->parts)
		vec_each(y, &b->parts) {
			const struct word *word = part_excludes(*x, *y);

			word = word ? word : part_excludes(*y, *x);
			if (word)
				return word;
		}
	return NULL;
}

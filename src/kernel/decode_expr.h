/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Expressions of rules from messages. */
#ifndef JGFW_KERNEL_DECODE_EXPR_H
#define JGFW_KERNEL_DECODE_EXPR_H

#include "parse.h"

/** decode_exprs - the expressions in @list to the end of @rule */
void decode_exprs(struct decoder *d, const struct nlattr *list, struct rule *rule);

/** decode_counter - a counter from the attributes of its expression; false where it is none */
bool decode_counter(const struct nlattr *nest, struct counter *ret);

/** decode_verdict - from NFTA_DATA_VERDICT; false where jgfw has no such verdict */
bool decode_verdict(struct decoder *d, const struct nlattr *nest, struct verdict *ret);

#endif

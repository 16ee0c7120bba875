/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A model and its add-ons, made one. */
#ifndef JGFW_CONFIG_JOIN_H
#define JGFW_CONFIG_JOIN_H

#include "jgfw/config/model.h"

/** model_join - @base and @add_ons as one model of the size of @profile; NULL after errors
 *
 * @names are the words by which the add-ons were called, one each; @named is where @base was. The
 * model is owned by @arena and borrows from its parts.
 */
const struct model *model_join(const struct profile *profile, const struct model *base,
			       const struct model *const *add_ons, const struct words *names,
			       struct loc named, struct arena *arena, struct diag *diag);

#endif

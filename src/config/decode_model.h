/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Port models and profiles from YAML. */
#ifndef JGFW_CONFIG_DECODE_MODEL_H
#define JGFW_CONFIG_DECODE_MODEL_H

#include "jgfw/config/model.h"

/** model_decode - a port model from @source; NULL after errors; owned by @arena */
struct model *model_decode(const struct source *source, struct arena *arena, struct diag *diag);

/** model_check_translation - an error where @row of @model, which tells the translation of another
 * row, tells otherwise than that row */
void model_check_translation(const struct model *model, const struct row *row, struct diag *diag);

/** profile_decode - a profile from @source, its model not yet looked up; NULL after errors */
struct profile *profile_decode(const struct source *source, struct arena *arena, struct diag *diag);

#endif

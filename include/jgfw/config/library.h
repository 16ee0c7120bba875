/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Port models and profiles, from the binary and from folders that override it. */
#ifndef JGFW_CONFIG_LIBRARY_H
#define JGFW_CONFIG_LIBRARY_H

#include "jgfw/config/model.h"

/** struct library - port models and profiles, from the binary and from folders that override it */
struct library;

/** library_new - @data_dir (may be NULL) is looked at before /etc/jgfw and the built-in data */
struct library *library_new(const char *data_dir);
void library_free(struct library *lib);

/** library_profile - the profile @name, checked, or NULL after an error at @loc; owned by @lib
 *
 * A name with a slash or the ending .yaml is a file, relative to the folder of @loc's source.
 */
const struct profile *library_profile(struct library *lib, const char *name, struct loc loc,
				      struct diag *diag);

/** library_profile_with - @profile, named at @named, joined with the add-ons @with
 *
 * The same profile and add-ons, in the same order, give the same pointer. NULL after errors, which
 * are told once; owned by @lib.
 */
const struct profile *library_profile_with(struct library *lib, const struct profile *profile,
					   const struct words *with, struct loc named,
					   struct diag *diag);

/** library_add_ons - the names of all add-ons in @ret_names (strings owned by @lib), sorted; what
 * cannot be read is an error */
void library_add_ons(struct library *lib, struct names *ret_names, struct diag *diag);

/** library_add_on - the add-on @name, or NULL after an error: there is none, or it is none */
const struct model *library_add_on(struct library *lib, const struct word *name, struct diag *diag);

/** library_profile_names - names of all profiles in @ret_names (strings owned by @lib), sorted; a
 * folder that cannot be read is an error */
void library_profile_names(struct library *lib, struct names *ret_names, struct diag *diag);

#endif

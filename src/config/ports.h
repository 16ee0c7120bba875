/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ports as they are written in models, profiles and sites. */
#ifndef JGFW_CONFIG_PORTS_H
#define JGFW_CONFIG_PORTS_H

#include "jgfw/config/site.h"
#include "yaml.h"

/** decode_port_expr - a port, a range, a name, {first: N, of: NAME}, or a list of the first three
 */
void decode_port_expr(struct yaml *y, const struct node *value, struct port_expr *ret_expr);

/** field_ports - a kind of field: struct port_expr, as decode_port_expr() */
void field_ports(struct yaml *y, const struct node *value, const struct yaml_field *field,
		 void *member);

/** decode_port_defs - the mapping "ports" of a model: NAME: {value, purpose, allow} */
void decode_port_defs(struct yaml *y, const struct node *value, struct port_defs *defs);

/** decode_port_values - the mapping "ports" of a profile: NAME: value */
void decode_port_values(struct yaml *y, const struct node *value, struct port_defs *defs);

/** decode_port_allows - the mapping "allow" of a profile: NAME: choices */
void decode_port_allows(struct yaml *y, const struct node *value, struct port_defs *defs);

/** port_def_find - the index of @name in @defs, or -1 */
int port_def_find(const struct port_defs *defs, const char *name);

/** port_names - the names of @defs, for suggestions, to be freed */
struct names port_names(const struct port_defs *defs);

/** port_expr_bind - look up the names in @expr; unknown ones are errors */
void port_expr_bind(struct port_expr *expr, const struct port_defs *defs, struct diag *diag);

/** ports_resolve - the ports of every name of @model, by index, owned by @arena
 *
 * A value is the site's (@overrides, may be NULL), else the profile's, else the model's. Returns
 * NULL after errors: a name without a value, one defined by itself, an override that the profile
 * does not allow.
 */
const struct range_vec *ports_resolve(const struct model *model, const struct profile *profile,
				      const struct port_override *overrides, size_t n_overrides,
				      struct arena *arena, struct diag *diag);

#endif

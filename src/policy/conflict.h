/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef JGFW_POLICY_CONFLICT_H
#define JGFW_POLICY_CONFLICT_H

#include "jgfw/policy/expand.h"

/** policy_check_conflicts - errors where two rows translate the same packets differently */
void policy_check_conflicts(const struct policy *policy, struct diag *diag);

#endif

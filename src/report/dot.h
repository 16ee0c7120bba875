/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Flows as a graph in the language of Graphviz. */
#ifndef JGFW_REPORT_DOT_H
#define JGFW_REPORT_DOT_H

#include "jgfw/policy/expand.h"

/** dot_deployment - append a digraph of the flows from @begin to before @end, all of one
 * deployment, without a frame and words around it: as part of a page */
void dot_deployment(const struct policy *policy, size_t begin, size_t end, struct buf *out);

/** dot_site - append a digraph of all flows, a cluster for each deployment */
void dot_site(const struct policy *policy, struct buf *out);

#endif

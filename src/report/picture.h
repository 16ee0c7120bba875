/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Graphs laid out by Graphviz. */
#ifndef JGFW_REPORT_PICTURE_H
#define JGFW_REPORT_PICTURE_H

#include "jgfw/policy/expand.h"

/** picture_svg - the flows from @begin to before @end, all of one deployment, drawn by the program
 * dot
 *
 * @ret is an element <svg> as it can stand in a page, to be freed by the caller. Returns NULL, or
 * why there is no picture, in words that follow "no picture: ".
 */
const char *picture_svg(const struct policy *policy, size_t begin, size_t end, struct buf *ret);

#endif

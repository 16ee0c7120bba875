/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A proof in words, as text and as JSON. */
#ifndef JGFW_VERIFY_VIEW_H
#define JGFW_VERIFY_VIEW_H

#include "jgfw/base/buf.h"
#include "jgfw/base/json.h"
#include "jgfw/verify/proof/prove.h"

/** verify_text - append @proof, the answer in its first line; with terminal colours where @color */
void verify_text(const struct question *question, const struct proof *proof, bool color,
		 struct buf *out);

/** verify_json - append @proof as members of a JSON object behind others */
void verify_json(const struct question *question, const struct proof *proof, struct json *j);

/** verify_witness - append the packet that shows @finding, which has one, and what becomes of it:
 * lines behind @indent spaces */
void verify_witness(const struct question *question, const struct finding *finding, int indent,
		    struct buf *out);

/** verify_headline - the answer in a line without its end */
const char *verify_headline(const struct proof *proof);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The port table of a site or of a profile, for people. */
#ifndef JGFW_REPORT_H
#define JGFW_REPORT_H

#include "jgfw/base/buf.h"
#include "jgfw/base/vec.h"
#include "jgfw/policy/expand.h"

enum report_format {
	REPORT_TEXT,
	REPORT_MARKDOWN,
	REPORT_CSV,
	REPORT_JSON,
	REPORT_DOT,
	REPORT_HTML,
};

enum report_mark {
	REPORT_OK,
	REPORT_NO,
	REPORT_UNDECIDED,
};

/** struct report_proof_line - what was proved, or not, of one thing */
struct report_proof_line {
	enum report_mark mark;
	const char *text;
	const char *shown_by; /* a packet, in lines; NULL where there is nothing to show */
};

/** struct report_proof - the answer of a proof, as words for the page; all is borrowed */
struct report_proof {
	enum report_mark mark;
	const char *headline; /* "proved: ..." */
	struct {
		VEC(struct report_proof_line);
	} lines;
};

/** report_site - append every row of every deployment with addresses and ports filled in,
 * translations, footnotes, and the rows not on this gateway with the reason; as JSON the member
 * "rows" of an object; as DOT a graph of what is in force
 *
 * REPORT_HTML tells @proof too, where it is not NULL, and has pictures that the program dot draws;
 * a picture that could not be had is a warning in @diag.
 */
void report_site(const struct policy *policy, enum report_format format,
		 const struct report_proof *proof, struct buf *out, struct diag *diag);

/** report_profile - append the rows of @profile with its ports filled in; text, or members
 * of a JSON object */
void report_profile(const struct profile *profile, enum report_format format, struct buf *out);

#endif

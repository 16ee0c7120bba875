/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The report as one page of HTML that loads nothing. */
#ifndef JGFW_REPORT_PAGE_H
#define JGFW_REPORT_PAGE_H

#include "jgfw/report/report.h"

/** page_site - see report_site(); the page is well-formed XML too, so that it can be checked */
void page_site(const struct policy *policy, const struct report_proof *proof, struct buf *out,
	       struct diag *diag);

#endif

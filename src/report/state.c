/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "jgfw/report/state.h"

#include "jgfw/config/model.h"
#include "jgfw/config/site.h"
#include "jgfw/config/zone.h"
#include "jgfw/policy/expand.h"

static void tell_left_out(const struct flow *flow, struct buf *out)
{
	const struct endpoint *ends[] = {&flow->row->from_end, &flow->row->to_end};
	const char *separator = "";

	for (size_t i = 0; i < ARRAY_SIZE(ends); i++)
		if (ends[i]->kind == END_ROLE && !flow->dep->roles[ends[i]->role].n) {
			const struct role *role = &flow->dep->model->roles[ends[i]->role];

			buf_printf(out, "%s%s (%s)", separator, role->name.text, role->label);
			separator = ", ";
		}
}

void report_state(const struct site *site, const struct flow *flow, struct buf *out)
{
	switch (flow->state) {
	case FLOW_IN_FORCE:
		buf_printf(out, "in force, %s to %s", zone_name(flow->from), zone_name(flow->to));
		return;
	case FLOW_OMITTED:
		buf_puts(out, "omitted by the site");
		return;
	case FLOW_TRANSLATION:
		buf_printf(out, "is the translation of %s", flow->row->translation_of.text);
		return;
	case FLOW_NO_ZONE:
		buf_puts(out, "not on this gateway: no zone ");
		if (!site->zones[flow->from].n && flow->from != flow->missing)
			buf_printf(out, "%s, no zone ", zone_name(flow->from));
		buf_puts(out, zone_name(flow->missing));
		return;
	case FLOW_ONE_INTERFACE:
		buf_printf(out,
			   "not on this gateway: %s has one interface, both ends are behind it",
			   zone_name(flow->from));
		return;
	case FLOW_NO_ADDRESS:
		buf_puts(out, "not in force: no address is given of ");
		tell_left_out(flow, out);
		return;
	case FLOW_ONE_MACHINE:
		buf_puts(out, "not in force: both ends are the same machine");
		return;
	case FLOW_NEVER:
		buf_printf(out, "never in force: %s", flow->row->never);
		return;
	}
}

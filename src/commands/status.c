/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "command.h"

#include "jgfw/apply/apply.h"
#include "jgfw/emit/change.h"
#include "jgfw/kernel/read.h"
#include "jgfw/status/counts.h"
#include "jgfw/status/warnings.h"

enum {
	TOLD_CHANGES = 20,
};

/** struct status_view - all that is told */
struct status_view {
	struct ruleset *wanted, *now;
	struct change change;
	struct counts counts;
	unsigned int left_s; /* until what waits is taken back; 0: nothing waits */
	bool differs;
};

/** struct list - pieces of a change on their way */
struct list {
	struct buf out;
	size_t n;
	struct json *json; /* NULL: text, in @out */
};

static void take_item(const char *text, uint32_t origin, void *data)
{
	struct list *list = data;

	(void)origin;
	if (list->json)
		json_string(list->json, NULL, text);
	else if (list->n < TOLD_CHANGES)
		buf_printf(&list->out, "\t%s\n", text);
	list->n++;
}

/* --- text ----------------------------------------------------------------------------------- */

static void tell_table(const struct status_view *v, struct buf *out)
{
	struct list list = {0};

	if (!v->differs) {
		buf_puts(out, "the kernel holds what the site says\n");
		return;
	}
	if (!v->now) {
		buf_puts(out, "the kernel holds no table inet " RULESET_TABLE "\n");
		return;
	}
	emit_change(&v->change, take_item, &list);
	buf_puts(out, "drift: the kernel differs from the site; apply would\n");
	buf_add(out, list.out.at, list.out.n);
	if (list.n > TOLD_CHANGES)
		buf_printf(out, "\tand %zu more: 'jgfw diff' shows all\n", list.n - TOLD_CHANGES);
	buf_free(&list.out);
}

static void tell(const struct status_view *v, struct buf *out)
{
	tell_table(v, out);
	if (v->left_s)
		buf_printf(out,
			   "an apply is pending: run 'jgfw confirm' within %u s, or the previous "
			   "ruleset returns\n",
			   v->left_s);
	buf_puts(out, "\nnew flows\n");
	vec_each(t, &v->counts.rows)
		buf_printf(out, "%12llu  %s%s%s\n", (unsigned long long)t->new_flows, t->row,
			   t->deployment ? " of " : "", t->deployment ? t->deployment : "");
	buf_puts(out, "\ndropped packets\n");
	vec_each(d, &v->counts.drops)
		buf_printf(out, "%12llu  %s\n", (unsigned long long)d->packets, d->reason);
}

/* --- JSON ----------------------------------------------------------------------------------- */

static void json_counts(const struct status_view *v, struct json *j)
{
	json_list(j, "rows");
	vec_each(t, &v->counts.rows) {
		json_object(j, NULL);
		json_string(j, "row", t->row);
		if (t->deployment)
			json_string(j, "deployment", t->deployment);
		json_uint(j, "new_flows", t->new_flows);
		json_end(j);
	}
	json_end(j);
	json_list(j, "drops");
	vec_each(d, &v->counts.drops) {
		json_object(j, NULL);
		json_string(j, "reason", d->reason);
		json_uint(j, "packets", d->packets);
		json_end(j);
	}
	json_end(j);
}

static void tell_json(const struct job *job, const struct status_view *v, struct buf *out)
{
	struct json j;
	struct list list = {.json = &j};

	open_json(job, out, &j);
	if (v->wanted) {
		json_bool(&j, "loaded", v->now);
		json_bool(&j, "changed", v->differs);
		json_list(&j, "changes");
		emit_change(&v->change, take_item, &list);
		json_end(&j);
		if (v->left_s)
			json_uint(&j, "confirm_seconds", v->left_s);
		json_counts(v, &j);
	}
	close_json(&j);
}

/* --- Prometheus' text format ---------------------------------------------------------------- */

static void label(struct buf *out, const char *name, const char *value)
{
	buf_printf(out, "%s=\"", name);
	for (; *value; value++) {
		if (*value == '"' || *value == '\\')
			buf_putc(out, '\\');
		buf_putc(out, *value);
	}
	buf_putc(out, '"');
}

static void metric(struct buf *out, const char *name, const char *type, const char *help)
{
	buf_printf(out, "# HELP jgfw_%s %s\n# TYPE jgfw_%s %s\n", name, help, name, type);
}

static void tell_prometheus(const struct job *job, const struct status_view *v, struct buf *out)
{
	metric(out, "table_as_site", "gauge", "1 where the kernel holds what the site says.");
	buf_printf(out, "jgfw_table_as_site %d\n", !v->differs);
	metric(out, "doubts", "gauge", "What may keep the ruleset from working; see jgfw status.");
	buf_printf(out, "jgfw_doubts %u\n", job->diag.warnings);
	metric(out, "confirm_seconds", "gauge", "Seconds until a pending apply is undone.");
	buf_printf(out, "jgfw_confirm_seconds %u\n", v->left_s);
	metric(out, "new_flows_total", "counter", "New flows that a row let through.");
	vec_each(t, &v->counts.rows) {
		buf_puts(out, "jgfw_new_flows_total{");
		label(out, "row", t->row);
		if (t->deployment) {
			buf_putc(out, ',');
			label(out, "deployment", t->deployment);
		}
		buf_printf(out, "} %llu\n", (unsigned long long)t->new_flows);
	}
	metric(out, "dropped_packets_total", "counter", "Packets that were dropped.");
	vec_each(d, &v->counts.drops) {
		buf_puts(out, "jgfw_dropped_packets_total{");
		label(out, "reason", d->reason);
		buf_printf(out, "} %llu\n", (unsigned long long)d->packets);
	}
}

/* --- the command ---------------------------------------------------------------------------- */

static enum exit_code look(struct job *job, struct status_view *v)
{
	struct kernel *kernel = kernel_open(&job->diag);
	uint32_t generation;
	enum exit_code code = EXIT_SYSTEM;

	if (kernel &&
	    !kernel_read(kernel, NFPROTO_INET, RULESET_TABLE, READ_ALL, &v->now, &generation,
			 &job->diag) &&
	    !warnings_collect(job->site, kernel, &job->diag)) {
		change_between(v->now, v->wanted, &v->change);
		counts_collect(v->now, v->wanted, &v->counts);
		v->differs = !change_is_empty(&v->change);
		code = v->differs ? EXIT_NO : EXIT_DONE;
	}
	kernel_close(kernel);
	return code;
}

static enum exit_code run(const struct command *self, int argc, char **argv)
{
	struct job job = {0};
	struct status_view v = {0};
	struct buf out = {0};
	enum exit_code code, written;

	if (!options_parse(self, argc, argv, &job.options, &code))
		return code;
	code = job_compile(&job, &v.wanted);
	if (!code)
		apply_confine(job.options.state_dir);
	if (!code && apply_expire(job.options.state_dir, &v.left_s, &job.diag))
		code = EXIT_SYSTEM;
	if (!code)
		code = look(&job, &v);
	diag_sort(&job.diag);
	if (job.options.json)
		tell_json(&job, &v, &out);
	else if (code <= EXIT_NO && job.options.prometheus)
		tell_prometheus(&job, &v, &out);
	else if (code <= EXIT_NO)
		tell(&v, &out);
	written = write_out(&out);
	change_free(&v.change);
	counts_free(&v.counts);
	ruleset_free(v.now);
	ruleset_free(v.wanted);
	buf_free(&out);
	return job_end(&job, told(code, written));
}

const struct command command_status = {
	.name = "status",
	.takes = TAKES(OPTION_SITE, OPTION_OR, OPTION_EXAMPLE, OPTION_PROMETHEUS, OPTION_STATE,
		       OPTION_JSON),
	.summary =
		"Compare the kernel with the site; counters by row, and warnings of the gateway.",
	.run = run,
};

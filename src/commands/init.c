/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "command.h"

#include <string.h>

enum {
	FIRST_PUBLIC_HOST = 10, /* of the documentation network */
	NIC_STEP = 64,
	FIRST_ROLE_HOST = 20,
	ROLE_STEP = 10,
	HOSTS = 251, /* of a network; a prime, so that as many roles as there may be differ */
	COMMENT_COLUMN = 39,
};

static void line(struct buf *out, const char *text, const char *comment)
{
	buf_puts(out, text);
	buf_pad(out, ' ', COMMENT_COLUMN - (long)strlen(text));
	buf_printf(out, " # %s\n", comment);
}

/* The zones that the model's machines are in, and the internet. */
static void tell_zones(const struct model *model, struct buf *out)
{
	bool used[ZONE_COUNT] = {[ZONE_WAN] = true};
	unsigned int nic = 0;

	for (size_t i = 0; i < model->n_nics; i++)
		used[model->nics[i].zone] = true;
	for (size_t i = 0; i < model->n_roles; i++)
		used[model->roles[i].zone] = true;
	buf_puts(out, "  zones:                                # leave out what this gateway does "
		      "not have\n");
	for (unsigned int z = 0; z < ZONE_COUNT; z++) {
		struct buf text = {0}, who = {0};

		if (!used[z])
			continue;
		buf_printf(&text, "    %s: eth%u", zone_name((enum zone)z), nic++);
		if (z == ZONE_WAN)
			buf_puts(&who, "the internet");
		for (size_t i = 0; i < model->n_nics; i++)
			if (model->nics[i].zone == (enum zone)z)
				buf_printf(&who, "%s%s, %s", who.n ? "; " : "", model->edge_label,
					   model->nics[i].label);
		for (size_t i = 0; i < model->n_roles; i++)
			if (model->roles[i].zone == (enum zone)z)
				buf_printf(&who, "%s%s", who.n ? "; " : "", model->roles[i].label);
		line(out, buf_str(&text), buf_str(&who));
		buf_free(&text);
		buf_free(&who);
	}
}

/* A role that may be left out is a comment. */
static void tell_role(const struct role *role, bool own_key, size_t i, struct buf *out)
{
	struct buf text = {0}, who = {0};

	buf_printf(&text, "    %s%s%s: [%s.%zu]", role->foreign ? "# " : "", own_key ? "" : "  ",
		   role->name.text, role->zone == ZONE_WAN ? "198.51.100" : "10.10.0",
		   (FIRST_ROLE_HOST + i * ROLE_STEP) % HOSTS);
	buf_printf(&who, "%s, at most %u", role->label, role->max);
	line(out, buf_str(&text), buf_str(&who));
	buf_free(&text);
	buf_free(&who);
}

static void tell_addresses(const struct model *model, struct buf *out)
{
	bool in_hosts = false;

	buf_printf(out,
		   "    edge:                               # 1 to %u %s\n"
		   "      - {name: e1, public: 203.0.113.%d",
		   model->max_peers, model->edge_label, FIRST_PUBLIC_HOST);
	for (size_t i = 0; i < model->n_nics; i++)
		buf_printf(out, ", %s: 192.0.2.%zu", model->nics[i].name.text,
			   FIRST_PUBLIC_HOST + i * NIC_STEP);
	buf_puts(out, "}\n");
	for (size_t i = 0; i < 3 * model->n_roles; i++) { /* core and guest first, foreign last */
		const struct role *role = &model->roles[i % model->n_roles];
		bool own_key =
			!strcmp(role->name.text, "core") || !strcmp(role->name.text, "guest");

		if ((own_key ? 0u : 1u + role->foreign) != i / model->n_roles)
			continue;
		if (!own_key && !in_hosts)
			buf_printf(out, "    %shosts:\n", role->foreign ? "# " : "");
		in_hosts |= !own_key;
		tell_role(role, own_key, i % model->n_roles, out);
	}
}

/* Ports as a site writes them. */
static void tell_set(struct range_vec set, struct buf *out)
{
	buf_puts(out, set.n > 1 ? "[" : "");
	vec_each(range, &set) {
		buf_printf(out, "%s%u", range == set.at ? "" : ", ", range->lo);
		if (range->hi != range->lo)
			buf_printf(out, "-%u", range->hi);
	}
	buf_puts(out, set.n > 1 ? "]" : "");
}

static void tell_ports(const struct profile *profile, struct buf *out)
{
	const struct model *model = profile->model;

	buf_puts(out, "    # ports:                            # named ports that a site may "
		      "change, and their values\n");
	for (size_t i = 0; i < model->ports.n; i++) {
		const struct port_def *def = &model->ports.at[i];
		bool allowed = def->allow.n;
		struct buf text = {0};

		for (size_t k = 0; k < profile->ports.n; k++)
			if (!strcmp(profile->ports.at[k].name.text, def->name.text) &&
			    profile->ports.at[k].allow.given)
				allowed = profile->ports.at[k].allow.n;
		if (!allowed)
			continue;
		buf_printf(&text, "    #   %s: ", def->name.text);
		tell_set(profile->resolved[i], &text);
		line(out, buf_str(&text), def->purpose);
		buf_free(&text);
	}
}

/* The add-ons that fit the profile; of the others nobody wants to know why. */
static void tell_add_ons(struct library *lib, const struct profile *profile, struct buf *out,
			 struct diag *diag)
{
	struct names names = {0};
	struct diag untold = {0};
	struct buf text = {0};

	library_add_ons(lib, &names, diag);
	vec_each(name, &names) {
		struct word word = {.text = *name};
		const struct words with = {.at = &word, .n = 1};

		if (library_profile_with(lib, profile, &with, (struct loc){0}, &untold))
			buf_printf(&text, "%s%s", text.n ? ", " : "", *name);
	}
	if (text.n)
		buf_printf(out, "    # with: []                          # add-ons: %s\n",
			   buf_str(&text));
	buf_free(&text);
	diag_free(&untold);
	vec_free(&names);
}

static void tell_site(struct library *lib, const struct profile *profile, const char *name,
		      struct buf *out, struct diag *diag)
{
	buf_printf(out,
		   "# yaml-language-server: $schema=" JGFW_SCHEMA_DIR "/site.json\n"
		   "# A site of jgfw, see jgfw-site(5). Put your own names and addresses in.\n"
		   "# %s\n"
		   "version: 1\n"
		   "gateway:\n",
		   profile->title);
	tell_zones(profile->model, out);
	buf_puts(out,
		 "  # scope: hosts                        # leave traffic of others alone "
		 "(default: gateway)\n"
		 "  # public_addresses: shared            # the gateway uses them too (default: "
		 "dedicated)\n"
		 "  # log_drops: true                     # rate limited, prefix \"jgfw drop \"\n"
		 "  # counters: deployments               # for each row and deployment "
		 "(default: rows)\n"
		 "deployments:\n");
	buf_printf(out, "  - name: hq\n    profile: %s\n", name);
	tell_addresses(profile->model, out);
	tell_add_ons(lib, profile, out, diag);
	buf_puts(out, "    # source_ports: any                 # accept any source port (default: "
		      "strict)\n"
		      "    # clients: [wan, lan:10.0.0.0/8]    # who may connect as a client "
		      "(default: [wan])\n"
		      "    # reflection_source: gateway        # source address the Expressway-E "
		      "sees on reflection (default: keep)\n");
	buf_printf(out, "    # omit: [%s]%*s# rows that are not wanted\n",
		   profile->model->rows.at[0].id.text,
		   26 - (int)strlen(profile->model->rows.at[0].id.text), "");
	tell_ports(profile, out);
	buf_puts(out, "    # rows:                             # of your own\n"
		      "    #   - {id: ssh, purpose: administration, from: \"lan:10.10.0.0/24\",\n");
	buf_printf(out, "    #      to: edge.%s, proto: tcp, dport: 22}\n",
		   profile->model->nics[profile->model->n_nics - 1].name.text);
}

static enum exit_code run(const struct command *self, int argc, char **argv)
{
	struct job job = {0};
	struct buf out = {0};
	const struct profile *profile = NULL;
	const char *name;
	enum exit_code code;

	if (!options_parse(self, argc, argv, &job.options, &code))
		return code;
	if (!job.options.n_args)
		return usage_error(self, "which profile? 'jgfw profiles' lists them");
	name = job.options.args[0];
	code = job_library(&job);
	if (!code) {
		profile = library_profile(job.library, name, (struct loc){0}, &job.diag);
		code = profile ? EXIT_DONE : EXIT_INPUT;
	}
	if (!code) {
		tell_site(job.library, profile, name, &out, &job.diag);
		code = job.diag.errors ? EXIT_INPUT : write_out(&out);
	}
	buf_free(&out);
	return job_end(&job, code);
}

const struct command command_init = {
	.name = "init",
	.takes = TAKES(),
	.arguments = "PROFILE",
	.max_args = 1,
	.summary = "Print a commented site file to start from.",
	.run = run,
};

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where port models and profiles come from: folders that override, then the binary. */
#include "decode.h"
#include "jgfw/data.h"
#include "jgfw/file.h"
#include "ports.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>

#define SYSTEM_DATA_DIR "/etc/jgfw"

/** struct entry - a model or profile that was asked for; @value is NULL where it had errors */
struct entry {
	const char *name;
	void *value;
};

struct library {
	struct arena arena;
	const char *folders[2];
	size_t n_folders;
	struct {
		VEC(struct entry);
	} models, profiles;
	struct {
		VEC(char *);
	} texts; /* of sources, freed at the end */
};

const struct data_file *data_find(const char *path)
{
	for (const struct data_file *f = data_files; f->path; f++)
		if (!strcmp(f->path, path))
			return f;
	return NULL;
}

struct library *library_new(const char *data_dir)
{
	struct library *lib = mem_alloc(sizeof(*lib));

	if (data_dir)
		lib->folders[lib->n_folders++] = data_dir;
	lib->folders[lib->n_folders++] = SYSTEM_DATA_DIR;
	return lib;
}

void library_free(struct library *lib)
{
	if (!lib)
		return;
	vec_each(text, &lib->texts)
		free(*text);
	vec_free(&lib->texts);
	vec_free(&lib->models);
	vec_free(&lib->profiles);
	arena_free(&lib->arena);
	free(lib);
}

/* A file that was found but cannot be read is an error, not a reason to look further. */
static struct source *read_source(struct library *lib, const char *path, struct loc loc,
				  struct diag *diag, bool *ret_failed)
{
	struct source *source;
	char *text;
	size_t len;
	int r = file_read(path, YAML_MAX_SIZE, &text, &len);

	*ret_failed = r && r != -ENOENT && r != -ENOTDIR;
	if (*ret_failed)
		diag_error(diag, loc, "unreadable", "cannot read %s: %s", path, strerror(-r));
	if (r)
		return NULL;
	vec_add(&lib->texts, text);
	source = arena_new(&lib->arena, struct source);
	*source = (struct source){arena_copy(&lib->arena, path, strlen(path)), text, len};
	return source;
}

/* FOLDER/NAME.yaml from the first place that has it; NULL without an error where none has. */
static const struct source *find_source(struct library *lib, const char *folder, const char *name,
					struct loc loc, struct diag *diag)
{
	const char *path = arena_printf(&lib->arena, "%s/%s.yaml", folder, name);
	const struct data_file *built_in;
	struct source *source;
	bool failed;

	for (size_t i = 0; i < lib->n_folders; i++) {
		source = read_source(lib, arena_printf(&lib->arena, "%s/%s", lib->folders[i], path),
				     loc, diag, &failed);
		if (source || failed)
			return source;
	}
	built_in = data_find(path);
	if (!built_in)
		return NULL;
	source = arena_new(&lib->arena, struct source);
	*source = (struct source){path, built_in->text, (size_t)(built_in->end - built_in->text)};
	return source;
}

static const struct model *library_model(struct library *lib, const struct word *name,
					 struct diag *diag)
{
	unsigned int before = diag->errors;
	const struct source *source;
	struct model *model = NULL;

	vec_each(e, &lib->models)
		if (!strcmp(e->name, name->text))
			return e->value;
	source = find_source(lib, "templates", name->text, name->loc, diag);
	if (source)
		model = model_decode(source, &lib->arena, diag);
	else if (diag->errors == before)
		diag_error(diag, name->loc, "unknown-model", "no port model '%s'", name->text);
	if (model && strcmp(model->name.text, name->text))
		diag_error(diag, model->name.loc, "bad-name",
			   "the model in this file must be named '%s'", name->text);
	vec_add(&lib->models, ((struct entry){name->text, model}));
	return model;
}

static void bind_profile(struct library *lib, struct profile *profile, struct diag *diag)
{
	const struct model *model = library_model(lib, &profile->model_name, diag);
	struct deployment pseudo = {0}; /* with the profile's ports, as one without overrides */
	struct names names;

	if (!model)
		return;
	names = port_names(&model->ports);
	for (size_t i = 0; i < profile->ports.n; i++) {
		struct port_def *def = &profile->ports.at[i];

		if (port_def_find(&model->ports, def->name.text) < 0)
			diag_unknown(diag, def->name.loc, "unknown-port", "named port",
				     def->name.text, names.at, names.n);
		port_expr_bind(&def->value, &model->ports, diag);
		for (size_t k = 0; k < def->allow.n; k++)
			port_expr_bind(&def->allow.at[k].exact, &model->ports, diag);
	}
	vec_free(&names);
	profile->model = model;
	profile->resolved = ports_resolve(model, profile, NULL, 0, &lib->arena, diag);
	pseudo.ports = profile->resolved;
	for (size_t i = 0; i < model->rows.n; i++)
		row_check_translation(&model->rows.at[i], &pseudo, &lib->arena, diag);
}

static bool is_path(const char *name)
{
	size_t len = strlen(name);

	return strchr(name, '/') || (len > 5 && !strcmp(name + len - 5, ".yaml"));
}

/* The file that a site means by @name: relative to the site's own folder. */
static const char *beside(struct library *lib, const char *name, struct loc loc)
{
	const char *site = loc.source ? loc.source->name : "";
	const char *slash = strrchr(site, '/');

	if (*name == '/' || !slash)
		return name;
	return arena_printf(&lib->arena, "%.*s%s", (int)(slash - site + 1), site, name);
}

static void unknown_profile(struct library *lib, const char *name, struct loc loc,
			    struct diag *diag)
{
	struct names names = {0};

	library_profile_names(lib, &names);
	diag_unknown(diag, loc, "unknown-profile", "profile", name, names.at, names.n);
	vec_free(&names);
}

const struct profile *library_profile(struct library *lib, const char *name, struct loc loc,
				      struct diag *diag)
{
	const char *key = is_path(name) ? beside(lib, name, loc) : name;
	unsigned int before = diag->errors;
	const struct source *source;
	struct profile *profile = NULL;
	bool failed = false;

	vec_each(e, &lib->profiles)
		if (!strcmp(e->name, key))
			return e->value;
	if (is_path(name))
		source = read_source(lib, key, loc, diag, &failed);
	else
		source = find_source(lib, "profiles", name, loc, diag);
	if (source)
		profile = profile_decode(source, &lib->arena, diag);
	else if (diag->errors == before)
		unknown_profile(lib, name, loc, diag);
	if (profile && !is_path(name) && strcmp(profile->name.text, name))
		diag_error(diag, profile->name.loc, "bad-name",
			   "the profile in this file must be named '%s'", name);
	if (profile)
		bind_profile(lib, profile, diag);
	if (diag->errors != before || (profile && !profile->resolved))
		profile = NULL; /* a model's errors are told once, whoever uses it */
	/* what is wrong in a file is told once, a name without one wherever it stands */
	if (source || diag->errors > DIAG_MAX_ERRORS)
		vec_add(&lib->profiles,
			((struct entry){arena_copy(&lib->arena, key, strlen(key)), profile}));
	return profile;
}

static void add_name(struct library *lib, const char *file, size_t len, struct names *names)
{
	char *name;

	if (len <= strlen(".yaml") || memcmp(file + len - strlen(".yaml"), ".yaml", 5))
		return;
	name = arena_copy(&lib->arena, file, len - strlen(".yaml"));
	vec_each(known, names)
		if (!strcmp(*known, name))
			return;
	vec_add(names, name);
}

static int name_order(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void library_profile_names(struct library *lib, struct names *ret_names)
{
	static const char folder[] = "profiles/";

	for (size_t i = 0; i < lib->n_folders; i++) {
		DIR *dir = opendir(arena_printf(&lib->arena, "%s/%s", lib->folders[i], folder));
		const struct dirent *d;

		while (dir && (d = readdir(dir)))
			add_name(lib, d->d_name, strlen(d->d_name), ret_names);
		if (dir)
			closedir(dir);
	}
	for (const struct data_file *f = data_files; f->path; f++)
		if (!strncmp(f->path, folder, sizeof(folder) - 1))
			add_name(lib, f->path + sizeof(folder) - 1,
				 strlen(f->path) - (sizeof(folder) - 1), ret_names);
	if (ret_names->n)
		qsort(ret_names->at, ret_names->n, sizeof(*ret_names->at), name_order);
}

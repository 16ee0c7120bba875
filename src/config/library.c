/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where port models and profiles come from: folders that override, then the binary. */
#include "jgfw/config/library.h"

#include "decode_model.h"
#include "jgfw/base/data.h"
#include "jgfw/base/file.h"
#include "jgfw/base/index.h"
#include "join.h"
#include "ports.h"
#include "row.h"

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
	struct index joined; /* profiles with add-ons, by profile and names */
	struct {
		VEC(char *);
	} texts;     /* of sources, freed at the end */
	size_t left; /* bytes that may still be read, of all files together */
};

struct library *library_new(const char *data_dir)
{
	struct library *lib = mem_alloc(sizeof(*lib));

	lib->left = YAML_MAX_SIZE;
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
	index_free(&lib->joined);
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
	int r = file_read(path, lib->left, &text, &len);

	*ret_failed = r && r != -ENOENT && r != -ENOTDIR;
	if (r == -EFBIG)
		diag_error(diag, loc, "yaml-size",
			   "cannot read %s: profiles and port models are larger than %d MiB "
			   "together",
			   path, YAML_MAX_SIZE / (1024 * 1024));
	else if (*ret_failed)
		diag_error(diag, loc, "unreadable", "cannot read %s: %s", path, strerror(-r));
	if (r)
		return NULL;
	lib->left -= len;
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

/* Is there a file of that name? What is wrong with it is told by who reads it. */
static bool has_model(struct library *lib, const char *name)
{
	struct diag untold = {0};
	bool has;

	vec_each(e, &lib->models)
		if (e->value && !strcmp(e->name, name))
			return true;
	has = find_source(lib, "templates", name, (struct loc){0}, &untold) || untold.errors;

	diag_free(&untold);
	return has;
}

/* A model that is excluded but does not exist is a typing error that would exclude nothing. */
static void check_excluded(struct library *lib, const struct model *model, struct diag *diag)
{
	vec_each(word, &model->excludes)
		if (!has_model(lib, word->text))
			diag_error(diag, word->loc, "unknown-model", "there is no port model '%s'",
				   word->text);
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
		diag_error(diag, name->loc, "unknown-model", "there is no port model '%s'",
			   name->text);
	if (model && strcmp(model->name.text, name->text))
		diag_error(diag, model->name.loc, "bad-name",
			   "the model in this file must be named '%s'", name->text);
	vec_add(&lib->models, ((struct entry){name->text, model}));
	if (model)
		check_excluded(lib, model, diag);
	return model;
}

const struct model *library_add_on(struct library *lib, const struct word *name, struct diag *diag)
{
	struct word own = *name;
	const struct model *model;

	if (!has_model(lib, name->text)) {
		struct names names = {0};

		if (!diag_is_full(diag))
			library_add_ons(lib, &names, diag);
		diag_unknown(diag, name->loc, "unknown-model", "add-on port model", name->text,
			     names.at, names.n);
		vec_free(&names);
		return NULL;
	}
	own.text = arena_copy(&lib->arena, name->text, strlen(name->text));
	model = library_model(lib, &own, diag);
	if (!model || model->add_on)
		return model;
	diag_error(diag, name->loc, "no-add-on",
		   "'%s' is not an add-on: it is a port model with an edge of its own", name->text);
	return NULL;
}

/* Join @base and the add-ons @with to what @profile is of; false after errors. */
static bool join_add_ons(struct library *lib, struct profile *profile, const struct model *base,
			 const struct words *with, struct loc named, struct diag *diag)
{
	const struct model **add_ons = arena_array(&lib->arena, with->n, const struct model *);
	bool ok = true;

	for (size_t i = 0; i < with->n; i++) {
		add_ons[i] = library_add_on(lib, &with->at[i], diag);
		ok &= add_ons[i] != NULL;
	}
	profile->model = NULL;
	if (ok)
		profile->model = model_join(profile, base, add_ons, with, named, &lib->arena, diag);
	return profile->model;
}

static void resolve_profile(struct library *lib, struct profile *profile, struct diag *diag)
{
	struct deployment pseudo = {0}; /* with the profile's ports, as one without overrides */

	profile->resolved = ports_resolve(profile->model, profile, NULL, 0, &lib->arena, diag);
	pseudo.ports = profile->resolved;
	vec_each(row, &profile->model->rows)
		row_check_ports(row, &pseudo, &lib->arena, diag);
}

static void bind_profile(struct library *lib, struct profile *profile, struct diag *diag)
{
	const struct model *model = library_model(lib, &profile->model_name, diag);
	struct names names;

	if (model && model->add_on)
		diag_error(diag, profile->model_name.loc, "add-on-alone",
			   "'%s' is an add-on without an edge of its own: name it in 'with'",
			   model->name.text);
	if (!model || model->add_on ||
	    !join_add_ons(lib, profile, model, &profile->with, profile->model_name.loc, diag))
		return;
	model = profile->model;
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
	resolve_profile(lib, profile, diag);
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

	library_profile_names(lib, &names, diag);
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

/* A profile like @profile that has the add-ons too; NULL after errors. */
static struct profile *profile_with(struct library *lib, const struct profile *profile,
				    const struct words *with, struct loc named, struct diag *diag)
{
	struct profile *joined = arena_new(&lib->arena, struct profile);
	unsigned int before = diag->errors;

	*joined = *profile;
	if (!join_add_ons(lib, joined, profile->model, with, named, diag))
		return NULL;
	for (size_t i = 0; i < with->n; i++)
		joined->title = arena_printf(&lib->arena, "%s%s%s", joined->title,
					     i ? ", " : ", with ", with->at[i].text);
	resolve_profile(lib, joined, diag);
	return diag->errors == before ? joined : NULL;
}

const struct profile *library_profile_with(struct library *lib, const struct profile *profile,
					   const struct words *with, struct loc named,
					   struct diag *diag)
{
	struct buf key = {0};
	struct entry *entry;
	void **slot;

	buf_add(&key, &profile, sizeof(profile));
	vec_each(word, with)
		buf_add(&key, word->text, strlen(word->text) + 1);
	slot = index_find(&lib->joined, key.at, key.n);
	entry = *slot;
	if (!entry) {
		/* an entry also where there are errors, so that they are told once */
		*slot = entry = arena_new(&lib->arena, struct entry);
		entry->value = profile_with(lib, profile, with, named, diag);
	}
	buf_free(&key);
	return entry->value;
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

static void list_folder(struct library *lib, const char *path, struct names *names,
			struct diag *diag)
{
	DIR *dir = opendir(path);
	const struct dirent *d;

	if (!dir && (errno == ENOENT || errno == ENOTDIR))
		return;
	for (errno = dir ? 0 : errno; dir && (d = readdir(dir)); errno = 0)
		add_name(lib, d->d_name, strlen(d->d_name), names);
	if (errno)
		diag_error(diag, (struct loc){0}, "unreadable", "cannot read %s: %s", path,
			   strerror(errno));
	if (dir)
		closedir(dir);
}

/* The names of the files in a folder, wherever it is, sorted. */
static void file_names(struct library *lib, const char *folder, struct names *ret_names,
		       struct diag *diag)
{
	size_t len = strlen(folder);

	for (size_t i = 0; i < lib->n_folders; i++)
		list_folder(lib, arena_printf(&lib->arena, "%s/%s", lib->folders[i], folder),
			    ret_names, diag);
	for (const struct data_file *f = data_files; f->path; f++)
		if (!strncmp(f->path, folder, len))
			add_name(lib, f->path + len, strlen(f->path) - len, ret_names);
	if (ret_names->n)
		qsort(ret_names->at, ret_names->n, sizeof(*ret_names->at), name_order);
}

void library_profile_names(struct library *lib, struct names *ret_names, struct diag *diag)
{
	file_names(lib, "profiles/", ret_names, diag);
}

void library_add_ons(struct library *lib, struct names *ret_names, struct diag *diag)
{
	struct names all = {0};
	struct diag untold = {0};

	file_names(lib, "templates/", &all, diag);
	vec_each(name, &all) {
		const struct source *source =
			find_source(lib, "templates", *name, (struct loc){0}, diag);
		const struct model *model = NULL;

		/* not by library_model(), whose errors are told once, and here to nobody */
		if (source)
			model = model_decode(source, &lib->arena, &untold);
		if (model && model->add_on)
			vec_add(ret_names, *name);
	}
	vec_free(&all);
	diag_free(&untold);
}

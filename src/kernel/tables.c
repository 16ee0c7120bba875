/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "jgfw/kernel/tables.h"

#include "jgfw/base/file.h"
#include "jgfw/base/program.h"
#include "jgfw/kernel/read.h"
#include "socket.h"

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

enum {
	MAX_READS = 5, /* of a kernel whose tables change while they are read */
	NAMES_MAX_SIZE = 4096,
	MAX_LINES = 12,	     /* of what nft says */
	WORDS_MAX = 1 << 20, /* of it in all, in bytes */
};

void tables_free(struct tables *tables)
{
	vec_each(rs, tables)
		ruleset_free(*rs);
	vec_free(tables);
}

bool tables_have_own(const struct tables *tables)
{
	vec_each(rs, tables)
		if ((*rs)->table.family == NFPROTO_INET &&
		    !strcmp((*rs)->table.name, RULESET_TABLE))
			return true;
	return false;
}

bool tables_legacy(void)
{
	static const char *const lists[] = {"/proc/net/ip_tables_names",
					    "/proc/net/ip6_tables_names"};
	bool any = false;

	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		char *text;
		size_t len;

		if (file_read(lists[i], NAMES_MAX_SIZE, &text, &len))
			continue;
		any |= len;
		free(text);
	}
	return any;
}

/* --- what the kernel holds ------------------------------------------------------------------- */

static bool sees_ip(uint8_t family)
{
	return family == NFPROTO_INET || family == NFPROTO_IPV4 || family == NFPROTO_IPV6 ||
	       family == NFPROTO_NETDEV || family == NFPROTO_BRIDGE;
}

/* 0 or -errno, -ERESTART where they changed meanwhile. */
static int read_once(struct kernel *kernel, struct tables *tables, struct diag *diag)
{
	struct table_names names = {0};
	uint32_t first, generation;
	int r = kernel_generation(kernel, &first, diag);

	if (!r)
		r = kernel_tables(kernel, &names, diag);
	for (size_t i = 0; !r && i < names.n; i++) {
		struct ruleset *rs = NULL;

		if (!sees_ip(names.at[i].family))
			continue;
		r = kernel_read(kernel, names.at[i].family, names.at[i].name, READ_ALL, &rs,
				&generation, diag);
		if (!r && generation != first)
			r = -ERESTART;
		if (!r && rs)
			vec_add(tables, rs);
		else
			ruleset_free(rs);
	}
	vec_free(&names);
	arena_free(&names.arena);
	return r;
}

int tables_read(struct tables *ret, struct diag *diag)
{
	struct kernel *kernel = kernel_open(diag);
	int r = kernel ? -ERESTART : -EIO;

	*ret = (struct tables){0};
	for (int i = 0; i < MAX_READS && r == -ERESTART; i++) {
		tables_free(ret);
		r = read_once(kernel, ret, diag);
	}
	if (r == -ERESTART)
		diag_error(diag, (struct loc){0}, "kernel",
			   "the kernel's tables changed each time they were read");
	kernel_close(kernel);
	return r;
}

/* --- what a text says ------------------------------------------------------------------------ */

/** struct nft - the functions of libnftables that are needed, from nftables/libnftables.h */
struct nft {
	void *(*ctx_new)(uint32_t flags);
	void (*ctx_free)(void *ctx);
	int (*buffer_error)(void *ctx);
	const char *(*error)(void *ctx);
	int (*run)(void *ctx, const char *path);
};

/** struct reading - a file that nft is to read */
struct reading {
	struct nft nft;
	const char *path;
};

static int find_nft(struct nft *nft, struct diag *diag)
{
	static const char library[] = "libnftables.so.1";
	void *handle = dlopen(library, RTLD_NOW);
	const struct {
		const char *name;
		void *place;
	} functions[] = {{"nft_ctx_new", &nft->ctx_new},
			 {"nft_ctx_free", &nft->ctx_free},
			 {"nft_ctx_buffer_error", &nft->buffer_error},
			 {"nft_ctx_get_error_buffer", &nft->error},
			 {"nft_run_cmd_from_filename", &nft->run}};

	for (size_t i = 0; handle && i < ARRAY_SIZE(functions); i++) {
		void *function = dlsym(handle, functions[i].name);

		if (!function)
			handle = NULL;
		memcpy(functions[i].place, &function, sizeof(function));
	}
	if (handle)
		return 0;
	diag_error(diag, (struct loc){0}, "no-nftables",
		   "libnftables, which reads rulesets as text, is not available: %s", dlerror());
	return -ELIBACC;
}

/* A namespace with all rights inside, whoever asks. */
static int leave(struct diag *diag)
{
	if (!unshare(CLONE_NEWNET) || !unshare(CLONE_NEWUSER | CLONE_NEWNET))
		return 0;
	diag_error(diag, (struct loc){0}, "kernel",
		   "cannot make a network namespace to load it in: %s", strerror(errno));
	return -EPERM;
}

/* What nft says, line by line. */
static void tell_error(const char *path, const char *text, struct diag *diag)
{
	diag_error(diag, (struct loc){0}, "bad-ruleset", "nft refuses %s", path);
	for (size_t i = 0, len; *text && i < MAX_LINES; i++, text += len + (text[len] == '\n')) {
		len = strcspn(text, "\n");
		diag_note(diag, (struct loc){0}, "%.*s", (int)len, text);
	}
}

/* Says what is wrong with it, behind a mark that something is. */
static int read_text(int out, void *arg)
{
	const struct reading *reading = arg;
	const struct nft *nft = &reading->nft;
	const char *error;
	void *ctx;

	fclose(stderr); /* its words on its own end would be another's */
	ctx = nft->ctx_new(0);
	if (!ctx || nft->buffer_error(ctx))
		return -1;
	if (!nft->run(ctx, reading->path))
		return 0;
	error = nft->error(ctx);
	return file_write_all(out, "!", 1) || file_write_all(out, error, strlen(error));
}

int tables_of_text(const char *path, struct tables *ret, struct diag *diag)
{
	struct reading reading = {.path = path};
	struct buf error = {0};
	int r = find_nft(&reading.nft, diag);

	*ret = (struct tables){0};
	if (!r)
		r = leave(diag);
	if (r)
		return r;
	/* in a child: where the library has no memory or no socket it ends the program */
	r = program_apart(read_text, &reading, WORDS_MAX, INT_MAX, &error);
	if (r) {
		diag_error(diag, (struct loc){0}, "no-nftables",
			   "nftables could not read %s to its end: %s", path,
			   r == -EPROTO ? "no memory, or no netlink socket" : strerror(-r));
	} else if (error.n) {
		tell_error(path, buf_str(&error) + 1, diag);
		r = -EINVAL;
	}
	buf_free(&error);
	return r ? r : tables_read(ret, diag);
}

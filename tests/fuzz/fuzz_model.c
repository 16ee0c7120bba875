/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Port models and profiles, in the place of the built-in ones, under a site that is right. */
#include "fuzz.h"

#include "jgfw/base/file.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char site[] =
	"version: 1\n"
	"gateway: {zones: {wan: eth0, outward: eth1, inward: eth2, lan: eth3}}\n"
	"deployments:\n"
	"  - name: hq\n"
	"    profile: dual-medium\n"
	"    edge: [{name: e1, public: 203.0.113.10, outward: 192.0.2.10, inward: 192.0.2.74}]\n"
	"    core: [10.10.0.20]\n"
	"    guest: [10.10.0.30]\n";

static char folder[64], model[96], profile[96];

static void remove_folder(void)
{
	unlink(model);
	unlink(profile);
	*strrchr(model, '/') = *strrchr(profile, '/') = '\0';
	rmdir(model);
	rmdir(profile);
	rmdir(folder);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	snprintf(folder, sizeof(folder), "/dev/shm/jgfw-fuzz-XXXXXX");
	must(mkdtemp(folder));
	snprintf(model, sizeof(model), "%s/templates", folder);
	snprintf(profile, sizeof(profile), "%s/profiles", folder);
	must(!mkdir(model, 0700) && !mkdir(profile, 0700));
	snprintf(model, sizeof(model), "%s/templates/dual-nic.yaml", folder);
	snprintf(profile, sizeof(profile), "%s/profiles/dual-medium.yaml", folder);
	return atexit(remove_folder);
}

/* A profile names itself in a line of its own. */
static bool is_profile(const char *text, size_t len)
{
	static const char key[] = "profile:";

	return memmem(text, len, key, sizeof(key) - 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *path = is_profile((const char *)data, size) ? profile : model;

	must(!file_write(path, data, size, false));
	check_site(site, sizeof(site) - 1, folder);
	unlink(path);
	return 0;
}

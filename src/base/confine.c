/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "jgfw/base/confine.h"

#include "jgfw/base/mem.h"

#include <fcntl.h>
#include <linux/landlock.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Rights by the version of Landlock's interface that knows them. */
#define READ_RIGHTS    (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define RIGHTS_1       ((LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1)
#define RIGHT_REFER    (1ULL << 13) /* 2 */
#define RIGHT_TRUNCATE (1ULL << 14) /* 3 */

static uint64_t known_rights(long version)
{
	uint64_t rights = RIGHTS_1;

	if (version >= 2)
		rights |= RIGHT_REFER;
	if (version >= 3)
		rights |= RIGHT_TRUNCATE;
	return rights;
}

static bool allow(int ruleset, int fd, uint64_t rights)
{
	struct landlock_path_beneath_attr rule = {.allowed_access = rights, .parent_fd = fd};
	bool ok;

	if (fd < 0)
		return false;
	ok = !syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
	close(fd);
	return ok;
}

/* The folder, or the nearest one above it that is there. */
static int open_nearest(const char *folder)
{
	char *path = strdup(folder), *slash;
	int fd;

	if (!path)
		mem_exhausted();
	while ((fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC)) < 0 && strcmp(path, "/") &&
	       (slash = strrchr(path, '/')))
		slash[slash == path ? 1 : 0] = '\0';
	free(path);
	return fd;
}

void confine(const char *const *folders, size_t n)
{
	long version =
		syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	uint64_t rights = known_rights(version);
	struct landlock_ruleset_attr attr = {.handled_access_fs = rights};
	int ruleset;
	bool ok;

	if (version < 1 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return;
	ruleset = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);
	if (ruleset < 0)
		return;
	ok = allow(ruleset, open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC), READ_RIGHTS) &&
	     allow(ruleset, open("/dev", O_PATH | O_DIRECTORY | O_CLOEXEC), READ_RIGHTS);
	for (size_t i = 0; ok && i < n; i++)
		ok = !folders[i] || allow(ruleset, open_nearest(folders[i]), rights);
	if (ok) /* not half of it: what is needed would be out of reach */
		syscall(SYS_landlock_restrict_self, ruleset, 0);
	close(ruleset);
}

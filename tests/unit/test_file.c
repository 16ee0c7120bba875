/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit.h"

#include "jgfw/base/confine.h"
#include "jgfw/base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[128], path[160];

static void make_folder(void)
{
	temp_folder(folder);
	snprintf(path, sizeof(path), "%s/file", folder);
}

static void each_file(void (*f)(const char *name, void *arg), void *arg)
{
	DIR *dir = opendir(folder);
	const struct dirent *d;

	ck_assert_ptr_nonnull(dir);
	while ((d = readdir(dir)))
		if (d->d_name[0] != '.')
			f(d->d_name, arg);
	closedir(dir);
}

static void remove_one(const char *name, void *arg)
{
	char full[400];

	(void)arg;
	snprintf(full, sizeof(full), "%s/%s", folder, name);
	remove(full);
}

static void remove_folder(void)
{
	each_file(remove_one, NULL);
	ck_assert_int_eq(rmdir(folder), 0);
}

static void count_one(const char *name, void *arg)
{
	(void)name;
	++*(int *)arg;
}

static int file_count(void)
{
	int n = 0;

	each_file(count_one, &n);
	return n;
}

static void assert_contents(const char *name, const char *text)
{
	char *found;
	size_t len;

	ck_assert_int_eq(file_read(name, 1024, &found, &len), 0);
	ck_assert_uint_eq(len, strlen(text));
	ck_assert_str_eq(found, text);
	free(found);
}

START_TEST(replace_makes_a_file)
{
	struct stat st;

	ck_assert_int_eq(file_replace(path, "new", 3), 0);
	assert_contents(path, "new");
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0644);
	ck_assert_int_eq(file_count(), 1);
}
END_TEST

START_TEST(replace_keeps_the_mode)
{
	struct stat st;

	ck_assert_int_eq(file_replace(path, "a longer old text", 17), 0);
	ck_assert_int_eq(chmod(path, 0600), 0);
	ck_assert_int_eq(file_replace(path, "new", 3), 0);
	assert_contents(path, "new");
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0600);
	ck_assert_int_eq(file_count(), 1);
}
END_TEST

START_TEST(replace_with_nothing)
{
	ck_assert_int_eq(file_replace(path, "old", 3), 0);
	ck_assert_int_eq(file_replace(path, NULL, 0), 0);
	assert_contents(path, "");
}
END_TEST

/* A limit on the size of files stands for a disk that is full. */
START_TEST(replace_that_fails_keeps_the_old_file)
{
	static const char big[100000];
	struct rlimit limit, old;
	void (*handler)(int);
	int r;

	ck_assert_int_eq(file_replace(path, "old", 3), 0);
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &old), 0);
	limit = (struct rlimit){4096, old.rlim_max};
	handler = signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	r = file_replace(path, big, sizeof(big));
	setrlimit(RLIMIT_FSIZE, &old);
	signal(SIGXFSZ, handler);
	ck_assert_int_eq(r, -EFBIG);
	assert_contents(path, "old");
	ck_assert_int_eq(file_count(), 1); /* and nothing is left beside it */
}
END_TEST

START_TEST(replace_in_a_folder_that_is_not)
{
	char nowhere[160];

	snprintf(nowhere, sizeof(nowhere), "%s/none/file", folder);
	ck_assert_int_eq(file_replace(nowhere, "new", 3), -ENOENT);
	ck_assert_int_eq(file_count(), 0);
}
END_TEST

START_TEST(replace_does_not_replace_a_folder)
{
	ck_assert_int_eq(mkdir(path, 0755), 0);
	ck_assert_int_eq(file_replace(path, "new", 3), -EISDIR);
	ck_assert_int_eq(file_count(), 1);
}
END_TEST

START_TEST(replace_puts_a_file_in_place_of_a_link)
{
	struct stat st;
	char other[160];

	snprintf(other, sizeof(other), "%s/other", folder);
	ck_assert_int_eq(file_replace(other, "other", 5), 0);
	ck_assert_int_eq(symlink("other", path), 0);
	ck_assert_int_eq(file_replace(path, "new", 3), 0);
	ck_assert_int_eq(lstat(path, &st), 0);
	ck_assert(S_ISREG(st.st_mode));
	assert_contents(path, "new");
	assert_contents(other, "other");
}
END_TEST

START_TEST(replace_of_a_dangling_link)
{
	struct stat st;

	ck_assert_int_eq(symlink("nowhere", path), 0);
	ck_assert_int_eq(file_replace(path, "new", 3), 0);
	ck_assert_int_eq(lstat(path, &st), 0);
	ck_assert(S_ISREG(st.st_mode));
	ck_assert_int_eq(file_count(), 1);
}
END_TEST

START_TEST(replace_writes_to_what_is_no_regular_file)
{
	struct stat st;

	ck_assert_int_eq(file_replace("/dev/null", "new", 3), 0);
	ck_assert_int_eq(file_replace("/dev/full", "new", 3), -ENOSPC);
	ck_assert_int_eq(stat("/dev/null", &st), 0);
	ck_assert(S_ISCHR(st.st_mode));
}
END_TEST

START_TEST(read_ends_at_the_limit)
{
	char *text;
	size_t len;

	ck_assert_int_eq(file_replace(path, "12345", 5), 0);
	ck_assert_int_eq(file_read(path, 4, &text, &len), -EFBIG);
	ck_assert_int_eq(file_read(path, 5, &text, &len), 0);
	ck_assert_uint_eq(len, 5);
	ck_assert_str_eq(text, "12345");
	free(text);
}
END_TEST

START_TEST(read_keeps_bytes)
{
	char *text;
	size_t len;

	ck_assert_int_eq(file_replace(path, "a\0b", 3), 0);
	ck_assert_int_eq(file_read(path, 100, &text, &len), 0);
	ck_assert_uint_eq(len, 3);
	ck_assert_mem_eq(text, "a\0b", 4);
	free(text);
}
END_TEST

START_TEST(read_tells_why_not)
{
	char *text;
	size_t len;

	ck_assert_int_eq(file_read(path, 100, &text, &len), -ENOENT);
	ck_assert_int_eq(file_read(folder, 100, &text, &len), -EISDIR);
}
END_TEST

START_TEST(write_all_tells_why_not)
{
	int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);

	ck_assert_int_eq(file_write_all(fd, "x", 1), -ENOSPC);
	close(fd);
	ck_assert_int_eq(file_write_all(-1, "x", 1), -EBADF);
}
END_TEST

/* With a descriptor for Landlock's ruleset and none for a folder. */
START_TEST(confine_ends_where_nothing_can_be_opened)
{
	static const char *const folders[] = {"/nowhere/at/all", "nowhere"};
	int next = fcntl(0, F_DUPFD_CLOEXEC, 0);
	struct rlimit usual, limit;

	ck_assert_int_ge(next, 0);
	close(next);
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &usual), 0);
	limit = (struct rlimit){.rlim_cur = (rlim_t)next + 1, .rlim_max = usual.rlim_max};
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	confine(folders, 2);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &usual), 0);
	ck_assert_int_eq(fcntl(0, F_DUPFD_CLOEXEC, 0), next);
}
END_TEST

Suite *file_suite(void)
{
	Suite *s = suite_create("file");
	TCase *tc = tcase_create("file");

	tcase_add_checked_fixture(tc, make_folder, remove_folder);
	tcase_add_test(tc, replace_makes_a_file);
	tcase_add_test(tc, replace_keeps_the_mode);
	tcase_add_test(tc, replace_with_nothing);
	tcase_add_test(tc, replace_that_fails_keeps_the_old_file);
	tcase_add_test(tc, replace_in_a_folder_that_is_not);
	tcase_add_test(tc, replace_does_not_replace_a_folder);
	tcase_add_test(tc, replace_puts_a_file_in_place_of_a_link);
	tcase_add_test(tc, replace_of_a_dangling_link);
	tcase_add_test(tc, replace_writes_to_what_is_no_regular_file);
	tcase_add_test(tc, read_ends_at_the_limit);
	tcase_add_test(tc, read_keeps_bytes);
	tcase_add_test(tc, read_tells_why_not);
	tcase_add_test(tc, write_all_tells_why_not);
	suite_add_tcase(s, tc);
	tc = tcase_create("confine");
	tcase_add_test(tc, confine_ends_where_nothing_can_be_opened);
	suite_add_tcase(s, tc);
	return s;
}

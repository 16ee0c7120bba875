/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The data files that are built into the binary. */
#ifndef JGFW_BASE_DATA_H
#define JGFW_BASE_DATA_H

/** struct data_file - a file of templates/, profiles/ or examples/; its bytes end before @end */
struct data_file {
	const char *path; /* as in the source tree */
	const char *text, *end;
};

/** data_files - all of them, sorted by path; the last has no path */
extern const struct data_file data_files[];

/** data_find - the built-in file @path, or NULL */
const struct data_file *data_find(const char *path);

#endif

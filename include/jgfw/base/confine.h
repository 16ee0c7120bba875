/* SPDX-License-Identifier: GPL-2.0-or-later */
/* This program, kept from files that it has no business with. */
#ifndef JGFW_BASE_CONFINE_H
#define JGFW_BASE_CONFINE_H

#include <stddef.h>

/** confine - from now on, open no file but to read beneath /proc and /dev, and any beneath @folders
 *
 * NULL folders are passed over; one that is not there yet stands for the nearest one above it. New
 * privileges are given up, too. By Landlock, and without a word where the kernel has none: it is
 * one more wall, not the only one.
 */
void confine(const char *const *folders, size_t n);

#endif

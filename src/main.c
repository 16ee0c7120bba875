/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "commands/command.h"
#include "jgfw/apply/apply.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#ifndef JGFW_VERSION
#error "JGFW_VERSION is given by the Makefile"
#endif

static const struct command *const commands[] = {
	&command_generate, &command_check,    &command_apply,  &command_confirm, &command_rollback,
	&command_restore,  &command_diff,     &command_status, &command_verify,	 &command_trace,
	&command_report,   &command_profiles, &command_init,   &command_remove,
};

static _Noreturn void out_of_memory(void)
{
	static const char text[] = "jgfw: out of memory\n",
			  changed[] = "jgfw: the kernel's table was changed before that; "
				      "'jgfw status' tells what it holds\n";

	(void)!write(STDERR_FILENO, text, sizeof(text) - 1);
	if (apply_has_changed())
		(void)!write(STDERR_FILENO, changed, sizeof(changed) - 1);
	mem_last_act();
	_exit(EXIT_SYSTEM);
}

static enum exit_code usage(void)
{
	struct buf out = {0};
	enum exit_code code;

	buf_puts(&out,
		 "usage: jgfw [--data DIR] COMMAND [OPTIONS]\n\n"
		 "An nftables ruleset from a vendor's port table and ten lines of addresses.\n\n");
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		buf_printf(&out, "  %-9s %s\n", commands[i]->name, commands[i]->summary);
	}
	buf_puts(&out, "\n  --data DIR         look for port models and profiles in DIR first\n"
		       "  -h, --help         this text; behind a command, its options\n"
		       "  --version          the version\n"
		       "\n'jgfw COMMAND --help' tells its options; the manual is jgfw(8).\n"
		       "To see one at once: jgfw generate --example\n");
	code = write_out(&out);
	buf_free(&out);
	return code;
}

/* Options may stand in front of the command: they are given on to it. */
static int command_index(int argc, char **argv)
{
	int i = 1;

	static const char *const with_value[] = {"--data",    "--state",  "-s", "--site",
						 "-o",	      "--output", "-f", "--format",
						 "--confirm", "--ruleset"};

	while (i < argc && argv[i][0] == '-' && strcmp(argv[i], "--help") &&
	       strcmp(argv[i], "-h") && strcmp(argv[i], "--version")) {
		int step = 1;

		for (size_t k = 0; k < ARRAY_SIZE(with_value); k++)
			if (!strcmp(argv[i], with_value[k]))
				step = 2;
		i += step;
	}
	return i;
}

int main(int argc, char **argv)
{
	int at = command_index(argc, argv);
	const char *name = at < argc ? argv[at] : NULL;

	mem_end_by(out_of_memory);
	if (!name && argc > 1) {
		fprintf(stderr, "jgfw: no command behind '%s'; 'jgfw --help' lists them\n",
			argv[argc - 1]);
		return EXIT_USAGE;
	}
	if (!name) {
		fputs("jgfw: no command; 'jgfw --help' lists them\n", stderr);
		return EXIT_USAGE;
	}
	if (!strcmp(name, "--version")) {
		struct buf out = {0};
		enum exit_code code;

		buf_puts(&out, "jgfw " JGFW_VERSION "\n");
		code = write_out(&out);
		buf_free(&out);
		return (int)code;
	}
	if (!strcmp(name, "--help") || !strcmp(name, "-h") || !strcmp(name, "help"))
		return (int)usage();
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (!strcmp(commands[i]->name, name)) {
			/* the options in front move behind the command's name */
			for (int k = at; k > 1; k--)
				argv[k] = argv[k - 1];
			argv[1] = (char *)(uintptr_t)name;
			return (int)commands[i]->run(commands[i], argc - 1, argv + 1);
		}
	complain("no command '%s'; 'jgfw --help' lists them", name);
	return EXIT_USAGE;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "commands/command.h"
#include "jgfw/apply/apply.h"
#include "jgfw/base/text.h"

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
				      "'jgfw status' shows what it holds\n";

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
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		buf_printf(&out, "  %-9s %s\n", commands[i]->name, commands[i]->summary);
	buf_putc(&out, '\n');
	options_help(TAKES(OPTION_DATA, OPTION_HELP, OPTION_VERSION), &out);
	buf_puts(&out, "\n'jgfw COMMAND --help' lists its options; the manual is jgfw(8).\n"
		       "To see one at once: jgfw generate --example\n");
	code = write_out(&out);
	buf_free(&out);
	return code;
}

static enum exit_code version(void)
{
	static char text[] = "jgfw " JGFW_VERSION "\n";

	return write_out(&(struct buf){.at = text, .n = sizeof(text) - 1});
}

static const struct command *command_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (!strcmp(commands[i]->name, name))
			return commands[i];
	return NULL;
}

static enum exit_code unknown_command(const char *name)
{
	const char *names[ARRAY_SIZE(commands)];
	int near;

	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		names[i] = commands[i]->name;
	near = text_nearest(name, names, ARRAY_SIZE(names));
	if (near >= 0)
		complain("no command '%s'; did you mean '%s'?", name, names[near]);
	else
		complain("no command '%s'; 'jgfw --help' lists them", name);
	return EXIT_USAGE;
}

int main(int argc, char **argv)
{
	int at = options_command(argc, argv);
	char *name = at < argc ? argv[at] : NULL;
	const struct command *command;

	mem_end_by(out_of_memory);
	if (!name) {
		if (argc > 1)
			complain("no command after '%s'; 'jgfw --help' lists them", argv[argc - 1]);
		else
			complain("no command; 'jgfw --help' lists them");
		return EXIT_USAGE;
	}
	if (!strcmp(name, "--version"))
		return (int)version();
	if (!strcmp(name, "--help") || !strcmp(name, "-h") || !strcmp(name, "help"))
		return (int)usage();
	command = command_find(name);
	if (!command)
		return (int)unknown_command(name);
	/* the options in front move behind the name */
	for (int k = at; k > 1; k--)
		argv[k] = argv[k - 1];
	argv[1] = name;
	return (int)command->run(command, argc - 1, argv + 1);
}

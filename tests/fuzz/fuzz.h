/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the harnesses share. Each is a program of its own with LLVMFuzzerTestOneInput(). */
#ifndef JGFW_FUZZ_H
#define JGFW_FUZZ_H

#include "jgfw/base/buf.h"
#include "jgfw/config/library.h"
#include "jgfw/config/site.h"
#include "jgfw/ruleset/ruleset.h"

/* libFuzzer's interface (compiler-rt, fuzzer/FuzzerInterface.h). */
int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed);

/** must - end the program where @holds is false: something that is always so, is not */
#define must(holds)                                                                                \
	do {                                                                                       \
		if (!(holds))                                                                      \
			must_not_be(#holds, __FILE__, __LINE__);                                   \
	} while (0)
_Noreturn void must_not_be(const char *what, const char *file, int line);

/** struct feed - bytes of an input that are turned into choices; zeros behind their end */
struct feed {
	const uint8_t *at;
	size_t left;
};

/** feed_u32 - the next four bytes as a number */
uint32_t feed_u32(struct feed *f);
/** feed_below - the next byte as a number below @n, which is at most 256 */
unsigned int feed_below(struct feed *f, unsigned int n);

/** check_diag - messages point into their sources, and can be told as text and as JSON */
void check_diag(struct diag *diag);

/** compile_text - @text as a site, and its ruleset in @ret; NULL after errors; both are the
 * caller's.
 * @source and @lib must outlive them */
struct site *compile_text(const struct source *source, struct library *lib, struct ruleset **ret);

/** check_site - @text as a site, on the whole way to text and messages and back; @data_dir may be
 * NULL */
void check_site(const char *text, size_t len, const char *data_dir);

/** is_loadable - would the kernel take @rs? What it refuses need not fare alike everywhere. */
bool is_loadable(const struct ruleset *rs);

/** compare_ways - packets chosen by @f fare in @rs, run on them one by one, as its diagrams say
 *
 * The two know nothing of each other: src/ruleset/run.c, and src/verify/pipeline.c. What one packet
 * does not tell, or a limit decides, may be as either says; nothing is compared where @rs is not
 * loadable.
 */
void compare_ways(const struct ruleset *rs, struct feed *f);

/* What rulesets speak of and packets have, and their neighbours. */
uint32_t some_addr(struct feed *f);
uint16_t some_port(struct feed *f);
uint8_t some_proto(struct feed *f);
const char *some_name(struct feed *f);

/* Rulesets and sites that bytes choose; a site is text, and mostly right. */
struct ruleset *some_ruleset(struct feed *f, bool named_sets);
void some_site(struct feed *f, struct buf *out);

/** struct made - a site that bytes chose, and its ruleset; NULL both where it is not right */
struct made {
	struct buf text;
	struct source source;
	struct library *lib;
	struct site *site;
	struct ruleset *rs;
};

void made_new(struct made *made, struct feed *f);
void made_free(struct made *made);

/** check_change - the change between two rulesets (@from may be NULL) makes the one the other */
void check_change(const struct ruleset *from, const struct ruleset *to);

/* Can others read it? */
bool json_is_formed(const char *text, size_t len);
bool xml_is_formed(const char *text, size_t len);
bool csv_is_formed(const char *text, size_t len, size_t columns);
bool dot_is_formed(const char *text, size_t len);

/** messages_mutate - an LLVMFuzzerCustomMutator() of packed rulesets (kernel_pack()) */
size_t messages_mutate(uint8_t *data, size_t size, size_t max_size, unsigned int seed);

#endif

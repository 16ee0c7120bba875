# SPDX-License-Identifier: GPL-2.0-or-later
#
#   make          build/jgfw; a line for each file, with V=1 the whole command, with -s nothing
#   make run      install what is missing, build, print the example's ruleset
#   make check    install what the tests need, run them all, JOBS=2 stages at a time (as many as processors);
#                 what is random begins with SEED=1. tests/run NAME runs some of them
#   make check-memory    rulesets, diagnostics, traces, reports and the kernel's tests under valgrind (slow)
#   make analyze  static analysis: compilers, clang-tidy, cppcheck and others (slow the first time)
#   make check-report    look at the report's page in a real Chromium (large)
#   make fuzz     TIME=60: each fuzzer of tests/fuzz/ for so many seconds (clang), JOBS=1 at a time
#   make soak     CHANGES=3000: so many random sites and edits, one after the other, each beside a fresh load (slow)
#   make check-systemd   boot a Debian of the tests' own, to test the units of systemd/ (slow)
#   make check-package   build the Debian package, install, upgrade and purge it in a Debian of its own (slow)
#   make check-ansible   the collection, over ssh against gateways in namespaces, and on such a Debian (slow)
#   make bench    what it costs, as root
#   make install  PREFIX=/usr/local DESTDIR=
#   make uninstall       what install brought; the ruleset in the kernel, site and state stay
#   make dist     build/jgfw-VERSION.tar.gz, the same bytes each time
#   make deb      build/deb/jgfw_VERSION_ARCH.deb

VERSION := 0.1.0
PREFIX ?= /usr/local
BUILD ?= build
DESTDIR ?=
SBINDIR ?= $(PREFIX)/sbin
UNITDIR ?= $(PREFIX)/lib/systemd/system
DATADIR ?= $(PREFIX)/share/jgfw
DOCDIR ?= $(PREFIX)/share/doc/jgfw
SCHEMADIR ?= $(DATADIR)/schema
BASHDIR ?= $(PREFIX)/share/bash-completion/completions
ZSHDIR ?= $(PREFIX)/share/zsh/site-functions
FISHDIR ?= $(PREFIX)/share/fish/vendor_completions.d

# What a bare Debian 12 lacks: to build; to test; to make a package.
PACKAGES := gcc libc6-dev pkg-config libyaml-dev libmnl-dev libnftnl-dev
TEST_PACKAGES := $(PACKAGES) nftables iproute2 python3 check mandoc kmod procps conntrack strace iptables git graphviz \
	valgrind clang libasan8 libubsan1 libexpat1-dev libjansson-dev python3-yaml python3-jsonschema bash-completion zsh fish
DEB_PACKAGES := $(PACKAGES) build-essential debhelper check
ANALYSIS_PACKAGES := $(PACKAGES) check clang clang-tidy cppcheck binutils git shellcheck pyflakes3 codespell
ANSIBLE_TEST_PACKAGES := ansible-core openssh-client openssh-server nftables iproute2 procps strace debootstrap

LIBRARIES := yaml-0.1 libnftnl libmnl

# What make prints: SAY a line for each file, or with V=1 the command after Q. With -s neither.
SAY := $(if $(V)$(findstring s,$(firstword -$(MAKEFLAGS))),:,printf '  %-9s%s\n')
Q := $(if $(V),,@)

CC ?= gcc
WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wwrite-strings \
	-Wcast-qual -Wpointer-arith -Wformat=2 -Wvla -Wconversion
HARDENING := -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3 -fstack-protector-strong -fstack-clash-protection -fPIE
CFLAGS ?= -O2 -g
ALL_CFLAGS = -std=gnu17 -D_GNU_SOURCE -DJGFW_VERSION='"$(VERSION)"' \
	-DJGFW_SCHEMA_DIR='"$(SCHEMADIR)"' -Iinclude -Isrc $(WARNINGS) \
	$(if $(SANITIZE),$(SANITIZE),$(HARDENING)) $(if $(CI),-Werror) $(CPPFLAGS) $(CFLAGS) \
	$(shell pkg-config --cflags $(LIBRARIES) 2>/dev/null)
ALL_LDFLAGS = $(if $(SANITIZE),$(SANITIZE),-pie -Wl,-z,relro,-z,now) $(LDFLAGS)
LIBS = $(shell pkg-config --libs $(LIBRARIES) 2>/dev/null || echo -lyaml -lnftnl -lmnl)

PAGE := src/report/page.css src/report/page.js
DATA := $(sort examples/example.yaml $(wildcard profiles/*.yaml templates/*.yaml) $(PAGE))
SOURCES := $(sort $(wildcard src/*.c src/*/*.c src/*/*/*.c))
OBJECTS := $(SOURCES:%.c=$(BUILD)/%.o) $(BUILD)/data.o
UNIT_OBJECTS := $(patsubst %.c,$(BUILD)/%.o,$(sort $(wildcard tests/unit/*.c)))
FUZZ_OBJECTS := $(patsubst %.c,$(BUILD)/%.o,$(sort $(wildcard tests/fuzz/*.c)))
ANALYZED := $(SOURCES) $(sort $(wildcard tests/*/*.c bench/*.c))
LIBRARY_OBJECTS := $(filter-out $(BUILD)/src/main.o $(BUILD)/src/commands/%,$(OBJECTS))

all: $(BUILD)/jgfw

$(BUILD)/jgfw: $(OBJECTS)
	@$(SAY) LD $@
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

# The unit tests: all that is not a command, and tests/unit/.
$(BUILD)/unit: $(UNIT_OBJECTS) $(LIBRARY_OBJECTS)
	@$(SAY) LD $@
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS) $(shell pkg-config --libs check)

# What the prover says of packets, to be held against the kernel.
$(BUILD)/leaves: $(BUILD)/tests/verify/leaves.o $(LIBRARY_OBJECTS)
	@$(SAY) LD $@
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

# What lets calls and allocations of a program fail.
$(BUILD)/failat: $(BUILD)/tests/faults/failat.o
	@$(SAY) LD $@
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^

$(BUILD)/failalloc.so: tests/faults/failalloc.c
	@$(SAY) LD $@
	$(Q)$(CC) -std=gnu17 -D_GNU_SOURCE $(WARNINGS) $(if $(CI),-Werror) -O2 -fPIC -shared -o $@ $<

# The fuzzers: as above, each with its harness. tests/fuzz/run makes them, with sanitizers: by clang
# with libFuzzer, else with a main() that replays files.
FUZZ_MAIN := $(BUILD)/tests/fuzz/main.o
$(BUILD)/fuzz_%: $(BUILD)/tests/fuzz/fuzz_%.o $(if $(filter clang,$(CC)),,$(FUZZ_MAIN)) \
		$(filter-out $(BUILD)/tests/fuzz/fuzz_% $(FUZZ_MAIN),$(FUZZ_OBJECTS)) $(LIBRARY_OBJECTS)
	@$(SAY) LD $@
	$(Q)$(CC) $(ALL_LDFLAGS) $(if $(filter clang,$(CC)),-fsanitize=fuzzer) -o $@ $^ $(LIBS) \
		$(shell pkg-config --libs expat jansson)
.SECONDARY: $(FUZZ_OBJECTS)

$(BUILD)/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	@$(SAY) CC $<
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# All C, for tests/analyze: compiled, or read by clang-tidy, again where a header changed too.
objects: $(ANALYZED:%.c=$(BUILD)/%.o)
tidy: $(ANALYZED:%.c=$(BUILD)/%.tidy)
$(BUILD)/%.tidy: %.c $(BUILD)/%.o .clang-tidy
	@$(SAY) TIDY $<
	$(Q)clang-tidy --quiet $< -- $(ALL_CFLAGS)
	@touch $@

# The report's page names its style and its script by their hashes, so that nothing else counts or runs.
sha256 = $(shell sha256sum <$(1) | cut -c -64 | tr a-f A-F | basenc --base16 -d | base64)
$(BUILD)/src/report/page.o: $(PAGE)
$(BUILD)/src/report/page.o $(BUILD)/src/report/page.tidy: private ALL_CFLAGS += -DPAGE_CSS_SHA256='"$(call sha256,src/report/page.css)"' \
	-DPAGE_JS_SHA256='"$(call sha256,src/report/page.js)"'

# Objects made with other flags are made anew.
$(BUILD)/flags: FORCE
	@mkdir -p $(@D)
	@echo '$(CC) $(subst ','\'',$(ALL_CFLAGS))' | cmp -s - $@ || \
		echo '$(CC) $(subst ','\'',$(ALL_CFLAGS))' >$@

# The data files, as they are, in the binary.
$(BUILD)/data.S: $(DATA) Makefile
	@$(SAY) GEN $@
	@mkdir -p $(@D)
	@{ echo '.section .note.GNU-stack,"",%progbits'; \
	   echo '.section .rodata'; \
	   n=0; for f in $(DATA); do n=$$((n + 1)); \
		echo "path$$n: .asciz \"$$f\""; \
		echo "text$$n: .incbin \"$$f\""; echo "end$$n: .byte 0"; done; \
	   echo '.section .data.rel.ro,"aw"'; echo '.balign 8'; \
	   echo '.globl data_files'; echo '.type data_files, %object'; echo 'data_files:'; \
	   n=0; for f in $(DATA); do n=$$((n + 1)); echo ".quad path$$n, text$$n, end$$n"; done; \
	   echo '.quad 0, 0, 0'; echo '.size data_files, . - data_files'; } >$@

$(BUILD)/data.o: $(BUILD)/data.S
	@$(SAY) AS $<
	$(Q)$(CC) -c -o $@ $<

run: packages
	@$(MAKE) --no-print-directory -s all
	@$(BUILD)/jgfw generate --example

check: test-packages
	@JOBS=$(JOBS) SEED=$(SEED) tests/run

check-memory: test-packages $(BUILD)/jgfw
	@tests/memory/all

check-report: test-packages $(BUILD)/jgfw
	@tools/need chromium fonts-dejavu-core
	@tests/report/browser

analyze:
	@tools/need $(ANALYSIS_PACKAGES)
	@tests/analyze

fuzz: TIME = 60
fuzz: test-packages
	@tools/need clang libclang-rt-dev
	@JOBS=$(JOBS) tests/fuzz/run $(TIME)

soak: CHANGES = 3000
soak: $(BUILD)/jgfw
	@tests/kernel/soak $(CHANGES)

check-systemd: $(BUILD)/jgfw
	@tests/systemd/run

check-package: $(BUILD)/jgfw
	@tests/package/run

check-ansible: $(BUILD)/jgfw
	@tools/need $(ANSIBLE_TEST_PACKAGES)
	@tests/ansible/run
	@tests/ansible/role/run

# Ratios of one run, see bench/README.md.
bench: $(BUILD)/jgfw $(BUILD)/sender
	@tools/need nftables iproute2 python3 time
	@bench/generate
	@bench/apply
	@bench/verify
	@bench/packets

# What bench/packets sends with.
$(BUILD)/sender: $(BUILD)/bench/sender.o
	@$(SAY) LD $@
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^

# Each installs what dpkg does not know as installed, and says what it would need to.
packages:
	@tools/need $(PACKAGES)

test-packages:
	@tools/need $(TEST_PACKAGES)

# What goes where, beside the program and the units: FILE:TARGET. The data are to be read and copied;
# the program has them built in.
to = $(foreach f,$(wildcard $1),$f:$2/$(or $3,$(notdir $f)))
FILES := $(call to,man/*.5,$(PREFIX)/share/man/man5) $(call to,man/*.7,$(PREFIX)/share/man/man7) \
	$(call to,man/*.8,$(PREFIX)/share/man/man8) \
	$(call to,templates/*.yaml,$(DATADIR)/templates) $(call to,profiles/*.yaml,$(DATADIR)/profiles) \
	$(call to,schema/*.json,$(SCHEMADIR)) $(call to,completions/jgfw.bash,$(BASHDIR),jgfw) \
	$(call to,completions/_jgfw,$(ZSHDIR)) $(call to,completions/jgfw.fish,$(FISHDIR)) \
	$(call to,README.md,$(DOCDIR)) $(call to,docs/*.md docs/*.svg,$(DOCDIR)/docs) $(call to,examples/*.yaml,$(DOCDIR)/examples)
UNITS := jgfw.service jgfw-forward.service nftables.service.d/jgfw.conf
TARGETS = $(SBINDIR)/jgfw $(foreach f,$(FILES),$(lastword $(subst :, ,$f))) $(UNITS:%=$(UNITDIR)/%)

install:
	@test -x $(BUILD)/jgfw || { echo "make install: run make first" >&2; exit 1; }
	@grep -qF '"$(SCHEMADIR)"' $(BUILD)/flags || \
		echo "make install: built for another PREFIX: 'jgfw init' names schemas that are elsewhere" >&2
	@$(SAY) INSTALL $(DESTDIR)$(SBINDIR)/jgfw
	$(Q)install -D -m 755 $(BUILD)/jgfw $(DESTDIR)$(SBINDIR)/jgfw
	$(Q)for f in $(FILES); do \
		$(SAY) INSTALL $(DESTDIR)$${f#*:} && \
		install -D -m 644 $${f%%:*} $(DESTDIR)$${f#*:} || exit 1; done
	$(Q)for u in $(UNITS); do \
		$(SAY) INSTALL $(DESTDIR)$(UNITDIR)/$$u && \
		install -D -m 644 /dev/null $(DESTDIR)$(UNITDIR)/$$u && \
		sed 's|@sbindir@|$(SBINDIR)|g' systemd/$$u.in >$(DESTDIR)$(UNITDIR)/$$u || exit 1; done

# Folders go where they are jgfw's own and empty.
uninstall:
	@$(SAY) RM '$(DESTDIR)$(PREFIX): what install brought'
	$(Q)rm -f $(TARGETS:%=$(DESTDIR)%)
	$(Q)for d in $(DATADIR) $(DOCDIR) $(UNITDIR)/nftables.service.d; do \
		test ! -d $(DESTDIR)$$d || find $(DESTDIR)$$d -depth -type d -empty -delete; done

# The tracked files, or all of an unpacked tarball; neither clock, user nor umask gets in.
NAME := jgfw-$(VERSION)
ifneq ($(wildcard .git),)
LIST = git ls-files
TIME = git log -1 --format=%ct
else
LIST = find . \( -path './build*' -o -path './$(BUILD)' \) -prune -o -type f -printf '%P\n'
TIME = stat -c %Y Makefile
endif
dist:
	@mkdir -p $(BUILD)
	@$(LIST) >$(BUILD)/dist.files
	@LC_ALL=C sort -o $(BUILD)/dist.files $(BUILD)/dist.files
	@$(SAY) TAR $(BUILD)/$(NAME).tar.gz
	$(Q)time=$$($(TIME)) && tar --create --format=ustar --owner=0 --group=0 --numeric-owner --mode=u=rwX,go=rX \
		--mtime=@$$time --transform='flags=r;s|^|$(NAME)/|' \
		--verbatim-files-from --files-from=$(BUILD)/dist.files \
		--use-compress-program='gzip -9n' --file=$(BUILD)/$(NAME).tar.gz

# Built from the tarball, by a make that knows nothing of this one's BUILD and flags.
deb: dist
	@tools/need $(DEB_PACKAGES)
	rm -rf $(BUILD)/deb
	mkdir -p $(BUILD)/deb
	tar -xzf $(BUILD)/$(NAME).tar.gz -C $(BUILD)/deb
	cd $(BUILD)/deb/$(NAME) && env -u MAKEFLAGS -u BUILD dpkg-buildpackage -us -uc

clean:
	rm -rf $(BUILD)

FORCE:
.PHONY: all run check analyze objects tidy bench fuzz soak check-memory check-report check-systemd check-package check-ansible packages test-packages install uninstall dist deb clean FORCE

-include $(ANALYZED:%.c=$(BUILD)/%.d)

# SPDX-License-Identifier: GPL-2.0-or-later
#
#   make          build/jgfw
#   make run      install what is missing, build, print the example's ruleset
#   make check    install what the tests need, run them all
#   make check-systemd   boot a Debian of the tests' own, to test the units of systemd/ (slow)
#   make install  PREFIX=/usr/local DESTDIR=

VERSION := 0.1.0
PREFIX ?= /usr/local
BUILD ?= build
DESTDIR ?=
SBINDIR ?= $(PREFIX)/sbin
UNITDIR ?= $(PREFIX)/lib/systemd/system

# What a bare Debian 12 lacks: to build; to test.
PACKAGES := gcc libc6-dev pkg-config libyaml-dev libmnl-dev libnftnl-dev
TEST_PACKAGES := $(PACKAGES) nftables iproute2 python3 check mandoc kmod procps conntrack strace iptables \
	libasan8 libubsan1

LIBRARIES := yaml-0.1 libnftnl libmnl

CC ?= gcc
WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wwrite-strings \
	-Wcast-qual -Wpointer-arith -Wformat=2 -Wvla -Wconversion
HARDENING := -D_FORTIFY_SOURCE=3 -fstack-protector-strong -fstack-clash-protection -fPIE
CFLAGS ?= -O2 -g
ALL_CFLAGS = -std=gnu17 -D_GNU_SOURCE -DJGFW_VERSION='"$(VERSION)"' -Iinclude -Isrc $(WARNINGS) \
	$(if $(SANITIZE),$(SANITIZE),$(HARDENING)) $(if $(CI),-Werror) $(CFLAGS) \
	$(shell pkg-config --cflags $(LIBRARIES) 2>/dev/null)
ALL_LDFLAGS = $(if $(SANITIZE),$(SANITIZE),-pie -Wl,-z,relro,-z,now) $(LDFLAGS)
LIBS = $(shell pkg-config --libs $(LIBRARIES) 2>/dev/null || echo -lyaml -lnftnl -lmnl)

DATA := $(sort $(wildcard examples/*.yaml profiles/*.yaml templates/*.yaml))
SOURCES := $(sort $(wildcard src/*.c src/*/*.c))
OBJECTS := $(SOURCES:%.c=$(BUILD)/%.o) $(BUILD)/data.o
UNIT_OBJECTS := $(patsubst %.c,$(BUILD)/%.o,$(sort $(wildcard tests/unit/*.c)))
LIBRARY_OBJECTS := $(filter-out $(BUILD)/src/main.o $(BUILD)/src/commands/%,$(OBJECTS))

all: $(BUILD)/jgfw

$(BUILD)/jgfw: $(OBJECTS)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

# The unit tests: all that is not a command, and tests/unit/.
$(BUILD)/unit: $(UNIT_OBJECTS) $(LIBRARY_OBJECTS)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS) $(shell pkg-config --libs check)

$(BUILD)/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# Objects made with other flags are made anew.
$(BUILD)/flags: FORCE
	@mkdir -p $(@D)
	@echo '$(CC) $(subst ','\'',$(ALL_CFLAGS))' | cmp -s - $@ || \
		echo '$(CC) $(subst ','\'',$(ALL_CFLAGS))' >$@

# The data files, as they are, in the binary.
$(BUILD)/data.S: $(DATA) Makefile
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
	$(CC) -c -o $@ $<

run: packages
	@$(MAKE) --no-print-directory -s all
	@$(BUILD)/jgfw generate --example

check: test-packages
	@tests/run

check-systemd: $(BUILD)/jgfw
	@tests/systemd/run

# Each installs what dpkg does not know as installed, and says what it would need to.
packages:
	@tools/need $(PACKAGES)

test-packages:
	@tools/need $(TEST_PACKAGES)

MANUALS := $(wildcard man/*.[58])
UNITS := jgfw.service jgfw-forward.service nftables.service.d/jgfw.conf

install:
	@test -x $(BUILD)/jgfw || { echo "make install: run make first" >&2; exit 1; }
	install -D -m 755 $(BUILD)/jgfw $(DESTDIR)$(SBINDIR)/jgfw
	for m in $(MANUALS); do \
		install -D -m 644 $$m $(DESTDIR)$(PREFIX)/share/man/man$${m##*.}/$${m##*/}; done
	for u in $(UNITS); do \
		install -D -m 644 /dev/null $(DESTDIR)$(UNITDIR)/$$u && \
		sed 's|@sbindir@|$(SBINDIR)|g' systemd/$$u.in >$(DESTDIR)$(UNITDIR)/$$u || exit 1; done

clean:
	rm -rf $(BUILD)

FORCE:
.PHONY: all run check check-systemd packages test-packages install clean FORCE

-include $(OBJECTS:.o=.d) $(UNIT_OBJECTS:.o=.d)

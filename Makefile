# crsync: build, install, release. The suite and all other checks are in spec/checks.mk.
#   make                 builds the C core into build/
#   make help            these lines
#   make demo            a sandbox, a task as report and tables, a push watched to its end; installs what is missing
#   make install         PREFIX=/usr/local DESTDIR=: modules, man page, and a command that needs nothing exported
#   make uninstall       takes it away again, with the same PREFIX
#   make dist            a release of the last commit: the same bytes each time, and its rockspec
#   make clean           removes what was built
# For another Lua: LUA=lua5.1, lua5.2, lua5.3, luajit, or a path.

# An interpreter's name, or a version alone; the interpreter, where there is one, knows better than its name.
LUA_VERSION ?= 5.4
ifeq ($(origin LUA),undefined)
LUA = lua$(LUA_VERSION)
else ifneq ($(origin LUA_VERSION),command line)
LUA_VERSION := $(or $(shell $(LUA) -e 'io.write((_VERSION:gsub("Lua ", "")))' 2>/dev/null),$(patsubst lua%,%,$(notdir $(LUA))))
endif
PKG_CONFIG ?= pkg-config
SETUP ?= .ci/setup
PREFIX ?= /usr/local
INST_LIBDIR ?= $(PREFIX)/lib/lua/$(LUA_VERSION)
INST_BINDIR ?= $(PREFIX)/bin
INST_MANDIR ?= $(PREFIX)/share/man/man1
INST_LUADIR ?= $(PREFIX)/share/lua/$(LUA_VERSION)

BUILD ?= build$(if $(filter lua5.4,$(notdir $(LUA))),,/$(notdir $(LUA)))
CFLAGS ?= -O2 -g -fstack-protector-strong -D_FORTIFY_SOURCE=2
# Another compiler may have other warnings; they are errors only where crsync is made: WERROR=1.
WARNINGS = -std=c11 -Wall -Wextra -Wpedantic $(if $(WERROR),-Werror)
# The name of Lua's pkg-config file differs between systems; LUA_INCDIR goes before all of them.
LUA_PC = $(firstword $(foreach n,$(findstring luajit,$(LUA)) lua$(LUA_VERSION) lua-$(LUA_VERSION) lua,$(shell $(PKG_CONFIG) --exists $(n) 2>/dev/null && echo $(n))))
LUA_CFLAGS ?= $(if $(LUA_INCDIR),-I$(LUA_INCDIR),$(if $(LUA_PC),$(shell $(PKG_CONFIG) --cflags $(LUA_PC))))
LIB_CFLAGS ?= $(shell $(PKG_CONFIG) --cflags libcurl libcrypto 2>/dev/null)
LIBS ?= $(shell $(PKG_CONFIG) --libs libcurl libcrypto 2>/dev/null || echo -lcurl -lcrypto)
SHARED = $(if $(filter Darwin,$(shell uname)),-bundle -undefined dynamic_lookup,-shared -Wl$(comma)--as-needed$(comma)-z$(comma)relro$(comma)-z$(comma)now)
comma = ,

SOURCES = $(sort $(wildcard csrc/*.c))
HEADERS = $(wildcard csrc/*.h)
OBJECTS = $(SOURCES:csrc/%.c=$(BUILD)/%.o)
CORE = $(BUILD)/crsync/core.so

# The product from this tree, whatever else is installed, and none of the keys and settings of who runs it.
RUN_ENV = env -u SSL_CERT_FILE -u SSL_CERT_DIR -u CURL_CA_BUNDLE LUA='$(LUA)' \
  LUA_PATH='./lua/?.lua;./lua/?/init.lua;./?.lua;;' LUA_CPATH='./$(BUILD)/?.so;;' \
  HOME='$(CURDIR)/$(BUILD)/home' ALIBABA_CLOUD_ECS_METADATA_DISABLED=true

.PHONY: all help demo install uninstall dist clean force

all: $(CORE)

help:
	@sed -n 's/^#   make/  make/p' Makefile spec/checks.mk

# Which Lua the things in a folder were built for: for another they are made again.
%/built-for: force
	@mkdir -p $(@D)
	@echo '$(LUA) $(LUA_VERSION)' | cmp -s - $@ || echo '$(LUA) $(LUA_VERSION)' >$@

.PRECIOUS: %/built-for

# Each object's headers are in the .d file that its last compilation wrote.
$(BUILD)/%.o: csrc/%.c $(BUILD)/built-for
	$(CC) $(WARNINGS) $(CPPFLAGS) $(CFLAGS) -fPIC $(LUA_CFLAGS) $(LIB_CFLAGS) -MMD -MP -c $< -o $@

-include $(wildcard $(BUILD)/*.d)

$(CORE): $(OBJECTS)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(LDFLAGS) $(SHARED) -o $@ $(OBJECTS) $(LIBS)

# Sub-makes, so that pkg-config is asked only after the set-up.
demo:
	@LUA='$(LUA)' $(SETUP) demo
	@$(MAKE) --no-print-directory -s all
	@$(RUN_ENV) $(LUA) examples/demo.lua

install: all
	install -d '$(DESTDIR)$(INST_LIBDIR)/crsync' '$(DESTDIR)$(INST_BINDIR)' '$(DESTDIR)$(INST_MANDIR)'
	install -m 755 $(CORE) '$(DESTDIR)$(INST_LIBDIR)/crsync/core.so'
	for folder in $$(cd lua && find crsync -type d); do \
	  install -d '$(DESTDIR)$(INST_LUADIR)'/$$folder && \
	  install -m 644 lua/$$folder/*.lua '$(DESTDIR)$(INST_LUADIR)'/$$folder || exit 1; \
	done
	sed '1s|lua5.4|$(LUA)|' lua/crsync/cli/bin.lua > '$(DESTDIR)$(INST_BINDIR)/crsync'
	chmod 755 '$(DESTDIR)$(INST_BINDIR)/crsync'
	install -m 644 doc/crsync.1 '$(DESTDIR)$(INST_MANDIR)'

uninstall:
	rm -rf '$(DESTDIR)$(INST_LIBDIR)/crsync' '$(DESTDIR)$(INST_LUADIR)/crsync' '$(DESTDIR)$(INST_BINDIR)/crsync' \
	  '$(DESTDIR)$(INST_MANDIR)/crsync.1'

# A release: the same bytes from the same commit, and the rockspec that names it. URL is where it will lie.
VERSION = $(shell sed -n 's|^return "\(.*\)"|\1|p' lua/crsync/version.lua)
URL ?= file://$(CURDIR)/build/dist

dist:
	@mkdir -p build/dist
	git archive --format=tar --prefix=crsync-$(VERSION)/ HEAD | gzip -n -9 > build/dist/crsync-$(VERSION).tar.gz
	sed -e 's|^version = .*|version = "$(VERSION)-1"|' -e 's|^source = .*|source = { url = "$(URL)/crsync-$(VERSION).tar.gz" }|' \
	  crsync-scm-1.rockspec > build/dist/crsync-$(VERSION)-1.rockspec

clean:
	rm -rf build csrc/*.o crsync .luacheckcache

include spec/checks.mk

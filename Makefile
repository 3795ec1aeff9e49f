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
# Fedora has it under the second name.
LUA := $(or $(shell for name in lua$(LUA_VERSION) lua-$(LUA_VERSION); do command -v $$name >/dev/null && echo $$name && break; done),lua$(LUA_VERSION))
else ifneq ($(origin LUA_VERSION),command line)
LUA_VERSION := $(or $(shell $(LUA) -e 'io.write((_VERSION:gsub("Lua ", "")))' 2>/dev/null),$(if $(findstring luajit,$(LUA)),5.1,$(patsubst lua%,%,$(notdir $(LUA)))))
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

# The purpose in .ci/packages that brings this Lua and its headers.
LUA_PURPOSE = $(if $(findstring luajit,$(LUA)),luajit,$(patsubst lua5.4,lua,lua$(LUA_VERSION)))

# Which Lua the things in a folder were built for, and with which headers: for others they are made again. Another Lua's
# headers would do until the module is loaded.
%/built-for: force
	@mkdir -p $(@D)
	@if [ "$$(echo __GNUC__ __TINYC__ | $(CC) -E -P - 2>/dev/null | tail -n 1 | tr -d 0-9)" != " __TINYC__" ]; then \
	  echo "crsync: gcc or clang builds it, and $(CC) is neither, or is not there: give CC, or install" >&2; \
	  sed -n 's/^\([a-z]*\) compiler /  \1: /p' .ci/packages >&2; \
	  exit 1; \
	fi; \
	found=$$(printf '%s\n' '#include <lua.h>' LUA_RELEASE | \
	  $(CC) $(CPPFLAGS) $(LUA_CFLAGS) -E -P - 2>/dev/null | tail -n 1 | tr -d '" '); \
	case $$found in \
	  Lua$(LUA_VERSION).*) ;; \
	  Lua*) other=", only those of Lua $${found#Lua}" ;; \
	  *) other= ;; \
	esac; \
	if [ -n "$${other+is}" ]; then \
	  echo "crsync: the headers of $(LUA) are not there$$other: give LUA_INCDIR or another LUA, or install" >&2; \
	  sed -n 's/^\([a-z]*\) $(LUA_PURPOSE) /  \1: /p' .ci/packages | sed 's/|[^ ]*//g' >&2; \
	  exit 1; \
	fi; \
	built_for="$(LUA) $(LUA_VERSION) $$found $(LUA_CFLAGS)"; \
	echo "$$built_for" | cmp -s - $@ || echo "$$built_for" >$@

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

# A word for the shell, a string for Lua, a path from the root.
quoted = '$(subst ','\'',$(1))'
lua_string = "$(subst ",\",$(subst \,\\,$(1)))"
absolute = $(if $(filter /%,$(firstword $(1))),$(1),$(CURDIR)/$(1))
# LUA by its path, where it is here and not only where crsync will run.
FOUND = $(or $(shell command -v $(LUA) 2>/dev/null),$(LUA))
PROGRAM = $(if $(findstring /,$(FOUND)),$(call absolute,$(FOUND)),$(FOUND))
# Where it looks by itself, for argparse and lua-cjson; but for the current folder.
searched = $(shell env -i $(PROGRAM) \
  -e 'for t in package.$(1):gmatch "[^;]+" do if t:find "^/" then io.write(t, ";") end end' 2>/dev/null)

# The installed command is this and then lua/crsync/bin.lua: to a shell, which Lua to run it with; to Lua, a string,
# and where the modules are. So neither is searched for by what happens to be exported, and their paths may hold a blank
# or be longer than a kernel takes them after "#!".
define COMMAND
#!/bin/sh
_=[==[
lua=$(call quoted,$(PROGRAM))
command -v "$$lua" >/dev/null || {
  echo "crsync: $$lua, which it was installed for, is not there: install that, or crsync again" >&2
  exit 6
}
exec "$$lua" "$$0" "$$@"
]==] _ = nil
package.path = $(call lua_string,$(INSTALLED_LUA)/?.lua;$(INSTALLED_LUA)/?/init.lua;$(call searched,path)) .. package.path
package.cpath = $(call lua_string,$(INSTALLED_LIB)/?.so;$(call searched,cpath)) .. package.cpath
endef
INSTALLED_LUA = $(call absolute,$(INST_LUADIR))
INSTALLED_LIB = $(call absolute,$(INST_LIBDIR))

$(BUILD)/command: export TEXT = $(COMMAND)
$(BUILD)/command: force
	@case $(call quoted,$(INST_LUADIR)$(INST_LIBDIR)) in \
	  "~"* | *"?"* | *";"*) \
	    echo "crsync: PREFIX is to be a path without ~, ? and ;, or Lua finds nothing there" >&2; exit 1 ;; \
	esac
	@mkdir -p $(@D) && rm -f $@
	@{ printf '%s\n' "$$TEXT" && sed 1d lua/crsync/bin.lua; } >$@

TO_LIB = $(call quoted,$(DESTDIR)$(INST_LIBDIR)/crsync)
TO_LUA = $(call quoted,$(DESTDIR)$(INST_LUADIR)/crsync)
TO_BIN = $(call quoted,$(DESTDIR)$(INST_BINDIR))
TO_MAN = $(call quoted,$(DESTDIR)$(INST_MANDIR))

install: all $(BUILD)/command
	install -d $(TO_LIB) $(TO_BIN) $(TO_MAN)
	install -m 755 $(CORE) $(TO_LIB)/core.so
	for folder in $$(cd lua/crsync && find . -type d); do \
	  install -d $(TO_LUA)/$$folder && install -m 644 lua/crsync/$$folder/*.lua $(TO_LUA)/$$folder || exit 1; \
	done
	install -m 755 $(BUILD)/command $(TO_BIN)/crsync
	install -m 644 doc/crsync.1 $(TO_MAN)

uninstall:
	rm -rf $(TO_LIB) $(TO_LUA) $(TO_BIN)/crsync $(TO_MAN)/crsync.1

# A release: the same bytes from the same commit, and the rockspec that names it. URL is the folder where it will lie;
# fields of the rockspec that are not given are left out: doc/guides/releasing.md.
VERSION = $(shell sed -n 's|^return "\(.*\)"|\1|p' lua/crsync/version.lua)
URL ?= file://$(CURDIR)/build/dist
HOMEPAGE =
ISSUES =
MAINTAINER =
for_sed = $(subst &,\&,$(subst \,\\,$(1)))
field = -e $(call quoted,$(if $(2),s|^  $(1) = nil|  $(1) = $(call for_sed,$(call lua_string,$(2)))|,/^  $(1) = nil/d))

dist:
	@mkdir -p build/dist
	git archive --format=tar --prefix=crsync-$(VERSION)/ HEAD | gzip -n -9 > build/dist/crsync-$(VERSION).tar.gz
	sed -e 's|^version = .*|version = "$(VERSION)-1"|' \
	  -e $(call quoted,s|^source = .*|source = { url = $(call for_sed,$(call lua_string,$(URL)/crsync-$(VERSION).tar.gz)) }|) \
	  -e '/^  -- Whoever publishes/d' \
	  $(call field,homepage,$(HOMEPAGE)) $(call field,issues_url,$(ISSUES)) $(call field,maintainer,$(MAINTAINER)) \
	  crsync-scm-1.rockspec > build/dist/crsync-$(VERSION)-1.rockspec

clean:
	rm -rf build csrc/*.o crsync .luacheckcache

include spec/checks.mk

# What shows that crsync holds: the suite, and what runs it or its parts otherwise. Part of the Makefile.
#   make test            the whole suite; installs what is missing. SPECS=spec/sign_spec.lua for a part
#   make run-specs       the same with what is built and installed
#   make test-matrix     the suite in each other Lua
#   make hosts           the cores for the programs that spec/embedding_spec.lua starts
#   make test-hosts      crsync inside more programs, by the pages of examples/embedding; installs them
#   make test-i386       the core's specs with 32 bits, in Lua 5.1; test-arm64 and test-s390x (the other byte order)
#   make test-arm64      the same for arm64, in Lua 5.4, under qemu
#   make test-s390x      the same for s390x
#   make test-kqueue     event loops with csrc/pollset.c as BSD and macOS have it, over a stub of kqueue
#   make lint            compilers, clang-tidy, cppcheck, clang-format, luacheck, and whether the documents hold
#   make check-asan      the suite under AddressSanitizer and UBSan
#   make check-valgrind  the core's specs under valgrind
#   make check-tsan      a threaded host under ThreadSanitizer
#   make soak            SOAK_CALLS=100000 calls on one client with faults among them: nothing lost, nothing grows
#   make coverage        the lines that the suite does not run, each with its reason
#   make fuzz            the parsers under libFuzzer, FUZZ_SECONDS=60 for each
#   make starve          calls while memory runs out, at each allocation there is
#   make bench           what crsync costs beside libcurl alone
#   make interop         the vendor's clients for Node against the sandbox; needs node and npm
#   make types           what an editor flags in lua/, by lua-language-server on the PATH
#   make docs            writes anew what documents and declarations derive from the code

# The specs of the test endpoint itself, which always runs in Lua 5.4, of installing, and of other programs: in one Lua.
IS_REFERENCE = $(filter lua5.4,$(notdir $(LUA)))
EVERY = $(wildcard spec/*_spec.lua)
ONCE = install embedding gnutls threads completion documents pasted types architecture weeks cli_report
# Lua 5.2 collects too rarely for a sweep over its collections.
NOT_HERE = $(if $(filter %lua5.2,$(LUA)),reenter)
SPECS ?= $(if $(IS_REFERENCE),spec,$(filter-out spec/support_% $(patsubst %,spec/%_spec.lua,$(ONCE) $(NOT_HERE)),$(EVERY)))
# Other programs bring their own allocators and leaks; shells, browsers and documents run little of the core; dead
# connections take minutes under either tool: SPECS=spec/connections_spec.lua by itself.
UNCHECKED = embedding install completion cli_report connections documents help pasted types architecture weeks examples
CHECKED = $(if $(filter command,$(origin SPECS)),$(SPECS),$(filter-out $(UNCHECKED:%=spec/%_spec.lua),$(EVERY)))
# valgrind sees this process alone, and slowly: the specs in which the core does all that it can do. Not loop, since
# luaevent leaks its event base.
LEAKING = client core decode error_kind external matrix nginx operations poller process redact refresh result \
  secrets sign wait
UNDER_VALGRIND = $(if $(filter command,$(origin SPECS)),$(SPECS),$(LEAKING:%=spec/%_spec.lua))

# What the command writes differs in the log of a CI job: specs say whose log they mean.
OTHER_LOGS = -u GITHUB_ACTIONS -u GITHUB_STEP_SUMMARY -u GITLAB_CI

MATRIX = lua5.1 lua5.2 lua5.3 luajit

.PHONY: test test-matrix test-hosts test-i386 test-arm64 test-s390x test-kqueue run-specs hosts check-asan \
  check-valgrind check-tsan soak coverage fuzz starve bench lint types interop \
  docs lint-compilers lint-old-curl lint-musl lint-c lint-lua lint-docs

# Helpers of the specs, never installed.
$(BUILD)/spec_process.so: spec/support/process.c $(BUILD)/built-for
	$(CC) -std=gnu11 -Wall -Wextra $(CFLAGS) -fPIC $(LUA_CFLAGS) $(SHARED) -o $@ $<

$(BUILD)/spec_world.so: spec/support/world.c
	@mkdir -p $(@D)
	$(CC) -std=gnu11 -Wall -Wextra -O2 -fPIC -shared -o $@ $< -ldl

# The same core over libcurl with GnuTLS, for spec/gnutls_spec.lua.
$(BUILD)/gnutls/crsync/core.so: $(OBJECTS)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(LDFLAGS) $(SHARED) -o $@ $(OBJECTS) -l:libcurl-gnutls.so.4 -lcrypto

# The cores for the programs that spec/embedding_spec.lua starts.
hosts:
	@for lua in lua5.3 luajit; do $(MAKE) --no-print-directory -s all LUA=$$lua || exit 1; done

test:
	@LUA='$(LUA)' $(SETUP) test
	@$(MAKE) --no-print-directory all
	@$(if $(IS_REFERENCE),$(MAKE) --no-print-directory hosts)
	@$(MAKE) --no-print-directory run-specs

# Many programs, slow to install: not part of CI.
test-hosts:
	@LUA='$(LUA)' $(SETUP) hosts
	@$(MAKE) --no-print-directory -s all hosts
	@$(MAKE) --no-print-directory -s all LUA=lua5.2
	@$(MAKE) --no-print-directory run-specs SPECS=spec/hosts/programs.lua

# csrc/pollset.c as BSD and macOS have it, over a stub of kqueue.
test-kqueue:
	@LUA='$(LUA)' $(SETUP) test
	@$(MAKE) --no-print-directory -s all BUILD=build/kqueue CPPFLAGS='-DPOLLSET_KQUEUE -Ispec/machines/kqueue'
	@$(MAKE) --no-print-directory run-specs BUILD=build/kqueue SPECS='$(addprefix spec/,$(addsuffix _spec.lua,poller loop))'

test-i386 test-arm64 test-s390x: test-%:
	@LUA='$(LUA)' $(SETUP) machines
	@spec/machines/run.sh $* $(if $(filter i386,$*),lua5.1,lua5.4)

# Two at a time, as the suite mostly waits; packages are installed before. Not by -j, whose pipe the specs would inherit.
test-matrix:
	@for lua in $(MATRIX); do LUA=$$lua $(SETUP) test || exit 1; done
	@mkdir -p build
	@printf '%s\n' $(MATRIX) | xargs -P 2 -I {} sh -c '$(MAKE) --no-print-directory test LUA={} >build/{}.log 2>&1; \
	  status=$$?; cat build/{}.log; exit $$status'

run-specs: $(BUILD)/spec_process.so $(BUILD)/spec_world.so
	@mkdir -p $(BUILD)/home
	@env $(OTHER_LOGS) $(RUN_ENV) $(WRAPPER) $(LUA) spec/support/run.lua $(SPECS)

SANITIZE = -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
# luaevent never frees its event base; libevent stays loaded, so that spec/support/leaks can name it.
LIBEVENT = $(firstword $(wildcard /usr/lib/*/libevent-2.1.so.7))
ASAN_RUNTIME = $(shell $(CC) -print-file-name=libasan.so):$(shell $(CC) -print-file-name=libubsan.so)$(LIBEVENT:%=:%)

# With the shield against SIGPIPE that libcurl before 7.88 needs.
check-asan:
	@LUA='$(LUA)' $(SETUP) check
	@$(MAKE) --no-print-directory all BUILD=build/asan CFLAGS='-O1 -g $(SANITIZE)' CPPFLAGS=-DSIGPIPE_ALWAYS
	@$(MAKE) --no-print-directory run-specs SPECS='$(CHECKED)' BUILD=build/asan WRAPPER='env LD_PRELOAD=$(ASAN_RUNTIME) \
	  ASAN_OPTIONS=detect_leaks=1 LSAN_OPTIONS=suppressions=$(CURDIR)/spec/support/leaks:print_suppressions=0 SLOWED=10'

check-valgrind:
	@LUA='$(LUA)' $(SETUP) check
	@$(MAKE) --no-print-directory all
	@$(MAKE) --no-print-directory run-specs SPECS='$(UNDER_VALGRIND)' WRAPPER='env SLOWED=100 valgrind -q --error-exitcode=9 \
	  --leak-check=full --show-leak-kinds=definite --errors-for-leak-kinds=definite'

# Other faults each time; what fails names its seed, and SOAK_SEED=… plays them again.
SOAK_CALLS ?= 100000
SOAK_SEED ?= $(shell date +%s)

soak:
	@LUA='$(LUA)' $(SETUP) test
	@$(MAKE) --no-print-directory all
	@$(MAKE) --no-print-directory run-specs SPECS=spec/soak_spec.lua WRAPPER='env SOAK_CALLS=$(SOAK_CALLS) SOAK_SEED=$(SOAK_SEED)'

# Lines of C and Lua that the suite never runs: spec/coverage/README.md.
coverage:
	@LUA='$(LUA)' $(SETUP) test
	@$(MAKE) --no-print-directory -s all build/coverage/hook.so \
	  build/coverage/gnutls/crsync/core.so BUILD=build/coverage \
	  CFLAGS='-O0 -g --coverage -fstack-protector-strong' LDFLAGS='-Wl,--exclude-libs,ALL'
	@$(MAKE) --no-print-directory -s all hosts
	@rm -f build/coverage/*.gcda build/coverage/lines
	@$(MAKE) --no-print-directory run-specs BUILD=build/coverage WRAPPER='env COVERAGE_LINES=$(CURDIR)/build/coverage/lines \
	  LUA_INIT_5_4="package.loadlib([[$(CURDIR)/build/coverage/hook.so]], [[luaopen_hook]])()"'
	@$(LUA) spec/coverage/report.lua build/coverage spec/coverage/reasons.txt

build/coverage/hook.so: spec/coverage/hook.c build/coverage/built-for
	$(CC) -std=gnu11 -Wall -Wextra -O2 -fPIC $(LUA_CFLAGS) $(SHARED) -o $@ $<

# libFuzzer, under AddressSanitizer and UBSan; FUZZ_TARGETS and FUZZ_SECONDS for each of them.
FUZZ_TARGETS ?= response refusal differential endpoint files headers sign
FUZZ_SECONDS ?= 60
# CI has a round that is the same each time: FUZZ_LIMIT="-runs=20000 -seed=1".
FUZZ_LIMIT ?= -max_total_time=$(FUZZ_SECONDS)
FUZZ_FLAGS = -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=undefined

fuzz:
	@LUA='$(LUA)' $(SETUP) fuzz
	@$(MAKE) --no-print-directory -s build/fuzz/fuzz
	@for target in $(FUZZ_TARGETS); do \
	  mkdir -p build/fuzz/corpus/$$target build/fuzz/seeds/$$target && \
	  $(RUN_ENV) $(LUA) spec/fuzz/seeds.lua $$target build/fuzz/seeds/$$target && \
	  $(RUN_ENV) FUZZ_TARGET=spec/fuzz/$$target.lua ASAN_OPTIONS=detect_leaks=0 build/fuzz/fuzz $(FUZZ_LIMIT) \
	    -max_len=8192 -timeout=10 -verbosity=0 -print_final_stats=1 -artifact_prefix=build/fuzz/$$target- \
	    build/fuzz/corpus/$$target build/fuzz/seeds/$$target $$(ls -d spec/fuzz/found/$$target 2>/dev/null) || exit 1; \
	done

build/fuzz/fuzz: spec/fuzz/fuzz.c $(SOURCES) $(HEADERS) build/fuzz/built-for
	clang -std=c11 $(FUZZ_FLAGS) -fsanitize=fuzzer $(LUA_CFLAGS) $(LIB_CFLAGS) spec/fuzz/fuzz.c $(SOURCES) -o $@ -rdynamic \
	  $(shell $(PKG_CONFIG) --libs $(LUA_PC)) $(LIBS) -ldl -lm

# Memory that runs out, of Lua, the core, libcurl and OpenSSL, at every STARVE_STEP-th allocation: spec/starve/run.lua.
# The linked core's own allocations are renamed; lua-cjson loses its scratch buffer when Lua is out of memory.
STARVE_STEP ?= 1
STARVE_SUPPLIES ?= lua core libcurl openssl
RENAMED = $(foreach f,malloc calloc realloc strdup free,-D$f=core_$f)

starve:
	@LUA='$(LUA)' $(SETUP) check
	@$(MAKE) --no-print-directory -s build/starve/host $(BUILD)/spec_process.so
	@for supply in $(STARVE_SUPPLIES); do \
	  $(RUN_ENV) LSAN_OPTIONS=suppressions=spec/starve/suppressions:print_suppressions=0 \
	    build/starve/host spec/starve/run.lua $$supply $(STARVE_STEP) || exit 1; \
	done

STARVED = $(SOURCES:csrc/%.c=build/starve/%.o)

build/starve/%.o: csrc/%.c build/starve/built-for
	$(CC) -std=c11 -O1 -g $(SANITIZE) $(RENAMED) $(LUA_CFLAGS) $(LIB_CFLAGS) -MMD -MP -c $< -o $@

-include $(wildcard build/starve/*.d)

build/starve/host: spec/starve/host.c $(STARVED)
	$(CC) -std=c11 -Wall -Wextra -O1 -g $(SANITIZE) $(LUA_CFLAGS) $(LIB_CFLAGS) $^ -o $@ -rdynamic \
	  $(shell $(PKG_CONFIG) --libs $(LUA_PC)) $(LIBS) -ldl -lm

# What crsync costs beside libcurl alone: spec/bench/README.md.
bench:
	@LUA='$(LUA)' $(SETUP) bench
	@$(MAKE) --no-print-directory -s all build/bench/limit
	@mkdir -p $(BUILD)/home
	@$(RUN_ENV) $(LUA) spec/bench/run.lua

build/bench/limit: spec/bench/limit.c
	@mkdir -p $(@D)
	$(CC) -std=gnu11 -Wall -Wextra -O2 $(LIB_CFLAGS) -o $@ $< -lcurl

# Eight threads, each with a Lua state, under ThreadSanitizer.
check-tsan:
	@LUA='$(LUA)' $(SETUP) check
	@$(MAKE) --no-print-directory all BUILD=build/tsan CFLAGS='-O1 -g -fsanitize=thread'
	@$(MAKE) --no-print-directory all
	@THREADS_CFLAGS='-g -fsanitize=thread' THREADS_CORE=build/tsan $(MAKE) --no-print-directory run-specs SPECS=spec/threads_spec.lua

# The vendor's clients for Node against the sandbox: spec/interop/README.md.
interop:
	@LUA='$(LUA)' $(SETUP) test
	@$(MAKE) --no-print-directory -s all
	@command -v node >/dev/null && command -v npm >/dev/null || { echo "make interop needs node and npm" >&2; exit 1; }
	@mkdir -p build/interop $(BUILD)/home
	@cp spec/interop/package.json build/interop/
	@cd build/interop && npm install --no-audit --no-fund --ignore-scripts --loglevel=error >/dev/null
	@$(RUN_ENV) $(LUA) spec/interop/run.lua build/interop

# Not a part of lint: no system at hand has the server among its packages.
types:
	@$(MAKE) --no-print-directory -s all
	@$(RUN_ENV) $(LUA) spec/types/check.lua

# Tables of the documents, types for editors and the compiler's messages: doc/derive.lua.
docs:
	@$(MAKE) --no-print-directory -s all
	@$(RUN_ENV) $(LUA) doc/derive.lua

# Each can be run by itself. What else is to be checked without running it is one more of them.
LINTS = lint-compilers lint-old-curl lint-musl lint-c lint-lua lint-docs

lint:
	@LUA='$(LUA)' $(SETUP) check
	@for check in $(LINTS); do $(MAKE) --no-print-directory $$check || exit 1; done

lint-compilers:
	@$(MAKE) --no-print-directory all WERROR=1 BUILD=build/gcc CC=gcc
	@$(MAKE) --no-print-directory all WERROR=1 BUILD=build/clang CC=clang

# The headers as if they were libcurl 7.68's: the branches for it compile. What is deprecated was not yet.
lint-old-curl:
	@mkdir -p build/old-curl/curl
	@cp "$$(echo '#include <curl/curl.h>' | $(CC) $(LIB_CFLAGS) -M -x c - | tr -d '\\' | tr -s ' ' '\n' | grep -m 1 curl/curl.h | xargs dirname)"/*.h build/old-curl/curl
	@sed -i 's/^#define LIBCURL_VERSION_NUM .*/#define LIBCURL_VERSION_NUM 0x074400/' build/old-curl/curl/curlver.h
	@$(MAKE) --no-print-directory all WERROR=1 BUILD=build/old-curl CPPFLAGS='-Ibuild/old-curl -Wno-deprecated-declarations'

# The C library of Alpine; the libraries' headers are this system's.
lint-musl:
	@for file in $(SOURCES); do musl-gcc $(WARNINGS) -Werror -fsyntax-only $(LUA_CFLAGS) -idirafter /usr/include \
	  -idirafter /usr/include/$$($(CC) -dumpmachine | sed 's/-pc//') $$file || exit 1; done

# clang-tidy for each file by itself: its check of va_list goes astray in the second file of a run.
lint-c:
	clang-format --dry-run --Werror $(SOURCES) $(HEADERS) $(wildcard spec/*/*.c examples/embedding/*.c)
	printf '%s\n' $(SOURCES) | xargs -P 4 -I FILE clang-tidy --quiet FILE -- -std=c11 $(LUA_CFLAGS) $(LIB_CFLAGS)
	cppcheck --quiet --std=c11 --enable=warning,style,performance,portability --inline-suppr --error-exitcode=1 \
	  --suppress=missingIncludeSystem --suppress=clarifyCalculation \
	  '-D__has_include(x)=1' -D__GNUC__=12 -D_Thread_local= -DLUA_VERSION_NUM=504 -DOPENSSL_VERSION_NUMBER=0x30000000L $(SOURCES)

lint-lua:
	luacheck --quiet lua doc spec examples

# What is derived from the code is not stale, and the documents name what there is.
lint-docs:
	@$(MAKE) --no-print-directory -s all
	@$(RUN_ENV) $(LUA) doc/derive.lua --check
	@$(RUN_ENV) $(LUA) doc/names.lua

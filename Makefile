# SPDX-License-Identifier: MIT
# The build of libsio; `make help` lists the targets.
#
# Yours to set: CC, CFLAGS, CPPFLAGS, LDFLAGS, LDLIBS, PREFIX, LIBDIR, DESTDIR,
# B (where to build; a folder of its own under build/ for other flags), V=1
# (show commands), WERROR=1 (warnings are errors).

PREFIX      ?= /usr/local
LIBDIR      ?= $(PREFIX)/lib
INCLUDEDIR  ?= $(PREFIX)/include
CFLAGS      ?= -O2 -g
PKG_CONFIG  ?= pkg-config
CLANG_FORMAT ?= clang-format
B           ?= build
PORT        ?= 3000

MAKEFLAGS += --no-builtin-rules --no-print-directory
.SUFFIXES:
.DELETE_ON_ERROR:
.DEFAULT_GOAL := all

include sources.mk

VERSION   := $(shell sed -n 's/^\#define SIO_VERSION  *"\(.*\)"/\1/p' \
               include/sio/version.h)
SOVERSION := $(firstword $(subst ., ,$(VERSION)))

Q   := $(if $(V),,@)
say  = $(if $(V),,@printf '  %-5s %s\n' $1 '$(patsubst $(B)/%,%,$@)')

# --- Dependencies -----------------------------------------------------------

pkg = $(shell $(PKG_CONFIG) $1 2>/dev/null)

UV_CFLAGS := $(call pkg,--cflags libuv)
UV_LIBS   := $(or $(call pkg,--libs libuv),-luv)

# mbedtls 2.28 of Debian 12 has no .pc file.
MBEDTLS_CFLAGS := $(call pkg,--cflags mbedtls)
MBEDTLS_LIBS   := $(or $(call pkg,--libs mbedtls mbedx509 mbedcrypto),\
                    -lmbedtls -lmbedx509 -lmbedcrypto)

# Debian 12 ships llhttp as C sources, which become part of libsio; elsewhere
# it is a library.
LLHTTP_DIR     ?= /usr/share/llhttp
LLHTTP_INCLUDE ?= /usr/share/include/llhttp
ifneq ($(wildcard $(LLHTTP_DIR)/llhttp.c),)
LLHTTP_NAMES  := api http llhttp
LLHTTP_CFLAGS := -isystem $(LLHTTP_INCLUDE)
LLHTTP_LIBS   :=
else
LLHTTP_NAMES  :=
LLHTTP_CFLAGS := $(call pkg,--cflags libllhttp)
LLHTTP_LIBS   := $(or $(call pkg,--libs libllhttp),-lllhttp)
endif

ZLIB_CFLAGS := $(call pkg,--cflags zlib)
ZLIB_LIBS   := $(or $(call pkg,--libs zlib),-lz)

CMOCKA_CFLAGS := $(call pkg,--cflags cmocka)
CMOCKA_LIBS   := $(or $(call pkg,--libs cmocka),-lcmocka)

CORE_LIBS := $(strip $(LLHTTP_LIBS) $(MBEDTLS_LIBS) $(ZLIB_LIBS))

# --- Flags ------------------------------------------------------------------

WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wconversion \
            -Wstrict-prototypes $(if $(WERROR),-Werror)
BASE_FLAGS := -std=c11 $(WARNINGS) -fvisibility=hidden -Iinclude

# What a source file gets by where it is.  Only lib/uv, examples and tests see
# more than standard C.
POSIX      := -D_POSIX_C_SOURCE=200809L
LIB_FLAGS  := -Ilib -Wmissing-prototypes $(LLHTTP_CFLAGS) $(MBEDTLS_CFLAGS) \
              $(ZLIB_CFLAGS)
# Unit tests pass too short blocks on purpose; sanitizers judge that better.
UNIT_FLAGS := -Ilib -Itest/support $(CMOCKA_CFLAGS) $(MBEDTLS_CFLAGS) \
              -Wno-array-bounds \
              -DTEST_DATA_DIR='"test/data"' \
              -DTEST_FIXTURE_DIR='"test/fixture"'
place_flags = $(if $(filter lib/%,$1),$(LIB_FLAGS)) \
              $(if $(filter test/unit/% test/support/%,$1),$(UNIT_FLAGS)) \
              $(if $(filter $(FILES_bench/schema),$1),-Ilib) \
              $(if $(filter-out lib/%,$1)$(filter lib/uv/%,$1),\
                $(POSIX) $(UV_CFLAGS))

# The object trees.  Assertions are for the sanitizers; what is shipped is
# what the unit tests and valgrind see otherwise.
SANITIZE     := -fsanitize=address,undefined -fno-sanitize-recover=all
TREES        := static pic asan
FLAGS_static  = $(if $(filter lib/%,$1),-DNDEBUG)
FLAGS_pic     = -DNDEBUG -fPIC
FLAGS_asan    = -O1 -g -fno-omit-frame-pointer $(SANITIZE)

# Anything in here that changes has everything compiled again.
ALL_FLAGS := $(strip $(CC) $(BASE_FLAGS) $(LIB_FLAGS) $(UV_CFLAGS) \
               $(CMOCKA_CFLAGS) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) $(LDLIBS))
ifneq ($(strip $(file <$(B)/flags)),$(ALL_FLAGS))
$(B)/flags: FORCE
endif

# --- What is made -----------------------------------------------------------

sources  = $(foreach f,$1,$(SRC_$f:%=lib/$f/%.c))
CORE_SRC := $(call sources,$(CORE_FOLDERS))
UV_SRC   := $(call sources,$(UV_FOLDERS))
LIB_SRC  := $(CORE_SRC) $(UV_SRC)

objects  = $(2:%.c=$(B)/obj/$1/%.o)
core_obj = $(call objects,$1,$(CORE_SRC)) \
           $(LLHTTP_NAMES:%=$(B)/obj/$1/llhttp/%.o)
uv_obj   = $(call objects,$1,$(UV_SRC))

CORE_A  := $(B)/libsio.a
UV_A    := $(B)/libsio-uv.a
CORE_SO := $(B)/libsio.so.$(VERSION)
UV_SO   := $(B)/libsio-uv.so.$(VERSION)
LIBRARIES := $(CORE_A) $(UV_A) $(CORE_SO) $(UV_SO)

PROGRAM_SRC := $(foreach p,$(PROGRAMS) $(EXTRA_PROGRAMS),$(FILES_$p))
EXAMPLES    := $(filter-out test/% bench/%,$(PROGRAMS))

# A unit test that is not written yet is for `make lint` to complain about.
UNIT_SRC := $(wildcard $(foreach s,$(LIB_SRC),\
              $(dir $(s:lib/%=test/unit/%))test_$(notdir $s))) \
            $(UNIT_EXTRA:%=test/unit/%.c)
UNIT     := $(UNIT_SRC:%.c=%)
SUPPORT_SRC := $(TEST_SUPPORT:%=test/support/%.c)

ALL_SRC := $(LIB_SRC) $(PROGRAM_SRC) $(UNIT_SRC) $(SUPPORT_SRC)
MISSING := $(filter-out $(wildcard $(ALL_SRC)),$(ALL_SRC))

.PHONY: all libs examples programs tests asan-tests FORCE
all: libs examples
libs: $(LIBRARIES)
examples: $(EXAMPLES:%=$(B)/%)
programs: $(PROGRAMS:%=$(B)/%)
tests: $(UNIT:%=$(B)/%) $(PROGRAMS:%=$(B)/%)
asan-tests: $(UNIT:%=$(B)/asan/%) $(PROGRAMS:%=$(B)/asan/%)
FORCE:

# --- Rules ------------------------------------------------------------------

.PHONY: needs-build needs-test
needs-build:
	@CC='$(CC)' scripts/setup.sh --check build
needs-test:
	@CC='$(CC)' scripts/setup.sh --check cmocka

$(MISSING): FORCE
	@echo 'sources.mk lists $@, which does not exist' >&2; false

$(B)/flags:
	$(shell mkdir -p $(B))$(file >$@,$(ALL_FLAGS))

define tree_rules
$(B)/obj/$1/%.o: %.c $(B)/flags | needs-build
	$$(call say,CC)
	@mkdir -p $$(@D)
	$(Q)$(CC) $(BASE_FLAGS) $$(call place_flags,$$<) $$(CPPFLAGS) $$(CFLAGS) \
	  $$(call FLAGS_$1,$$<) -MMD -MP -c -o $$@ $$<

$(B)/obj/$1/llhttp/%.o: $(LLHTTP_DIR)/%.c $(B)/flags | needs-build
	$$(call say,CC)
	@mkdir -p $$(@D)
	$(Q)$(CC) $(LLHTTP_CFLAGS) $$(CPPFLAGS) $$(CFLAGS) -fvisibility=hidden -w \
	  $$(call FLAGS_$1,lib/) -MMD -MP -c -o $$@ $$<

$(B)/obj/$1/libsio.a: $(call core_obj,$1) sources.mk
	$$(call say,AR)
	$(Q)rm -f $$@ && $(AR) rcs $$@ $$(filter %.o,$$^)

$(B)/obj/$1/libsio-uv.a: $(call uv_obj,$1) sources.mk
	$$(call say,AR)
	$(Q)rm -f $$@ && $(AR) rcs $$@ $$(filter %.o,$$^)
endef
$(foreach t,$(TREES),$(eval $(call tree_rules,$t)))

$(CORE_A) $(UV_A): $(B)/%: $(B)/obj/static/%
	$(call say,COPY)
	$(Q)cp $< $@

# Linked by its soname, so that programs can be run from the build folder.
define shared_library
	$(call say,LINK)
	$(Q)$(CC) -shared $(CFLAGS) $(LDFLAGS) -Wl,-soname,$1.so.$(SOVERSION) \
	  -Wl,--version-script=$(filter %.map,$^) -Wl,-z,defs -o $@ \
	  $(filter %.o,$^) $(filter %.so.$(VERSION),$^) $2 $(LDLIBS)
	$(Q)ln -sf $1.so.$(VERSION) $(B)/$1.so.$(SOVERSION)
	$(Q)ln -sf $1.so.$(VERSION) $(B)/$1.so
endef

$(CORE_SO): $(call core_obj,pic) lib/libsio.map sources.mk
	$(call shared_library,libsio,$(CORE_LIBS))

$(UV_SO): $(call uv_obj,pic) $(call objects,pic,$(BOTH_SRC)) \
          lib/uv/libsio-uv.map $(CORE_SO) sources.mk
	$(call shared_library,libsio-uv,$(UV_LIBS))

define link_program
	$$(call say,LINK)
	@mkdir -p $$(@D)
	$(Q)$(CC) $$(CFLAGS) $(if $(filter asan,$1),$(SANITIZE)) $$(LDFLAGS) -o $$@ \
	  $$(filter %.o,$$^) $$(filter %libsio-uv.a,$$^) $$(filter %libsio.a,$$^) \
	  $2 $$(LDLIBS)
endef

# $1 tree, $2 program, $3 prefix of its path
define program_rules
$(B)/$3$2: $(call objects,$1,$(FILES_$2)) $(B)/obj/$1/libsio.a \
    $(if $(filter $2,$(CORE_ONLY)),,$(B)/obj/$1/libsio-uv.a)
$(call link_program,$1,$(LIBS_$2) $(CORE_LIBS) \
  $(if $(filter $2,$(CORE_ONLY)),,$(UV_LIBS)))
endef
$(foreach p,$(PROGRAMS) $(EXTRA_PROGRAMS),\
  $(eval $(call program_rules,static,$p,)))
$(foreach p,$(PROGRAMS),$(eval $(call program_rules,asan,$p,asan/)))

# $1 tree, $2 test, $3 prefix of its path
define unit_rules
$(B)/$3$2: $(call objects,$1,$2.c $(SUPPORT_SRC)) $(B)/obj/$1/libsio.a \
    $(if $(filter test/unit/uv/%,$2),$(B)/obj/$1/libsio-uv.a)
$(call link_program,$1,$(CORE_LIBS) $(CMOCKA_LIBS) \
  $(if $(filter test/unit/uv/%,$2),$(UV_LIBS)))
endef
$(foreach u,$(UNIT),$(eval $(call unit_rules,static,$u,)))
$(foreach u,$(UNIT),$(eval $(call unit_rules,asan,$u,asan/)))

$(foreach t,$(TREES),$(call objects,$t,$(UNIT_SRC) $(SUPPORT_SRC))): | needs-test

-include $(foreach t,$(TREES),\
  $(patsubst %.o,%.d,$(call objects,$t,$(ALL_SRC)) \
    $(LLHTTP_NAMES:%=$(B)/obj/$t/llhttp/%.o)))

# npm ci, when the lock file is newer than what is there.
%/node_modules/.package-lock.json: %/package-lock.json %/package.json
	@echo '  NPM   $*'
	$(Q)cd $* && npm ci --no-audit --no-fund --loglevel=error
	@touch $@
NODE_FOLDERS := $(patsubst %/package.json,%,\
  $(wildcard test/client/package.json test/contract/package.json \
    test/jwt/package.json test/browser/package.json))
installed = $(1:%=%/node_modules/.package-lock.json)

# --- Running it -------------------------------------------------------------

CHAT_PAGE := $(wildcard examples/chat/package.json)

.PHONY: setup run
setup:
	@CC='$(CC)' scripts/setup.sh build test

run:
	@CC='$(CC)' scripts/setup.sh build $(if $(CHAT_PAGE),npm)
	@$(MAKE) run-chat

# What the page knows of the contract.
.PHONY: types
types: $(B)/chat_types
	$< --typescript >examples/chat/web/contract.d.ts

.PHONY: run-chat
run-chat: $(B)/chat $(call installed,$(CHAT_PAGE:%/package.json=%))
	$(Q)exec $(B)/chat --port $(PORT) $(CHAT_ARGS)

# --- Tests ------------------------------------------------------------------

SECTIONS := unit asan $(NODE_FOLDERS:test/%=%) abi docs

# Sequences of check-differential, which is not a part of `make test`.
DIFF_SEQUENCES ?= 300

.PHONY: test check $(SECTIONS:%=check-%) check-client-asan check-differential \
  slow-loris slow-readers slow-tls storm valgrind
test: setup
	@$(MAKE) check

# One section after the other, whatever fails; then the sums.
check:
	@rm -rf $(B)/results && mkdir -p $(B)/results
	@for section in $(SECTIONS); do \
	   $(MAKE) "check-$$section" || true; \
	 done
	@scripts/test-summary.sh $(B)/results $(SECTIONS)

check-unit: $(UNIT:%=$(B)/%)
	@scripts/run-tests.sh unit $(B)/results $^

check-asan: $(UNIT:%=$(B)/asan/%)
	@UBSAN_OPTIONS=print_stacktrace=1 ASAN_OPTIONS=detect_leaks=1 \
	   scripts/run-tests.sh asan $(B)/results $^

check-client: $(call installed,test/client) $(PROGRAMS:%=$(B)/%)
	@scripts/run-node-tests.sh client $(B)/results test/client

check-client-asan: $(call installed,test/client) $(PROGRAMS:%=$(B)/asan/%)
	@SIO_TEST_SERVER=$(B)/asan/test/client/server \
	   scripts/run-node-tests.sh client-asan $(B)/results test/client

check-contract: $(call installed,test/contract examples/chat) \
    $(B)/test/contract/print $(B)/chat_types
	@CC='$(CC)' SIO_TEST_PRINT=$(abspath $(B))/test/contract/print \
	   SIO_TEST_CHAT_TYPES=$(abspath $(B))/chat_types \
	   scripts/run-node-tests.sh contract $(B)/results test/contract

check-differential: $(call installed,test/differential) \
    $(B)/test/client/server
	@SIO_TEST_SERVER=$(B)/test/client/server node test/differential/run.js \
	   --sequences $(DIFF_SEQUENCES) $(DIFF_ARGS)

# Many clients, see test/load/README.md; not a part of `make test` either.
slow-loris slow-readers slow-tls storm: $(call installed,test/client) $(B)/test/load/server
	@SIO_LOAD_SERVER=$(B)/test/load/server \
	   timeout -k 10 300 node test/load/$@.js $(LOAD_ARGS)

# Simulated servers and clients, see test/sim/README.md.  SEED=n replays one,
# SIM_ARGS=--verbose shows all of it.
SEEDS ?= 300
DEPTH ?= 5
.PHONY: sim sim-upgrade
sim: $(B)/test/sim/sim
	$< $(if $(SEED),--seed $(SEED),--seeds $(SEEDS)) $(SIM_ARGS)

# Every interleaving of DEPTH steps of one session's upgrade.
sim-upgrade: $(B)/test/sim/upgrade
	$< $(DEPTH)

# What TLS costs, through sockets.
.PHONY: bench-tls
bench-tls: $(call installed,test/client) $(B)/test/load/server
	@SIO_LOAD_SERVER=$(B)/test/load/server \
	   timeout -k 10 300 node test/load/tls-cost.js $(LOAD_ARGS)

check-browser: $(call installed,test/browser examples/chat) $(PROGRAMS:%=$(B)/%)
	@scripts/run-node-tests.sh browser $(B)/results test/browser

check-jwt: $(call installed,test/jwt) $(B)/test/jwt/tool
	@SIO_TEST_JWT_TOOL=$(abspath $(B))/test/jwt/tool \
	   scripts/run-node-tests.sh jwt $(B)/results test/jwt

check-abi: libs
	@CC='$(CC)' MAKE='$(MAKE)' B='$(B)' test/abi/run.sh $(B)/results

check-docs: $(CORE_A) $(UV_A)
	@CC='$(CC)' B='$(B)' CFLAGS='$(UV_CFLAGS)' LIBS='$(UV_LIBS) $(CORE_LIBS)' \
	   scripts/check-docs.sh $(B)/results

valgrind: $(UNIT:%=$(B)/%)
	@TEST_IS_SLOW=1 \
	   WRAPPER='valgrind -q --leak-check=full --error-exitcode=1' \
	   scripts/run-tests.sh valgrind $(B)/results $^

# Needs libjansson-dev, libcjson-dev and valgrind, which nothing else does.
.PHONY: bench-schema
bench-schema: $(B)/bench/schema
	@scripts/bench-schema.sh $<

# A target of test/fuzz, for TIME seconds.  The library is built for it.
FUZZ ?= jwt
TIME ?= 60
FUZZ_FILES_jwt := test/support/jwt_data.c
FUZZ_FILES_connection := test/fuzz/stage.c
FUZZ_FILES_host := test/fuzz/stage.c
FUZZ_FILES_tls := test/fuzz/stage.c
FUZZ_FLAGS := -O1 -g -fno-omit-frame-pointer $(SANITIZE)

.PHONY: fuzz fuzz-target
fuzz:
	@$(MAKE) CC=clang B=build/fuzz \
	   CFLAGS='$(FUZZ_FLAGS) -fsanitize=fuzzer-no-link' fuzz-target
	@mkdir -p build/fuzz/corpus/$(FUZZ)
	build/fuzz/$(FUZZ) -max_total_time=$(TIME) -max_len=4096 \
	  -artifact_prefix=build/fuzz/ -print_final_stats=1 \
	  build/fuzz/corpus/$(FUZZ) test/fuzz/corpus/$(FUZZ)

fuzz-target: $(B)/libsio.a
	$(Q)$(CC) $(BASE_FLAGS) $(FUZZ_FLAGS) -fsanitize=fuzzer -Ilib \
	  -Itest/support $(MBEDTLS_CFLAGS) -o $(B)/$(FUZZ) test/fuzz/$(FUZZ).c \
	  $(FUZZ_FILES_$(FUZZ)) $(CORE_A) $(CORE_LIBS)

# --- Lint -------------------------------------------------------------------

C_FILES = $(shell find lib include examples test \
            -name node_modules -prune -o -name '*.[ch]' -print | sort)

.PHONY: lint symbols format
lint:
	@CC='$(CC)' scripts/setup.sh build lint
	@$(MAKE) libs
	@status=0; \
	 echo '  format';  $(CLANG_FORMAT) --dry-run -Werror $(C_FILES) || status=1; \
	 echo '  layers';  scripts/check-layers.sh || status=1; \
	 echo '  style';   scripts/check-style.sh $(ALL_SRC) || status=1; \
	 echo '  symbols'; scripts/check-symbols.sh $(B) || status=1; \
	 [ $$status -eq 0 ] && echo 'lint: all well' || { echo 'lint: failed'; exit 1; }

format:
	$(CLANG_FORMAT) -i $(C_FILES)

symbols: libs
	@scripts/check-symbols.sh --list $(B) >test/abi/symbols.txt

# --- Installing and cleaning ------------------------------------------------

HEADERS := $(wildcard include/sio/*.h)
D       := $(DESTDIR)

# A space in a .pc file is escaped.
empty     :=
in_prefix  = $(subst $(PREFIX)/,$${prefix}/,$1)
pc_text    = $(subst $(empty) $(empty),\\ ,$1)
pc_file    = sed -e 's|@PREFIX@|$(call pc_text,$(PREFIX))|' \
  -e 's|@LIBDIR@|$(call pc_text,$(call in_prefix,$(LIBDIR)))|' \
  -e 's|@INCLUDEDIR@|$(call pc_text,$(call in_prefix,$(INCLUDEDIR)))|' \
  -e 's|@CORE_LIBS@|$(CORE_LIBS)|' -e 's|@VERSION@|$(VERSION)|g' \
  pkgconfig/$1.pc.in >'$D$(LIBDIR)/pkgconfig/$1.pc'
install_shared = install -m 755 $(B)/$1.so.$(VERSION) '$D$(LIBDIR)/' && \
  ln -sf $1.so.$(VERSION) '$D$(LIBDIR)/$1.so.$(SOVERSION)' && \
  ln -sf $1.so.$(VERSION) '$D$(LIBDIR)/$1.so'

.PHONY: install clean distclean help
install: libs
	install -d '$D$(INCLUDEDIR)/sio' '$D$(LIBDIR)/pkgconfig'
	install -m 644 include/sio.h '$D$(INCLUDEDIR)/'
	install -m 644 $(HEADERS) '$D$(INCLUDEDIR)/sio/'
	install -m 644 $(CORE_A) $(UV_A) '$D$(LIBDIR)/'
	$(call install_shared,libsio)
	$(call install_shared,libsio-uv)
	$(call pc_file,libsio)
	$(call pc_file,libsio-uv)

clean:
	rm -rf build

distclean: clean
	rm -rf test/*/node_modules examples/chat/node_modules

help:
	@echo 'make            build the libraries and the examples'
	@echo 'make run        install what is missing, build, start the chat (PORT=3000)'
	@echo 'make types      write the types of the chat for its page'
	@echo 'make test       install what is missing, build, run all tests'
	@echo 'make check      the tests alone; check-unit, check-asan, check-client,'
	@echo '                check-browser, check-jwt, check-abi, check-docs: one kind'
	@echo 'make check-differential   random sequences, against socket.io for Node'
	@echo 'make slow-readers, slow-loris, storm   thousands of clients, what they cost'
	@echo 'make sim        SEEDS=300: simulated servers; SEED=n: replay one'
	@echo 'make sim-upgrade   DEPTH=5: all interleavings of an upgrade'
	@echo 'make slow-tls        handshakes that do not end; make bench-tls: what TLS costs'
	@echo 'make bench-schema   instructions per payload: libsio, jansson, cJSON'
	@echo 'make fuzz       FUZZ=jwt TIME=60: a target of test/fuzz, by clang'
	@echo 'make valgrind   the unit tests under valgrind'
	@echo 'make lint       format, layers, style, symbols'
	@echo 'make format     let clang-format write the format'
	@echo 'make symbols    write test/abi/symbols.txt anew'
	@echo 'make install    DESTDIR=, PREFIX=/usr/local, LIBDIR=$$PREFIX/lib'
	@echo 'make setup      only install what is missing'
	@echo 'make clean      remove build/; distclean: node_modules too'
	@echo 'Variables: CC CFLAGS CPPFLAGS LDFLAGS LDLIBS B V=1 WERROR=1'

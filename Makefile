# mcp-fpm: builds, runs, checks, installs.
#
#	make			the programs, into build/
#	make run		everything on this machine, in the foreground, with a first call shown
#	make up, make down	the same in the background; RUN_DIR and RUN_PORT make a second one
#	make test		all that proves it; ends with "N passed, N failed"
#	make install		into DESTDIR and PREFIX
#
# Variants: SANITIZE=1 (address and undefined behaviour, into build/asan), CC=clang.

# The architecture.  Layer by layer, and inside a layer file by file: a file of fcgi/ includes only
# headers of files named earlier.  tests/laws.sh holds the code to it.

LAYERS   = ground request outside domain protocol process

ground   = base log arena buf utf8 cidr json uri pattern metaschema schema_uri schema_value schema_node \
           schema_resource schema_words schema_refs schema_read schema_circles schema_load schema_says \
           schema_seen schema_forms schema_check schema crypt
request  = config news event recall slot bucket seat client wire made trace mirror request fail reply sse
outside  = sockets pgtype db db_async cache feed
domain   = tenant limit audit segment seal template adapt shown result tool tool_check tool_file offer \
           resource_file prompt_file catalog_file catalog notice cursor bind arguments encode sqlstate \
           form question state ask mrtr bind_sql confirm toolkit toolkit_ask bind_c fit proof
protocol = headers rpc era lists session call resource prompt complete legacy ticket subscribe \
           mcp batch transport http
process  = fastcgi_head fastcgi board worker fanout outlet intake streams hold tell opening \
           stream usage consumer warden crew pool reload main

# The other programs stand on the same layers: ctl and stdio hold their main().
PROGRAMS = mcpctl mcp-stdio

mcpctl    = ctl_args ctl_sql ctl_show ctl_folder ctl_migrate ctl_tenant ctl_scope ctl_principal ctl_workspace \
            ctl_time ctl_key ctl_secrets ctl_check ctl
mcp-stdio = stdio_proxy stdio_http stdio_line stdio_sse stdio_message stdio_era stdio_head stdio_tools stdio_kept stdio_args \
            stdio_bridge stdio_call stdio_fail stdio_modern stdio_session stdio_legacy stdio

CC       ?= cc
CFLAGS   ?= -O2 -g
PREFIX   ?= /usr/local

WARNINGS  = -Werror -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith \
            -Wcast-qual -Wwrite-strings -Wvla -Wformat=2 -Wundef
HARDENING = -fstack-protector-strong -fPIE
LINKING   = -pie -Wl,-z,relro,-z,now -Wl,--as-needed

ifdef SANITIZE
BUILD     = build/asan
# Fortified libc functions would hide from the sanitizer what it is here to see.
HARDENING += -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
else
BUILD     = build
HARDENING += -D_FORTIFY_SOURCE=2
endif

# libpq's header lives in a folder of its own on Debian; -isystem, because its style is not ours.
COMPILE = $(CC) -std=gnu11 $(CFLAGS) $(WARNINGS) $(HARDENING) -Ifcgi -isystem /usr/include/postgresql
LINK    = $(CC) $(CFLAGS) $(HARDENING) $(LINKING) $(LDFLAGS)
LIBS    = -lfcgi -ljson-c -lpq -lhiredis -lcrypto -lpcre2-8 -lsystemd -lm -lcurl

# What there is to build: of the stems above those that are more than a header.
written   = $(foreach stem,$(1),$(if $(wildcard fcgi/$(stem).c),$(stem)))
objects   = $(patsubst %,$(BUILD)/obj/%.o,$(call written,$(1)))

stems     = $(foreach layer,$(LAYERS),$($(layer)))
mains     = main ctl stdio
shared    = $(call objects,$(filter-out $(mains),$(stems) $(mcpctl) $(mcp-stdio)))
programs  = $(BUILD)/mcp-fpm $(BUILD)/mcpctl $(BUILD)/mcp-stdio
units     = $(patsubst tests/unit/%.c,$(BUILD)/unit/%,$(sort $(wildcard tests/unit/*_test.c)))

all: $(programs) $(BUILD)/fcgi.a tools

# The C tools of each catalog folder.  make tools TOOLS=/etc/mcp-fpm/tools does it for folders of one's own.
TOOLS   ?= tools tests/conformance/tools tests/e2e/catalogs/flow/tools
code     = $(addsuffix tools.so,$(sort $(dir $(wildcard $(addsuffix /*/*.c,$(TOOLS))))))

tools: $(code)

.SECONDEXPANSION:
%/tools.so: $$(wildcard $$*/*.c) fcgi/toolkit.h
	@echo "  tools $@"
	@$(CC) -std=gnu11 $(CFLAGS) $(filter-out -fPIE,$(HARDENING)) -Wall -Wextra -fPIC -shared -Ifcgi -o $@ $(filter %.c,$^) -ljson-c

# One archive: each program takes from it what it uses, and no more.
$(BUILD)/fcgi.a: $(shared)
	@rm -f $@.new
	@ar rcs $@.new $^
	@mv $@.new $@

$(BUILD)/mcp-fpm:   $(BUILD)/obj/main.o
$(BUILD)/mcpctl:    $(BUILD)/obj/ctl.o
$(BUILD)/mcp-stdio: $(BUILD)/obj/stdio.o
# Tools written in C call back into the program that loads them.
$(BUILD)/mcp-fpm: LDFLAGS += -Wl,-u,toolkit_done -Wl,-u,toolkit_form -Wl,--export-dynamic-symbol=toolkit_*
$(programs): $(BUILD)/fcgi.a
	@echo "  link  $@"
	@$(LINK) -o $@ $(filter %.o,$^) $(BUILD)/fcgi.a $(LIBS)

$(BUILD)/obj/%.o: fcgi/%.c $(BUILD)/flags | packages-build
	@mkdir -p $(@D)
	@echo "  cc    $<"
	@$(COMPILE) -MMD -MP -c -o $@ $<

$(BUILD)/unit/%: tests/unit/%.c $(BUILD)/fcgi.a $(BUILD)/flags | packages-build
	@mkdir -p $(@D)
	@echo "  test  $<"
	@$(COMPILE) -MMD -MP -MF $@.d $(LINKING) -o $@ $< $(BUILD)/fcgi.a $(LIBS)

# Another compiler or other flags: everything is built anew.
$(BUILD)/flags: always
	@mkdir -p $(@D)
	@echo '$(COMPILE)' | cmp -s - $@ || echo '$(COMPILE)' > $@

-include $(wildcard $(BUILD)/obj/*.d $(BUILD)/unit/*.d)


# The demo keeps its files in build/run, the tests theirs beside it, so that a running demo is not
# disturbed.  Both can be told otherwise.
run up down bench: RUN_DIR  ?= build/run
run up down bench: RUN_PORT ?= 8443
test soak:         RUN_DIR  ?= build/test
test soak:         RUN_PORT ?= 8743
export RUN_DIR RUN_PORT

run: packages-run all
	@tests/stack/run

up: packages-run all
	@tests/stack/up

down:
	@tests/stack/down

test: packages-test all
	@tests/run

soak: packages-test all
	@SOAK=1 tests/run

bench: packages-bench all
	@tests/bench/run

# The unit tests alone, in this variant of the build.
unit: packages-test all units
	@BUILT=$(BUILD) tests/run unit

units: $(units)

packages-build packages-run packages-test packages-bench: packages-%:
	@tests/stack/packages $*

# For tests/laws.sh: a line per layer, as above.
layers:
	@$(foreach layer,$(LAYERS) $(PROGRAMS),echo '$(layer) $($(layer))';)

# What clang-format would write otherwise, alignment aside.  Advice: a table may look like a table.
format-check:
	@for file in fcgi/*.[ch] tests/unit/*.[ch]; do \
		clang-format $$file | diff -bB --label $$file --label clang-format -u $$file - ; \
	done; true


share = $(DESTDIR)$(PREFIX)/share/mcp-fpm
units_of_systemd = $(wildcard systemd/*.service systemd/*.socket systemd/*.timer)
man1 = $(wildcard systemd/man/*.1)
man5 = $(wildcard systemd/man/*.5)
man8 = $(wildcard systemd/man/*.8)

install: all
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/sbin $(share)
	install -m 755 $(BUILD)/mcp-fpm $(DESTDIR)$(PREFIX)/sbin/
	install -m 755 $(filter-out %/mcp-fpm,$(programs)) $(DESTDIR)$(PREFIX)/bin/
	for part in $(wildcard tools sql nginx); do \
		find $$part -type f -exec install -D -m 644 {} $(share)/{} \; ; \
	done
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/include/mcp-fpm fcgi/toolkit.h
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/lib/systemd/system $(units_of_systemd)
	install -D -m 644 systemd/mcp-fpm.sysusers $(DESTDIR)$(PREFIX)/lib/sysusers.d/mcp-fpm.conf
	install -D -m 644 systemd/mcp-fpm.tmpfiles $(DESTDIR)$(PREFIX)/lib/tmpfiles.d/mcp-fpm.conf
	install -m 644 systemd/mcp-fpm.env $(share)/
	$(if $(man1),install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/man/man1 $(man1))
	$(if $(man5),install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/man/man5 $(man5))
	$(if $(man8),install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/man/man8 $(man8))

clean:
	rm -rf build

always:

.PHONY: all tools run up down test soak bench unit units layers format-check install clean always \
        packages-build packages-run packages-test packages-bench
.DELETE_ON_ERROR:

# SPDX-License-Identifier: BSD-2-Clause
# The front door.  Meson does the work behind it; every target can be run on a fresh
# Debian 12, where it first installs the packages it needs (tools/packages lists them).

PREFIX ?= /usr/local
DESTDIR ?=
# How long `make fuzz` runs each harness, in seconds.
FUZZ_SECONDS ?= 60

RELEASE = --buildtype=release -Dtests=false --prefix=$(PREFIX) --sysconfdir=/etc

.PHONY: all run test test-asan fuzz bench install clean format

all: build/build.ninja
	ninja -C build yett
	@echo "build/yett is ready"

build/build.ninja: | deps-build
	@test -f $@ || meson setup build $(RELEASE)

run: all
	@tools/demo build/yett

test: deps-test
	@test -f build-test/build.ninja || meson setup build-test
	ninja -C build-test
	@tools/run-tests build-test

test-asan: deps-test
	@test -f build-asan/build.ninja || \
	    meson setup build-asan -Db_sanitize=address,undefined -Db_lundef=false
	ninja -C build-asan
	@tools/run-tests build-asan

fuzz: deps-test
	@test -f build-fuzz/build.ninja || CC=clang meson setup build-fuzz \
	    -Dfuzz=true -Dtests=false -Db_sanitize=address,undefined -Db_lundef=false
	ninja -C build-fuzz
	@tools/run-fuzz build-fuzz $(FUZZ_SECONDS)

bench: all
	ninja -C build bench-all
	@tools/run-bench build

install: all
	DESTDIR=$(DESTDIR) meson install -C build

format:
	clang-format -i $$(git ls-files '*.c' '*.h')

clean:
	rm -rf build build-test build-asan build-fuzz

.PHONY: deps-build deps-test
deps-build:
	@tools/install-packages build

deps-test:
	@tools/install-packages build test

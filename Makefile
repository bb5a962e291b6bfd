# SPDX-License-Identifier: BSD-2-Clause
# The front door.  Meson does the work behind it; every target can be run on a fresh
# Debian 12, where it first installs the packages it needs (tools/packages lists them).

PREFIX ?= /usr/local
DESTDIR ?=
# How long `make fuzz` runs each harness, in seconds.
FUZZ_SECONDS ?= 60

SANITIZE = -Db_sanitize=address,undefined -Db_lundef=false

.PHONY: all run test test-asan fuzz bench install clean format deps-build deps-test

all: build/build.ninja
	ninja -C build
	@echo "build/yett is ready"

run: all
	@tools/demo build/yett

test: build-test/build.ninja
	ninja -C build-test
	@tools/install-npm build-test
	@tools/run-tests build-test

test-asan: build-asan/build.ninja
	ninja -C build-asan
	@tools/install-npm build-asan
	@tools/run-tests build-asan

fuzz: build-fuzz/build.ninja
	ninja -C build-fuzz
	@tools/run-fuzz build-fuzz $(FUZZ_SECONDS)

bench: all
	ninja -C build bench-all
	@tools/run-bench build

# The prefix may be another one than when the folder was set up.
install: all
	meson configure build -Dprefix="$(abspath $(PREFIX))"
	DESTDIR="$(abspath $(DESTDIR))" meson install -C build

format:
	clang-format -i $$(git ls-files '*.c' '*.h')

clean:
	rm -rf build build-test build-asan build-fuzz

# A folder is set up once; from then on ninja does that again where a meson.build changed.
build/build.ninja: | deps-build
	meson setup build --buildtype=release -Db_lto=true -Dtests=false

build-test/build.ninja: | deps-test
	meson setup build-test

build-asan/build.ninja: | deps-test
	meson setup build-asan $(SANITIZE)

build-fuzz/build.ninja: | deps-test
	CC=clang meson setup build-fuzz -Dfuzz=true -Dtests=false $(SANITIZE)

deps-build:
	@tools/install-packages build

deps-test:
	@tools/install-packages build test

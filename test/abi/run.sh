#!/bin/sh
# SPDX-License-Identifier: MIT
# What a program outside this folder sees: each public header compiles alone,
# and an installed library can be found, compiled against, linked and run.
# Leaves "PASSED FAILED" in RESULTS/abi.
#
# usage: MAKE= CC= B= test/abi/run.sh RESULTS    (from the project's root)
set -u

results=$1
CC=${CC:-cc}
CXX=${CXX:-c++}
MAKE=${MAKE:-make}
B=${B:-build}
root=$(pwd)
scratch=$root/$B/abi
warnings='-Wall -Wextra -Wpedantic -Werror'
. scripts/try.sh

rm -rf "$scratch"
mkdir -p "$scratch" "$results"
rm -f "$results/abi"
log=$scratch/log

compiles() { # HEADER COMPILER FLAGS...
  header=$1
  shift
  echo "#include <$header>" | "$@" $warnings -Iinclude -fsyntax-only -
}

# Twice, so that it is seen whether there are include guards.
twice() {
  printf '#include <%s>\n#include <%s>\n' "$1" "$1" |
    $CC -std=c11 $warnings -Iinclude -fsyntax-only -x c -
}

headers=$(cd include && ls sio.h sio/*.h)
for header in $headers; do
  try "$header as C99" compiles "$header" $CC -std=c99 -x c
  try "$header as C11" compiles "$header" $CC -std=c11 -x c
  try "$header as C++11" compiles "$header" $CXX -std=c++11 -x c++
  try "$header twice" twice "$header"
done

installs() { # VARIABLES...: quietly, and not out of an outer make -j
  MAKEFLAGS='' $MAKE install CC="$CC" B="$B" "$@"
}

# Into DESTDIR: all files are there, and nothing else.
stage=$scratch/stage
version=$(sed -n 's/^#define SIO_VERSION  *"\(.*\)"/\1/p' include/sio/version.h)
soversion=${version%%.*}
lists_what_is_installed() {
  {
    echo include/sio.h
    (cd include && ls sio/*.h) | sed 's|^|include/|'
    for lib in libsio libsio-uv; do
      echo "lib64/$lib.a"
      echo "lib64/$lib.so"
      echo "lib64/$lib.so.$soversion"
      echo "lib64/$lib.so.$version"
      echo "lib64/pkgconfig/$lib.pc"
    done
  } | sort >"$scratch/expected"
  (cd "$stage/opt/sio" && find . ! -type d) | sed 's|^\./||' | sort |
    diff "$scratch/expected" - &&
    [ "$(ls "$stage")" = opt ] && [ "$(ls "$stage/opt")" = sio ] &&
    ! grep -rn "$stage" "$stage/opt/sio/lib64/pkgconfig"
}
try 'make install DESTDIR= PREFIX= LIBDIR=' \
  installs DESTDIR="$stage" PREFIX=/opt/sio LIBDIR=/opt/sio/lib64
try 'what make install leaves' lists_what_is_installed

# Into a prefix, and programs built from there alone.
prefix=$scratch/prefix
try 'make install PREFIX=' installs PREFIX="$prefix"

cd "$scratch" || exit 1
export PKG_CONFIG_PATH="$prefix/lib/pkgconfig"
export LD_LIBRARY_PATH="$prefix/lib"

# What pkg-config says is quoted for a shell, hence eval.
build() { # NAME PROGRAM FLAGS-AND-LIBRARIES COMPILER FLAGS...
  source=$root/test/abi/$1.c
  program=$2
  flags=$3
  shift 3
  eval '"$@"' $warnings -D_POSIX_C_SOURCE=200809L -o '"$program"' \
    '"$source"' "$flags" && "./$program"
}

# NAME PACKAGE COMPILER FLAGS...: with shared libraries.
shared() {
  name=$1
  flags=$(pkg-config --cflags --libs "$2")
  shift 2
  build "$name" "$name-shared" "$flags" "$@"
}

# The same, but libsio itself is linked statically.
static() {
  name=$1
  flags=$(pkg-config --static --cflags --libs "$2" |
    sed 's/-lsio-uv/-l:libsio-uv.a/; s/-lsio\( \|$\)/-l:libsio.a /')
  shift 2
  build "$name" "$name-static" "$flags" "$@"
}

needs() { # PROGRAM LIBRARY
  objdump -p "$1" | grep -q "NEEDED *$2"
}

lacks() {
  ! needs "$1" "$2"
}

try 'pkg-config knows the version' \
  test "$(pkg-config --modversion libsio libsio-uv | uniq)" = "$version"
try 'a C program with the shared libsio' shared installed libsio $CC -std=c11
try 'it needs libsio' needs installed-shared "libsio.so.$soversion"
try 'it does not need libuv' lacks installed-shared libuv
try 'a C program with the static libsio' static installed libsio $CC -std=c11
try 'it does not need libsio.so' lacks installed-static libsio
try 'a C program with the shared libsio-uv' \
  shared installed_uv libsio-uv $CC -std=c11
try 'it needs libsio-uv' needs installed_uv-shared "libsio-uv.so.$soversion"
try 'a C program with the static libsio-uv' \
  static installed_uv libsio-uv $CC -std=c11
try 'it does not need libsio-uv.so' lacks installed_uv-static libsio
try 'a C++ program with the shared libsio' \
  shared installed libsio $CXX -x c++ -std=c++11
try 'types declared in C' shared types libsio $CC -std=c11
try 'types declared in C++20' shared types libsio $CXX -x c++ -std=c++20
cd "$root" || exit 1

try 'the exported symbols are those of symbols.txt' \
  scripts/check-symbols.sh --exports "$B"

echo "$passed $failed" >"$results/abi"
echo "abi: $passed tests passed, $failed failed"
[ "$failed" -eq 0 ]

#!/bin/sh
# SPDX-License-Identifier: MIT
# Finds out which tools and libraries are missing and installs them with apt
# if it may (as root, or by sudo without a password); else it says what is
# missing and what the packages are called.
#
# usage: setup.sh [--check] SET...    sets: build npm cmocka test lint
#        --check never installs
set -eu

# set | what to look for | Debian | Fedora | Alpine | Homebrew
# What: a command (any of a,b), <a header>, or llhttp, which comes in two ways.
needs='
build|cc|gcc libc6-dev|gcc|gcc musl-dev|gcc
build|make|make|make|make|make
build|pkg-config|pkg-config|pkgconf-pkg-config|pkgconf|pkgconf
build|<uv.h>|libuv1-dev|libuv-devel|libuv-dev|libuv
build|llhttp|llhttp|llhttp-devel|llhttp-dev|llhttp
build|<mbedtls/ssl.h>|libmbedtls-dev|mbedtls-devel|mbedtls-dev|mbedtls
build|<zlib.h>|zlib1g-dev|zlib-devel|zlib-dev|zlib
build|<sqlite3.h>|libsqlite3-dev|sqlite-devel|sqlite-dev|sqlite
npm|node|nodejs|nodejs|nodejs|node
npm|npm|npm|nodejs-npm|npm|node
cmocka|<cmocka.h>|libcmocka-dev|libcmocka-devel|cmocka-dev|cmocka
test|c++|g++|gcc-c++|g++|gcc
test|chromium,chromium-browser|chromium|chromium|chromium|chromium
test|valgrind|valgrind|valgrind|valgrind|(none)
test|nginx|nginx|nginx|nginx|nginx
test|curl|curl|curl|curl|curl
test|openssl|openssl|openssl|openssl|openssl
lint|clang|clang|clang|clang|llvm
lint|clang-format|clang-format|clang-tools-extra|clang-extra-tools|clang-format
lint|pmccabe|pmccabe|pmccabe|(none)|pmccabe
'

check_only=
if [ "${1-}" = --check ]; then
  check_only=yes
  shift
fi

CC=${CC:-cc}

has_command() {
  for name in $(echo "$1" | tr , ' '); do
    command -v "$name" >/dev/null 2>&1 && return 0
    [ -x "/usr/sbin/$name" ] && return 0 # not in every user's PATH
  done
  return 1
}

# Whether the preprocessor finds all of these headers.
has_headers() {
  for header in "$@"; do
    echo "#include $header"
  done | $CC -E ${header_flags-} -x c - >/dev/null 2>&1
}

has_llhttp() {
  [ -f "${LLHTTP_DIR:-/usr/share/llhttp}/llhttp.c" ] ||
    pkg-config --exists libllhttp 2>/dev/null
}

has() {
  case $1 in
  '<'*) has_headers "$1" ;;
  llhttp) has_llhttp ;;
  cc) has_command "${CC%% *}" ;;
  *) has_command "$1" ;;
  esac
}

# "test" needs the sets that tests need.
sets=' '
for set in "$@"; do
  case $set in
  test) sets="$sets npm cmocka test " ;;
  build | npm | cmocka | lint) sets="$sets $set " ;;
  *)
    echo "setup: there is no set $set" >&2
    exit 2
    ;;
  esac
done

# Headers outside the default path (Homebrew) are found through pkg-config.
if has_command pkg-config; then
  for package in libuv mbedtls zlib sqlite3 cmocka; do
    flags=$(pkg-config --cflags-only-I $package 2>/dev/null || true)
    header_flags="${header_flags-} $flags"
  done
fi

wanted=$(echo "$needs" | while IFS='|' read -r set what packages; do
  case $sets in
  *" $set "*) echo "$what|$packages" ;;
  esac
done)

# All headers in one go: nearly always nothing is missing.
headers=$(echo "$wanted" | sed -n 's/^\(<[^>]*>\).*/\1/p')
all_headers=
[ -z "$headers" ] || has_headers $headers && all_headers=yes

missing=$(echo "$wanted" | while IFS='|' read -r what packages; do
  case $what in
  '') ;;
  '<'*) [ -n "$all_headers" ] || has "$what" || echo "$what|$packages" ;;
  *) has "$what" || echo "$what|$packages" ;;
  esac
done)

[ -n "$missing" ] || exit 0

# Debian 12 has llhttp in node-llhttp, later ones have a library.
debian_llhttp() {
  if apt-cache show libllhttp-dev >/dev/null 2>&1; then
    echo libllhttp-dev
  else
    echo node-llhttp
  fi
}

as_root=
if [ "$(id -u)" = 0 ]; then
  as_root=env
elif has_command sudo && sudo -n true 2>/dev/null; then
  as_root='sudo env'
fi

if [ -z "$check_only" ] && [ -n "$as_root" ] && has_command apt-get; then
  apt="$as_root DEBIAN_FRONTEND=noninteractive apt-get -q
    -o DPkg::Lock::Timeout=300"
  $apt update
  packages=$(echo "$missing" | cut -d'|' -f2 |
    sed "s/^llhttp\$/$(debian_llhttp)/")
  echo "setup: installing" $packages
  $apt install -y --no-install-recommends $packages
  exec "$0" --check "$@"
fi

{
  echo 'Missing, and the packages that have it:'
  echo "$missing" | sed 's/|llhttp|/|node-llhttp (12), libllhttp-dev (13)|/' |
    awk -F'|' '{
      printf "  %s\n    Debian %s; Fedora %s; Alpine %s; Homebrew %s\n",
        $1, $2, $3, $4, $5
    }'
  if has_command apt-get; then
    echo "Install them, or run scripts/setup.sh$(echo "$sets" | tr -s ' ')as root."
  else
    echo 'Install them and try again.'
  fi
} >&2
exit 1

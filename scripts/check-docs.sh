#!/bin/sh
# SPDX-License-Identifier: MIT
# Checks what README.md and docs/ say: their C code compiles, programs link,
# links lead somewhere, the pages about errors and options are those of the
# source, and the tests that pages name exist.  Leaves "PASSED FAILED" in RESULTS/docs.
#
# What stands behind ``` says how a block of C is taken:
#
#   ```c program   a whole program: compiled and linked
#   ```c           declarations and functions; those of one page go together,
#                  and are linked if there is a main() among them
#   ```c body      statements of a function that has the variables below
#   ```c sketch    not compiled
#
# usage: CC= B= CFLAGS= LIBS= scripts/check-docs.sh RESULTS
set -u
cd "$(dirname "$0")/.." || exit 1

results=$1
CC=${CC:-cc}
B=${B:-build}
scratch=$B/docs
flags="-std=c11 -D_POSIX_C_SOURCE=200809L -Wall -Wextra -Wpedantic -Werror
  -Iinclude ${CFLAGS-}"
pages="README.md $(ls docs/*.md)"
. scripts/try.sh

rm -rf "$scratch"
mkdir -p "$scratch" "$results"
rm -f "$results/docs"
log=$scratch/log

# Blocks into files, named after their kind, their page and the line where
# they begin; the compiler is told where the lines come from.
extract() {
  awk -v scratch="$scratch" '
    function begin(kind,    page) {
      page = FILENAME
      gsub(/[\/.]/, "_", page)
      out = scratch "/" kind "-" page (kind != "file" ? "-" FNR : "") ".c"
      if (kind != "program" && !(out in begun))
        print "#include <sio.h>\n#include <sio/uv.h>\n#include <uv.h>\n" \
              "#include <stdio.h>\n#include <stdlib.h>" >out
      if (kind == "body")
        print "void block(sio_server *server, sio_ns *ns, " \
              "sio_socket *socket,\n  const sio_args *args, sio_ack *ack, " \
              "sio_next *next, sio_uv *uv,\n  sio_request *request, " \
              "const char *name, const char *text, sio_str room,\n" \
              "  int fd, const uint8_t *data, size_t len);\n" \
              "void block(sio_server *server, sio_ns *ns, " \
              "sio_socket *socket,\n  const sio_args *args, sio_ack *ack, " \
              "sio_next *next, sio_uv *uv,\n  sio_request *request, " \
              "const char *name, const char *text, sio_str room,\n" \
              "  int fd, const uint8_t *data, size_t len) {" >out
      begun[out] = 1
      print "#line " FNR + 1 " \"" FILENAME "\"" >out
    }
    function end() {
      if (out ~ /\/body-/)
        print "}" >out
      out = ""
    }
    FNR == 1 && out != "" { end() }
    /^```/ && out != "" { end(); next }
    /^```c program$/ { begin("program"); next }
    /^```c body$/ { begin("body"); next }
    /^```c$/ { begin("file"); next }
    /^```c( |$)/ && !/^```c sketch$/ { print FILENAME ":" FNR ": " $0; bad = 1 }
    out != "" { print >out }
    END { exit bad }
  ' $pages
}

# Fragments declare more than they use.
compiles() {
  $CC $flags -Wno-unused -Wno-unused-parameter -fsyntax-only "$1"
}

links() {
  $CC $flags -o "${1%.c}" "$1" "$B/libsio-uv.a" "$B/libsio.a" ${LIBS-}
}

# Files of this project that a page names in a link.
links_lead_somewhere() {
  sed -n 's/](/\n](/gp' "$1" | sed -n 's/^](\([^)#]*\).*/\1/p' |
    grep -v '^[a-z]*:' | grep -v '^$' | sort -u | {
    status=0
    while read -r target; do
      [ -e "$(dirname "$1")/$target" ] || { echo "no $target"; status=1; }
    done
    exit $status
  }
}

# Names of files in backticks: from here, from lib/, or from include/.
paths_exist() {
  grep -o '`[a-z_.]*/[a-z_./*]*`' "$1" | tr -d '`' | sort -u | {
    status=0
    while read -r path; do
      case $path in
      build/* | /*) continue ;;
      esac
      ls $path >/dev/null 2>&1 || ls lib/$path >/dev/null 2>&1 ||
        ls include/$path >/dev/null 2>&1 || { echo "no $path"; status=1; }
    done
    exit $status
  }
}

# Every name of the interface: functions, types, constants and macros; and the
# figures that Prometheus gets.
names() {
  printf '#include <%s>\n' sio.h sio/uv.h |
    $CC $flags -E -dD -x c - | grep -oiw 'sio_[a-z0-9_]*'
  grep -o '"sio_[a-z_]*"' lib/core/prometheus.c | tr -d '"'
}

# Names in backticks are in the headers; "sio__" begins those of the inside,
# and what ends in "_" or "..." is a part of one.
names_exist() {
  grep -o '`[^`]*`' "$1" | sed 's/[a-zA-Z_]*\.\.\.//g' |
    grep -ow 'sio_[a-z0-9_]*\|SIO_[A-Z0-9_]*' | grep -v '^sio__\|_$' |
    sort -u >"$scratch/named"
  ! comm -23 "$scratch/named" "$scratch/names" | sed 's/^/no /' | grep .
}

errors_are_current() {
  scripts/gen-errors.sh | diff docs/errors.md -
}

# "field default" of every option, out of the struct and the code.
defaults() {
  awk '
    /^typedef struct sio_server_options/ { in_struct = 1; next }
    /^} sio_server_options/ { in_struct = 0 }
    in_struct && /^  [a-z]/ {
      sub(/;.*/, "")
      sub(/.*[ *]/, "")
      fields[++n] = $0
    }
    /^static const sio_server_options defaults/ { in_defaults = 1 }
    in_defaults && /^    \./ {
      field = substr($1, 2)
      sub(/^[^=]*= /, "")
      sub(/,$/, "")
      value[field] = $0
    }
    END {
      for (i = 1; i <= n; i++)
        print fields[i], fields[i] in value ? value[fields[i]] : "-"
    }' include/sio/server.h lib/core/options.c
}

# A table may say what no value of the code is: NULL, or 0.
options_are_current() {
  defaults | awk '
    FNR == NR { want[$1] = substr($0, length($1) + 2); n++; next }
    /^\| `[a-z0-9_]*` \|/ {
      gsub(/\\\|/, "/")
      split($0, cell, / *\| */)
      gsub(/`/, "", cell[2])
      gsub(/\//, "|", cell[3])
      if (cell[2] == "path")
        gsub(/\|/, "/", cell[3])
      if (!(cell[2] in want)) {
        print "no option: " cell[2]
        bad = 1
      } else if (want[cell[2]] != "-" && want[cell[2]] != cell[3]) {
        print cell[2] " is " want[cell[2]] ", not " cell[3]
        bad = 1
      }
      delete want[cell[2]]
    }
    END {
      for (field in want) {
        print "missing: " field
        bad = 1
      }
      exit bad || n == 0
    }' - docs/options.md
}

# "field" of each figure, and "name" of each that Prometheus gets.
figures() {
  awk '
    /^typedef struct sio_(ns_)?metrics/ { in_struct = 1; next }
    /^} sio_/ { in_struct = 0 }
    in_struct && /^  uint64_t / {
      sub(/[;[].*/, "")
      print $2
    }' include/sio/metrics.h
  grep -o '"sio_[a-z_]*"' lib/core/prometheus.c | tr -d '"'
}

figures_are_current() {
  sed -n '/^## Of a server/,$s/^|\([^|]*|[^|]*\)|.*/\1/p' \
    docs/metrics.md | grep -o '`[a-z_()]*`' | tr -d '`' | sort -u \
    >"$scratch/told"
  figures | sort -u | diff - "$scratch/told"
}

try 'blocks of C are of a known kind' extract
for block in "$scratch"/*.c; do
  kind=${block##*/}
  if grep -q '^int main(' "$block"; then
    try "$kind" links "$block"
  else
    try "$kind" compiles "$block"
  fi
done
try 'there is a program in README.md' ls "$scratch"/program-README_md-*.c
names | sort -u >"$scratch/names"
for page in $pages; do
  try "links of $page" links_lead_somewhere "$page"
  try "paths in $page" paths_exist "$page"
  try "names in $page" names_exist "$page"
done
try 'docs/errors.md is up to date (scripts/gen-errors.sh)' errors_are_current
try 'docs/options.md has every option and its default' options_are_current
try 'docs/metrics.md has every figure' figures_are_current
try 'tests named in docs/features.md exist' \
  scripts/check-test-names.sh docs/features.md
try 'docs/security.md: the tests against attacks exist' \
  scripts/check-test-names.sh docs/security.md
try 'docs/conformance.md has a test for each line, and they exist' \
  scripts/check-test-names.sh --all docs/conformance.md

echo "$passed $failed" >"$results/docs"
echo "docs: $passed tests passed, $failed failed"
[ "$failed" -eq 0 ]

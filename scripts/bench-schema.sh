#!/bin/sh
# SPDX-License-Identifier: MIT
# Instructions per decode of one payload into one struct, by valgrind's
# callgrind, as a table.
#
# usage: bench-schema.sh PROGRAM
set -eu

instructions() { # LIBRARY COUNT
  valgrind --tool=callgrind --callgrind-out-file=/dev/null "$program" \
    "$1" "$2" 2>&1 | sed -n 's/.*Collected : //p'
}

program=$1
printf '| %-17s | instructions |\n| --- | ---: |\n' library
for library in libsio libsio+validation jansson cjson; do
  few=$(instructions $library 1000)
  many=$(instructions $library 3000)
  printf '| %-17s | %d |\n' $library $(((many - few) / 2000))
done

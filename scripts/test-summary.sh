#!/bin/sh
# SPDX-License-Identifier: MIT
# Adds up what the sections of a test run have left in RESULTS.  The last line
# is "N passed, N failed"; a section that did not get to its end is a failure.
#
# usage: test-summary.sh RESULTS SECTION...
set -u

results=$1
shift

all_passed=0
all_failed=0
echo
for section in "$@"; do
  if [ -f "$results/$section" ]; then
    read -r passed failed <"$results/$section"
    printf '%-12s %5d passed, %d failed\n' "$section" "$passed" "$failed"
  else
    passed=0
    failed=1
    printf '%-12s did not run to its end\n' "$section"
  fi
  all_passed=$((all_passed + passed))
  all_failed=$((all_failed + failed))
done

echo
echo "$all_passed passed, $all_failed failed"
[ "$all_failed" -eq 0 ]

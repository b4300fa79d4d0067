#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs cmocka programs one after the other: a line for each, and the output of
# those that fail.  Leaves "PASSED FAILED" in RESULTS/SECTION.
#
# usage: run-tests.sh SECTION RESULTS PROGRAM...
#        WRAPPER   what to start them with, such as valgrind
#        TIMEOUT   seconds that each may take, 300 if not given
set -u

section=$1
results=$2
shift 2

limit=
if command -v timeout >/dev/null 2>&1; then
  limit="timeout -k 10 ${TIMEOUT:-300}"
fi

mkdir -p "$results"
rm -f "$results/$section"
output=$results/$section.output
all_passed=0
all_failed=0

# The number in cmocka's line "[  PASSED  ] 3 test(s)."
count() {
  awk -v word="$1" '
    $1 == "[" && $2 == word && $3 == "]" && $5 ~ /^test\(s\)/ { n += $4 }
    END { print n + 0 }' "$output"
}

for program in "$@"; do
  $limit ${WRAPPER-} "$program" >"$output" 2>&1 </dev/null
  status=$?
  passed=$(count PASSED)
  failed=$(count FAILED)
  skipped=$(count SKIPPED)
  note=
  [ "$status" -ne 124 ] || note=', out of time'
  # A crash, a leak or a program without tests leaves no failed test behind.
  if [ "$failed" -eq 0 ] && [ $((status != 0 || passed + skipped == 0)) = 1 ]
  then
    failed=1
    note="$note, exit status $status"
  fi
  [ "$skipped" -eq 0 ] || note="$note, $skipped skipped"
  all_passed=$((all_passed + passed))
  all_failed=$((all_failed + failed))
  if [ "$failed" -gt 0 ]; then
    sed 's/^/    /' "$output"
    echo "  FAIL $program: $passed passed, $failed failed$note"
  else
    echo "  ok   $program: $passed passed$note"
  fi
done

rm -f "$output"
echo "$all_passed $all_failed" >"$results/$section"
echo "$section: $all_passed tests passed, $all_failed failed"
[ "$all_failed" -eq 0 ]

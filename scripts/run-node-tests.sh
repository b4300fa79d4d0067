#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs the node:test files of a folder: a line for each test, details of those
# that fail.  Leaves "PASSED FAILED" in RESULTS/SECTION.
#
# usage: run-node-tests.sh SECTION RESULTS FOLDER
#        TIMEOUT   seconds that all of it may take, 600 if not given
set -u

section=$1
results=$2
folder=$3

limit=
if command -v timeout >/dev/null 2>&1; then
  limit="timeout -k 10 ${TIMEOUT:-600}"
fi

mkdir -p "$results"
rm -f "$results/$section"
report=$results/$section.tap

# Files, not the folder: what node makes of a folder depends on its version.
files=$(find "$folder" -name node_modules -prune -o \
  \( -name '*.test.js' -o -name '*.test.mjs' \) -print | sort)

$limit node --test --test-concurrency="${TEST_CONCURRENCY:-2}" \
  --test-reporter=spec --test-reporter-destination=stdout \
  --test-reporter=tap --test-reporter-destination="$report" \
  $files </dev/null
status=$?

# The last of node's lines "# pass 12".
count() {
  awk -v word="$1" '
    $1 == "#" && $2 == word && NF == 3 { n = $3 }
    END { print n + 0 }' "$report"
}

passed=$(count pass)
failed=$(($(count fail) + $(count cancelled)))
if [ "$failed" -eq 0 ] && [ $((status != 0 || passed == 0)) = 1 ]; then
  echo "$section: node ended with status $status"
  failed=1
fi

echo "$passed $failed" >"$results/$section"
echo "$section: $passed tests passed, $failed failed"
[ "$failed" -eq 0 ]

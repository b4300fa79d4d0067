# SPDX-License-Identifier: MIT
# For the check scripts, which source it: tests that are commands.  Wants
# $log, a file; counts in $passed and $failed.

passed=0
failed=0

# TITLE COMMAND...: one test.
try() {
  title=$1
  shift
  if "$@" >"$log" 2>&1; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    sed 's/^/    /' "$log"
    echo "  FAIL $title"
  fi
}

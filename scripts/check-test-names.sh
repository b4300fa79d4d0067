#!/bin/sh
# SPDX-License-Identifier: MIT
# Checks that the tests which a page names in the last column of its tables
# exist by these names, and prints those that do not.  A cell has
#
#   `test/FILE`: name; name; `test/FILE`: name
#
# The name of a test in C is its function's without "test_" and with blanks; a
# file without names only has to be there.  "..." stands for what a test in
# JavaScript puts into its name.  With --all, every row needs a test, or says
# "does not apply: ..." or "not yet: ...".
#
# usage: scripts/check-test-names.sh [--all] PAGE...
set -u
cd "$(dirname "$0")/.." || exit 1

all=0
[ "${1-}" = --all ] && all=1 && shift

# "PAGE:LINE FILE" and, behind a tab, the name of each test.
named() {
  awk -v all="$all" '
    function tests(file, text,    name, n, i) {
      n = split(text, name, /; */)
      if (n == 0)
        print FILENAME ":" FNR " " file "\t"
      for (i = 1; i <= n; i++)
        if (name[i] != "")
          print FILENAME ":" FNR " " file "\t" name[i]
    }
    /^\|/ && !/^\| *:?---/ {
      line = $0
      sub(/ *\| *$/, "", line)
      cell = line
      sub(/.*\| */, "", cell)
      if (!/`test\// && all && seen && cell !~ /^(does not apply|not yet): ./)
        print FILENAME ":" FNR " -\t" cell
      seen = 1
      while (match(cell, /`test\/[^`]*`/)) {
        file = substr(cell, RSTART + 1, RLENGTH - 2)
        cell = substr(cell, RSTART + RLENGTH)
        text = ""
        if (cell ~ /^: /) {
          text = substr(cell, 3)
          if ((next_at = index(text, "`test/")) > 0)
            text = substr(text, 1, next_at - 1)
        }
        tests(file, text)
      }
      next
    }
    !/^\|/ { seen = 0 }
  ' "$@"
}

in_c() { # FILE NAME
  grep -q "\\<test_$(echo "$2" | tr ' ' '_')(" "$1"
}

# A string, to which a loop over the ways to connect may add more.
in_js() { # FILE NAME
  pattern=$(echo "$2" | sed 's/[][\.*^$(){}?+|]/\\&/g; s/\\\.\\\.\\\./.*/g')
  grep -Eq "['\"\`]$pattern( \\(\\\$\\{.*)?['\"\`]" "$1"
}

status=0
count=0
tab=$(printf '\t')
list=$(named "$@")
while IFS=$tab read -r where name; do
  file=${where#* }
  count=$((count + 1))
  case $file,$name in
  -,*) echo "${where% *}: no test: $name" && status=1 && continue ;;
  *,) [ -e "$file" ] && continue
    echo "${where% *}: no $file" && status=1 && continue ;;
  *.c,*) [ -e "$file" ] && in_c "$file" "$name" && continue ;;
  *) [ -e "$file" ] && in_js "$file" "$name" && continue ;;
  esac
  echo "${where% *}: $file has no test \"$name\""
  status=1
done <<EOF
$list
EOF
[ "$count" -gt 1 ] || { echo "no tests are named"; exit 1; }
exit $status

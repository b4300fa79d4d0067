#!/bin/sh
# SPDX-License-Identifier: MIT
# The rules of the house that a script can see.
#
# usage: check-style.sh SOURCE...    (all C files that the build knows)
set -eu
cd "$(dirname "$0")/.."

max_file_lines=600
max_function_lines=60
max_complexity=15
max_conditionals=2

complaints=$(mktemp)
trap 'rm -f "$complaints"' EXIT

complain() {
  echo "$1" >>"$complaints"
}

folders() { # NAME-PATTERN FOLDER...: the files, without those of others
  pattern=$1
  shift
  for folder in "$@"; do
    [ ! -d "$folder" ] || find "$folder" \
      \( -name node_modules -o -name build \) -prune -o \
      -type f -name "$pattern" -print
  done | sort
}

c_files=$(folders '*.[ch]' lib include examples test)
scripts=$(folders '*.sh' scripts test; ls Makefile *.mk .ci/run)
web_files=$(folders '*.js' examples test; folders '*.mjs' examples test)
pages=$(folders '*.html' examples; folders '*.css' examples)

# Line by line.
awk -v max_lines=$max_file_lines -v max_conditionals=$max_conditionals '
  function end_of_file() {
    if (lines > max_lines)
      print file ": " lines " lines, at most " max_lines
    if (file ~ /\.c$/ && conditionals > max_conditionals)
      print file ": " conditionals " #if, at most " max_conditionals
  }
  FNR == 1 {
    end_of_file()
    file = FILENAME
    conditionals = 0
    if (file ~ /\.[ch]$/ && $0 != "/* SPDX-License-Identifier: MIT */")
      print file ":1: not /* SPDX-License-Identifier: MIT */"
  }
  { lines = FNR }
  file !~ /\.[ch]$/ { next }
  /^[ \t]*#[ \t]*if/ { conditionals++ }
  /^typedef.*[A-Za-z0-9]_t;/ || /^typedef.*\(\*[A-Za-z0-9_]*_t\)/ ||
  /^}[ \t]*\**[A-Za-z0-9_]*_t;/ {
    print file ":" FNR ": a type named _t, which is for POSIX"
  }
  END { end_of_file() }
' $c_files $web_files $pages >>"$complaints"

# Scripts begin with #! and name their licence in the next line.
for file in $scripts $web_files; do
  head -n 2 "$file" | grep -q 'SPDX-License-Identifier: MIT' ||
    complain "$file:1: no SPDX-License-Identifier: MIT"
done

# Split in two, so that this line is not found itself.
grep -nE "TO""DO|FIX""ME" $c_files $scripts $web_files $pages \
  $(folders '*.md' . ) >>"$complaints" || true

# Names: a module of lib/ is known by its name alone.
folders '*.[ch]' lib | sed 's/\.[ch]$//' | sort -u |
  awk -F/ '$NF in seen { print $0 ": there is " seen[$NF] ", too" }
    { seen[$NF] = $0 }' >>"$complaints"

# Each source has its test, and each source and test is built.
for source in $(folders '*.c' lib); do
  name=${source#lib/}
  unit=test/unit/${name%/*}/test_${name##*/}
  [ -f "$unit" ] || complain "$source: no $unit"
done
for source in $(folders '*.c' lib examples test/unit test/support test/bench \
  test/client test/jwt); do
  case " $* " in
  *" $source "*) ;;
  *) complain "$source: not in sources.mk" ;;
  esac
done

# Columns of pmccabe: complexity, the same with each case of a switch counted,
# statements, first line, lines, "file(line): function".
pmccabe $(folders '*.c' lib examples) | awk \
  -v max_lines=$max_function_lines -v max_complexity=$max_complexity '
  {
    place = $6
    sub(/\(/, ":", place)
    sub(/\)/, "", place)
  }
  $5 > max_lines { print place " " $7 " has " $5 " lines, at most " max_lines }
  $1 > max_complexity {
    print place " " $7 " has complexity " $1 ", at most " max_complexity
  }' >>"$complaints"

# Where packages come from is for the one who installs them to say.
locks=$(folders package-lock.json examples test)
[ -z "$locks" ] || grep -Hn '"resolved"' $locks |
  awk -F: '!($1 in seen) { seen[$1] = 1
    print $1 ":" $2 ": a lock file with download addresses" }' >>"$complaints"

[ -s "$complaints" ] || exit 0
cat "$complaints"
exit 1

#!/bin/sh
# SPDX-License-Identifier: MIT
# What the built libraries ask of others, keep in memory, and show.
#
# usage: check-symbols.sh BUILD             all checks
#        check-symbols.sh --exports BUILD   only what the libraries show
#        check-symbols.sh --list BUILD      print that, for symbols.txt
set -eu
cd "$(dirname "$0")/.."

mode=all
case $1 in
--*)
  mode=${1#--}
  shift
  ;;
esac
build=$1
failed=0

# "library symbol", sorted; the nodes of the version map are no symbols.
exports() {
  for library in libsio libsio-uv; do
    nm -D --defined-only "$build/$library.so" |
      awk -v library=$library '$2 != "A" { sub(/@.*/, "", $3)
        print library, $3 }'
  done | LC_ALL=C sort
}

check_exports() {
  exports | diff -u test/abi/symbols.txt - >"$build/symbols.diff" || {
    echo 'exported symbols are not those of test/abi/symbols.txt:'
    sed -n '3,$s/^\([-+]\)/  \1 /p' "$build/symbols.diff"
    echo '  (make symbols writes that file anew)'
    failed=1
  }
  exports | grep -v '^[a-z-]* sio_[^_]' && {
    echo 'these are not named sio_x'
    failed=1
  }
  return 0
}

# Floors 0 to 4 need no socket, file, clock, thread, locale or random source.
# Objects of llhttp are judged by what llhttp is, not by this list.
check_undefined() {
  nm -A "$build/libsio.a" | awk '
    function is_allowed(name) {
      if (name ~ /^(strtok|strdup|strndup|strerror|strsignal|strcoll|strxfrm|strftime|strfry)/)
        return 0
      return name ~ /^(mem|str)[a-z_0-9]*$/ ||
        name ~ /^__(mem|str|vsn|sn)[a-z]*_chk$/ ||
        name ~ /^(vsnprintf|snprintf|malloc|free)$/ ||
        name ~ /^(mbedtls_|psa_|llhttp_)/ ||
        name ~ /^(deflate|inflate|crc32|adler32)/ ||
        name ~ /^(__stack_chk_fail|__stack_chk_guard|_GLOBAL_OFFSET_TABLE_)$/ ||
        name ~ /^__(u?div|u?mod|mul)[a-z]*[0-9]$/
    }
    NF < 2 { next }
    {
      name = $NF
      type = $(NF - 1)
      object = $1
      sub(/^[^:]*:/, "", object)
      sub(/:.*/, "", object)
    }
    type == "U" || type == "w" { wanted[name] = wanted[name] " " object; next }
    { defined[name] = 1 }
    type == "C" { print object ": common symbol " name; failures++ }
    END {
      for (name in wanted) {
        if (name in defined || is_allowed(name))
          continue
        n = split(wanted[name], list, " ")
        for (i = 1; i <= n; i++)
          if (!((list[i]) in llhttp)) {
            print list[i] ": needs " name
            failures++
          }
      }
      exit failures > 0
    }
    BEGIN { llhttp["api.o"] = llhttp["http.o"] = llhttp["llhttp.o"] = 1 }
  ' || failed=1
}

# Two servers in one process share nothing that can be written.
check_data() {
  size -A "$build/libsio.a" | awk '
    $2 == ":" || / :?$/ || /\(ex / { object = $1 }
    $1 ~ /^\.(data|bss|tdata|tbss)/ && $1 !~ /^\.data\.rel\.ro/ && $2 > 0 {
      print object ": " $2 " bytes in " $1
      failures++
    }
    END { exit failures > 0 }' || failed=1
}

# Every public function is called by some test; one that ends in _sized has a
# macro in front of it.
check_tested() {
  grep -rhowE 'sio_[a-z0-9_]+' test --include='*.[ch]' \
    --exclude-dir=node_modules | sort -u >"$build/tested.txt"
  exports | sed 's/.* //' | while read -r name; do
    grep -qx -e "$name" -e "${name%_sized}" "$build/tested.txt" ||
      echo "no test calls $name"
  done >"$build/untested.txt"
  [ ! -s "$build/untested.txt" ] || {
    cat "$build/untested.txt"
    failed=1
  }
}

case $mode in
list) exports ;;
exports) check_exports ;;
*)
  check_undefined
  check_data
  check_exports
  check_tested
  ;;
esac
exit $failed

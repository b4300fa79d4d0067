#!/bin/sh
# SPDX-License-Identifier: MIT
# Who may include what: floors, cycles, and headers that belong to few files.
set -eu
cd "$(dirname "$0")/.."

find lib include -name '*.[ch]' | sort | xargs awk '
function complain(text) {
  print FILENAME ":" FNR ": " text
  failures++
}

function words(text, set,    list, i) {
  i = split(text, list, " ")
  while (i > 0)
    set[list[i--]] = 1
}

BEGIN {
  floor["base"] = 0
  floor["json"] = 1
  floor["http"] = floor["ws"] = floor["proto"] = floor["tls"] = 2
  floor["eio"] = floor["adapter"] = floor["jwt"] = 3
  floor["schema"] = 3
  floor["core"] = 4
  floor["uv"] = 5

  # What floors 0 to 4 may take from the system: no I/O, clock or thread.
  words("assert.h ctype.h float.h inttypes.h limits.h math.h stdalign.h " \
        "stdarg.h stdbool.h stddef.h stdint.h stdio.h stdlib.h string.h " \
        "strings.h emmintrin.h arm_neon.h", system_ok)
  words("limits.h stdarg.h stdbool.h stddef.h stdint.h string.h", public_ok)

  # Dependencies, and the files that know them.
  may["llhttp lib/http/parse.c"] = 1
  may["mbedtls lib/base/random.c"] = 1
  may["mbedtls lib/jwt/crypto.c"] = 1
  may["mbedtls lib/jwt/material.c"] = 1
  may["mbedtls lib/jwt/mbed.c"] = 1
  may["mbedtls lib/jwt/mbed.h"] = 1
  may["mbedtls lib/tls/compat.h"] = 1
  may["psa lib/tls/compat.h"] = 1
  may["mbedtls lib/ws/handshake.c"] = 1
  may["zlib lib/http/compress.c"] = 1
  may["zlib lib/ws/deflate.c"] = 1
}

# "llhttp.h" and "mbedtls/sha1.h" to the name of the dependency.
function dependency(header,    name) {
  name = header
  sub(/[\/.].*/, "", name)
  return name
}

function is_in_uv(file) {
  return file ~ /^lib\/uv\// || file == "include/sio/uv.h"
}

function check_quoted(header,    from, to) {
  if (FILENAME ~ /^include\//) {
    complain("a public header includes only <...>: \"" header "\"")
    return
  }
  split(FILENAME, from, "/")
  split(header, to, "/")
  if (!(to[1] in floor) || to[2] == "")
    complain("not of the form \"folder/name.h\": \"" header "\"")
  else if (to[1] != from[2] && floor[to[1]] >= floor[from[2]])
    complain("lib/" from[2] " (floor " floor[from[2]] ") includes \"" header \
             "\" (floor " floor[to[1]] ")")
}

function check_angled(header,    name) {
  name = dependency(header)
  if (header == "sio.h" || header ~ /^sio\//) {
    if (header == "sio/uv.h" && !is_in_uv(FILENAME))
      complain("only lib/uv includes <sio/uv.h>")
    return
  }
  if (name == "uv") {
    if (!is_in_uv(FILENAME))
      complain("only lib/uv includes <" header ">")
  } else if (FILENAME ~ /^lib\/uv\//) {
    if (name == "llhttp" || name == "mbedtls")
      complain("lib/uv does not know <" header ">")
  } else if (FILENAME ~ /^include\//) {
    if (!(header in public_ok))
      complain("not for public headers: <" header ">")
  } else if (!(header in system_ok) && !((name " " FILENAME) in may))
    complain("not for this file: <" header ">")
}

# The module of a file: x.c and x.h are one.
function module(file) {
  sub(/\.[ch]$/, "", file)
  return file
}

# Twice the same graph: of files, and of modules (their names have no dot).
function edge(from, to) {
  if (from != to && !((from, to) in where)) {
    where[from, to] = FILENAME ":" FNR
    target[from, ++degree[from]] = to
  }
}

# Own header first: that proves that it stands alone.
FNR == 1 {
  first = 1
  split(FILENAME, part, "/")
  if (FILENAME ~ /^lib\// && !(part[2] in floor))
    complain("lib/" part[2] " has no floor")
  exists[FILENAME] = 1
}

/^[ \t]*#[ \t]*include/ {
  header = $0
  sub(/^[ \t]*#[ \t]*include[ \t]*/, "", header)
  quoted = substr(header, 1, 1) == "\""
  header = substr(header, 2)
  sub(/[">].*/, "", header)

  if (first && FILENAME ~ /\.c$/) {
    first_of[FILENAME] = (quoted ? "lib/" : "include/") header
    first = 0
  }
  if (quoted) {
    check_quoted(header)
    edge(FILENAME, "lib/" header)
    edge(module(FILENAME), module("lib/" header))
  } else {
    check_angled(header)
    if (header ~ /^sio[.\/]/)
      edge(FILENAME, "include/" header)
  }
}

# All that can be reached from a node.
function reach(start,    queue, head, tail, node, i) {
  head = tail = 1
  queue[1] = start
  while (head <= tail) {
    node = queue[head++]
    for (i = 1; i <= degree[node]; i++)
      if (!((start, target[node, i]) in reached)) {
        reached[start, target[node, i]] = 1
        queue[++tail] = target[node, i]
      }
  }
}

# A cycle through this node, with all includes that close it.
function report_cycle(start,    node, i, to) {
  print "include cycle:"
  failures++
  for (node in degree) {
    if (!((start, node) in reached) || !((node, start) in reached))
      continue
    reported[node] = 1
    for (i = 1; i <= degree[node]; i++) {
      to = target[node, i]
      if ((to, start) in reached)
        print "  " where[node, to] ": " node " -> " to | "sort"
    }
  }
  close("sort")
}

END {
  for (file in first_of) {
    own = file
    sub(/\.c$/, ".h", own)
    if (own in exists && first_of[file] != own) {
      print file ": its own header is not its first include"
      failures++
    }
  }
  for (node in degree)
    reach(node)
  for (node in degree)
    if ((node, node) in reached && !(node in reported))
      report_cycle(node)
  exit failures > 0
}
'

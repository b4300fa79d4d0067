#!/bin/sh
# SPDX-License-Identifier: MIT
# Writes docs/errors.md, to standard output, out of the lists in
# include/sio/error.h.
#
# usage: scripts/gen-errors.sh >docs/errors.md
set -eu
cd "$(dirname "$0")/.."

awk '
function head(title, about, first) {
  print "\n## " title "\n\n" about "\n\n| " first " | value | text |"
  print "| --- | ---: | --- |"
}

BEGIN {
  print "# Error codes, reasons and causes\n"
  print "This page is made from the lists in `include/sio/error.h` by" \
        " `scripts/gen-errors.sh`."
}

/^#define SIO_ERROR_LIST/ {
  prefix = "SIO_ERR_"
  head("Error codes", \
       "What functions return; `sio_strerror()` gives the text. Down to" \
       " -499 the call failed; from -500 on the object is finished, and" \
       " every further call on it says so.", "code")
}

/^#define SIO_REASON_LIST/ {
  prefix = "SIO_REASON_"
  head("Reasons", \
       "Why a socket left, in the words that all Socket.IO servers use:" \
       " `sio_end.reason`; `sio_reason_text()` gives the text.", "reason")
}

/^#define SIO_CAUSE_LIST/ {
  prefix = "SIO_CAUSE_"
  head("Causes", \
       "What exactly was behind it: `sio_end.cause`; `sio_cause_text()`" \
       " gives the text, `sio_server_cause_count()` counts them." \
       " [options.md](options.md) tells which limit leads to which cause.", \
       "cause")
}

# One entry: X(NAME, value, "text") and a backslash, if more follow.
/^  X\(/ && prefix != "" {
  entry = $0
  sub(/^  X\(/, "", entry)
  sub(/"\)[ \\]*$/, "", entry)
  comma = index(entry, ", ")
  name = substr(entry, 1, comma - 1)
  entry = substr(entry, comma + 2)
  comma = index(entry, ", \"")
  value = substr(entry, 1, comma - 1)
  text = substr(entry, comma + 3)
  print "| `" prefix name "` | " value " | " (text == "" ? "(empty)" : text) " |"
  entries++
}

/[^\\]$/ { prefix = "" }

END { exit entries == 0 }
' include/sio/error.h

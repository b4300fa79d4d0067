/* SPDX-License-Identifier: MIT */
#ifndef SIO_ADAPTER_JOURNAL_H
#define SIO_ADAPTER_JOURNAL_H

/*
 * When somebody has joined and left rooms, as far as a replay needs to know.
 *
 *   packets   7    8    9    10
 *   changes     +a        -a         sent to "a", and got: 8 and 9
 *
 * A change bears the number of the last packet before it.  In which rooms
 * somebody is in the end stands elsewhere: a packet was for whom it was when
 * all changes behind it are undone.  Changes from before anything that may be
 * replayed are dropped, so there is usually nothing at all in it.
 *
 * The text can be copied, and be read then without the journal.
 */

#include "base/buf.h"

enum { SIO__JOURNAL_MAX = 4096 }; /* bytes; a room costs 16 and its name */

struct sio__journal {
  struct sio__buf text;
  uint64_t blurred; /* the number of the last change that was dropped although
                       it may matter; 0: none */
};

/* Allocates nothing. */
void sio__journal_init(struct sio__journal *journal, const sio_allocator *mem);
void sio__journal_dispose(struct sio__journal *journal);

/* A room is joined, or left, behind the packet with this number.  Changes up to
 * the number `settled` do not matter any more.  A name has at most 1024 bytes.
 * Where memory is short, or the text too long, it is blurred. */
void sio__journal_note(struct sio__journal *journal, uint64_t number,
                       uint64_t settled, sio_str room, bool joined);

/* Go on from a copy of another one. */
void sio__journal_load(struct sio__journal *journal, sio_str text,
                       uint64_t blurred);

static inline sio_str sio__journal_text(const struct sio__journal *journal)
{
  sio_str text;

  text.data = (const char *)journal->text.data;
  text.len = journal->text.len;
  return text;
}

/* Whether somebody was in a room when the packet with this number was sent,
 * who is in it `now`, or is not.  Not for numbers up to `blurred`. */
bool sio__journal_was_in(sio_str text, sio_str room, uint64_t number, bool now);

#endif

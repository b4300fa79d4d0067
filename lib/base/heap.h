/* SPDX-License-Identifier: MIT */
#ifndef SIO_BASE_HEAP_H
#define SIO_BASE_HEAP_H

/*
 * Deadlines that are all different: a pairing heap (Fredman, Sedgewick, Sleator
 * and Tarjan, 1986) of intrusive nodes.  Inserting cannot fail and costs the
 * same however many there are; removing costs the logarithm, amortised.
 * Timers of few durations are better off in base/timer.h.
 */

#include <sio/types.h>

struct sio__heap_node {
  struct sio__heap_node *child, *next;
  struct sio__heap_node *prev; /* the one before, or the parent of the first;
                                  NULL: the top, or in no heap */
  uint64_t key;
};

struct sio__heap {
  struct sio__heap_node *top; /* the least key; NULL: it is empty */
};

static inline void sio__heap_init(struct sio__heap *heap)
{
  heap->top = NULL;
}

static inline void sio__heap_node_init(struct sio__heap_node *node)
{
  node->child = node->next = node->prev = NULL;
  node->key = 0;
}

static inline bool sio__heap_has(const struct sio__heap *heap,
                                 const struct sio__heap_node *node)
{
  return node->prev != NULL || heap->top == node;
}

/* Insert a node that is in no heap. */
void sio__heap_insert(struct sio__heap *heap, struct sio__heap_node *node,
                      uint64_t key);

/* Take a node out; one that is not in the heap stays as it is. */
void sio__heap_remove(struct sio__heap *heap, struct sio__heap_node *node);

#endif

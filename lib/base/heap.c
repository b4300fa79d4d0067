/* SPDX-License-Identifier: MIT */
/* A pairing heap. */
#include "base/heap.h"

/* Make one heap of two; neither has a `prev` or `next`. */
static struct sio__heap_node *meld(struct sio__heap_node *a,
                                   struct sio__heap_node *b)
{
  if (b->key < a->key) {
    struct sio__heap_node *other = a;

    a = b;
    b = other;
  }
  b->prev = a;
  b->next = a->child;
  if (a->child != NULL)
    a->child->prev = b;
  a->child = b;
  return a;
}

/* One heap of a row of siblings, or NULL: in pairs from the first to the last,
 * then all of those from the last to the first, which is what makes it cheap.
 */
static struct sio__heap_node *meld_row(struct sio__heap_node *row)
{
  struct sio__heap_node *pairs = NULL, *top = NULL;

  while (row != NULL) {
    struct sio__heap_node *a = row, *b = a->next;

    row = b != NULL ? b->next : NULL;
    a->prev = a->next = NULL;
    if (b != NULL) {
      b->prev = b->next = NULL;
      a = meld(a, b);
    }
    a->next = pairs;
    pairs = a;
  }
  while (pairs != NULL) {
    struct sio__heap_node *a = pairs;

    pairs = a->next;
    a->next = NULL;
    top = top != NULL ? meld(top, a) : a;
  }
  return top;
}

void sio__heap_insert(struct sio__heap *heap, struct sio__heap_node *node,
                      uint64_t key)
{
  sio__heap_node_init(node);
  node->key = key;
  heap->top = heap->top != NULL ? meld(heap->top, node) : node;
}

void sio__heap_remove(struct sio__heap *heap, struct sio__heap_node *node)
{
  struct sio__heap_node *rest;

  if (!sio__heap_has(heap, node))
    return;
  rest = meld_row(node->child);
  if (heap->top == node) {
    heap->top = rest;
  } else {
    if (node->prev->child == node)
      node->prev->child = node->next;
    else
      node->prev->next = node->next;
    if (node->next != NULL)
      node->next->prev = node->prev;
    if (rest != NULL)
      heap->top = meld(heap->top, rest);
  }
  sio__heap_node_init(node);
}

/* SPDX-License-Identifier: MIT */
#ifndef SIO_SCHEMA_CONTRACT_H
#define SIO_SCHEMA_CONTRACT_H

#include <sio/contract.h>

/* Event `i` of a contract, which its maker may know a shorter struct of:
 * members that it does not have are zero. */
void sio__contract_event(const sio_contract *contract, size_t i,
                         sio_event_schema *out);

static inline const sio_schema *
sio__event_payload(const sio_event_schema *event)
{
  if (event->payload_schema != NULL)
    return event->payload_schema;
  return event->payload != NULL ? event->payload() : NULL;
}

static inline const sio_schema *sio__event_answer(const sio_event_schema *event)
{
  if (event->answer_schema != NULL)
    return event->answer_schema;
  return event->answer != NULL ? event->answer() : NULL;
}

#endif

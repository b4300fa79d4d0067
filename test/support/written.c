/* SPDX-License-Identifier: MIT */
#include "written.h"

#include "chat_contract.h"

bool written_put(sio_str text, void *user)
{
  struct written *written = user;

  if (written->refuses)
    return false;
  assert_true(written->len + text.len < sizeof written->text);
  memcpy(written->text + written->len, text.data, text.len);
  written->len += text.len;
  written->text[written->len] = '\0';
  return true;
}

void written_has(const struct written *written, const char *text)
{
  if (strstr(written->text, text) == NULL)
    fail_msg("not written: %s\nbut: %s", text, written->text);
}

struct attempt {
  written_by write;
  struct written whole;
};

static void try_to_write(struct test_mem *mem, void *user)
{
  static struct written part;
  const struct attempt *attempt = user;
  const sio_contract *const contracts[] = {talk_contract()};
  int rv;

  part.len = 0;
  rv = attempt->write(contracts, 1, &mem->allocator, written_put, &part);
  if (rv == 0)
    assert_string_equal(part.text, attempt->whole.text);
  else
    assert_int_equal(rv, SIO_ERR_NOMEM);
}

void written_every_allocation(written_by write)
{
  static struct attempt attempt;
  const sio_contract *const contracts[] = {talk_contract()};

  memset(&attempt, 0, sizeof attempt);
  attempt.write = write;
  assert_int_equal(write(contracts, 1, NULL, written_put, &attempt.whole), 0);
  assert_true(test_every_allocation(try_to_write, &attempt) > 3);
}

/* Another type of the name of one in the contract. */
#define OTHER_SAID(FIELD) FIELD(required, boolean, quite)
SIO_TYPE(other_said, OTHER_SAID);

void written_errors(written_by write)
{
  static struct written written;
  sio_schema other = *other_said_schema();
  sio_event_schema event = {
      .name = "other", .sender = SIO_SENT_BY_SERVER, .payload_schema = &other};
  sio_contract contract = *talk_contract();
  const sio_contract *const contracts[] = {talk_contract(), &contract};

  written.len = 0;
  assert_int_equal(write(contracts, 1, NULL, NULL, NULL), SIO_ERR_INVALID);
  assert_int_equal(write(contracts, 0, NULL, written_put, &written),
                   SIO_ERR_INVALID);
  assert_int_equal(write(NULL, 1, NULL, written_put, &written),
                   SIO_ERR_INVALID);
  written.refuses = true;
  assert_int_equal(write(contracts, 1, NULL, written_put, &written),
                   SIO_ERR_STATE);
  written.refuses = false;
  contract.name = NULL;
  assert_int_equal(write(contracts, 2, NULL, written_put, &written),
                   SIO_ERR_INVALID);
  contract.name = "more";
  contract.events = &event;
  contract.n_events = 1;
  assert_int_equal(write(contracts, 2, NULL, written_put, &written), 0);
  other.name = "said";
  assert_int_equal(write(contracts, 2, NULL, written_put, &written),
                   SIO_ERR_INVALID);
}

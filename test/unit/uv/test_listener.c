/* SPDX-License-Identifier: MIT */
#include "uv_world.h"

#include <sys/stat.h>

static struct uv_world w;
static struct peer a, b;

static void path_in(char out[128], const char *name)
{
  snprintf(out, 128, "%s/%s", w.dir, name);
}

/* ---- TCP ---- */

static void test_port_0_takes_any_free_one(void **state)
{
  int first, second;

  (void)state;
  world_open(&w, NULL);
  first = sio_uv_listen(w.uv, "127.0.0.1", 0);
  second = sio_uv_listen(w.uv, "127.0.0.1", 0);
  assert_in_range(first, 1, 65535);
  assert_in_range(second, 1, 65535);
  assert_int_not_equal(first, second);
  w.port = first;
  peer_enter(&w, &a);
  w.port = second;
  peer_enter(&w, &b);
  assert_int_equal(sio_ns_socket_count(w.root), 2);
  peer_close(&a);
  peer_close(&b);
  world_close(&w);
}

static void test_a_port_can_be_used_again_after_closing(void **state)
{
  int port;

  (void)state;
  world_open(&w, NULL);
  world_listen(&w);
  port = w.port;
  peer_enter(&w, &a);
  sio_uv_close(w.uv, on_world_closed, &w);
  peer_close(&a);
  world_close(&w);
  world_open(&w, NULL);
  assert_int_equal(sio_uv_listen(w.uv, "127.0.0.1", port), port);
  w.port = port;
  peer_enter(&w, &a);
  peer_close(&a);
  world_close(&w);
}

static void test_a_port_in_use_is_reported(void **state)
{
  (void)state;
  world_open(&w, NULL);
  world_listen(&w);
  assert_int_equal(sio_uv_listen(w.uv, "127.0.0.1", w.port), SIO_ERR_IN_USE);
  assert_non_null(strstr(sio_uv_error(w.uv), "cannot listen on 127.0.0.1"));
  peer_enter(&w, &a); /* the first one still listens */
  peer_close(&a);
  world_close(&w);
}

static void test_addresses_that_cannot_be_used_are_reported(void **state)
{
  (void)state;
  world_open(&w, NULL);
  assert_string_equal(sio_uv_error(w.uv), "");
  assert_int_equal(sio_uv_listen(w.uv, "127.0.0.1", -1), SIO_ERR_ADDRESS);
  assert_int_equal(sio_uv_listen(w.uv, "127.0.0.1", 65536), SIO_ERR_ADDRESS);
  assert_string_equal(sio_uv_error(w.uv), "65536 is no port");
  assert_int_equal(sio_uv_listen(w.uv, "192.0.2.1", 0), SIO_ERR_ADDRESS);
  assert_true(sio_uv_listen(w.uv, "not an address", 0) < 0);
  world_close(&w);
}

static void test_any_address_is_reached_by_ipv4(void **state)
{
  (void)state;
  world_open(&w, NULL);
  w.port = sio_uv_listen(w.uv, NULL, 0);
  assert_in_range(w.port, 1, 65535);
  peer_enter(&w, &a);
  peer_close(&a);
  world_close(&w);
}

static void test_names_that_the_system_knows_are_resolved(void **state)
{
  int port;

  (void)state;
  world_open(&w, NULL);
  port = sio_uv_listen(w.uv, "localhost", 0);
  assert_in_range(port, 1, 65535);
  world_close(&w);
}

static void test_a_closing_adapter_does_not_listen(void **state)
{
  (void)state;
  world_open(&w, NULL);
  world_listen(&w);
  peer_enter(&w, &a);
  sio_uv_close(w.uv, on_world_closed, &w);
  assert_int_equal(sio_uv_listen(w.uv, "127.0.0.1", 0), SIO_ERR_CLOSED);
  assert_int_equal(sio_uv_listen_unix(w.uv, "x"), SIO_ERR_CLOSED);
  peer_close(&a);
  world_close(&w);
}

/* ---- Unix sockets ---- */

static void test_a_unix_socket_is_served_and_removed(void **state)
{
  char path[128];

  (void)state;
  world_open(&w, NULL);
  path_in(path, "socket");
  assert_int_equal(sio_uv_listen_unix(w.uv, path), 0);
  peer_adopt(&w, &a, dial_unix(path));
  peer_join(&a);
  peer_echo(&a);
  peer_close(&a);
  world_until(&w, &w.left, 1);
  world_close(&w); /* the folder is empty */
}

static void test_a_stale_socket_is_replaced(void **state)
{
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  char path[128];
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);

  (void)state;
  world_open(&w, NULL);
  path_in(path, "socket");
  memcpy(address.sun_path, path, strlen(path));
  assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
  assert_int_equal(listen(fd, 1), 0);
  assert_int_equal(sio_uv_listen_unix(w.uv, path), SIO_ERR_IN_USE);
  assert_non_null(strstr(sio_uv_error(w.uv), path));
  close(fd);
  assert_int_equal(sio_uv_listen_unix(w.uv, path), 0);
  assert_int_equal(sio_uv_listen_unix(w.uv, path), SIO_ERR_IN_USE);
  peer_adopt(&w, &a, dial_unix(path));
  peer_join(&a);
  peer_close(&a);
  world_close(&w);
}

static void test_another_file_in_the_way_stays(void **state)
{
  char path[128];
  struct stat before;
  FILE *file;

  (void)state;
  world_open(&w, NULL);
  path_in(path, "file");
  file = fopen(path, "w");
  assert_non_null(file);
  fclose(file);
  assert_int_equal(sio_uv_listen_unix(w.uv, path), SIO_ERR_IN_USE);
  assert_int_equal(stat(path, &before), 0);
  assert_true(S_ISREG(before.st_mode));
  assert_int_equal(unlink(path), 0);
  world_close(&w);
}

static void test_paths_that_cannot_be_used_are_reported(void **state)
{
  char path[300];

  (void)state;
  world_open(&w, NULL);
  assert_true(sio_uv_listen_unix(w.uv, "/no/such/folder/socket") < 0);
  assert_non_null(strstr(sio_uv_error(w.uv), "/no/such/folder/socket"));
  memset(path, 'x', sizeof path);
  path[0] = '/';
  path[sizeof path - 1] = '\0';
  assert_true(sio_uv_listen_unix(w.uv, path) < 0);
  world_close(&w);
}

/* ---- Too many ---- */

static void test_a_connection_too_many_is_closed(void **state)
{
  sio_server_options options;

  (void)state;
  world_options(&w, &options);
  options.max_connections = 1;
  world_open(&w, &options);
  world_listen(&w);
  peer_enter(&w, &a);
  peer_dial(&w, &b);
  peer_expect_end(&b);
  peer_close(&b);
  peer_echo(&a);
  peer_close(&a);
  world_until(&w, &w.left, 1);
  peer_enter(&w, &b);
  peer_close(&b);
  world_close(&w);
}

static void listen_and_serve(struct test_mem *mem, void *user)
{
  size_t fail_at = mem->fail_at;
  sio_server_options options;

  (void)user;
  world_options(&w, &options);
  world_open(&w, &options);
  w.mem.fail_at = fail_at == TEST_MEM_NEVER ? fail_at : w.mem.calls + fail_at;
  w.port = sio_uv_listen(w.uv, "127.0.0.1", 0);
  if (w.port < 0) { /* the second time there is memory */
    assert_int_equal(w.port, SIO_ERR_NOMEM);
    world_listen(&w);
  }
  peer_dial(&w, &a);
  for (int i = 0; i < 50; i++)
    world_turn(&w);
  peer_close(&a);
  peer_enter(&w, &b); /* whatever happened to the first one */
  peer_echo(&b);
  peer_close(&b);
  mem->fired = w.mem.fired && fail_at < 4;
  world_close(&w);
}

static void test_ports_may_expect_a_proxy(void **state)
{
  static const char line[] = "PROXY TCP4 192.0.2.7 192.0.2.1 4711 443\r\n";

  (void)state;
  world_open(&w, NULL);
  sio_uv_expect_proxy(w.uv, true);
  world_listen(&w);
  sio_uv_expect_proxy(w.uv, false); /* of no concern to those that are there */
  peer_dial(&w, &a);
  peer_send(&a, line, sizeof line - 1);
  peer_join(&a);
  peer_echo(&a);
  peer_dial(&w, &b);
  peer_get(&b, "/");
  peer_expect_end(&b);
  peer_close(&b);
  world_listen(&w);
  peer_enter(&w, &b);
  peer_close(&a);
  peer_close(&b);
  world_close(&w);
}

static void test_no_memory_costs_one_connection_at_most(void **state)
{
  (void)state;
  assert_true(test_every_allocation(listen_and_serve, NULL) >= 3);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_port_0_takes_any_free_one),
      cmocka_unit_test(test_a_port_can_be_used_again_after_closing),
      cmocka_unit_test(test_a_port_in_use_is_reported),
      cmocka_unit_test(test_addresses_that_cannot_be_used_are_reported),
      cmocka_unit_test(test_any_address_is_reached_by_ipv4),
      cmocka_unit_test(test_names_that_the_system_knows_are_resolved),
      cmocka_unit_test(test_a_closing_adapter_does_not_listen),
      cmocka_unit_test(test_a_unix_socket_is_served_and_removed),
      cmocka_unit_test(test_a_stale_socket_is_replaced),
      cmocka_unit_test(test_another_file_in_the_way_stays),
      cmocka_unit_test(test_paths_that_cannot_be_used_are_reported),
      cmocka_unit_test(test_a_connection_too_many_is_closed),
      cmocka_unit_test(test_ports_may_expect_a_proxy),
      cmocka_unit_test(test_no_memory_costs_one_connection_at_most),
  };

  return cmocka_run_group_tests_name("uv/listener", tests, NULL, NULL);
}

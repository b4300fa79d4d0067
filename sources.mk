# SPDX-License-Identifier: MIT
# What is built from what.  `make lint` compares these lists with the folders.

# lib/<folder>/<name>.c.  Floors 0 to 4 make libsio, uv makes libsio-uv.
CORE_FOLDERS := base json http ws proto tls adapter jwt schema eio core
UV_FOLDERS   := uv

SRC_base    := address ascii base64 buf chunk error glob handlers heap id map \
               mem outq random rate sized timer utf8 versioned
SRC_json    := document number placeholder plain read scan string template \
               value write
SRC_http    := compress conditional cookie cors fields forwarded parse preface \
               request response trust
SRC_ws      := closing deflate frame handshake message offer
SRC_proto   := binary decode encode msgpack msgpack_json msgpack_read \
               msgpack_write packet
SRC_tls     := cause config filter names policy subject suites ticket
SRC_adapter := backlog journal recover rooms roomset
SRC_jwt     := alg claims crypto fault jwk keyset material mbed rng signer \
               token unique verifier
SRC_schema  := arena asyncapi build catalog check check_field contract format \
               jsonschema load mismatch moment object reader scalar store \
               typescript
SRC_eio     := accept admission admit bundle connection engine exchange guests \
               handle heartbeat inside jsonp outside packetq payload payload3 \
               pieces poll_answer polling pressure proxied receipts refuse \
               respond route secure session shutdown snapshot throttle \
               traffic upgrade verify websocket
SRC_core    := ack asking attach body cast checkpoint client cluster \
               credential data describe dispatch door drain dynamic emit \
               enforce farewell fetch gather guard hooks inbox initial \
               listeners listing membership metrics middleware namespace \
               nodes notify options pass passage pattern presence prometheus \
               question rates receive recovery revival revoked roomops \
               selection server server_drain sessions socket subscribe target \
               typed v2
SRC_uv      := adapter certificates clock content file folder listener post \
               serve stream type

# Of the core, and in the shared libsio-uv as well: what both need and neither
# shows.
BOTH_SRC := lib/http/conditional.c

# Programs: build/<name> is made of FILES_<name>.  They are linked with both
# libraries unless CORE_ONLY names them, and get LIBS_<name> in addition.
PROGRAMS  := minimal rooms engine_echo poll_loop metrics hub chat chat_types \
             tls_auth bench/server \
             bench/core test/client/server test/client/engine \
             test/client/secure test/contract/print test/jwt/tool \
             test/load/server test/sim/sim test/sim/upgrade
CORE_ONLY := poll_loop chat_types bench/core bench/schema \
             test/contract/print test/jwt/tool test/sim/sim \
             test/sim/upgrade

# Those that need more than the tests do, and are built on demand.
EXTRA_PROGRAMS := bench/schema

FILES_minimal   := examples/minimal.c
FILES_rooms     := examples/rooms.c
FILES_engine_echo := examples/engine_echo.c
FILES_poll_loop := examples/poll_loop.c
FILES_metrics   := examples/metrics.c
FILES_tls_auth  := examples/tls_auth.c
FILES_hub       := $(addprefix examples/hub/, hub.c main.c)
FILES_chat      := $(addprefix examples/chat/, bucket.c chat.c history.c main.c \
                     options.c pages.c people.c rooms.c talk.c text.c)
FILES_chat_types := $(addprefix examples/chat/, text.c types.c)

FILES_bench/server := test/bench/server.c
FILES_bench/core   := test/bench/core.c
FILES_bench/schema := test/bench/schema.c
LIBS_bench/schema  := -ljansson -lcjson

FILES_test/contract/print := test/contract/print.c

FILES_test/client/server := $(addprefix test/client/, casts.c contracts.c \
                              control.c dynamic.c events.c limits.c listeners.c \
                              recovery.c report.c report_socket.c server.c)
FILES_test/client/engine := $(addprefix test/client/, engine.c engine_control.c \
                              engine_handover.c engine_hooks.c \
                              engine_options.c engine_outside.c report.c)

FILES_test/client/secure := test/client/secure.c
FILES_test/load/server := test/load/server.c

FILES_test/jwt/tool := test/jwt/tool.c

FILES_test/sim/sim := $(addprefix test/sim/, check.c client.c deeds.c host.c \
                        http.c ledger.c main.c net.c packets.c receive.c \
                        run.c script.c world.c ws.c)
FILES_test/sim/upgrade := test/sim/upgrade.c test/sim/upgrade_line.c

# Each lib/<folder>/<name>.c has its test/unit/<folder>/test_<name>.c.  These
# are further ones: <folder>/test_<name>.
UNIT_EXTRA := adapter/test_backlog_replay \
              adapter/test_recover_random \
              adapter/test_rooms_random \
              base/test_list \
              core/test_adjacent \
              core/test_attached \
              core/test_attachments \
              core/test_auth_size \
              core/test_backpressure \
              core/test_budget \
              core/test_callbacks \
              core/test_log \
              core/test_memory \
              core/test_msgpack_refused \
              core/test_msgpack_server \
              core/test_passage_ends \
              core/test_recovery_memory \
              core/test_revival_gaps \
              core/test_revival_random \
              core/test_revival_reasons \
              core/test_revival_rooms \
              core/test_shown \
              core/test_v2_urls \
              core/test_volatile \
              eio/test_baseline \
              eio/test_baseline_host \
              eio/test_bundle_codings \
              eio/test_conformance \
              eio/test_conformance_deflate \
              eio/test_conformance_inflate \
              eio/test_conformance_size \
              eio/test_conformance_text \
              eio/test_eio3 \
              eio/test_forwarding \
              eio/test_guests_random \
              eio/test_hazards \
              eio/test_hazards_callbacks \
              eio/test_hazards_flow \
              eio/test_idle \
              eio/test_inside_first \
              eio/test_outside_upgrade \
              eio/test_payload3_random \
              eio/test_respond_drain \
              eio/test_respond_pieces \
              eio/test_secure_rate \
              eio/test_websocket_deflate \
              http/test_cors_options \
              http/test_cors_origins \
              http/test_fixtures_http \
              json/test_vectors \
              jwt/test_jwt_hazards \
              jwt/test_jwt_mutations \
              jwt/test_jwt_vectors \
              proto/test_msgpack_random \
              schema/test_schema_random \
              tls/test_filter_memory \
              uv/test_file_conditions \
              uv/test_file_ends \
              uv/test_handover \
              ws/test_deflate_codec \
              ws/test_fixtures_ws

# test/support/<name>.c, linked with every unit test.
TEST_SUPPORT := baseline conform core_world eio_peer eio_world fixture jwt_data \
                jwt_world support tls_peer wire written

# SPDX-License-Identifier: MIT
# What is built from what.  `make lint` compares these lists with the folders.

# lib/<folder>/<name>.c.  Floors 0 to 4 make libsio, uv makes libsio-uv.
CORE_FOLDERS := base json http ws proto adapter eio core
UV_FOLDERS   := uv

SRC_base    := base64 buf chunk error id map mem outq random timer utf8
SRC_json    := number placeholder plain read scan string template value write
SRC_http    := parse request response
SRC_ws      := closing frame handshake message
SRC_proto   := binary decode encode packet
SRC_adapter := rooms
SRC_eio     := connection engine exchange packetq payload polling route \
               session shutdown snapshot upgrade verify websocket
SRC_core    := ack body client dispatch emit handlers middleware namespace \
               options selection server socket target
SRC_uv      := adapter file listener post stream

# Programs: build/<name> is made of FILES_<name>.  They are linked with both
# libraries unless CORE_ONLY names them, and get LIBS_<name> in addition.
PROGRAMS  := minimal poll_loop chat bench/server bench/core test/client/server
CORE_ONLY := poll_loop bench/core

FILES_minimal   := examples/minimal.c
FILES_poll_loop := examples/poll_loop.c
FILES_chat      := $(addprefix examples/chat/, bucket.c chat.c history.c main.c \
                     options.c pages.c people.c rooms.c talk.c text.c)

FILES_bench/server := test/bench/server.c
FILES_bench/core   := test/bench/core.c

FILES_test/client/server := $(addprefix test/client/, control.c events.c \
                              report.c server.c)

# Each lib/<folder>/<name>.c has its test/unit/<folder>/test_<name>.c.  These
# are further ones: <folder>/test_<name>.
UNIT_EXTRA := adapter/test_rooms_random \
              core/test_attached \
              core/test_attachments \
              core/test_budget \
              core/test_callbacks \
              core/test_memory \
              base/test_list \
              http/test_fixtures_http \
              json/test_vectors \
              ws/test_fixtures_ws

# test/support/<name>.c, linked with every unit test.
TEST_SUPPORT := core_world eio_peer eio_world fixture support

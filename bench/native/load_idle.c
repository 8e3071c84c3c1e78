#include "load_idle.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "connect_all.h"
#include "die.h"

enum { kAtOnce = 128, kPatienceMs = 10000, kHoldMs = 120000 };

static void ask(const Run* run, const Wire* wire) {
  ssize_t bytes = (ssize_t)run->pattern.message_bytes;
  if (wire_send(wire, run->pattern.sent, (size_t)bytes) != bytes) die_errno("send");
}

static void await_answer(const Run* run, const Wire* wire) {
  unsigned char bytes[4096];
  uint64_t received = 0;
  while (received < run->pattern.message_bytes) {
    struct pollfd wait = {.fd = wire->fd, .events = POLLIN};
    if (poll(&wait, 1, kPatienceMs) != 1) die("no answer from the server within 10 s");
    ssize_t length = wire_receive(wire, bytes, sizeof bytes);
    if (length < 0 && errno == EAGAIN) continue; /* A ticket alone. */
    if (length <= 0) die("the server closed a connection before its answer");
    if (!pattern_matches(&run->pattern, received, bytes, (size_t)length)) die("a wrong answer");
    received += (uint64_t)length;
  }
}

static void await_end_of_stdin(void) {
  struct pollfd wait = {.fd = STDIN_FILENO, .events = POLLIN};
  char byte;
  do {
    if (poll(&wait, 1, kHoldMs) != 1)
      die("held for 120 s: the bench has forgotten these connections");
  } while (read(STDIN_FILENO, &byte, 1) > 0);
}

double idle_hold(const Run* run) {
  int count = run->options->connections;
  Wire* wires = calloc((size_t)count, sizeof *wires);
  if (!wires) die("out of memory");
  uint64_t begun = now_ns();
  connect_wires(run, 0, count, wires);
  for (int i = 0; i < count; i++) {
    ask(run, &wires[i]);
    if (i >= kAtOnce) await_answer(run, &wires[i - kAtOnce]);
  }
  for (int i = count > kAtOnce ? count - kAtOnce : 0; i < count; i++) await_answer(run, &wires[i]);
  double seconds = (double)(now_ns() - begun) / 1e9;
  fprintf(stderr, "held %d\n", count);
  await_end_of_stdin();
  for (int i = 0; i < count; i++) {
    unsigned char byte;
    if (wire_receive(&wires[i], &byte, 1) >= 0 || errno != EAGAIN)
      die("an idle connection was disturbed");
  }
  free(wires);
  return seconds;
}

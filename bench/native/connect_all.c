#include "connect_all.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "clock.h"
#include "die.h"
#include "sockets.h"

enum { kAtOnce = 128, kPatienceMs = 30000 };

static void finish(int fd) {
  struct pollfd wait = {.fd = fd, .events = POLLOUT};
  if (poll(&wait, 1, kPatienceMs) != 1) die("connecting took longer than 30 s");
  int error = 0;
  socklen_t length = sizeof error;
  getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length);
  if (error) {
    errno = error;
    die_errno("connect");
  }
}

void connect_all(const Run* run, int first, int count, int* fds) {
  uint64_t deadline = now_ns() + (uint64_t)kPatienceMs * 1000000u;
  int sources = run->options->sources;
  for (int i = 0; i < count; i++) {
    fds[i] = connect_tcp(&run->target, sources ? 1 + (first + i) % sources : 0);
    if (fds[i] < 0) die_errno("connect");
    if (i >= kAtOnce) finish(fds[i - kAtOnce]);
    if (now_ns() > deadline) die("connecting took longer than 30 s");
  }
  for (int i = count > kAtOnce ? count - kAtOnce : 0; i < count; i++) finish(fds[i]);
}

void connect_wires(const Run* run, int first, int count, Wire* wires) {
  LoadTls tls = run->options->tls;
  TlsClient* client = tls == kTlsNone ? NULL : tls_client_new();
  int* fds = calloc((size_t)count, sizeof *fds);
  if (!fds) die("out of memory");
  /* No server waits long for a handshake, so only a few wait for theirs. */
  int step = client ? kAtOnce : count;
  for (int begin = 0; begin < count; begin += step) {
    int end = begin + step < count ? begin + step : count;
    connect_all(run, first + begin, end - begin, &fds[begin]);
    for (int i = begin; i < end; i++) {
      wires[i] = client ? wire_secure(fds[i], client, tls) : (Wire){fds[i], NULL};
      wire_handshake_now(&wires[i]);
    }
  }
  free(fds);
}

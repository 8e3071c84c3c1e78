/* Accept and answer: every slot connects, waits for the server's EOF (accept) or for the answer to
 * one line (answer), closes, and begins again. The latency counts from connect(), so from the SYN,
 * and has the handshake in it where there is one. */
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>

#include "clock.h"
#include "die.h"
#include "sockets.h"
#include "wire.h"
#include "worker.h"

enum { kEvents = 256, kReadBytes = 4096 };

typedef struct Slot {
  Wire wire;
  bool sent;
  uint64_t begun_ns;
  uint64_t received;
} Slot;

typedef struct Churn {
  Slot* slots;
  int open;
  TlsClient* tls; /* NULL: none. */
  unsigned begun; /* Connections so far: they go round the source addresses. */
} Churn;

static void begin(Worker* worker, Slot* slot) {
  Churn* churn = worker->connections;
  int sources = worker->run->options->sources;
  slot->sent = false;
  slot->received = 0;
  slot->begun_ns = now_ns();
  int source = sources ? 1 + (int)(churn->begun++ % (unsigned)sources) : 0;
  int fd = connect_tcp(&worker->run->target, source);
  if (fd < 0) die_errno("connect");
  slot->wire =
      churn->tls ? wire_secure(fd, churn->tls, worker->run->options->tls) : (Wire){fd, NULL};
  churn->open++;
  worker_watch(worker, fd, EPOLLIN | EPOLLOUT | EPOLLET, slot);
}

static void finish(Worker* worker, Slot* slot) {
  worker_count(worker, now_ns() - slot->begun_ns, 1, slot->received);
  wire_close(&slot->wire);
  ((Churn*)worker->connections)->open--;
  if (worker->phase != kStopping) begin(worker, slot);
}

static void speak(Worker* worker, Slot* slot) {
  const Pattern* pattern = &worker->run->pattern;
  ssize_t written = wire_send(&slot->wire, pattern->sent, pattern->message_bytes);
  if (written != (ssize_t)pattern->message_bytes) die_errno("send on a new connection");
  slot->sent = true;
}

static void receive(Worker* worker, Slot* slot) {
  const Pattern* pattern = &worker->run->pattern;
  bool answer = worker->run->options->scenario == kAnswer;
  unsigned char bytes[kReadBytes];
  ssize_t length = wire_receive(&slot->wire, bytes, sizeof bytes);
  if (length < 0 && errno == EAGAIN) return;
  if (length < 0) die_errno("receive from the server");
  if (length == 0) {
    if (answer) die("the server closed a connection before its answer");
    finish(worker, slot);
    return;
  }
  if (!answer) die("bytes came on a connection that was to be closed");
  if (!pattern_matches(pattern, slot->received, bytes, (size_t)length)) die("a wrong answer");
  slot->received += (uint64_t)length;
  if (slot->received > pattern->message_bytes) die("more came back than was sent");
  if (slot->received == pattern->message_bytes) finish(worker, slot);
}

static void prepare(Worker* worker) {
  Churn* churn = calloc(1, sizeof *churn);
  if (!churn) die("out of memory");
  worker->connections = churn;
  churn->slots = calloc((size_t)worker->count, sizeof *churn->slots);
  if (!churn->slots) die("out of memory");
  churn->begun = (unsigned)worker->first;
  if (worker->run->options->tls != kTlsNone) churn->tls = tls_client_new();
}

static void run(Worker* worker) {
  Churn* churn = worker->connections;
  bool answer = worker->run->options->scenario == kAnswer;
  struct epoll_event events[kEvents];
  for (int i = 0; i < worker->count; i++) begin(worker, &churn->slots[i]);
  while (worker->phase != kStopping || churn->open > 0) {
    int ready = worker_wait(worker, events, kEvents);
    worker_tick(worker, now_ns());
    for (int i = 0; i < ready; i++) {
      Slot* slot = events[i].data.ptr;
      if (!wire_handshake(&slot->wire)) continue;
      if (answer && !slot->sent && (events[i].events & EPOLLOUT)) speak(worker, slot);
      if (events[i].events & ~(uint32_t)EPOLLOUT) receive(worker, slot);
    }
  }
}

const LoadProgram kChurnProgram = {prepare, run};

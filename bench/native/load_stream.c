/* Lines, echo, relay: every connection keeps `in_flight` messages under way and checks every byte
 * that comes back by its position in the stream. Edge-triggered; one read and one write per wake-up
 * when the buffers allow it. Owner: the worker's thread alone. */
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "clock.h"
#include "connect_all.h"
#include "die.h"
#include "load_relay.h"
#include "worker.h"

enum { kEvents = 256, kReadBytes = 256 * 1024 };

typedef struct Stream {
  Wire out;
  Wire in;              /* Another than `out` behind a relay only. */
  uint64_t origin;      /* Where in the pattern this stream begins. */
  uint64_t sent;        /* Bytes. */
  uint64_t received;    /* Bytes. */
  uint64_t offered;     /* Messages that may be sent. */
  uint64_t answered;    /* Messages that came back whole. */
  uint64_t* offered_ns; /* Ring of `in_flight` times. */
} Stream;

typedef struct StreamSet {
  Stream* streams;
  uint64_t in_flight; /* Over all streams. */
  unsigned char* buffer;
} StreamSet;

static void offer(Worker* worker, Stream* stream, uint64_t messages, uint64_t now) {
  unsigned window = (unsigned)worker->run->options->in_flight;
  for (uint64_t i = 0; i < messages; i++) stream->offered_ns[stream->offered++ % window] = now;
  ((StreamSet*)worker->connections)->in_flight += messages;
}

static void flush(Worker* worker, Stream* stream) {
  const Pattern* pattern = &worker->run->pattern;
  uint64_t limit = stream->offered * pattern->message_bytes;
  if (!wire_flush(&stream->out)) return;
  while (stream->sent < limit) {
    size_t at = (size_t)((stream->origin + stream->sent) % pattern->length);
    size_t length = 2 * pattern->length - at;
    if (length > limit - stream->sent) length = (size_t)(limit - stream->sent);
    ssize_t written = wire_send(&stream->out, pattern->sent + at, length);
    if (written < 0 && errno == EAGAIN) return;
    if (written < 0) die_errno("send to the server");
    stream->sent += (uint64_t)written;
    if ((size_t)written < length) return;
  }
}

static void count_answers(Worker* worker, Stream* stream, uint64_t now) {
  const Pattern* pattern = &worker->run->pattern;
  unsigned window = (unsigned)worker->run->options->in_flight;
  uint64_t answered = stream->received / pattern->message_bytes;
  uint64_t messages = answered - stream->answered;
  while (stream->answered < answered) {
    uint64_t offered_ns = stream->offered_ns[stream->answered % window];
    uint64_t same = 1; /* Messages that were offered together are counted together. */
    while (stream->answered + same < answered &&
           stream->offered_ns[(stream->answered + same) % window] == offered_ns) {
      same++;
    }
    worker_count(worker, now - offered_ns, same, same * pattern->message_bytes);
    stream->answered += same;
  }
  ((StreamSet*)worker->connections)->in_flight -= messages;
  if (messages > 0 && worker->phase != kStopping) {
    offer(worker, stream, messages, now);
    flush(worker, stream);
  }
}

static void receive(Worker* worker, Stream* stream) {
  StreamSet* set = worker->connections;
  for (;;) {
    ssize_t length = wire_receive(&stream->in, set->buffer, kReadBytes);
    if (length < 0 && errno == EAGAIN) return;
    if (length < 0) die_errno("receive from the server");
    if (length == 0) die("the server closed a connection");
    if (stream->received + (uint64_t)length > stream->sent) die("more came back than was sent");
    uint64_t position = stream->origin + stream->received;
    if (!pattern_matches(&worker->run->pattern, position, set->buffer, (size_t)length)) {
      die("a wrong byte within %zd bytes at %llu of a connection", length,
          (unsigned long long)stream->received);
    }
    stream->received += (uint64_t)length;
    count_answers(worker, stream, now_ns());
    if (length < kReadBytes) return;
  }
}

static void prepare_stream(Worker* worker, Stream* stream, int index) {
  const Pattern* pattern = &worker->run->pattern;
  uint64_t messages = pattern->length / pattern->message_bytes;
  stream->origin = (uint64_t)index * 7919 % messages * pattern->message_bytes;
  stream->offered_ns = calloc((size_t)worker->run->options->in_flight, sizeof(uint64_t));
  if (!stream->offered_ns) die("out of memory");
  if (stream->out.fd == stream->in.fd) {
    worker_watch(worker, stream->out.fd, EPOLLIN | EPOLLOUT | EPOLLET, stream);
  } else {
    worker_watch(worker, stream->out.fd, EPOLLOUT | EPOLLET, stream);
    worker_watch(worker, stream->in.fd, EPOLLIN | EPOLLET, stream);
  }
}

static void prepare(Worker* worker) {
  size_t count = (size_t)worker->count;
  StreamSet* set = calloc(1, sizeof *set);
  Wire* wires = calloc(count, sizeof *wires);
  if (!set || !wires) die("out of memory");
  worker->connections = set;
  set->streams = calloc(count, sizeof *set->streams);
  set->buffer = malloc(kReadBytes);
  if (!set->streams || !set->buffer) die("out of memory");
  bool relayed = worker->run->options->scenario == kRelay;
  if (!relayed) connect_wires(worker->run, worker->first, worker->count, wires);
  for (int i = 0; i < worker->count; i++) {
    Stream* stream = &set->streams[i];
    stream->out = stream->in = wires[i];
    if (relayed) {
      relay_pair(worker->run, worker->first + i, &stream->out.fd, &stream->in.fd);
    }
    prepare_stream(worker, stream, worker->first + i);
  }
  free(wires);
}

static void run(Worker* worker) {
  StreamSet* set = worker->connections;
  struct epoll_event events[kEvents];
  for (int i = 0; i < worker->count; i++) {
    offer(worker, &set->streams[i], (uint64_t)worker->run->options->in_flight, now_ns());
    flush(worker, &set->streams[i]);
  }
  while (worker->phase != kStopping || set->in_flight > 0) {
    int ready = worker_wait(worker, events, kEvents);
    worker_tick(worker, now_ns());
    for (int i = 0; i < ready; i++) {
      Stream* stream = events[i].data.ptr;
      if (events[i].events & EPOLLOUT) flush(worker, stream);
      if (events[i].events & ~(uint32_t)EPOLLOUT) receive(worker, stream);
    }
  }
}

const LoadProgram kStreamProgram = {prepare, run};

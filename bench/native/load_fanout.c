/* Fan-out: the first connection speaks one message, every connection must hear it. `in_flight`
 * messages may be under way; one is heard when the last listener has it. What is counted is
 * deliveries: one message heard by one listener. The listeners are spread over the workers, the
 * floor is shared. */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "clock.h"
#include "connect_all.h"
#include "die.h"
#include "worker.h"

enum { kEvents = 256, kReadBytes = 64 * 1024, kPatienceMs = 10000, kMostInFlight = 4096 };

typedef struct Listener {
  int fd;
  uint64_t received; /* Bytes. */
} Listener;

typedef struct Hall {
  Listener* listeners;
  unsigned char* buffer;
} Hall;

/* Who brings a message to its last listener takes the lock and speaks the next one. */
static pthread_mutex_t floor_lock = PTHREAD_MUTEX_INITIALIZER;
static int speaker_fd;
static uint64_t heard; /* Messages that all have; under the lock. */
static atomic_ullong spoken;
static atomic_bool over;
static uint64_t spoken_ns[kMostInFlight];
static atomic_int missing[kMostInFlight];

static void speak(const Run* run, uint64_t now) {
  const Pattern* pattern = &run->pattern;
  uint64_t message = atomic_load(&spoken);
  unsigned slot = (unsigned)(message % (unsigned)run->options->in_flight);
  size_t at = (size_t)(message * pattern->message_bytes % pattern->length);
  spoken_ns[slot] = now;
  atomic_store(&missing[slot], run->options->connections);
  atomic_store(&spoken, message + 1);
  ssize_t written = send(speaker_fd, pattern->sent + at, pattern->message_bytes, MSG_NOSIGNAL);
  if (written != (ssize_t)pattern->message_bytes) die_errno("send to the server");
}

static void advance(Worker* worker) {
  unsigned window = (unsigned)worker->run->options->in_flight;
  pthread_mutex_lock(&floor_lock);
  while (heard < atomic_load(&spoken) && atomic_load(&missing[heard % window]) == 0) {
    uint64_t now = now_ns();
    if (worker->phase == kMeasure) {
      histogram_add(&worker->latency, now - spoken_ns[heard % window], 1);
    }
    heard++;
    if (worker->phase != kStopping) speak(worker->run, now);
  }
  if (worker->phase == kStopping && heard == atomic_load(&spoken)) atomic_store(&over, true);
  pthread_mutex_unlock(&floor_lock);
}

static void count_deliveries(Worker* worker, uint64_t before, uint64_t after) {
  unsigned window = (unsigned)worker->run->options->in_flight;
  uint64_t bytes = worker->run->pattern.message_bytes;
  bool last = false;
  for (uint64_t message = before / bytes; message < after / bytes; message++) {
    if (atomic_fetch_sub(&missing[message % window], 1) == 1) last = true;
    if (worker->phase != kMeasure) continue;
    worker->messages++;
    worker->bytes += bytes;
  }
  if (last) advance(worker);
}

static void receive(Worker* worker, Listener* listener) {
  Hall* hall = worker->connections;
  ssize_t length = recv(listener->fd, hall->buffer, kReadBytes, 0);
  if (length < 0 && errno == EAGAIN) return;
  if (length < 0) die_errno("receive from the server");
  if (length == 0) die("the server closed a connection");
  if (!pattern_matches(&worker->run->pattern, listener->received, hall->buffer, (size_t)length)) {
    die("a wrong byte within %zd bytes at %llu of a listener", length,
        (unsigned long long)listener->received);
  }
  uint64_t before = listener->received;
  listener->received += (uint64_t)length;
  if (listener->received > atomic_load(&spoken) * worker->run->pattern.message_bytes) {
    die("more came back than was sent");
  }
  count_deliveries(worker, before, listener->received);
}

/* The server greets a connection with one LF once it takes part: from then on it hears everything.
 */
static void await_greeting(int fd) {
  struct pollfd wait = {.fd = fd, .events = POLLIN};
  char greeting = 0;
  if (poll(&wait, 1, kPatienceMs) != 1) die("no greeting from the server within 10 s");
  if (recv(fd, &greeting, 1, 0) != 1 || greeting != '\n') die("the greeting is not one LF");
}

static void prepare(Worker* worker) {
  size_t count = (size_t)worker->count;
  Hall* hall = calloc(1, sizeof *hall);
  int* fds = calloc(count, sizeof *fds);
  if (!hall || !fds) die("out of memory");
  worker->connections = hall;
  hall->listeners = calloc(count, sizeof *hall->listeners);
  hall->buffer = malloc(kReadBytes);
  if (!hall->listeners || !hall->buffer) die("out of memory");
  connect_all(worker->run, worker->first, worker->count, fds);
  for (int i = 0; i < worker->count; i++) {
    await_greeting(fds[i]);
    hall->listeners[i].fd = fds[i];
    worker_watch(worker, fds[i], EPOLLIN, &hall->listeners[i]);
  }
  if (worker->first == 0) speaker_fd = fds[0];
  free(fds);
}

static void run(Worker* worker) {
  struct epoll_event events[kEvents];
  if (worker->first == 0) {
    pthread_mutex_lock(&floor_lock);
    for (int i = 0; i < worker->run->options->in_flight; i++) speak(worker->run, now_ns());
    pthread_mutex_unlock(&floor_lock);
  }
  while (worker->phase != kStopping || !atomic_load(&over)) {
    int ready = worker_wait(worker, events, kEvents);
    worker_tick(worker, now_ns());
    for (int i = 0; i < ready; i++) receive(worker, events[i].data.ptr);
    if (worker->phase == kStopping) advance(worker);
  }
}

const LoadProgram kFanoutProgram = {prepare, run};

/* A load thread: its share of the connections, its clock phase, what it counted. Nothing in it is
 * shared with another thread while the run goes on. */
#ifndef BENCH_WORKER_H_
#define BENCH_WORKER_H_

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "histogram.h"
#include "load_options.h"
#include "pattern.h"

typedef enum Phase {
  kWarmUp,   /* Load without counting. */
  kMeasure,  /* The timed window. */
  kStopping, /* Nothing new is sent; what is in flight must still come. */
} Phase;

typedef struct Run {
  const LoadOptions* options;
  struct sockaddr_in target;
  Pattern pattern;
  uint64_t begin_ns; /* The timed window, set once all have connected. */
  uint64_t end_ns;
} Run;

typedef struct Worker {
  const Run* run;
  int first; /* Index of this worker's first connection. */
  int count; /* How many it has. */
  int epoll_fd;
  void* connections; /* The scenario's own. */
  Phase phase;
  uint64_t started_ns;
  uint64_t stopped_ns;
  uint64_t started_cpu_ns;
  uint64_t cpu_ns;
  uint64_t messages; /* Within the window. */
  uint64_t bytes;
  Histogram latency;
} Worker;

typedef struct LoadProgram {
  void (*prepare)(Worker* worker); /* Connects. */
  void (*run)(Worker* worker);     /* Returns once it is stopping and nothing is in flight. */
} LoadProgram;

extern const LoadProgram kStreamProgram; /* Lines, echo and relay. */
extern const LoadProgram kFanoutProgram;
extern const LoadProgram kChurnProgram; /* Accept and answer. */

/* Moves the phase on by the clock; begins and ends the counting. Dies when what is in flight does
 * not come. */
void worker_tick(Worker* worker, uint64_t now);

/* Waits for events; never longer than the phase lasts. */
struct epoll_event;
int worker_wait(Worker* worker, struct epoll_event* events, int count);

void worker_watch(Worker* worker, int fd, uint32_t events, void* owner);

/* Counts answers that came now, all of them sent at `sent_ns`. */
static inline void worker_count(Worker* worker, uint64_t latency_ns, uint64_t messages,
                                uint64_t bytes) {
  if (worker->phase != kMeasure) return;
  histogram_add(&worker->latency, latency_ns, messages);
  worker->messages += messages;
  worker->bytes += bytes;
}

#endif

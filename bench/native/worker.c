#include "worker.h"

#include <errno.h>
#include <sys/epoll.h>

#include "clock.h"
#include "die.h"

enum { kWaitMs = 20 };
static const uint64_t kPatienceNs = 5000000000u;

void worker_tick(Worker* worker, uint64_t now) {
  if (worker->phase == kWarmUp && now >= worker->run->begin_ns) {
    worker->phase = kMeasure;
    worker->started_ns = now;
    worker->started_cpu_ns = thread_cpu_ns();
    worker->messages = 0;
    worker->bytes = 0;
    histogram_clear(&worker->latency);
  }
  if (worker->phase == kMeasure && now >= worker->run->end_ns) {
    worker->phase = kStopping;
    worker->stopped_ns = now;
    worker->cpu_ns = thread_cpu_ns() - worker->started_cpu_ns;
  }
  if (worker->phase == kStopping && now > worker->run->end_ns + kPatienceNs) {
    die("answers are still missing 5 s after the last message");
  }
}

int worker_wait(Worker* worker, struct epoll_event* events, int count) {
  int ready = epoll_wait(worker->epoll_fd, events, count, kWaitMs);
  if (ready < 0 && errno != EINTR) die_errno("epoll_wait");
  return ready < 0 ? 0 : ready;
}

void worker_watch(Worker* worker, int fd, uint32_t events, void* owner) {
  struct epoll_event event = {.events = events, .data.ptr = owner};
  if (epoll_ctl(worker->epoll_fd, EPOLL_CTL_ADD, fd, &event)) die_errno("epoll_ctl");
}

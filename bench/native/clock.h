/* Monotonic and CPU time in nanoseconds. */
#ifndef BENCH_CLOCK_H_
#define BENCH_CLOCK_H_

#include <stdint.h>
#include <time.h>

static inline uint64_t clock_ns(clockid_t id) {
  struct timespec time;
  clock_gettime(id, &time);
  return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static inline uint64_t now_ns(void) { return clock_ns(CLOCK_MONOTONIC); }

static inline uint64_t thread_cpu_ns(void) { return clock_ns(CLOCK_THREAD_CPUTIME_ID); }

#endif

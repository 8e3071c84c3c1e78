// The clock that libevent runs on, and performance.now() too.
#pragma once

#include <time.h>

#include <cstdint>

namespace rxjs_libevent {

inline int64_t MonotonicUs() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<int64_t>(now.tv_sec) * 1000000 + now.tv_nsec / 1000;
}

}  // namespace rxjs_libevent

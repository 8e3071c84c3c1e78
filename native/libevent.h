// libevent behind owners: each pointer that it hands out is freed once, by its type.
#pragma once

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <event2/listener.h>

#include <sys/select.h>

#include <cerrno>
#include <cstring>
#include <memory>

namespace rxjs_libevent {

template <auto free_function>
struct Freed {
  template <typename T>
  void operator()(T* pointer) const {
    free_function(pointer);
  }
};

using EventBasePtr = std::unique_ptr<event_base, Freed<event_base_free>>;
using EventConfigPtr = std::unique_ptr<event_config, Freed<event_config_free>>;
using EventPtr = std::unique_ptr<event, Freed<event_free>>;
using BuffereventPtr = std::unique_ptr<bufferevent, Freed<bufferevent_free>>;
using ListenerPtr = std::unique_ptr<evconnlistener, Freed<evconnlistener_free>>;
using TokenBucketPtr = std::unique_ptr<ev_token_bucket_cfg, Freed<ev_token_bucket_cfg_free>>;
using RateLimitGroupPtr =
    std::unique_ptr<bufferevent_rate_limit_group, Freed<bufferevent_rate_limit_group_free>>;

// Whether the base's method can watch a descriptor: beyond select()'s sets the C library ends the
// process.
inline bool CanWatch(const event_base* base, int fd) {
  return fd < FD_SETSIZE || strcmp(event_base_get_method(base), "select") != 0;
}

// Makes a call that returns 0, or another number and may set errno. Returns 0, or an errno: nobody
// can pass a failure over.
template <auto function, typename... Arguments>
[[nodiscard]] int Try(Arguments... arguments) {
  errno = 0;
  if (function(arguments...) == 0) return 0;
  return errno != 0 ? errno : EINVAL;
}

[[nodiscard]] inline int AddEvent(event* event, const timeval* timeout) {
  return Try<event_add>(event, timeout);
}

// -1 stands for libevent's default.
[[nodiscard]] inline int SetPriority(event* event, int priority) {
  return priority < 0 ? 0 : Try<event_priority_set>(event, priority);
}

[[nodiscard]] inline int Enable(bufferevent* bufferevent, short directions) {
  return Try<bufferevent_enable>(bufferevent, directions);
}

inline timeval Milliseconds(int32_t milliseconds) {
  return {milliseconds / 1000, (milliseconds % 1000) * 1000};
}

// Of a negative time, the seconds are rounded down: the microseconds never are negative.
inline timeval Microseconds(int64_t microseconds) {
  constexpr int64_t kSecond = 1000000;
  const int64_t rest = (microseconds % kSecond + kSecond) % kSecond;
  return {static_cast<time_t>((microseconds - rest) / kSecond), static_cast<suseconds_t>(rest)};
}

}  // namespace rxjs_libevent

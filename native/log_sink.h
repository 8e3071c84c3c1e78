// Where libevent's log messages go: one queue for each environment, bounded, and a nudge to look.
//
// Threads: Tell() on any, as libevent logs on the thread that called it; the rest on JavaScript's.
// Owner: the environment (reactor_binding.cc).
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <string>

namespace rxjs_libevent {

struct LogMessage {
  int severity;  // EVENT_LOG_*
  std::string text;
  uint32_t lost;  // messages that found no room, before this one
};

class LogSink {
 public:
  // `nudge` is called on the thread that logs and must only notify.
  explicit LogSink(std::function<void()> nudge);
  // No nudge follows.
  ~LogSink();
  LogSink(const LogSink&) = delete;
  LogSink& operator=(const LogSink&) = delete;

  // The messages that have come since the last call.
  std::deque<LogMessage> Take();

  static void Tell(int severity, const char* text);

 private:
  const std::function<void()> nudge_;
  std::deque<LogMessage> messages_;
  uint32_t lost_ = 0;
};

}  // namespace rxjs_libevent

// Threads: see the header. One mutex for all: logging is rare, and a sink goes only under it.
#include "log_sink.h"

#include <algorithm>
#include <mutex>
#include <utility>
#include <vector>

namespace rxjs_libevent {
namespace {

// More than this is not kept: a log that nobody reads must not grow.
constexpr size_t kMostMessages = 256;

struct Sinks {
  std::mutex mutex;
  std::vector<LogSink*> all;
};

Sinks& Registered() {
  static Sinks* sinks = new Sinks;  // outlives every thread
  return *sinks;
}

}  // namespace

LogSink::LogSink(std::function<void()> nudge) : nudge_(std::move(nudge)) {
  std::lock_guard<std::mutex> lock(Registered().mutex);
  Registered().all.push_back(this);
}

LogSink::~LogSink() {
  std::lock_guard<std::mutex> lock(Registered().mutex);
  auto& all = Registered().all;
  all.erase(std::remove(all.begin(), all.end(), this), all.end());
}

std::deque<LogMessage> LogSink::Take() {
  std::lock_guard<std::mutex> lock(Registered().mutex);
  return std::exchange(messages_, {});
}

void LogSink::Tell(int severity, const char* text) {
  std::lock_guard<std::mutex> lock(Registered().mutex);
  for (LogSink* sink : Registered().all) {
    if (sink->messages_.size() == kMostMessages) {
      ++sink->lost_;
      continue;
    }
    sink->messages_.push_back({severity, text, std::exchange(sink->lost_, 0)});
    sink->nudge_();
  }
}

}  // namespace rxjs_libevent

// Thread: JavaScript's, before the reactor's has begun.
#include "new_event_base.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>

#include "process_hooks.h"

namespace rxjs_libevent {

namespace {

// What a base opens: libevent gives up half-way without them, and keeps what it has opened.
// Returns the highest of what it can have, or -1.
int HighestDescriptor() {
  constexpr int kWanted = 5;  // epoll, timerfd, a pair for signals, the reactor's wake-up
  int fds[kWanted];
  int count = 0;
  while (count < kWanted && (fds[count] = eventfd(0, EFD_CLOEXEC)) >= 0) ++count;
  const int error = errno;
  for (int i = 0; i < count; ++i) close(fds[i]);
  errno = error;
  return count == kWanted ? fds[kWanted - 1] : -1;
}

}  // namespace

EventBasePtr NewEventBase(const Napi::Object& options, std::string* failed, int* code) {
  EventConfigPtr config(event_config_new());
  if (!config) {
    *failed = "event_config_new";
    return nullptr;
  }
  const auto avoided = options.Get("avoidMethods").As<Napi::Array>();
  for (uint32_t i = 0; i < avoided.Length(); ++i) {
    event_config_avoid_method(config.get(), avoided.Get(i).As<Napi::String>().Utf8Value().c_str());
  }
  event_config_require_features(config.get(),
                                options.Get("features").As<Napi::Number>().Int32Value());
  // NOLOCK: only the reactor's thread ever touches the base.
  int flags = EVENT_BASE_FLAG_NOLOCK | EVENT_BASE_FLAG_PRECISE_TIMER;
  if (!options.Get("readEnvironment").As<Napi::Boolean>().Value()) {
    flags |= EVENT_BASE_FLAG_IGNORE_ENV;
  }
  event_config_set_flag(config.get(), flags);
  const int32_t interval = options.Get("maxDispatchIntervalUs").As<Napi::Number>().Int32Value();
  const int32_t callbacks = options.Get("maxDispatchCallbacks").As<Napi::Number>().Int32Value();
  if (interval > 0 || callbacks > 0) {
    const timeval limit = Microseconds(interval);
    event_config_set_max_dispatch_interval(config.get(), interval > 0 ? &limit : nullptr,
                                           callbacks > 0 ? callbacks : -1, 1);
  }
  const int highest = HighestDescriptor();
  if (highest < 0) {
    *code = errno;
    *failed = "event_base_new_with_config";
    return nullptr;
  }
  // Another thread may have taken them meanwhile: then libevent would end the process.
  event_base* made = nullptr;
  const bool survived =
      SurvivesFatal([&made, &config] { made = event_base_new_with_config(config.get()); });
  EventBasePtr base(survived ? made : nullptr);
  if (!base) {
    if (!survived && errno != 0) *code = errno;
    *failed = "event_base_new_with_config";
    return nullptr;
  }
  if (!CanWatch(base.get(), highest)) {
    *code = EMFILE;
    *failed = "event_base_new_with_config";
    return nullptr;
  }
  const int32_t priorities = options.Get("priorities").As<Napi::Number>().Int32Value();
  if (priorities > 1 && event_base_priority_init(base.get(), priorities) != 0) {
    *failed = "event_base_priority_init";
    return nullptr;
  }
  return base;
}

}  // namespace rxjs_libevent

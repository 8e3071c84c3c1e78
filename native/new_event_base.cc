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

EventBasePtr NewEventBase(const BaseOptions& options, std::string* failed, int* code) {
  const auto fail = [&](const char* call, int error) {
    *failed = call;
    *code = error;
    return EventBasePtr();
  };
  EventConfigPtr config(event_config_new());
  if (!config) return fail("event_config_new", ENOMEM);
  for (const std::string& method : options.avoid_methods) {
    if (event_config_avoid_method(config.get(), method.c_str()) != 0) {
      return fail("event_config_avoid_method", ENOMEM);
    }
  }
  // NOLOCK: only the reactor's thread ever touches the base.
  int flags = EVENT_BASE_FLAG_NOLOCK | EVENT_BASE_FLAG_PRECISE_TIMER;
  if (!options.read_environment) flags |= EVENT_BASE_FLAG_IGNORE_ENV;
  if (event_config_require_features(config.get(), options.features) != 0 ||
      event_config_set_flag(config.get(), flags) != 0) {
    return fail("event_config_require_features", EINVAL);
  }
  const int interval = options.max_dispatch_interval_us;
  const int callbacks = options.max_dispatch_callbacks;
  if (interval > 0 || callbacks > 0) {
    const timeval limit = Microseconds(interval);
    if (event_config_set_max_dispatch_interval(config.get(), interval > 0 ? &limit : nullptr,
                                               callbacks > 0 ? callbacks : -1, 1) != 0) {
      return fail("event_config_set_max_dispatch_interval", EINVAL);
    }
  }
  const int highest = HighestDescriptor();
  if (highest < 0) return fail("event_base_new_with_config", errno);
  // Another thread may have taken them meanwhile: then libevent would end the process.
  event_base* made = nullptr;
  errno = 0;
  const bool survived =
      SurvivesFatal([&made, &config] { made = event_base_new_with_config(config.get()); });
  EventBasePtr base(survived ? made : nullptr);
  if (!base) return fail("event_base_new_with_config", !survived && errno != 0 ? errno : EINVAL);
  if (!CanWatch(base.get(), highest)) return fail("event_base_new_with_config", EMFILE);
  if (options.priorities > 1 && event_base_priority_init(base.get(), options.priorities) != 0) {
    return fail("event_base_priority_init", EINVAL);
  }
  return base;
}

}  // namespace rxjs_libevent

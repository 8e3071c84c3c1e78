// Durations that many timers share: libevent keeps such timers in one queue each, so adding and
// cancelling one does not depend on how many there are.
//
// Thread: the reactor's. Owner: the reactor. Lifetime: that of the base, which never forgets one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>

#include "libevent.h"

namespace rxjs_libevent {

class CommonTimeouts {
 public:
  // Returns null when the base has as many durations as libevent allows; then a plain timeval does.
  const timeval* Get(event_base* base, int64_t microseconds) {
    const auto known = durations_.find(microseconds);
    if (known != durations_.end()) return known->second;
    if (durations_.size() == kMost) return nullptr;
    const timeval duration = Microseconds(microseconds);
    const timeval* common = event_base_init_common_timeout(base, &duration);
    if (common != nullptr) durations_.emplace(microseconds, common);
    return common;
  }

  size_t size() const { return durations_.size(); }

 private:
  static constexpr size_t kMost = 256;  // MAX_COMMON_TIMEOUTS of event.c

  std::unordered_map<int64_t, const timeval*> durations_;
};

}  // namespace rxjs_libevent

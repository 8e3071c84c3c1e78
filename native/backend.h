// The epoll set of a base, for a thread that waits for the base without blocking in it, and its
// next timeout, which libevent looks up only when it is about to block.
//
// Thread: whichever turns the base. Owner: the reactor. Lifetime: that of the base, which owns the
// descriptors.
#pragma once

#include <cstdint>

#include "libevent.h"

namespace rxjs_libevent {

class Backend {
 public:
  // libevent does not give its descriptors away, so they are looked for: the set is the one that
  // holds `wake_fd`. Returns 0, or ENOTSUP where the method has no set, or no timer in it.
  [[nodiscard]] int Find(const event_base* base, int wake_fd);

  // Readable when a turn has something to do; -1 if nobody has looked for it.
  int fd() const { return epoll_fd_; }

  // A timeout has been added that ends after `delay`.
  void Note(const timeval& delay);
  // Whether what was known as the next timeout may have ended: then the next one is not known.
  bool IsDue() const;
  void Forget() { due_us_ = kNone; }
  // After a pass that would have blocked: libevent has set its timer to the next timeout. Returns
  // false when it has not: there is no timeout, or one was due.
  bool Learn();
  // A pass that may not block turns libevent's timer off.
  void TurnedOff() { set_us_ = kNone; }
  // Sets the timer for the next timeout that is known.
  void Set();

 private:
  static constexpr int64_t kNone = INT64_MAX;

  int epoll_fd_ = -1;
  int timer_fd_ = -1;
  int64_t due_us_ = kNone;  // no timeout ends earlier; CLOCK_MONOTONIC
  int64_t set_us_ = kNone;  // what the timer is set to
};

}  // namespace rxjs_libevent

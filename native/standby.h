// The thread that stands by while JavaScript's turns a base: it takes the base
// over where JavaScript does not keep up, and offers it back when both of them
// have little to do.
//
// Thread: constructed, started, notified and ended by JavaScript's thread; the
// rest runs on its own. Owner: the reactor. Lifetime: it ends before the base
// is freed, whose descriptor it watches.
#pragma once

#include <pthread.h>
#include <sched.h>
#include <time.h>

#include <atomic>
#include <cstdint>
#include <optional>

#include "libevent.h"

namespace rxjs_libevent {

class Reactor;

class Standby {
 public:
  // `tick_us`: how often it looks while JavaScript turns the base.
  Standby(Reactor& reactor, int tick_us) : reactor_(reactor), tick_us_(tick_us) {}
  ~Standby();
  Standby(const Standby&) = delete;
  Standby& operator=(const Standby&) = delete;

  // JavaScript's thread. Returns 0 or an errno.
  [[nodiscard]] int Start();
  // The base dispatches again.
  void Notify();
  // JavaScript has been called, and wants the base back if that is what it was
  // called for. Returns true if so.
  [[nodiscard]] bool Claim();
  // Ends the thread. If it has the base, the reactor must have been asked to
  // stop.
  void End();

  // While it has the base: in front of the first turn, and behind the last one.
  void Begin();
  void Finish();
  bool hands_back() const { return offer_.load() == Offer::kClaimed || !watched_; }

 private:
  // JavaScript may be blocked, so the base is given to nobody who has not
  // answered.
  enum class Offer { kNone, kMade, kClaimed };

  // CPU time since it was asked last, of both threads, against that of the
  // clock.
  struct Load {
    int64_t wall_us = 0;
    int64_t javascript_us = 0;
    int64_t own_us = 0;
  };

  void Run();
  bool IsNeeded();
  bool IsBehind();
  bool IsBusy();
  void Restart();
  void Schedule(int policy);
  void Watch();
  void LookAtLoad();
  Load TakeLoad();

  static void* OnThread(void* self);
  static void OnWatch(evutil_socket_t fd, short what, void* self);

  Reactor& reactor_;
  const int tick_us_;
  int control_fd_ = -1;
  clockid_t javascript_clock_ = 0;
  std::optional<pthread_t> thread_;  // while there is one
  std::atomic<bool> ends_{false};
  std::atomic<Offer> offer_{Offer::kNone};
  // The rest is its thread's.
  int policy_ = SCHED_OTHER;
  bool dispatches_ = true;
  uint32_t turns_ = 0;        // of JavaScript, when it was looked at last
  int quiet_ticks_ = 0;       // since the last turn
  int unanswered_ticks_ = 0;  // that found the base readable, since the last turn
  int window_ticks_ = 0;
  int64_t late_us_ = 0;  // how late the ticks of this window have been, in all
  bool busy_ = false;    // was JavaScript in the last window
  Load before_;
  event watch_ = {};
  bool watched_ = false;  // there is a next look at the load, or an offer
};

}  // namespace rxjs_libevent

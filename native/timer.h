// An evtimer: fires once, or at the points of a grid in time.
#pragma once

#include "event_handler.h"
#include "libevent.h"

namespace rxjs_libevent {

class Timer final : public EventHandler {
 public:
  Timer(Reactor& reactor, int32_t id) : EventHandler(reactor, id) {}
  ~Timer() override {
    if (event_initialized(&event_)) event_del(&event_);
  }

  Failure Open(const Record& record) override;
  void Take(const Record& record) override;

 private:
  // Returns 0 or an errno.
  [[nodiscard]] int ArmAt(int64_t due_us);
  void ArmOrFail(int64_t due_us);
  void OnDue(short what);
  void Post();

  event event_ = {};
  int64_t due_us_ = 0;     // CLOCK_MONOTONIC
  int64_t period_us_ = 0;  // 0 until kInterval has come
  bool periodic_ = false;
  bool awaits_interval_ = false;  // has been due before kInterval came
  uint32_t passed_ = 0;           // points of the grid so far, modulo 2^32
  uint64_t posted_at_ = 0;        // position behind the last kFired
};

}  // namespace rxjs_libevent

// An evtimer: fires once, or at the points of a grid in time.
#pragma once

#include <memory>

#include "event_handler.h"
#include "libevent.h"

namespace rxjs_libevent {

class Timer final : public EventHandler {
 public:
  static std::unique_ptr<EventHandler> Open(Reactor& reactor, const Record& record);
  ~Timer() override { event_del(&event_); }

  void Take(const Record& record) override;

 private:
  Timer(Reactor& reactor, int32_t id) : EventHandler(reactor, id) {}

  void ArmAt(int64_t due_us);
  void OnDue();
  void Post(uint64_t expirations);

  static void OnTimeout(evutil_socket_t fd, short what, void* self);

  event event_ = {};
  int64_t due_us_ = 0;     // CLOCK_MONOTONIC
  int64_t period_us_ = 0;  // 0 until kInterval has come
  bool periodic_ = false;
  bool awaits_interval_ = false;  // has been due before kInterval came
  uint64_t missed_ = 0;           // expirations that JavaScript has not been told
  uint64_t posted_at_ = 0;        // position behind the last kFired
};

}  // namespace rxjs_libevent

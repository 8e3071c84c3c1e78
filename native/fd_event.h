// An event on a descriptor: readable, writable, timed out, closed by the peer, or triggered by
// hand.
#pragma once

#include <cstdint>

#include "death_watch.h"
#include "event_handler.h"
#include "libevent.h"

namespace rxjs_libevent {

class FdEvent final : public EventHandler, private DeathWatcher {
 public:
  FdEvent(Reactor& reactor, int32_t id) : EventHandler(reactor, id) {}
  ~FdEvent() override { Close(); }

  Failure Open(const Record& record) override;
  void Take(const Record& record) override;
  void FailIfClosed() override;
  void Abandon() override;

 private:
  enum class State { kNew, kAssigned, kClosed };

  Failure Check(int events) const;
  Failure Assign(const Record& record);
  void Want(bool wanted);
  void Arm();
  void Fail(int error, FailedCall call);
  void OnDeath(bool failed) override;
  void Note(short what);
  void Deliver();
  void Close();

  event event_ = {};
  int fd_ = -1;
  int64_t timeout_us_ = 0;  // 0 for none
  State state_ = State::kNew;
  int fired_ = 0;  // EventFlags that JavaScript has not had
  bool edge_ = false;
  bool watched_ = false;  // stands in the death watch
  bool wanted_ = false;
  bool acknowledged_ = true;
};

}  // namespace rxjs_libevent

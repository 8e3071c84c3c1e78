// An event on a descriptor that belongs to somebody else: readable, writable, timed out, closed by
// the peer, or triggered by hand.
#pragma once

#include <cstdint>
#include <memory>

#include "death_watch.h"
#include "event_handler.h"
#include "libevent.h"

namespace rxjs_libevent {

class FdEvent final : public EventHandler, public DeathWatcher {
 public:
  static std::unique_ptr<EventHandler> Open(Reactor& reactor, const Record& record);
  ~FdEvent() override { Close(); }

  void Take(const Record& record) override;
  void OnDeath(bool failed) override;
  bool FailIfClosed() override;

 private:
  FdEvent(Reactor& reactor, int32_t id, int fd) : EventHandler(reactor, id), fd_(fd) {}

  bool Assign(const Record& record);
  void Want(bool wanted);
  void Arm();
  void Fail(int error, FailedCall call);
  void Note(int what);
  void Deliver();
  void Close();

  static void OnEvent(evutil_socket_t fd, short what, void* self);

  event event_ = {};
  const int fd_;
  int64_t timeout_us_ = 0;  // 0 for none
  bool edge_ = false;
  bool by_number_ = false;  // the method gives the kernel the number with every look
  bool assigned_ = false;
  bool watched_ = false;  // stands in the death watch
  bool wanted_ = false;
  bool acknowledged_ = true;
  int fired_ = 0;  // EventFlags that JavaScript has not been told
};

}  // namespace rxjs_libevent

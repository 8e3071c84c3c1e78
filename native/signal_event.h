// An evsignal: counts how often a signal has come since JavaScript was told.
#pragma once

#include <signal.h>

#include <memory>

#include "event_handler.h"
#include "libevent.h"

namespace rxjs_libevent {

class SignalEvent final : public EventHandler {
 public:
  static std::unique_ptr<EventHandler> Open(Reactor& reactor, const Record& record);
  ~SignalEvent() override { GiveBack(); }

  void Take(const Record& record) override;

 private:
  SignalEvent(Reactor& reactor, int32_t id, int number)
      : EventHandler(reactor, id), number_(number) {}

  void Deliver();
  void GiveBack();

  static void OnSignal(evutil_socket_t number, short what, void* self);

  event event_ = {};
  const int number_;
  bool added_ = false;
  struct sigaction ours_ = {};  // what libevent has installed
  uint32_t missed_ = 0;         // deliveries that JavaScript has not been told
  bool acknowledged_ = true;
};

}  // namespace rxjs_libevent

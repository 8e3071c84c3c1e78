// An evsignal: counts how often a signal has come since it was last reported to JavaScript.
#pragma once

#include <pthread.h>
#include <signal.h>

#include "event_handler.h"
#include "libevent.h"

namespace rxjs_libevent {

class SignalEvent final : public EventHandler {
 public:
  SignalEvent(Reactor& reactor, int32_t id) : EventHandler(reactor, id) {}
  ~SignalEvent() override { GiveBack(); }

  Failure Open(const Record& record) override;
  void Take(const Record& record) override;
  void Abandon() override;

 private:
  void OnSignal(short what);
  void PassOn();
  void Deliver();
  void GiveBack();

  event event_ = {};
  int number_ = 0;
  bool added_ = false;
  struct sigaction nodes_ = {};  // what was installed before: the handler of Node's event loop
  struct sigaction ours_ = {};   // what libevent has installed
  uint32_t missed_ = 0;          // deliveries that JavaScript has not had
  bool acknowledged_ = true;
};

}  // namespace rxjs_libevent

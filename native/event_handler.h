// What an id on the rings stands for: a socket, a listener, a timer, an event.
//
// Thread: the reactor's alone. Owner: the reactor's table, from before Open() on, so that libevent
// can give up inside any of its calls without a frame above that owns something. A handler is
// deleted between two turns of the loop, never inside one of its own callbacks.
#pragma once

#include "ring.h"

namespace rxjs_libevent {

class Reactor;

// Why a call has failed; an error of 0 for one that has not.
struct [[nodiscard]] Failure {
  int error = 0;
  FailedCall call = kSocketCall;

  explicit operator bool() const { return error != 0; }
};

class EventHandler {
 public:
  EventHandler(Reactor& reactor, int32_t id) : reactor_(reactor), id_(id) {}
  virtual ~EventHandler() = default;
  EventHandler(const EventHandler&) = delete;
  EventHandler& operator=(const EventHandler&) = delete;

  int32_t id() const { return id_; }

  // The submission that has made this handler. After a failure, kFailed and kClosed are posted.
  virtual Failure Open(const Record& record) = 0;

  // A later submission that names this handler.
  virtual void Take(const Record& record) = 0;

  // The reactor had no room for more completions or no memory, and has again.
  virtual void Resume() {}

  // Submissions have been taken since Reactor::SettleLater().
  virtual void Settle() {}

  // Ends, and says so, if its descriptor has been closed by somebody else.
  virtual void FailIfClosed() {}

  // libevent has given up: closes descriptors and gives back what is the process's, by system calls
  // alone. The object is leaked afterwards.
  virtual void Abandon() {}

 protected:
  // libevent's callback of an event: counts it, then calls the handler's method.
  template <auto method>
  static void CallBack(int, short what, void* self) {
    auto* handler = HandlerOf(method, self);
    handler->reactor_.CountCallback();
    (handler->*method)(what);
  }
  template <typename Handler>
  static Handler* HandlerOf(void (Handler::*)(short), void* self) {
    return static_cast<Handler*>(self);
  }

  Reactor& reactor_;
  const int32_t id_;
  bool stalled_ = false;  // stands in the reactor's list of stalled handlers
  bool retired_ = false;  // deleted at the end of this turn

  friend class Reactor;
};

}  // namespace rxjs_libevent

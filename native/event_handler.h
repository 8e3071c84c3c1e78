// What an id on the rings stands for: a bufferevent, a listener, a timer, an event.
//
// Thread: the reactor's alone. Owner: the reactor's table. A handler is deleted between two turns
// of the loop, never inside one of its own callbacks.
#pragma once

#include "ring.h"

namespace rxjs_libevent {

class Reactor;

class EventHandler {
 public:
  EventHandler(Reactor& reactor, int32_t id) : reactor_(reactor), id_(id) {}
  virtual ~EventHandler() = default;
  EventHandler(const EventHandler&) = delete;
  EventHandler& operator=(const EventHandler&) = delete;

  int32_t id() const { return id_; }

  // A submission that names this handler.
  virtual void Take(const Record& record) = 0;

  // The reactor had no room for more completions or no slab, and has again.
  virtual void Resume() {}

  // Submissions have been taken since Reactor::SettleLater().
  virtual void Settle() {}

  // Ends, and says so, if its descriptor is somebody else's and has been closed.
  virtual bool FailIfClosed() { return false; }

  // True for what others refer to, which must go after them.
  virtual bool OutlivesOthers() const { return false; }

  // Without run-time type information a handler says itself what it is.
  virtual bool IsRateLimitGroup() const { return false; }

 protected:
  Reactor& reactor_;
  const int32_t id_;
  bool stalled_ = false;  // stands in the reactor's list of stalled handlers
  bool retired_ = false;  // deleted at the end of this turn

  friend class Reactor;
};

}  // namespace rxjs_libevent

// While libevent may add timeouts that Reactor::Add() does not see: those of a bufferevent, and the
// refills of rate limits.
//
// Thread: whichever turns the base. Owner: the handler whose timeouts they are.
#pragma once

#include "reactor.h"

namespace rxjs_libevent {

class HiddenTimeouts {
 public:
  explicit HiddenTimeouts(Reactor& reactor) : reactor_(reactor) {}
  ~HiddenTimeouts() { Set(false); }
  HiddenTimeouts(const HiddenTimeouts&) = delete;
  HiddenTimeouts& operator=(const HiddenTimeouts&) = delete;

  void Set(bool on) {
    if (on != on_) reactor_.CountHiddenTimeouts(on ? 1 : -1);
    on_ = on;
  }

 private:
  Reactor& reactor_;
  bool on_ = false;
};

}  // namespace rxjs_libevent

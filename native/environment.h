// What each environment (main thread, worker, jest realm) has of its own; nothing is shared between
// them.
#pragma once

#include <memory>

#include "transit.h"

namespace rxjs_libevent {

class LogBinding;
class SignalLeases;

struct Environment {
  std::shared_ptr<Transit> transit = std::make_shared<Transit>();
  LogBinding* log = nullptr;        // ends itself, before the environment does
  SignalLeases* signals = nullptr;  // ends itself, after every reactor
};

}  // namespace rxjs_libevent

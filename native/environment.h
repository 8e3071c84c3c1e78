// What each environment (main thread, worker, jest realm) has of its own; nothing is shared between
// them.
#pragma once

#include <memory>

#include "tls_exchange.h"
#include "transit.h"

namespace rxjs_libevent {

class LogBinding;
class SignalLeases;

struct Environment {
  std::shared_ptr<Transit> transit = std::make_shared<Transit>();
  std::shared_ptr<TlsExchange> tls = std::make_shared<TlsExchange>();
  LogBinding* log = nullptr;        // ends itself, before the environment does
  SignalLeases* signals = nullptr;  // ends itself, after every reactor
};

}  // namespace rxjs_libevent

// Thread: the reactor's.
#include "new_handler.h"

#include "fd_event.h"
#include "listener.h"
#include "pair_end.h"
#include "rate_limit_group.h"
#include "signal_event.h"
#include "socket.h"
#include "timer.h"

namespace rxjs_libevent {

std::unique_ptr<EventHandler> NewHandler(Reactor& reactor, const Record& record) {
  const int32_t id = record.id();
  switch (static_cast<Submission>(record.kind())) {
    case Submission::kAdopt:
    case Submission::kConnect:
      return std::make_unique<Socket>(reactor, id);
    case Submission::kListen:
      return std::make_unique<Listener>(reactor, id);
    case Submission::kPair:
      return std::make_unique<PairEnd>(reactor, id);
    case Submission::kGroup:
      return std::make_unique<RateLimitGroup>(reactor, id);
    case Submission::kTimer:
      return std::make_unique<Timer>(reactor, id);
    case Submission::kSignal:
      return std::make_unique<SignalEvent>(reactor, id);
    case Submission::kFd:
      return std::make_unique<FdEvent>(reactor, id);
    default:
      return nullptr;
  }
}

}  // namespace rxjs_libevent

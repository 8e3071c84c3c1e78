// Thread: the reactor's.
#include "open_handler.h"

#include "bufferevent.h"
#include "fd_event.h"
#include "listener.h"
#include "rate_limit_group.h"
#include "reactor.h"
#include "signal_event.h"
#include "timer.h"

namespace rxjs_libevent {

std::unique_ptr<EventHandler> OpenHandler(Reactor& reactor, const Record& record) {
  switch (static_cast<Submission>(record.kind())) {
    case Submission::kAdopt:
      return Bufferevent::Adopt(reactor, record);
    case Submission::kConnect:
      return Bufferevent::Connect(reactor, record);
    case Submission::kListen:
      return Listener::Open(reactor, record);
    case Submission::kPair:
      return Bufferevent::Pair(reactor, record);
    case Submission::kGroup:
      return RateLimitGroup::Open(reactor, record);
    case Submission::kTimer:
      return Timer::Open(reactor, record);
    case Submission::kSignal:
      return SignalEvent::Open(reactor, record);
    case Submission::kFd:
      return FdEvent::Open(reactor, record);
    default:
      return nullptr;
  }
}

void PostOpenFailure(Reactor& reactor, int32_t id, int32_t error, FailedCall call) {
  reactor.completions().Post(Completion::kFailed, 0, id, error, call);
  reactor.completions().Post(Completion::kClosed, 0, id, 0, 0);
}

}  // namespace rxjs_libevent

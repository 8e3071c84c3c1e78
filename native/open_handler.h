// Makes the handler that an opening submission asks for.
#pragma once

#include <memory>

#include "event_handler.h"

namespace rxjs_libevent {

// Returns null where the record opens nothing (it came too late for a handler that has gone) or
// where opening failed; a failure has been posted, kFailed and kClosed.
std::unique_ptr<EventHandler> OpenHandler(Reactor& reactor, const Record& record);

// Posts why opening `id` failed, and that it is closed.
void PostOpenFailure(Reactor& reactor, int32_t id, int32_t error, FailedCall call);

}  // namespace rxjs_libevent

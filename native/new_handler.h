// Makes the handler that an opening submission asks for.
#pragma once

#include <memory>

#include "event_handler.h"

namespace rxjs_libevent {

// Returns null where the record opens nothing: it came too late for a handler that has gone.
std::unique_ptr<EventHandler> NewHandler(Reactor& reactor, const Record& record);

}  // namespace rxjs_libevent

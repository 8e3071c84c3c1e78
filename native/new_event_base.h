// Makes an event_base of a configuration.
#pragma once

#include <napi.h>

#include <string>

#include "libevent.h"

namespace rxjs_libevent {

// JavaScript's thread, with options that have been checked. Returns null with the call that failed
// and, where there is one, its errno.
EventBasePtr NewEventBase(const Napi::Object& options, std::string* failed, int* code);

}  // namespace rxjs_libevent

// The layout of the shared memory, as JavaScript reads it.
#pragma once

#include <napi.h>

namespace rxjs_libevent {

Napi::Object Layout(Napi::Env env);

}  // namespace rxjs_libevent

// The layout of the shared memory, as JavaScript reads it.
#pragma once

#include <node_api.h>

namespace rxjs_libevent {

// Null where the environment runs no JavaScript any more.
napi_value Layout(napi_env env);

}  // namespace rxjs_libevent

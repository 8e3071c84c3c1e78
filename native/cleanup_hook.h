// Asynchronous clean-up hooks, where a runtime has them otherwise than Node. Thread: JavaScript's.
#pragma once

#include <node_api.h>

namespace rxjs_libevent {

// Finds out whose hooks they are, when the addon is loaded.
void LookAtCleanupHooks(napi_env env);

// What is to be removed of a hook that has been called. Node waits until it is removed; Deno frees
// it when it has returned, and freeing it once more ends the process: null there.
napi_async_cleanup_hook_handle CalledHook(napi_async_cleanup_hook_handle hook);

}  // namespace rxjs_libevent

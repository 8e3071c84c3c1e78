#include "cleanup_hook.h"

#include <atomic>
#include <cstring>

namespace rxjs_libevent {

namespace {

std::atomic<bool> freed_when_called{false};

}  // namespace

void LookAtCleanupHooks(napi_env env) {
  const napi_node_version* version = nullptr;
  if (napi_get_node_version(env, &version) != napi_ok || version->release == nullptr) return;
  freed_when_called = std::strcmp(version->release, "Deno") == 0;
}

napi_async_cleanup_hook_handle CalledHook(napi_async_cleanup_hook_handle hook) {
  return freed_when_called ? nullptr : hook;
}

}  // namespace rxjs_libevent

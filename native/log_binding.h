// libevent's log messages on their way to JavaScript.
#pragma once

#include <napi.h>
#include <uv.h>

#include <memory>

#include "log_sink.h"

namespace rxjs_libevent {

// Brings libevent's log messages to one environment. From the first onLog() to the end of the
// environment; never keeps it alive.
class LogBinding {
 public:
  // Returns null if the system has nothing left for it.
  static LogBinding* Open(Napi::Env env);

  void Use(Napi::Function callback) { callback_ = Napi::Persistent(callback); }

 private:
  explicit LogBinding(Napi::Env env) : env_(env) {}

  void CallBack();

  static void OnNudge(uv_async_t* handle) { static_cast<LogBinding*>(handle->data)->CallBack(); }
  static void OnClosed(uv_handle_t* handle);
  static void OnEnvironmentCleanup(napi_async_cleanup_hook_handle hook, void* self);

  const Napi::Env env_;
  Napi::FunctionReference callback_;
  uv_async_t handle_ = {};
  napi_async_cleanup_hook_handle hook_ = nullptr;
  std::unique_ptr<LogSink> sink_;
};

}  // namespace rxjs_libevent

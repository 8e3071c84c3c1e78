// libevent's log messages on their way to the JavaScript of one environment: a bounded queue, and a
// handle that says there is something in it.
#pragma once

#include <napi.h>
#include <uv.h>

#include <cstdint>
#include <deque>
#include <string>

namespace rxjs_libevent {

// From the first onLog() to the end of the environment; never keeps it alive.
class LogBinding {
 public:
  // Returns null if the system has nothing left for it.
  static LogBinding* Open(Napi::Env env);

  void Use(Napi::Function callback) { callback_ = Napi::Persistent(callback); }

  // Any thread: libevent logs on the one that called it.
  static void Log(int severity, const char* text);

 private:
  struct Message {
    int severity;  // EVENT_LOG_*
    std::string text;
    uint32_t lost;  // messages that found no room, before this one
  };

  explicit LogBinding(Napi::Env env) : env_(env) {}

  void CallBack();

  static void OnNudge(uv_async_t* handle) { static_cast<LogBinding*>(handle->data)->CallBack(); }
  static void OnClosed(uv_handle_t* handle);
  static void OnEnvironmentCleanup(napi_async_cleanup_hook_handle hook, void* self);

  const Napi::Env env_;
  Napi::FunctionReference callback_;
  uv_async_t handle_ = {};
  napi_async_cleanup_hook_handle hook_ = nullptr;
  std::deque<Message> messages_;
  uint32_t lost_ = 0;
};

}  // namespace rxjs_libevent

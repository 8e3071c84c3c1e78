// A Reactor as JavaScript has it: its memory, its wake-up, its end.
#pragma once

#include <node_api.h>
#include <uv.h>

#include <memory>
#include <string>
#include <vector>

#include "environment.h"
#include "reactor.h"

namespace rxjs_libevent {

// A reactor thread with what it needs of JavaScript: the wake-up and the memory.
//
// The reactor is stopped in one of two ways: close() after kStopped, or the environment's cleanup
// hook. Either joins the thread before it releases a reference, and does so once.
//
// In plain Node-API, since in an environment that is ending every call may fail: each status is
// looked at, and where JavaScript cannot run any more nothing is thrown.
class ReactorBinding {
 public:
  // The class `Reactor`; null where the environment runs no JavaScript any more.
  static napi_value Define(napi_env env);

  ~ReactorBinding() { End(); }
  ReactorBinding(const ReactorBinding&) = delete;
  ReactorBinding& operator=(const ReactorBinding&) = delete;

 private:
  // Lives until uv_close() has called back, longer than the binding, so the environment's hook
  // refers to it.
  struct Wakeup {
    uv_async_t handle;
    uv_poll_t poll;  // where JavaScript's thread may turn the base
    ReactorBinding* binding;
    napi_async_cleanup_hook_handle hook;
    int open;  // handles
  };
  enum class State { kMade, kStarted, kEnded };

  explicit ReactorBinding(napi_env env) : env_(env) {}

  // Return false after an error has been thrown, or could not be.
  bool Make(napi_value options);
  bool OpenWakeup();

  void CallBack();
  // After the reactor has been turned here, or has taken something: it may be paused now, or
  // ending, or with its standby. Returns true if there is news for JavaScript.
  bool Follow(Reactor::Turned turned);
  void WaitForBase(bool on);
  void End();

  // What JavaScript calls: constructor, methods and accessors.
  static napi_value New(napi_env env, napi_callback_info info);
  static napi_value Start(napi_env env, napi_callback_info info);
  static napi_value Wake(napi_env env, napi_callback_info info);
  static napi_value LendMemory(napi_env env, napi_callback_info info);
  static napi_value TakeBack(napi_env env, napi_callback_info info);
  static napi_value SetRef(napi_env env, napi_callback_info info);
  static napi_value Close(napi_env env, napi_callback_info info);
  static napi_value Method(napi_env env, napi_callback_info info);
  static napi_value Features(napi_env env, napi_callback_info info);
  static napi_value TurnerOf(napi_env env, napi_callback_info info);

  static void OnWakeup(uv_async_t* handle);
  static void OnReadable(uv_poll_t* handle, int status, int events);
  static void OnWakeupClosed(uv_handle_t* handle);
  static void OnEnvironmentCleanup(napi_async_cleanup_hook_handle hook, void* wakeup);

  // Destroyed from the last to the first: the thread, the references, the wake-up.
  const napi_env env_;
  State state_ = State::kMade;
  std::shared_ptr<Transit> transit_;
  std::shared_ptr<TlsExchange> tls_;
  Wakeup* wakeup_ = nullptr;
  napi_ref self_ = nullptr;  // strong from start() on: not collected while the thread lives
  napi_ref on_wakeup_ = nullptr;
  std::vector<napi_ref> memory_;
  std::vector<napi_ref> pieces_;
  std::string method_;
  int features_ = 0;
  bool waits_ = false;  // for the base to become readable
  std::unique_ptr<Reactor> reactor_;
};

}  // namespace rxjs_libevent

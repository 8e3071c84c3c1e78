// A Reactor as JavaScript has it: its memory, its wake-up, its life.
#pragma once

#include <napi.h>
#include <uv.h>

#include <memory>
#include <string>
#include <vector>

#include "log_binding.h"
#include "reactor.h"
#include "transit.h"

namespace rxjs_libevent {

// Per environment: the sockets on their way between its reactors.
struct Environment {
  std::shared_ptr<Transit> transit = std::make_shared<Transit>();
  LogBinding* log = nullptr;  // ends itself, before the environment does
};

// A reactor thread with what it needs of JavaScript: the wake-up and the memory.
//
// The reactor is stopped in one of two ways: close() after kStopped, or the environment's cleanup
// hook. Either joins the thread before it lets a reference go, and both do so once.
class ReactorBinding : public Napi::ObjectWrap<ReactorBinding> {
 public:
  static Napi::Function Define(Napi::Env env);

  explicit ReactorBinding(const Napi::CallbackInfo& info);
  ~ReactorBinding() override { End(); }

 private:
  // Lives until uv_close() has called back, longer than the binding, so the environment's hook
  // refers to it.
  struct Wakeup {
    uv_async_t handle;
    ReactorBinding* binding;
    napi_async_cleanup_hook_handle hook;
  };

  Napi::Value Start(const Napi::CallbackInfo& info);
  void Wake(const Napi::CallbackInfo&) {
    if (reactor_) reactor_->Wake();
  }
  void Pin(const Napi::CallbackInfo& info);
  void Unpin(const Napi::CallbackInfo& info);
  void SetRef(const Napi::CallbackInfo& info);
  void Refuse(const Napi::CallbackInfo& info);
  void Close(const Napi::CallbackInfo& info);
  Napi::Value Method(const Napi::CallbackInfo& info);
  Napi::Value Features(const Napi::CallbackInfo& info);

  void End();
  void CallBack();

  static void OnWakeup(uv_async_t* handle);
  static void OnWakeupClosed(uv_handle_t* handle);
  static void OnEnvironmentCleanup(napi_async_cleanup_hook_handle hook, void* wakeup);

  // Destroyed from the last to the first: the thread, the references, the wake-up.
  std::shared_ptr<Transit> transit_;
  Wakeup* wakeup_ = nullptr;
  std::shared_ptr<Napi::AsyncContext> context_;
  Napi::FunctionReference on_wakeup_;
  std::vector<Napi::Reference<Napi::Value>> memory_;
  std::vector<napi_ref> pinned_;
  std::string method_;
  int features_ = 0;
  std::unique_ptr<Reactor> reactor_;
};

}  // namespace rxjs_libevent

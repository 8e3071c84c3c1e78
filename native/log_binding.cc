// Thread: JavaScript's, but for Log(). Owner: itself, until the environment's cleanup hook has
// closed its handle. One mutex for all: logging is rare, and a binding is removed only under it.
#include "log_binding.h"

#include <algorithm>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "cleanup_hook.h"

namespace rxjs_libevent {
namespace {

// More than this is not kept: a log that nobody reads must not grow.
constexpr size_t kMostMessages = 256;

struct Registry {
  std::mutex mutex;
  std::vector<LogBinding*> bindings;
};

Registry& TheRegistry() {
  static Registry* registry = new Registry;  // outlives every thread
  return *registry;
}

}  // namespace

LogBinding* LogBinding::Open(Napi::Env env) {
  uv_loop_t* loop = nullptr;
  auto self = std::unique_ptr<LogBinding>(new LogBinding(env));
  if (napi_get_uv_event_loop(env, &loop) != napi_ok) return nullptr;
  if (uv_async_init(loop, &self->handle_, OnNudge) != 0) return nullptr;
  self->handle_.data = self.get();
  uv_unref(reinterpret_cast<uv_handle_t*>(&self->handle_));
  if (napi_add_async_cleanup_hook(env, OnEnvironmentCleanup, self.get(), &self->hook_) != napi_ok) {
    uv_close(reinterpret_cast<uv_handle_t*>(&self.release()->handle_), OnClosed);
    return nullptr;
  }
  std::lock_guard<std::mutex> lock(TheRegistry().mutex);
  TheRegistry().bindings.push_back(self.get());
  return self.release();
}

void LogBinding::Log(int severity, const char* text) {
  std::lock_guard<std::mutex> lock(TheRegistry().mutex);
  for (LogBinding* log : TheRegistry().bindings) {
    if (log->messages_.size() == kMostMessages) {
      ++log->lost_;
      continue;
    }
    log->messages_.push_back({severity, text, std::exchange(log->lost_, 0)});
    uv_async_send(&log->handle_);
  }
}

void LogBinding::CallBack() {
  if (callback_.IsEmpty()) return;
  std::deque<Message> messages;
  {
    std::lock_guard<std::mutex> lock(TheRegistry().mutex);
    messages.swap(messages_);
  }
  const Napi::HandleScope scope(env_);
  for (const Message& message : messages) {
    const napi_value arguments[] = {Napi::Number::New(env_, message.severity),
                                    Napi::String::New(env_, message.text),
                                    Napi::Number::New(env_, message.lost)};
    const napi_value global = env_.Global();
    napi_value result = nullptr;  // Deno writes through the pointer
    // Without an async context, which would be that of the code that loads the library.
    if (napi_make_callback(env_, nullptr, global, callback_.Value(), 3, arguments, &result) ==
        napi_ok) {
      continue;
    }
    napi_value error = nullptr;
    if (napi_get_and_clear_last_exception(env_, &error) != napi_ok || error == nullptr) return;
    napi_fatal_exception(env_, error);
  }
}

void LogBinding::OnEnvironmentCleanup(napi_async_cleanup_hook_handle, void* self) {
  auto* log = static_cast<LogBinding*>(self);
  {
    std::lock_guard<std::mutex> lock(TheRegistry().mutex);
    auto& all = TheRegistry().bindings;
    all.erase(std::remove(all.begin(), all.end(), log), all.end());
  }
  log->callback_.Reset();
  log->hook_ = CalledHook(log->hook_);
  uv_close(reinterpret_cast<uv_handle_t*>(&log->handle_), OnClosed);
}

void LogBinding::OnClosed(uv_handle_t* handle) {
  auto* log = static_cast<LogBinding*>(handle->data);
  if (log->hook_ != nullptr) (void)napi_remove_async_cleanup_hook(log->hook_);
  delete log;
}

}  // namespace rxjs_libevent

// Thread: JavaScript's; the sink's nudge comes from any. Owner: itself, until the environment's
// cleanup hook has closed its handle.
#include "log_binding.h"

namespace rxjs_libevent {

LogBinding* LogBinding::Open(Napi::Env env) {
  uv_loop_t* loop = nullptr;
  napi_get_uv_event_loop(env, &loop);
  auto self = std::unique_ptr<LogBinding>(new LogBinding(env));
  if (uv_async_init(loop, &self->handle_, OnNudge) != 0) return nullptr;
  self->handle_.data = self.get();
  uv_unref(reinterpret_cast<uv_handle_t*>(&self->handle_));
  napi_add_async_cleanup_hook(env, OnEnvironmentCleanup, self.get(), &self->hook_);
  uv_async_t* handle = &self->handle_;
  self->sink_ = std::make_unique<LogSink>([handle] { uv_async_send(handle); });
  return self.release();
}

void LogBinding::CallBack() {
  if (!sink_ || callback_.IsEmpty()) return;
  const Napi::HandleScope scope(env_);
  for (const LogMessage& message : sink_->Take()) {
    const napi_value arguments[] = {Napi::Number::New(env_, message.severity),
                                    Napi::String::New(env_, message.text),
                                    Napi::Number::New(env_, message.lost)};
    const napi_value global = env_.Global();
    napi_value result = nullptr;  // Deno writes through the pointer
    // Without an async context, which would be that of whoever loads the library.
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
  log->sink_.reset();
  log->callback_.Reset();
  uv_close(reinterpret_cast<uv_handle_t*>(&log->handle_), OnClosed);
}

void LogBinding::OnClosed(uv_handle_t* handle) {
  auto* log = static_cast<LogBinding*>(handle->data);
  napi_remove_async_cleanup_hook(log->hook_);
  delete log;
}

}  // namespace rxjs_libevent

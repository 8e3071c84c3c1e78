// Thread: JavaScript's; only the reactor's signal comes from its own thread. Owner: each
// environment (main thread, worker, jest realm) has its own; nothing is shared between them.
// Lifetime: from start() to close() or the environment's cleanup hook. Members stand in order of
// destruction, see README.md.
#include "reactor_binding.h"

#include <cerrno>

#include "new_event_base.h"
#include "system_error.h"

namespace rxjs_libevent {

namespace {

bool HaveTypes(const Napi::Object& options, const std::vector<const char*>& names,
               bool (Napi::Value::*is_type)() const) {
  for (const char* name : names) {
    if (!(options.Get(name).*is_type)()) return false;
  }
  return true;
}

// lib/native.ts states the types; a mistake there must not become a write to foreign memory.
bool AreOptions(const Napi::Value& value) {
  if (!value.IsObject()) return false;
  const auto options = value.As<Napi::Object>();
  return HaveTypes(options, {"avoidMethods"}, &Napi::Value::IsArray) &&
         HaveTypes(options, {"readEnvironment", "dispatch"}, &Napi::Value::IsBoolean) &&
         HaveTypes(options, {"onWakeup"}, &Napi::Value::IsFunction) &&
         HaveTypes(options,
                   {"features", "maxDispatchIntervalUs", "maxDispatchCallbacks", "priorities"},
                   &Napi::Value::IsNumber) &&
         HaveTypes(options, {"control", "completions", "submissions", "left", "outSlab"},
                   &Napi::Value::IsTypedArray);
}

bool IsRing(uint32_t capacity, uint32_t least) {
  return capacity >= least && (capacity & (capacity - 1)) == 0;
}

template <typename T>
T* WordsOf(const Napi::Value& value, uint32_t* count) {
  const auto view = value.As<Napi::TypedArray>();
  *count = static_cast<uint32_t>(view.ByteLength() / sizeof(T));
  return reinterpret_cast<T*>(static_cast<uint8_t*>(view.ArrayBuffer().Data()) + view.ByteOffset());
}

}  // namespace

Napi::Function ReactorBinding::Define(Napi::Env env) {
  return DefineClass(env, "Reactor",
                     {
                         InstanceMethod<&ReactorBinding::Start>("start"),
                         InstanceMethod<&ReactorBinding::Wake>("wake"),
                         InstanceMethod<&ReactorBinding::Pin>("pin"),
                         InstanceMethod<&ReactorBinding::Unpin>("unpin"),
                         InstanceMethod<&ReactorBinding::SetRef>("setRef"),
                         InstanceMethod<&ReactorBinding::Refuse>("refuse"),
                         InstanceMethod<&ReactorBinding::Close>("close"),
                         InstanceAccessor<&ReactorBinding::Method>("method"),
                         InstanceAccessor<&ReactorBinding::Features>("features"),
                     });
}

ReactorBinding::ReactorBinding(const Napi::CallbackInfo& info)
    : Napi::ObjectWrap<ReactorBinding>(info) {
  const Napi::Env env = info.Env();
  if (!AreOptions(info[0])) {
    Napi::TypeError::New(env, "a Reactor takes NativeReactorOptions").ThrowAsJavaScriptException();
    return;
  }
  const auto options = info[0].As<Napi::Object>();
  transit_ = env.GetInstanceData<Environment>()->transit;

  std::string failed;
  int code = EINVAL;
  EventBasePtr base = NewEventBase(options, &failed, &code);
  if (!base) {
    SystemError(env, code, failed.c_str()).ThrowAsJavaScriptException();
    return;
  }
  method_ = event_base_get_method(base.get());
  features_ = event_base_get_features(base.get());

  Reactor::Memory memory = {};
  uint32_t control_words = 0;
  uint32_t slots = 0;
  memory.control = WordsOf<int32_t>(options.Get("control"), &control_words);
  memory.completions = WordsOf<Record>(options.Get("completions"), &memory.completion_capacity);
  memory.submissions = WordsOf<Record>(options.Get("submissions"), &memory.submission_capacity);
  memory.left = WordsOf<int32_t>(options.Get("left"), &slots);
  memory.out_slab = WordsOf<uint8_t>(options.Get("outSlab"), &memory.out_slab_bytes);
  if (control_words < kControlWords || slots < kSlots ||
      !IsRing(memory.completion_capacity, CompletionRing::kLeastCapacity) ||
      !IsRing(memory.submission_capacity, 1)) {
    Napi::RangeError::New(env, "the memory of a Reactor does not fit its layout")
        .ThrowAsJavaScriptException();
    return;
  }
  for (const char* name : {"control", "completions", "submissions", "left", "outSlab"}) {
    memory_.push_back(Napi::Persistent(options.Get(name)));
  }
  on_wakeup_ = Napi::Persistent(options.Get("onWakeup").As<Napi::Function>());
  context_ = std::make_shared<Napi::AsyncContext>(env, "LIBEVENT");

  Reactor::Options reactor_options;
  reactor_options.priorities = options.Get("priorities").As<Napi::Number>().Int32Value();
  reactor_options.dispatch = options.Get("dispatch").As<Napi::Boolean>().Value();

  wakeup_ = new Wakeup{{}, this, nullptr};
  uv_async_t* handle = &wakeup_->handle;
  reactor_ = std::make_unique<Reactor>(memory, reactor_options, std::move(base), *transit_,
                                       [handle] { uv_async_send(handle); });
}

Napi::Value ReactorBinding::Start(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (!reactor_ || wakeup_->hook != nullptr) {
    SystemError(env, EALREADY, "start").ThrowAsJavaScriptException();
    return env.Undefined();
  }
  uv_loop_t* loop = nullptr;
  napi_get_uv_event_loop(env, &loop);
  uv_async_init(loop, &wakeup_->handle, OnWakeup);
  wakeup_->handle.data = wakeup_;
  // Until there is work, an idle reactor does not keep the process alive.
  uv_unref(reinterpret_cast<uv_handle_t*>(&wakeup_->handle));
  napi_add_async_cleanup_hook(env, OnEnvironmentCleanup, wakeup_, &wakeup_->hook);
  Ref();  // not collected while the thread lives
  const int error = reactor_->Start();
  if (error != 0) {
    End();
    SystemError(env, error, "start").ThrowAsJavaScriptException();
  }
  return env.Undefined();
}

void ReactorBinding::OnWakeup(uv_async_t* handle) {
  ReactorBinding* binding = static_cast<Wakeup*>(handle->data)->binding;
  if (binding != nullptr) binding->CallBack();
}

// Runs the drain in a callback scope: ticks and microtasks follow it, async hooks see it.
void ReactorBinding::CallBack() {
  const Napi::Env env = Env();
  Napi::HandleScope scope(env);
  // The callback may end this binding; the context stays until the scope is left.
  const std::shared_ptr<Napi::AsyncContext> context = context_;
  // Plain Node-API: where JavaScript may run no more, the wrapper's errors end the process.
  const napi_status status =
      napi_make_callback(env, *context, Value(), on_wakeup_.Value(), 0, nullptr, nullptr);
  if (status == napi_ok) return;
  napi_value error = nullptr;
  // A worker that is being terminated cannot run JavaScript; there is nobody to tell.
  if (napi_get_and_clear_last_exception(env, &error) == napi_ok && error != nullptr) {
    napi_fatal_exception(env, error);
  }
}

// pin(index, view): the reactor may touch the view's bytes until unpin(index).
void ReactorBinding::Pin(const Napi::CallbackInfo& info) {
  const uint32_t index = info[0].IsNumber() ? info[0].As<Napi::Number>().Uint32Value() : UINT32_MAX;
  void* data = nullptr;
  size_t bytes = 0;
  if (!reactor_ || index >= Pins::kCount || (index < pinned_.size() && pinned_[index] != nullptr) ||
      napi_get_buffer_info(Env(), info[1], &data, &bytes) != napi_ok) {
    SystemError(Env(), ENOBUFS, "pin").ThrowAsJavaScriptException();
    return;
  }
  if (index >= pinned_.size()) pinned_.resize(index + 1, nullptr);
  napi_create_reference(Env(), info[1], 1, &pinned_[index]);
  reactor_->pins().Set(index, static_cast<uint8_t*>(data), bytes);
}

void ReactorBinding::Unpin(const Napi::CallbackInfo& info) {
  if (!info[0].IsNumber()) return;
  const uint32_t index = info[0].As<Napi::Number>().Uint32Value();
  if (index >= pinned_.size() || pinned_[index] == nullptr) return;
  if (reactor_) reactor_->pins().Clear(index);
  napi_delete_reference(Env(), pinned_[index]);
  pinned_[index] = nullptr;
}

// setRef(keepsProcessAlive)
void ReactorBinding::SetRef(const Napi::CallbackInfo& info) {
  if (wakeup_ == nullptr || wakeup_->hook == nullptr || !info[0].IsBoolean()) return;
  auto* handle = reinterpret_cast<uv_handle_t*>(&wakeup_->handle);
  if (info[0].As<Napi::Boolean>().Value()) {
    uv_ref(handle);
  } else {
    uv_unref(handle);
  }
}

// refuse(fd): closes an accepted socket that has not been submitted to any reactor.
void ReactorBinding::Refuse(const Napi::CallbackInfo& info) {
  if (!info[0].IsNumber()) return;
  const int fd = info[0].As<Napi::Number>().Int32Value();
  if (transit_->Leave(fd)) close(fd);
}

void ReactorBinding::Close(const Napi::CallbackInfo&) { End(); }

Napi::Value ReactorBinding::Method(const Napi::CallbackInfo& info) {
  return Napi::String::New(info.Env(), method_);
}

Napi::Value ReactorBinding::Features(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), features_);
}

// The one order of destruction: stop the thread, join it, let the memory go, close the wake-up.
void ReactorBinding::End() {
  if (reactor_) {
    reactor_->RequestStop();
    reactor_->Join();
    reactor_.reset();
  }
  for (napi_ref& reference : pinned_) {
    if (reference != nullptr) napi_delete_reference(Env(), reference);
  }
  pinned_.clear();
  memory_.clear();
  on_wakeup_.Reset();
  context_.reset();
  if (wakeup_ == nullptr) return;
  Wakeup* wakeup = wakeup_;
  wakeup_ = nullptr;
  wakeup->binding = nullptr;
  if (wakeup->hook == nullptr) {
    delete wakeup;  // never started
    return;
  }
  Unref();
  uv_close(reinterpret_cast<uv_handle_t*>(&wakeup->handle), OnWakeupClosed);
}

// The hook goes last: until then the environment waits for the handle to close.
void ReactorBinding::OnWakeupClosed(uv_handle_t* handle) {
  auto* wakeup = static_cast<Wakeup*>(handle->data);
  napi_remove_async_cleanup_hook(wakeup->hook);
  delete wakeup;
}

void ReactorBinding::OnEnvironmentCleanup(napi_async_cleanup_hook_handle, void* wakeup) {
  ReactorBinding* binding = static_cast<Wakeup*>(wakeup)->binding;
  if (binding != nullptr) binding->End();
}

}  // namespace rxjs_libevent

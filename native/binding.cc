// What JavaScript sees of the reactors. Thread: JavaScript's, except where said. Owner: each
// environment (main thread, worker, jest realm) has its own state; nothing is shared between them.
//
// Members of the binding stand in order of destruction, see README.md.
#include <napi.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <uv.h>

#include <cstring>
#include <memory>
#include <string>
#include <unordered_set>
#include <vector>

#include "address.h"
#include "layout.h"
#include "libevent.h"
#include "log_sink.h"
#include "process_hooks.h"
#include "reactor.h"

namespace rxjs_libevent {
namespace {

Napi::Error SystemError(Napi::Env env, int error, const char* syscall) {
  Napi::Error thrown = Napi::Error::New(env, std::string(syscall) + ": " + strerror(error));
  thrown.Set("errno", Napi::Number::New(env, -error));
  thrown.Set("syscall", Napi::String::New(env, syscall));
  return thrown;
}

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

// Brings libevent's log messages to one environment. From the first onLog() to the end of the
// environment; never keeps it alive.
class LogBinding {
 public:
  // Returns null if the system has nothing left for it.
  static LogBinding* Open(Napi::Env env);

  void Use(Napi::Function callback) { callback_ = Napi::Persistent(callback); }

 private:
  explicit LogBinding(Napi::Env env)
      : env_(env), context_(std::make_unique<Napi::AsyncContext>(env, "LIBEVENT_LOG")) {}

  void CallBack();

  static void OnNudge(uv_async_t* handle) { static_cast<LogBinding*>(handle->data)->CallBack(); }
  static void OnClosed(uv_handle_t* handle);
  static void OnEnvironmentCleanup(napi_async_cleanup_hook_handle hook, void* self);

  const Napi::Env env_;
  std::unique_ptr<Napi::AsyncContext> context_;
  Napi::FunctionReference callback_;
  uv_async_t handle_ = {};
  napi_async_cleanup_hook_handle hook_ = nullptr;
  std::unique_ptr<LogSink> sink_;
};

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
    if (napi_make_callback(env_, *context_, global, callback_.Value(), 3, arguments, nullptr) ==
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
  log->context_.reset();
  uv_close(reinterpret_cast<uv_handle_t*>(&log->handle_), OnClosed);
}

void LogBinding::OnClosed(uv_handle_t* handle) {
  auto* log = static_cast<LogBinding*>(handle->data);
  napi_remove_async_cleanup_hook(log->hook_);
  delete log;
}

// Per environment: the sockets on their way between its reactors.
struct Environment {
  std::shared_ptr<Transit> transit = std::make_shared<Transit>();
  LogBinding* log = nullptr;  // ends itself, before the environment does
};

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
         HaveTypes(
             options,
             {"features", "maxDispatchIntervalUs", "maxDispatchCallbacks", "priorities", "spinUs"},
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

// What a base opens: libevent gives up half-way without them, and keeps what it has opened.
bool HaveDescriptors() {
  constexpr int kWanted = 5;  // epoll, timerfd, a pair for signals, the reactor's wake-up
  int fds[kWanted];
  int count = 0;
  while (count < kWanted && (fds[count] = eventfd(0, EFD_CLOEXEC)) >= 0) ++count;
  const int error = errno;
  for (int i = 0; i < count; ++i) close(fds[i]);
  errno = error;
  return count == kWanted;
}

EventBasePtr NewBase(const Napi::Object& options, std::string* error, int* code) {
  EventConfigPtr config(event_config_new());
  if (!config) {
    *error = "event_config_new";
    return nullptr;
  }
  const auto avoided = options.Get("avoidMethods").As<Napi::Array>();
  for (uint32_t i = 0; i < avoided.Length(); ++i) {
    event_config_avoid_method(config.get(), avoided.Get(i).As<Napi::String>().Utf8Value().c_str());
  }
  event_config_require_features(config.get(),
                                options.Get("features").As<Napi::Number>().Int32Value());
  // NOLOCK: only the reactor's thread ever touches the base.
  int flags = EVENT_BASE_FLAG_NOLOCK | EVENT_BASE_FLAG_PRECISE_TIMER;
  if (!options.Get("readEnvironment").As<Napi::Boolean>().Value()) {
    flags |= EVENT_BASE_FLAG_IGNORE_ENV;
  }
  event_config_set_flag(config.get(), flags);
  const int32_t interval = options.Get("maxDispatchIntervalUs").As<Napi::Number>().Int32Value();
  const int32_t callbacks = options.Get("maxDispatchCallbacks").As<Napi::Number>().Int32Value();
  if (interval > 0 || callbacks > 0) {
    const timeval limit = Microseconds(interval);
    event_config_set_max_dispatch_interval(config.get(), interval > 0 ? &limit : nullptr,
                                           callbacks > 0 ? callbacks : -1, 1);
  }
  if (!HaveDescriptors()) {
    *code = errno;
    *error = "event_base_new_with_config";
    return nullptr;
  }
  // Another thread may have taken them meanwhile: then libevent would end the process.
  event_base* made = nullptr;
  const bool survived =
      SurvivesFatal([&made, &config] { made = event_base_new_with_config(config.get()); });
  EventBasePtr base(survived ? made : nullptr);
  if (!base) {
    if (!survived && errno != 0) *code = errno;
    *error = "event_base_new_with_config";
    return nullptr;
  }
  const int32_t priorities = options.Get("priorities").As<Napi::Number>().Int32Value();
  if (priorities > 1 && event_base_priority_init(base.get(), priorities) != 0) {
    *error = "event_base_priority_init";
    return nullptr;
  }
  return base;
}

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
  EventBasePtr base = NewBase(options, &failed, &code);
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
  reactor_options.spin_microseconds = options.Get("spinUs").As<Napi::Number>().Int32Value();
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

Napi::Value SupportedMethods(const Napi::CallbackInfo& info) {
  Napi::Array methods = Napi::Array::New(info.Env());
  uint32_t count = 0;
  for (const char** method = event_get_supported_methods(); *method != nullptr; ++method) {
    methods.Set(count++, Napi::String::New(info.Env(), *method));
  }
  return methods;
}

// onLog(callback): gives libevent's log messages to `callback(severity, text, lost)`, each in a
// turn of its own environment. There is one callback; a later one takes its place.
Napi::Value OnLog(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (!info[0].IsFunction()) {
    SystemError(env, EINVAL, "onLog").ThrowAsJavaScriptException();
    return env.Undefined();
  }
  LogBinding*& log = env.GetInstanceData<Environment>()->log;
  if (log == nullptr) log = LogBinding::Open(env);
  if (log != nullptr) log->Use(info[0].As<Napi::Function>());
  return env.Undefined();
}

// enableDebugLogging(on): for the whole process, as libevent has it.
Napi::Value EnableDebugLogging(const Napi::CallbackInfo& info) {
  event_enable_debug_logging(info[0].ToBoolean().Value() ? EVENT_DBG_ALL : EVENT_DBG_NONE);
  return info.Env().Undefined();
}

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  SetProcessHooks();
  env.SetInstanceData(new Environment);
  exports.Set("Reactor", ReactorBinding::Define(env));
  exports.Set("supportedMethods", Napi::Function::New<SupportedMethods>(env, "supportedMethods"));
  exports.Set("onLog", Napi::Function::New<OnLog>(env, "onLog"));
  exports.Set("enableDebugLogging",
              Napi::Function::New<EnableDebugLogging>(env, "enableDebugLogging"));
  exports.Set("libeventVersion", Napi::String::New(env, event_get_version()));
  exports.Set("layout", Layout(env));
  return exports;
}

NODE_API_MODULE(rxjs_libevent, Init)

}  // namespace
}  // namespace rxjs_libevent

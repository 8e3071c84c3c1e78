// Thread: JavaScript's; only the reactor's signal comes from its own thread. Owner: the JavaScript
// object, of one environment. Lifetime: from start() to close() or the environment's cleanup hook.
// Members stand in order of destruction, see README.md.
#include "reactor_binding.h"

#include <cerrno>
#include <utility>

#include "cleanup_hook.h"
#include "new_event_base.h"
#include "options_reader.h"
#include "standby.h"
#include "system_error.h"

namespace rxjs_libevent {
namespace {

bool IsRing(uint32_t capacity, uint32_t least) {
  return capacity >= least && (capacity & (capacity - 1)) == 0;
}

// The binding that a method was called on, with its arguments; null if `this` is none.
template <size_t kCount>
ReactorBinding* BindingOf(napi_env env, napi_callback_info info, napi_value (&arguments)[kCount]) {
  napi_value self = nullptr;
  void* binding = nullptr;
  size_t count = kCount;
  if (napi_get_cb_info(env, info, &count, arguments, &self, nullptr) != napi_ok ||
      napi_unwrap(env, self, &binding) != napi_ok) {
    return nullptr;
  }
  return static_cast<ReactorBinding*>(binding);
}

ReactorBinding* BindingOf(napi_env env, napi_callback_info info) {
  napi_value none[1];
  return BindingOf(env, info, none);
}

uint32_t IndexOf(napi_env env, napi_value value) {
  uint32_t index = 0;
  return napi_get_value_uint32(env, value, &index) == napi_ok ? index : UINT32_MAX;
}

napi_value NumberOf(napi_env env, int32_t number) {
  napi_value value = nullptr;
  return napi_create_int32(env, number, &value) == napi_ok ? value : nullptr;
}

}  // namespace

napi_value ReactorBinding::Define(napi_env env) {
  const auto method = [](const char* name, napi_callback call) {
    return napi_property_descriptor{
        name, nullptr, call, nullptr, nullptr, nullptr, napi_default_method, nullptr};
  };
  const auto accessor = [](const char* name, napi_callback get) {
    return napi_property_descriptor{name,    nullptr, nullptr,      get,
                                    nullptr, nullptr, napi_default, nullptr};
  };
  const napi_property_descriptor properties[] = {
      method("start", Start),           method("wake", Wake),
      method("lendMemory", LendMemory), method("takeBack", TakeBack),
      method("setRef", SetRef),         method("close", Close),
      accessor("method", Method),       accessor("features", Features),
      accessor("turner", TurnerOf),
  };
  napi_value constructor = nullptr;
  const napi_status status =
      napi_define_class(env, "Reactor", NAPI_AUTO_LENGTH, New, nullptr,
                        sizeof(properties) / sizeof(*properties), properties, &constructor);
  return status == napi_ok ? constructor : nullptr;
}

napi_value ReactorBinding::New(napi_env env, napi_callback_info info) {
  napi_value arguments[1];
  napi_value self = nullptr;
  size_t count = 1;
  if (napi_get_cb_info(env, info, &count, arguments, &self, nullptr) != napi_ok) return nullptr;
  std::unique_ptr<ReactorBinding> binding(new ReactorBinding(env));
  if (!binding->Make(arguments[0])) return nullptr;
  const auto finalize = [](napi_env, void* data, void*) {
    delete static_cast<ReactorBinding*>(data);
  };
  // The reference is weak until start().
  if (napi_wrap(env, self, binding.get(), finalize, nullptr, nullptr) != napi_ok) return nullptr;
  ReactorBinding* const wrapped = binding.release();
  if (napi_create_reference(env, self, 0, &wrapped->self_) != napi_ok) wrapped->self_ = nullptr;
  return self;
}

bool ReactorBinding::Make(napi_value value) {
  OptionsReader options(env_, value);
  BaseOptions base_options;
  base_options.avoid_methods = options.Strings("avoidMethods");
  base_options.read_environment = options.Boolean("readEnvironment");
  base_options.features = options.Number("features");
  base_options.max_dispatch_interval_us = options.Number("maxDispatchIntervalUs");
  base_options.max_dispatch_callbacks = options.Number("maxDispatchCallbacks");
  base_options.priorities = options.Number("priorities");
  Reactor::Options reactor_options;
  reactor_options.priorities = base_options.priorities;
  reactor_options.dispatch = options.Boolean("dispatch");
  reactor_options.turner = static_cast<Turner>(options.Number("turner"));
  reactor_options.standby_tick_us = options.Number("standbyTickUs");
  Reactor::Memory memory = {};
  uint32_t control_words = 0;
  uint32_t slots = 0;
  uint32_t arena_bytes = 0;
  memory.control = options.Words<int32_t>("control", &control_words, &memory_);
  memory.completions = options.Words<Record>("completions", &memory.completion_capacity, &memory_);
  memory.submissions = options.Words<Record>("submissions", &memory.submission_capacity, &memory_);
  memory.sent = options.Words<int32_t>("sent", &slots, &memory_);
  memory.arena = options.Words<uint8_t>("arena", &arena_bytes, &memory_);
  napi_value on_wakeup = options.Function("onWakeup");
  void* environment = nullptr;
  if (!options.good() || napi_get_instance_data(env_, &environment) != napi_ok ||
      napi_create_reference(env_, on_wakeup, 1, &on_wakeup_) != napi_ok) {
    (void)napi_throw_type_error(env_, nullptr, "a Reactor takes NativeReactorOptions");
    return false;
  }
  if (control_words < kControlWords || slots < kSlots ||
      arena_bytes < kArenaBlocks * kArenaBlockBytes ||
      !IsRing(memory.completion_capacity, CompletionRing::kLeastCapacity) ||
      !IsRing(memory.submission_capacity, 1) || reactor_options.turner < Turner::kThread ||
      reactor_options.turner > Turner::kEither || reactor_options.standby_tick_us < 1) {
    (void)napi_throw_range_error(env_, nullptr, "the memory of a Reactor does not fit its layout");
    return false;
  }
  transit_ = static_cast<Environment*>(environment)->transit;
  tls_ = static_cast<Environment*>(environment)->tls;
  std::string failed;
  int code = 0;
  EventBasePtr base = NewEventBase(base_options, &failed, &code);
  if (!base) {
    ThrowSystemError(env_, code, failed);
    return false;
  }
  method_ = event_base_get_method(base.get());
  features_ = event_base_get_features(base.get());
  wakeup_ = new Wakeup{{}, {}, this, nullptr, 0};
  uv_async_t* handle = &wakeup_->handle;
  reactor_ = std::make_unique<Reactor>(memory, reactor_options, std::move(base), *transit_, *tls_,
                                       [handle] { uv_async_send(handle); });
  const int error = reactor_->Prepare();
  if (error == 0) return true;
  ThrowSystemError(env_, error, "event_base_new_with_config");
  return false;
}

bool ReactorBinding::OpenWakeup() {
  uv_loop_t* loop = nullptr;
  if (self_ == nullptr || napi_get_uv_event_loop(env_, &loop) != napi_ok) return false;
  if (uv_async_init(loop, &wakeup_->handle, OnWakeup) != 0) return false;
  wakeup_->handle.data = wakeup_;
  wakeup_->open = 1;
  // From here on the handles have to be closed.
  state_ = State::kStarted;
  if (reactor_->turner() != Turner::kThread) {
    if (uv_poll_init(loop, &wakeup_->poll, reactor_->backend_fd()) != 0) return false;
    wakeup_->poll.data = wakeup_;
    wakeup_->open = 2;
    uv_unref(reinterpret_cast<uv_handle_t*>(&wakeup_->poll));
  }
  // Until there is work, an idle reactor does not keep the process alive.
  uv_unref(reinterpret_cast<uv_handle_t*>(&wakeup_->handle));
  return napi_add_async_cleanup_hook(env_, OnEnvironmentCleanup, wakeup_, &wakeup_->hook) ==
             napi_ok &&
         napi_reference_ref(env_, self_, nullptr) == napi_ok;
}

// start(): the thread comes last, when everything else is there.
napi_value ReactorBinding::Start(napi_env env, napi_callback_info info) {
  ReactorBinding* binding = BindingOf(env, info);
  if (binding == nullptr || binding->state_ != State::kMade) {
    return ThrowSystemError(env, EALREADY, "start");
  }
  const int error = binding->OpenWakeup() ? binding->reactor_->Start() : ENOMEM;
  if (error == 0) {
    binding->WaitForBase(binding->reactor_->dispatches());
    return nullptr;
  }
  binding->End();
  return ThrowSystemError(env, error, "pthread_create");
}

napi_value ReactorBinding::Wake(napi_env env, napi_callback_info info) {
  ReactorBinding* binding = BindingOf(env, info);
  if (binding == nullptr || !binding->reactor_) return nullptr;
  if (binding->reactor_->turner() == Turner::kThread) {
    binding->reactor_->Wake();
  } else if (const Reactor::Turned turned = binding->reactor_->TakeHere();
             turned != Reactor::Turned::kNot) {
    (void)binding->Follow(turned);
  }
  return nullptr;
}

void ReactorBinding::OnReadable(uv_poll_t* handle, int, int) {
  ReactorBinding* binding = static_cast<Wakeup*>(handle->data)->binding;
  if (binding == nullptr) return;
  // Comes last: JavaScript may close the reactor.
  if (binding->Follow(binding->reactor_->TurnHere())) binding->CallBack();
}

// While the standby has the base nobody waits for it here: it stays readable until it is turned.
bool ReactorBinding::Follow(Reactor::Turned turned) {
  WaitForBase(turned != Reactor::Turned::kNot && reactor_->dispatches());
  if (turned != Reactor::Turned::kNot && reactor_->stops()) reactor_->StopHere();
  return turned == Reactor::Turned::kNews;
}

void ReactorBinding::WaitForBase(bool on) {
  if (on == waits_ || reactor_->turner() == Turner::kThread) return;
  waits_ = on;
  if (!on) {
    (void)uv_poll_stop(&wakeup_->poll);
    return;
  }
  (void)uv_poll_start(&wakeup_->poll, UV_READABLE, OnReadable);
  if (reactor_->standby() != nullptr) reactor_->standby()->Notify();
}

// Signalled by a thread, which may be a standby that has given the base back, or offers it.
void ReactorBinding::OnWakeup(uv_async_t* handle) {
  ReactorBinding* binding = static_cast<Wakeup*>(handle->data)->binding;
  if (binding == nullptr) return;
  Reactor& reactor = *binding->reactor_;
  if (reactor.standby() != nullptr) {
    if (reactor.standby()->Claim()) reactor.Wake();
    (void)binding->Follow(reactor.TurnHere());
  }
  binding->CallBack();
}

// Runs the drain in a callback scope: ticks and microtasks follow it. It has no async context, so
// no AsyncLocalStorage has a store: one that is made in start() would have the stores of whatever
// code makes the base. Subscribers are called back in contexts of their own, see
// lib/common/SubscriberContext.ts.
void ReactorBinding::CallBack() {
  const napi_env env = env_;
  napi_handle_scope scope = nullptr;
  if (napi_open_handle_scope(env, &scope) != napi_ok) return;
  napi_value self = nullptr;
  napi_value call = nullptr;
  if (napi_get_reference_value(env, self_, &self) == napi_ok && self != nullptr &&
      napi_get_reference_value(env, on_wakeup_, &call) == napi_ok && call != nullptr) {
    // Deno writes through the pointer of the result.
    napi_value result = nullptr;
    const napi_status status = napi_make_callback(env, nullptr, self, call, 0, nullptr, &result);
    napi_value error = nullptr;
    // Where JavaScript runs no more, nobody could handle it.
    if (status != napi_ok && napi_get_and_clear_last_exception(env, &error) == napi_ok &&
        error != nullptr) {
      (void)napi_fatal_exception(env, error);
    }
  }
  (void)napi_close_handle_scope(env, scope);
}

// lendMemory(index, view): the reactor may read the view's bytes until takeBack(index).
napi_value ReactorBinding::LendMemory(napi_env env, napi_callback_info info) {
  napi_value arguments[2];
  ReactorBinding* binding = BindingOf(env, info, arguments);
  const uint32_t index = IndexOf(env, arguments[0]);
  void* data = nullptr;
  size_t bytes = 0;
  if (binding == nullptr || !binding->reactor_ || index == 0 || index >= LentMemory::kCount ||
      (index < binding->pieces_.size() && binding->pieces_[index] != nullptr) ||
      !BytesOf(env, arguments[1], &data, &bytes)) {
    return ThrowSystemError(env, ENOBUFS, "lendMemory");
  }
  if (index >= binding->pieces_.size()) binding->pieces_.resize(index + 1, nullptr);
  if (napi_create_reference(env, arguments[1], 1, &binding->pieces_[index]) != napi_ok) {
    binding->pieces_[index] = nullptr;
    return ThrowSystemError(env, ENOMEM, "lendMemory");
  }
  binding->reactor_->memory().Set(index, static_cast<uint8_t*>(data), bytes);
  return nullptr;
}

napi_value ReactorBinding::TakeBack(napi_env env, napi_callback_info info) {
  napi_value arguments[1];
  ReactorBinding* binding = BindingOf(env, info, arguments);
  const uint32_t index = IndexOf(env, arguments[0]);
  if (binding == nullptr || index >= binding->pieces_.size() ||
      binding->pieces_[index] == nullptr) {
    return nullptr;
  }
  if (binding->reactor_) binding->reactor_->memory().Clear(index);
  (void)napi_delete_reference(env, std::exchange(binding->pieces_[index], nullptr));
  return nullptr;
}

// setRef(keepsProcessAlive)
napi_value ReactorBinding::SetRef(napi_env env, napi_callback_info info) {
  napi_value arguments[1];
  ReactorBinding* binding = BindingOf(env, info, arguments);
  bool on = false;
  if (binding == nullptr || binding->state_ != State::kStarted ||
      napi_get_value_bool(env, arguments[0], &on) != napi_ok) {
    return nullptr;
  }
  auto* handle = reinterpret_cast<uv_handle_t*>(&binding->wakeup_->handle);
  if (on) {
    uv_ref(handle);
  } else {
    uv_unref(handle);
  }
  return nullptr;
}

napi_value ReactorBinding::Close(napi_env env, napi_callback_info info) {
  ReactorBinding* binding = BindingOf(env, info);
  if (binding != nullptr) binding->End();
  return nullptr;
}

napi_value ReactorBinding::Method(napi_env env, napi_callback_info info) {
  ReactorBinding* binding = BindingOf(env, info);
  napi_value text = nullptr;
  if (binding == nullptr || napi_create_string_utf8(env, binding->method_.data(),
                                                    binding->method_.size(), &text) != napi_ok) {
    return nullptr;
  }
  return text;
}

napi_value ReactorBinding::Features(napi_env env, napi_callback_info info) {
  ReactorBinding* binding = BindingOf(env, info);
  return binding == nullptr ? nullptr : NumberOf(env, binding->features_);
}

napi_value ReactorBinding::TurnerOf(napi_env env, napi_callback_info info) {
  ReactorBinding* binding = BindingOf(env, info);
  if (binding == nullptr || !binding->reactor_) return nullptr;
  return NumberOf(env, static_cast<int32_t>(binding->reactor_->turner()));
}

// The one order of destruction: stop the thread, join it, release the memory, close the wake-up.
void ReactorBinding::End() {
  if (state_ == State::kEnded) return;
  const bool started = state_ == State::kStarted;
  state_ = State::kEnded;
  if (waits_) (void)uv_poll_stop(&wakeup_->poll);
  if (reactor_) {
    reactor_->RequestStop();
    reactor_->Join();
    reactor_.reset();
  }
  // Statuses are not looked at: an environment that is ending releases references by itself.
  for (std::vector<napi_ref>* references : {&pieces_, &memory_}) {
    for (napi_ref reference : *references) {
      if (reference != nullptr) (void)napi_delete_reference(env_, reference);
    }
    references->clear();
  }
  if (on_wakeup_ != nullptr) (void)napi_delete_reference(env_, std::exchange(on_wakeup_, nullptr));
  if (self_ != nullptr) (void)napi_delete_reference(env_, std::exchange(self_, nullptr));
  Wakeup* wakeup = std::exchange(wakeup_, nullptr);
  if (wakeup == nullptr) return;
  wakeup->binding = nullptr;
  if (started) {
    if (wakeup->open > 1) {
      uv_close(reinterpret_cast<uv_handle_t*>(&wakeup->poll), OnWakeupClosed);
    }
    uv_close(reinterpret_cast<uv_handle_t*>(&wakeup->handle), OnWakeupClosed);
  } else {
    delete wakeup;
  }
}

// The hook goes last: until then the environment waits for the handle to close.
void ReactorBinding::OnWakeupClosed(uv_handle_t* handle) {
  auto* wakeup = static_cast<Wakeup*>(handle->data);
  if (--wakeup->open > 0) return;
  if (wakeup->hook != nullptr) (void)napi_remove_async_cleanup_hook(wakeup->hook);
  delete wakeup;
}

void ReactorBinding::OnEnvironmentCleanup(napi_async_cleanup_hook_handle, void* data) {
  auto* wakeup = static_cast<Wakeup*>(data);
  wakeup->hook = CalledHook(wakeup->hook);
  ReactorBinding* binding = wakeup->binding;
  if (binding != nullptr) binding->End();
}

}  // namespace rxjs_libevent

// What the addon exports. Thread: JavaScript's. Owner: each environment has its own state.
#include <napi.h>

#include "layout.h"
#include "libevent.h"
#include "log_binding.h"
#include "process_hooks.h"
#include "reactor_binding.h"
#include "system_error.h"

namespace rxjs_libevent {

namespace {

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

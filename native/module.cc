// What the addon exports. Thread: JavaScript's. Owner: each environment has its own state.
#include <napi.h>

#include <cerrno>

#include "address.h"
#include "cleanup_hook.h"
#include "environment.h"
#include "layout.h"
#include "libevent.h"
#include "log_binding.h"
#include "process_hooks.h"
#include "reactor_binding.h"
#include "signal_leases.h"
#include "socket_options.h"
#include "system_error.h"
#include "tls_context.h"
#include "watched_sockets.h"

namespace rxjs_libevent {

namespace {

Environment* EnvironmentOf(napi_env env) {
  void* environment = nullptr;
  if (napi_get_instance_data(env, &environment) != napi_ok) return nullptr;
  return static_cast<Environment*>(environment);
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
void OnLog(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  Environment* environment = EnvironmentOf(env);
  if (environment == nullptr || !info[0].IsFunction()) {
    ThrowSystemError(env, EINVAL, "onLog");
    return;
  }
  if (environment->log == nullptr) environment->log = LogBinding::Open(env);
  if (environment->log != nullptr) environment->log->Use(info[0].As<Napi::Function>());
}

// enableDebugLogging(on): for the whole process, as libevent has it.
void EnableDebugLogging(const Napi::CallbackInfo& info) {
  event_enable_debug_logging(info[0].ToBoolean().Value() ? EVENT_DBG_ALL : EVENT_DBG_NONE);
}

int NumberOf(const Napi::Value& value) {
  int32_t number = -1;
  return napi_get_value_int32(value.Env(), value, &number) == napi_ok ? number : -1;
}

// duplicateDescriptor(fd): a descriptor of the library's own for what somebody else has open, on
// its way to the reactor that it is submitted to.
Napi::Value DuplicateDescriptor(const Napi::CallbackInfo& info) {
  Environment* environment = EnvironmentOf(info.Env());
  const int fd = NumberOf(info[0]);
  const int copy = environment == nullptr ? -1 : environment->transit->Duplicate(fd);
  if (copy >= 0) {
    NoteWatched(fd, copy);
    return Napi::Number::New(info.Env(), copy);
  }
  ThrowSystemError(info.Env(), environment == nullptr ? EINVAL : errno, "fcntl");
  return Napi::Value();
}

// Whether a descriptor is a connected stream socket. Returns 0 or an errno.
int LookAtPeer(int fd, SocketAddress* remote) {
  const int error = CheckStreamSocket(fd);
  if (error != 0) return error;
  remote->length = sizeof(remote->storage);
  return getpeername(fd, remote->get(), &remote->length) == 0 ? 0 : errno;
}

// adoptDescriptor(fd): a duplicate of a connected stream socket, on its way, with its addresses:
// fd, family, ports and three records. The two share their file status, so both are non-blocking.
Napi::Value AdoptDescriptor(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  Environment* environment = EnvironmentOf(env);
  const int fd = NumberOf(info[0]);
  SocketAddress remote;
  int error = environment == nullptr ? EINVAL : LookAtPeer(fd, &remote);
  if (error == 0) error = Try<evutil_make_socket_nonblocking>(fd);
  const int copy = error == 0 ? environment->transit->Duplicate(fd) : -1;
  if (error == 0 && copy < 0) error = errno;
  if (error != 0) {
    ThrowSystemError(env, error, "adopt");
    return Napi::Value();
  }
  const PackedAddresses packed = Pack(LocalAddressOf(copy), &remote);
  Napi::Array words = Napi::Array::New(env);
  uint32_t count = 0;
  const auto add = [&](int32_t word) { words.Set(count++, Napi::Number::New(env, word)); };
  add(copy);
  add(static_cast<int32_t>(packed.family));
  add(packed.ports);
  for (const Record& record : packed.records) {
    for (const int32_t word : record.words) add(word);
  }
  return words;
}

// discardDescriptor(fd): closes a descriptor on its way that no reactor gets.
void DiscardDescriptor(const Napi::CallbackInfo& info) {
  Environment* environment = EnvironmentOf(info.Env());
  if (environment != nullptr) environment->transit->Discard(NumberOf(info[0]));
}

// leaseSignal(number): returns 0 or an errno. A reactor may open an event for the signal then,
// until releaseSignal(number).
Napi::Value LeaseSignal(const Napi::CallbackInfo& info) {
  Environment* environment = EnvironmentOf(info.Env());
  const bool valid = environment != nullptr && environment->signals != nullptr;
  const int error = valid ? environment->signals->Take(NumberOf(info[0])) : EINVAL;
  return Napi::Number::New(info.Env(), error);
}

void ReleaseSignal(const Napi::CallbackInfo& info) {
  Environment* environment = EnvironmentOf(info.Env());
  if (environment != nullptr && environment->signals != nullptr) {
    environment->signals->Release(NumberOf(info[0]));
  }
}

#ifdef LIBEVENT_INSIDE
constexpr bool kLibeventIsInside = true;
#else
constexpr bool kLibeventIsInside = false;
#endif

template <auto function>
void Export(Napi::Object exports, const char* name) {
  exports.Set(name, Napi::Function::New<function>(exports.Env(), name));
}

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  SetProcessHooks();
  LookAtCleanupHooks(env);
  auto* environment = new Environment;
  environment->signals = SignalLeases::Open(env);
  const auto finalize = [](napi_env, void* data, void*) { delete static_cast<Environment*>(data); };
  if (napi_set_instance_data(env, environment, finalize, nullptr) != napi_ok) {
    delete environment;
    return exports;
  }
  exports.Set("Reactor", ReactorBinding::Define(env));
  Export<SupportedMethods>(exports, "supportedMethods");
  Export<OnLog>(exports, "onLog");
  Export<EnableDebugLogging>(exports, "enableDebugLogging");
  Export<DuplicateDescriptor>(exports, "duplicateDescriptor");
  Export<AdoptDescriptor>(exports, "adoptDescriptor");
  Export<DiscardDescriptor>(exports, "discardDescriptor");
  Export<LeaseSignal>(exports, "leaseSignal");
  Export<ReleaseSignal>(exports, "releaseSignal");
  ExportTls(env, exports);
  exports.Set("libeventVersion", Napi::String::New(env, event_get_version()));
  exports.Set("libeventIsInside", Napi::Boolean::New(env, kLibeventIsInside));
  exports.Set("layout", Layout(env));
  return exports;
}

NODE_API_MODULE(rxjs_libevent, Init)

}  // namespace
}  // namespace rxjs_libevent

// Thread: JavaScript's, but for Has(). Owner: itself, until the environment's cleanup hook has
// closed its handles.
#include "signal_leases.h"

#include <signal.h>

#include <cerrno>
#include <memory>
#include <mutex>

#include "cleanup_hook.h"

namespace rxjs_libevent {
namespace {

// The leases of every environment, and what each signal did before the first of them.
struct Process {
  std::mutex mutex;
  int leases[NSIG] = {};
  struct sigaction before[NSIG] = {};
};

Process& TheProcess() {
  static Process* process = new Process;  // outlives every thread
  return *process;
}

// Whether somebody else handles the signal: Node for `process.on()`, for its inspector, its
// profiler or WebAssembly. What Node has for SIGINT and SIGTERM only restores the terminal, once.
bool IsHandled(const struct sigaction& now) {
  const bool plain = now.sa_handler == SIG_DFL || now.sa_handler == SIG_IGN;
  return !plain && (static_cast<unsigned>(now.sa_flags) & SA_RESETHAND) == 0;
}

// The event loop has its own copy of every signal: nobody waits for it.
void OnSignal(uv_signal_t*, int) {}

}  // namespace

SignalLeases* SignalLeases::Open(napi_env env) {
  uv_loop_t* loop = nullptr;
  if (napi_get_uv_event_loop(env, &loop) != napi_ok) return nullptr;
  std::unique_ptr<SignalLeases> self(new SignalLeases(loop));
  if (napi_add_async_cleanup_hook(env, OnEnvironmentCleanup, self.get(), &self->hook_) != napi_ok) {
    return nullptr;
  }
  return self.release();
}

int SignalLeases::Take(int number) {
  if (number < 1 || number >= NSIG) return EINVAL;
  const auto known = leases_.find(number);
  if (known != leases_.end()) {
    ++known->second.users;
    return 0;
  }
  Process& process = TheProcess();
  std::lock_guard<std::mutex> lock(process.mutex);
  if (process.leases[number] == 0) {
    struct sigaction now = {};
    if (sigaction(number, nullptr, &now) != 0) return errno;
    if (IsHandled(now)) return EBUSY;
    process.before[number] = now;
  }
  auto* handle = new uv_signal_t;
  int error = uv_signal_init(loop_, handle);
  if (error != 0) {
    delete handle;
    return -error;
  }
  handle->data = this;
  uv_unref(reinterpret_cast<uv_handle_t*>(handle));
  error = uv_signal_start(handle, OnSignal, number);
  if (error != 0) {
    Close(handle);
    return -error;
  }
  ++process.leases[number];
  leases_[number] = {handle, 1};
  return 0;
}

void SignalLeases::Release(int number) {
  const auto known = leases_.find(number);
  if (known == leases_.end() || --known->second.users > 0) return;
  End(number, known->second.handle);
  leases_.erase(known);
}

bool SignalLeases::Has(int number) {
  if (number < 1 || number >= NSIG) return false;
  std::lock_guard<std::mutex> lock(TheProcess().mutex);
  return TheProcess().leases[number] > 0;
}

void SignalLeases::End(int number, uv_signal_t* handle) {
  Process& process = TheProcess();
  std::lock_guard<std::mutex> lock(process.mutex);
  Close(handle);
  if (--process.leases[number] > 0) return;
  // Node leaves the default behind, if it does not listen itself; what it has for SIGINT and
  // SIGTERM from its start restored the terminal.
  struct sigaction now = {};
  if (sigaction(number, nullptr, &now) != 0 || now.sa_handler != SIG_DFL) return;
  sigaction(number, &process.before[number], nullptr);
}

void SignalLeases::Close(uv_signal_t* handle) {
  ++closing_;
  uv_close(reinterpret_cast<uv_handle_t*>(handle), OnClosed);
}

void SignalLeases::OnClosed(uv_handle_t* handle) {
  auto* self = static_cast<SignalLeases*>(handle->data);
  delete reinterpret_cast<uv_signal_t*>(handle);
  --self->closing_;
  self->EndIfClosed();
}

void SignalLeases::OnEnvironmentCleanup(napi_async_cleanup_hook_handle, void* leases) {
  auto* self = static_cast<SignalLeases*>(leases);
  for (const auto& [number, lease] : self->leases_) self->End(number, lease.handle);
  self->leases_.clear();
  self->hook_ = CalledHook(self->hook_);
  self->ending_ = true;
  self->EndIfClosed();
}

void SignalLeases::EndIfClosed() {
  if (!ending_ || closing_ > 0) return;
  if (hook_ != nullptr) (void)napi_remove_async_cleanup_hook(hook_);
  delete this;
}

}  // namespace rxjs_libevent

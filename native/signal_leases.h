// Signals as the event loop of Node has them: a uv_signal_t for each, as long as a reactor has an
// evsignal for it.
//
// Node installs its handler of a signal with the first uv_signal_t of the process and takes it away
// with the last. While there is one of ours it does neither, whatever comes and goes by
// process.on() and process.off(). So libevent's handler, installed over Node's, stays where it is,
// and passes every signal on (see signal_event.cc). Nothing of this depends on the order of
// listeners.
#pragma once

#include <node_api.h>
#include <uv.h>

#include <map>

namespace rxjs_libevent {

class SignalLeases {
 public:
  // JavaScript's thread, before the environment has a reactor: then it ends after all of them.
  static SignalLeases* Open(napi_env env);

  // JavaScript's thread, before a reactor opens a SignalEvent. Returns 0 or an errno: EBUSY while
  // somebody else handles the signal.
  int Take(int number);
  // JavaScript's thread, once the SignalEvent is closed.
  void Release(int number);

  // Any thread. Whether the process has a lease of it.
  static bool Has(int number);

 private:
  struct Lease {
    uv_signal_t* handle;
    int users;
  };

  explicit SignalLeases(uv_loop_t* loop) : loop_(loop) {}

  void End(int number, uv_signal_t* handle);
  void Close(uv_signal_t* handle);
  void EndIfClosed();

  static void OnClosed(uv_handle_t* handle);
  static void OnEnvironmentCleanup(napi_async_cleanup_hook_handle hook, void* self);

  uv_loop_t* loop_;
  napi_async_cleanup_hook_handle hook_ = nullptr;
  std::map<int, Lease> leases_;
  int closing_ = 0;  // handles that uv_close() has not called back for
  bool ending_ = false;
};

}  // namespace rxjs_libevent

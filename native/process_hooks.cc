// Thread: any; the hooks run on the thread that called libevent. Owner: the process. Lifetime:
// from first use to the end of the process.
#include "process_hooks.h"

#include <event2/event.h>
#include <event2/thread.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "log_binding.h"

namespace rxjs_libevent {
namespace {

thread_local std::jmp_buf* fatal_exit = nullptr;

// libevent reads errno after it has logged.
void OnLog(int severity, const char* message) {
  const int error = errno;
  LogBinding::Log(severity, message);
  errno = error;
}

void OnFatal(int code) {
  if (fatal_exit != nullptr) longjmp(*fatal_exit, code == 0 ? 1 : code);
  fprintf(stderr, "rxjs-libevent: libevent failed outside of a reactor (%d)\n", code);
  abort();
}

}  // namespace

void SetProcessHooks() {
  static const bool set = [] {
    evthread_use_pthreads();
    event_set_log_callback(OnLog);
    event_set_fatal_callback(OnFatal);
    return true;
  }();
  (void)set;
}

std::jmp_buf* SetFatalExit(std::jmp_buf* exit) { return std::exchange(fatal_exit, exit); }

}  // namespace rxjs_libevent

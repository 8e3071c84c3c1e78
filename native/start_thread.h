// Any thread that the addon starts.
#pragma once

#include <pthread.h>
#include <signal.h>

namespace rxjs_libevent {

// Signals are Node's: the new thread takes none. Not std::thread: it throws when the system has no
// thread to give. Returns 0 or an errno.
[[nodiscard]] inline int StartThread(pthread_t* thread, void* (*run)(void*), void* argument) {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  int error = pthread_sigmask(SIG_SETMASK, &all, &before);
  if (error != 0) return error;
  error = pthread_create(thread, nullptr, run, argument);
  // It has worked the other way round.
  (void)pthread_sigmask(SIG_SETMASK, &before, nullptr);
  // Only for debuggers.
  if (error == 0) (void)pthread_setname_np(*thread, "libevent");
  return error;
}

}  // namespace rxjs_libevent

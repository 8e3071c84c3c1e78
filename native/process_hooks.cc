// Thread: any; the hooks run on the thread that called libevent. Owner: the process. Lifetime:
// from first use to the end of the process.
#include "process_hooks.h"

#include <event2/event.h>
#include <event2/thread.h>

#include <cstdio>
#include <cstdlib>
#include <deque>
#include <mutex>
#include <string>

namespace rxjs_libevent {
namespace {

struct LogMessage {
  int severity;
  std::string text;
};

// More than this is not kept: a log that nobody reads must not grow.
constexpr size_t kMostMessages = 256;

std::mutex& LogMutex() {
  static std::mutex* mutex = new std::mutex;  // outlives every thread
  return *mutex;
}

std::deque<LogMessage>& Log() {
  static std::deque<LogMessage>* log = new std::deque<LogMessage>;
  return *log;
}

thread_local std::jmp_buf* fatal_exit = nullptr;

void OnLog(int severity, const char* message) {
  std::lock_guard<std::mutex> lock(LogMutex());
  if (Log().size() == kMostMessages) Log().pop_front();
  Log().push_back({severity, message});
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

void SetFatalExit(std::jmp_buf* exit) { fatal_exit = exit; }

bool TakeLogMessage(int* severity, char* message, size_t size) {
  std::lock_guard<std::mutex> lock(LogMutex());
  if (Log().empty()) return false;
  *severity = Log().front().severity;
  snprintf(message, size, "%s", Log().front().text.c_str());
  Log().pop_front();
  return true;
}

}  // namespace rxjs_libevent

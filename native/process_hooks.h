// libevent's process-wide settings: threads, log and fatal hooks. Set once, for all environments.
#pragma once

#include <csetjmp>

namespace rxjs_libevent {

// Sets the hooks on first use. Any thread.
void SetProcessHooks();

// Where the calling thread goes on when libevent gives up, null for nowhere: then it aborts, where
// libevent would exit. Returns what was set before.
std::jmp_buf* SetFatalExit(std::jmp_buf* exit);

// Calls `call`, which must leave nothing to clean up in frames of its own. Returns false if
// libevent has given up inside, as it does when it gets no descriptors for a new base; errno says
// why.
template <typename Call>
bool SurvivesFatal(Call call) {
  std::jmp_buf exit;
  std::jmp_buf* const volatile before = SetFatalExit(&exit);
  const bool survived = setjmp(exit) == 0;
  if (survived) call();
  SetFatalExit(before);
  return survived;
}

}  // namespace rxjs_libevent

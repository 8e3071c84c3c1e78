// libevent's process-wide settings: threads, log and fatal hooks. Set once, for all environments.
#pragma once

#include <csetjmp>
#include <cstddef>

namespace rxjs_libevent {

// Sets the hooks on first use. Any thread.
void SetProcessHooks();

// Where the calling thread goes on when libevent gives up. Reactor threads only; a thread without
// one aborts, as libevent would exit.
void SetFatalExit(std::jmp_buf* exit);

// A warning of libevent's, kept for diagnostics; oldest first. Returns false when there is none.
bool TakeLogMessage(int* severity, char* message, size_t size);

}  // namespace rxjs_libevent

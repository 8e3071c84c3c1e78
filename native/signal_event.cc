// Thread: the reactor's, except libevent's own handler, which the kernel runs on whatever thread
// takes the signal (Node's main thread: reactors block all signals); it only writes to a socket of
// the base. Owner: the reactor's table. Lifetime: from kSignal to kClose; then the signal is
// what it was before.
//
// libevent 2.1 has one base for signals in a process (`evsig_base`), whichever added or looped
// last. So one base at a time may have them here, and another is refused instead of going deaf.
#include "signal_event.h"

#include <cerrno>
#include <mutex>

#include "open_handler.h"
#include "reactor.h"

namespace rxjs_libevent {
namespace {

struct Ownership {
  std::mutex mutex;
  event_base* base = nullptr;
  int signals = 0;
};

// Threads: every reactor of the process.
Ownership& Owner() {
  static Ownership* ownership = new Ownership;  // outlives every thread
  return *ownership;
}

bool Acquire(event_base* base) {
  std::lock_guard<std::mutex> lock(Owner().mutex);
  if (Owner().signals > 0 && Owner().base != base) return false;
  Owner().base = base;
  ++Owner().signals;
  return true;
}

void Release() {
  std::lock_guard<std::mutex> lock(Owner().mutex);
  --Owner().signals;
}

bool SameHandler(const struct sigaction& one, const struct sigaction& other) {
  return one.sa_handler == other.sa_handler;
}

// Whether somebody else handles the signal: Node for `process.on()`, for its inspector, its
// profiler or WebAssembly. What Node has for SIGINT and SIGTERM only restores the terminal, once.
bool IsTaken(const struct sigaction& now) {
  const bool plain = now.sa_handler == SIG_DFL || now.sa_handler == SIG_IGN;
  return !plain && (static_cast<unsigned>(now.sa_flags) & SA_RESETHAND) == 0;
}

bool IsRefused(int number) {
  switch (number) {
    case SIGKILL:
    case SIGSTOP:
    case SIGCHLD:
    case SIGSEGV:
    case SIGBUS:
    case SIGFPE:
    case SIGILL:
      return true;
    default:
      return number < 1 || number >= NSIG;
  }
}

}  // namespace

std::unique_ptr<EventHandler> SignalEvent::Open(Reactor& reactor, const Record& record) {
  const int number = record.a();
  struct sigaction now = {};
  if (IsRefused(number) || sigaction(number, nullptr, &now) != 0) {
    PostOpenFailure(reactor, record.id(), EINVAL, kSigactionCall);
    return nullptr;
  }
  if (IsTaken(now)) {
    PostOpenFailure(reactor, record.id(), EBUSY, kSigactionCall);
    return nullptr;
  }
  std::unique_ptr<SignalEvent> self(new SignalEvent(reactor, record.id(), number));
  evsignal_assign(&self->event_, reactor.base(), number, OnSignal, self.get());
  const int priority = PriorityOf(record);
  if (priority >= 0 && event_priority_set(&self->event_, priority) != 0) {
    PostOpenFailure(reactor, record.id(), EINVAL, kEventCall);
    return nullptr;
  }
  if (!Acquire(reactor.base())) {
    PostOpenFailure(reactor, record.id(), EBUSY, kEventCall);
    return nullptr;
  }
  self->added_ = true;
  if (event_add(&self->event_, nullptr) != 0) {
    PostOpenFailure(reactor, record.id(), errno, kEventCall);
    return nullptr;
  }
  sigaction(number, nullptr, &self->ours_);
  return self;
}

void SignalEvent::Take(const Record& record) {
  switch (static_cast<Submission>(record.kind())) {
    case Submission::kCredit:
      acknowledged_ = true;
      Deliver();
      break;
    case Submission::kClose:
      GiveBack();
      reactor_.Retire(this);
      break;
    default:
      break;
  }
}

void SignalEvent::OnSignal(evutil_socket_t, short, void* self) {
  auto* signal = static_cast<SignalEvent*>(self);
  ++signal->missed_;
  signal->Deliver();
}

void SignalEvent::Deliver() {
  if (!acknowledged_ || missed_ == 0) return;
  reactor_.completions().Post(Completion::kFired, 0, id_, static_cast<int32_t>(missed_), 0);
  acknowledged_ = false;
  missed_ = 0;
}

// libevent puts back what it has found. Whoever has taken the signal since keeps it.
void SignalEvent::GiveBack() {
  if (!added_) return;
  added_ = false;
  struct sigaction now = {};
  sigaction(number_, nullptr, &now);
  event_del(&event_);
  if (!SameHandler(now, ours_)) sigaction(number_, &now, nullptr);
  Release();
}

}  // namespace rxjs_libevent

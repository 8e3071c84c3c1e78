// Thread: the reactor's, except libevent's own handler, which the kernel runs on whatever thread
// takes the signal (Node's main thread: reactors block all signals); it only writes to a socket of
// the base. Owner: the reactor's table. Lifetime: from kSignal to kClose, within the lease that
// JavaScript has taken; then the signal is what it was before.
//
// What libevent finds installed is the handler of Node's event loop, because of the lease. Every
// signal is passed on to it, so that listeners of `process` hear it, too.
//
// libevent 2.1 has one base for signals in a process (`evsig_base`), whichever added or looped
// last. So one base at a time may have them here, and another is refused instead of going deaf.
#include "signal_event.h"

#include <cerrno>
#include <mutex>
#include <utility>

#include "reactor.h"
#include "signal_leases.h"

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

Failure SignalEvent::Open(const Record& record) {
  number_ = record.a();
  if (IsRefused(number_) || !SignalLeases::Has(number_) ||
      sigaction(number_, nullptr, &nodes_) != 0) {
    return {EINVAL, kSigactionCall};
  }
  if (evsignal_assign(&event_, reactor_.base(), number_, CallBack<&SignalEvent::OnSignal>, this) !=
          0 ||
      SetPriority(&event_, PriorityOf(record)) != 0) {
    return {EINVAL, kEventCall};
  }
  if (!Acquire(reactor_.base())) return {EBUSY, kEventCall};
  int error = reactor_.Add(&event_, nullptr);
  if (error != 0) {
    Release();
    return {error, kEventCall};
  }
  added_ = true;
  error = Try<sigaction>(number_, nullptr, &ours_);
  return {error, kSigactionCall};
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

void SignalEvent::OnSignal(short) {
  ++missed_;
  PassOn();
  Deliver();
}

// As the kernel would have called it: no other signal comes meanwhile, since the handler has a
// lock.
void SignalEvent::PassOn() {
  const bool plain = nodes_.sa_handler == SIG_DFL || nodes_.sa_handler == SIG_IGN;
  if (plain || (static_cast<unsigned>(nodes_.sa_flags) & SA_SIGINFO) != 0) return;
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  if (pthread_sigmask(SIG_SETMASK, &all, &before) != 0) return;
  nodes_.sa_handler(number_);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void SignalEvent::Deliver() {
  if (!acknowledged_ || missed_ == 0) return;
  reactor_.completions().Post(Completion::kFired, 0, id_, static_cast<int32_t>(missed_), 0);
  acknowledged_ = false;
  missed_ = 0;
}

// libevent puts back what it has found. A handler that has been set since stays.
void SignalEvent::GiveBack() {
  if (!std::exchange(added_, false)) return;
  struct sigaction now = {};
  sigaction(number_, nullptr, &now);
  event_del(&event_);
  if (now.sa_handler != ours_.sa_handler) sigaction(number_, &now, nullptr);
  Release();
}

void SignalEvent::Abandon() {
  if (!std::exchange(added_, false)) return;
  struct sigaction now = {};
  // Nothing else can be done where even this fails.
  if (sigaction(number_, nullptr, &now) == 0 && now.sa_handler == ours_.sa_handler) {
    (void)sigaction(number_, &nodes_, nullptr);
  }
  Release();
}

}  // namespace rxjs_libevent

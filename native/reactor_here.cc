// A reactor without a thread: JavaScript's turns the base, between other work, and never blocks in
// it. It waits for backend_fd() instead.
//
// Thread: JavaScript's. Owner and lifetime: as in reactor.cc.
#include <csetjmp>

#include "process_hooks.h"
#include "reactor.h"

namespace rxjs_libevent {

// As Run() does: libevent's fatal callback jumps over frames that own nothing.
template <typename Call>
void Reactor::Survive(Call call) {
  std::jmp_buf fatal_exit;
  const int fatal = setjmp(fatal_exit);
  if (fatal != 0) {
    state_ = State::kStopped;
    Abandon(fatal);
    return;
  }
  SetFatalExit(&fatal_exit);
  call();
  SetFatalExit(nullptr);
}

void Reactor::TakeHere() {
  if (state_ == State::kStopped) {
    WaitUntilPublished();
    Atomic(shared_.control + kReactorSleeps).store(1);
    return;
  }
  Survive([this] {
    CatchUp();
    FinishHere();
  });
}

bool Reactor::TurnHere() {
  turns_here_ = true;
  has_news_ = false;
  Survive([this] {
    CatchUp();
    if (starved_ && HasAmpleRoom()) starved_ = false;
    // Without room nothing is read; JavaScript is about to drain.
    if (state_ == State::kDispatching && !starved_) {
      Pass(false);
      backend_.TurnedOff();
    }
    FinishHere();
  });
  turns_here_ = false;
  return has_news_;
}

void Reactor::StopHere() {
  if (state_ == State::kStopped) return;
  state_ = State::kStopped;
  Survive([this] { Stop(); });
}

void Reactor::FinishHere() {
  if (state_ == State::kDispatching && (hidden_timeouts_ > 0 || backend_.IsDue())) LookUpTimeout();
  // What callbacks have left behind.
  while (!retired_.empty() || !unsettled_.empty()) {
    Settle();
    DeleteRetired();
  }
  Publish();
  if (state_ == State::kDispatching) {
    backend_.Set();
    if (starved_ && HasAmpleRoom()) starved_ = false;
    if (HasMoreToDo()) Wake();
  }
  if (starved_ || completions_.HasWaiting() || !stalled_.empty()) {
    Atomic(shared_.control + kReactorWantsRoom).store(1);
  }
  Atomic(shared_.control + kReactorSleeps).store(1);
}

// libevent computes its next timeout when it is about to block, and a wake-up lets such a pass
// return at once. Where a timeout is due in the pass, it computes none. Then a callback of ours has
// run, and the next turn looks again; or the timeout was libevent's own, of which each common one
// comes once.
void Reactor::LookUpTimeout() {
  backend_.Forget();
  for (size_t attempt = 0; attempt < 2 + common_timeouts_.size(); ++attempt) {
    Wake();
    Pass(true);
    if (state_ != State::kDispatching || backend_.Learn()) return;
    if (callbacks_ > 0) return backend_.Note({0, 0});
  }
}

// Whether the next turn has to come although nothing makes the backend readable.
bool Reactor::HasMoreToDo() {
  if (!submissions_.Empty() || (loop_flags_ & EVLOOP_NONBLOCK) != 0) return true;
  return !starved_ && event_base_get_num_events(base_.get(), EVENT_BASE_COUNT_ACTIVE) > 0;
}

}  // namespace rxjs_libevent

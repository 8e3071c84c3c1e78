// A base that JavaScript's thread turns, between other work, without ever blocking in it: it waits
// for backend_fd() instead. Where there is a standby, either thread takes the base for its turns.
//
// Thread: JavaScript's, but for TurnStandingBy(). Owner and lifetime: as in reactor.cc.
#include <csetjmp>
#include <utility>

#include "process_hooks.h"
#include "reactor.h"
#include "standby.h"

namespace rxjs_libevent {

// As Run() does: libevent's fatal callback jumps over frames that own nothing.
template <typename Call>
void Reactor::Survive(Call call) {
  std::jmp_buf fatal_exit;
  const int fatal = setjmp(fatal_exit);
  if (fatal != 0) {
    state_ = State::kStopped;
    Abandon(fatal);
    AwaitJavaScript();
    return;
  }
  SetFatalExit(&fatal_exit);
  call();
  SetFatalExit(nullptr);
}

// What one owner has done is seen by the next: released by the store of Disown().
bool Reactor::Own(Owner owner) {
  Owner nobody = Owner::kNobody;
  return owner_.compare_exchange_strong(nobody, owner, std::memory_order_acquire,
                                        std::memory_order_relaxed);
}

void Reactor::DisownHere() {
  left_ = state_;
  Disown();
}

Reactor::Turned Reactor::TakeHere() {
  if (!Own(Owner::kJavaScript)) {
    Wake();
    return Turned::kNot;
  }
  if (state_ == State::kStopped) {
    WaitUntilPublished();
    AwaitJavaScript();
  } else {
    Survive([this] {
      CatchUp();
      FinishHere();
    });
  }
  DisownHere();
  return Turned::kIdle;
}

Reactor::Turned Reactor::TurnHere() {
  if (!Own(Owner::kJavaScript)) return Turned::kNot;
  turn_ = TurnOf::kHere;
  Count(kJavaScriptTurns);
  if (state_ != State::kStopped) {
    Survive([this] {
      CatchUp();
      // Its event, which is urgent, would have a pass of its own beside less urgent ones.
      if (std::exchange(woken_here_, false)) ClearWake();
      if (starved_ && HasAmpleRoom()) starved_ = false;
      // Without room nothing is read; JavaScript is about to drain.
      if (state_ == State::kDispatching && !starved_) {
        Pass(false);
        backend_.TurnedOff();
      }
      FinishHere();
    });
  }
  const bool has_news = std::exchange(turn_, TurnOf::kElsewhere) == TurnOf::kNews;
  DisownHere();
  return has_news ? Turned::kNews : Turned::kIdle;
}

void Reactor::StopHere() {
  // It may be turning the base, and waits for its descriptor.
  if (standby_) standby_->End();
  if (state_ == State::kStopped) return;
  state_ = State::kStopped;
  Survive([this] { Stop(); });
  left_ = state_;
}

Reactor::Stood Reactor::TurnStandingBy() {
  if (!Own(Owner::kStandby)) return Stood::kNot;
  if (state_ == State::kDispatching) {
    Count(kTakeOvers);
    // As in a thread: it looks at the submissions itself, before it sleeps.
    Atomic(shared_.control + kReactorSleeps).store(0);
    Survive([this] {
      // libevent sets the timer from here on.
      backend_.TurnedOff();
      standby_->Begin();
      while (state_ == State::kDispatching && !stop_requested_.load() && !standby_->hands_back()) {
        Count(kStandbyTurns);
        Turn();
      }
      standby_->Finish();
      backend_.TurnedOff();
      FinishHere();
    });
    Count(kHandBacks);
  }
  const bool dispatches = state_ == State::kDispatching;
  Disown();
  // It may have found the base taken, and waits no more.
  CallJavaScript();
  return dispatches ? Stood::kTurned : Stood::kPaused;
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
    woken_here_ = HasMoreToDo();
    if (woken_here_) Wake();
  }
  AwaitJavaScript();
}

// Whatever JavaScript does next, it calls: with submissions, and where room is waited for.
void Reactor::AwaitJavaScript() {
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

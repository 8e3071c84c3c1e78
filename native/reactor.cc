// Thread: constructed, started and joined by JavaScript's thread; everything else runs on the
// reactor's own. Owner: the binding's Reactor object. Lifetime: the thread ends before the memory
// that JavaScript lent is let go.
#include "reactor.h"

#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csetjmp>
#include <cstring>

#include "open_handler.h"
#include "process_hooks.h"

namespace rxjs_libevent {
namespace {

// For so long a lack of room is JavaScript's ordinary business. After it, as when JavaScript is
// blocked, connections stop asking the kernel one by one, and the reactor sleeps.
constexpr auto kStarvedBriefly = std::chrono::milliseconds(10);
// How long everything but input may wait meanwhile.
constexpr int kRoomMilliseconds = 1;

}  // namespace

Reactor::Reactor(const Memory& memory, const Options& options, EventBasePtr base, Transit& transit,
                 std::function<void()> signal)
    : memory_(memory),
      options_(options),
      transit_(transit),
      signal_(std::move(signal)),
      completions_(memory.control, memory.completions, memory.completion_capacity),
      submissions_(memory.control, memory.submissions, memory.submission_capacity),
      slabs_(completions_),
      base_(std::move(base)),
      dispatching_(options.dispatch) {}

Reactor::~Reactor() {
  if (wake_fd_ >= 0) close(wake_fd_);
}

int Reactor::Start() {
  if (!pins_.valid()) return ENOMEM;
  wake_fd_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (wake_fd_ < 0) return errno;
  if (!CanWatch(base_.get(), wake_fd_)) return EMFILE;
  // An edge on an eventfd comes with every write, so nobody has to read it.
  edge_triggered_wake_ = (event_base_get_features(base_.get()) & EV_FEATURE_ET) != 0;
  const short edge = edge_triggered_wake_ ? EV_ET : 0;
  wake_event_.reset(event_new(base_.get(), wake_fd_, EV_READ | EV_PERSIST | edge, OnWake, this));
  if (!wake_event_ || event_add(wake_event_.get(), nullptr) != 0) return ENOMEM;
  if (options_.priorities > 1) event_priority_set(wake_event_.get(), 0);

  // Signals are Node's: this thread takes none.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  // Not std::thread: it throws when the system has no thread to give.
  const int error = pthread_create(&thread_, nullptr, OnThread, this);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (error != 0) return error;
  started_ = true;
  pthread_setname_np(thread_, "libevent");
  return 0;
}

void* Reactor::OnThread(void* self) {
  static_cast<Reactor*>(self)->Run();
  return nullptr;
}

void Reactor::Wake() {
  const uint64_t one = 1;
  // EAGAIN means that the counter is full: then the reactor has a wake-up waiting already.
  if (write(wake_fd_, &one, sizeof(one)) < 0) return;
}

void Reactor::RequestStop() {
  stop_requested_.store(true);
  Wake();
}

void Reactor::Join() {
  if (!started_) return;
  started_ = false;
  pthread_join(thread_, nullptr);
  RefuseSubmissions();
}

// What came too late: of that, only accepted sockets hold something.
void Reactor::RefuseSubmissions() {
  submissions_.Drain([this](const Record& record) {
    const auto kind = static_cast<Submission>(record.kind());
    if (kind != Submission::kAdopt && kind != Submission::kCloseFd) return;
    if (transit_.Leave(record.a())) close(record.a());
  });
}

void Reactor::OnWake(evutil_socket_t, short, void* self) {
  auto* reactor = static_cast<Reactor*>(self);
  if (!reactor->edge_triggered_wake_) reactor->ClearWake();
}

void Reactor::ClearWake() {
  uint64_t count;
  // EAGAIN means that there was no wake-up to clear.
  if (read(wake_fd_, &count, sizeof(count)) < 0) return;
}

void Reactor::Count(Stat stat, int32_t count) {
  // The only writer is this thread, so a load and a store do.
  std::atomic<int32_t>& word = Atomic(memory_.control + kStats + stat);
  const uint32_t sum =
      static_cast<uint32_t>(word.load(std::memory_order_relaxed)) + static_cast<uint32_t>(count);
  word.store(static_cast<int32_t>(sum), std::memory_order_relaxed);
}

void Reactor::SetLeft(int32_t id, uint32_t total) {
  Atomic(memory_.left + SlotOf(id)).store(static_cast<int32_t>(total), std::memory_order_release);
}

void Reactor::Run() {
  // libevent's fatal callback must not return.
  std::jmp_buf fatal_exit;
  const int fatal = setjmp(fatal_exit);
  if (fatal != 0) {
    Abandon(fatal);
    return;
  }
  SetFatalExit(&fatal_exit);
  while (!stopping_ && !stop_requested_.load()) Turn();
  Stop();
}

void Reactor::Turn() {
  Count(kPasses);
  TakeSubmissions();
  DeleteRetired();
  ResumeStalled();
  Publish();
  if (stopping_) return;
  if (!dispatching_) {
    WaitWithoutDispatch();
    return;
  }
  bool may_block = (loop_flags_ & EVLOOP_NONBLOCK) == 0;
  if (starved_) {
    switch (WaitForRoom()) {
      case Room::kComes:
        return;
      case Room::kPoll:
        may_block = false;
        break;
      case Room::kMayBlock:
        break;
    }
  }
  const bool block = may_block && PrepareToBlock();
  const uint64_t position = completions_.Position();
  const int result = event_base_loop(
      base_.get(), EVLOOP_ONCE | EVLOOP_NO_EXIT_ON_EMPTY | (block ? 0 : EVLOOP_NONBLOCK));
  if (block) Atomic(memory_.control + kReactorSleeps).store(0);
  if (result < 0 && !FailClosed()) {
    completions_.Post(Completion::kFatal, 0, 0, result, 0);
    stop_requested_.store(true);
  }
  NoteLoopEnd(completions_.Position() != position);
  Publish();
}

// select() fails for all because of one descriptor that its owner has closed.
bool Reactor::FailClosed() {
  bool found = false;
  for (const auto& handler : handlers_) {
    if (handler != nullptr && handler->FailIfClosed()) found = true;
  }
  return found;
}

// Says that this thread sleeps, then looks once more: JavaScript writes first and reads the flag
// afterwards, so one of the two sees the other.
bool Reactor::PrepareToBlock() {
  Atomic(memory_.control + kReactorSleeps).store(1);
  const bool starved = starved_ || completions_.HasWaiting() || !stalled_.empty();
  if (starved) Atomic(memory_.control + kReactorWantsRoom).store(1);
  // HasAmpleRoom() may give a full slab back, so what can be published is looked at last.
  if (!submissions_.Empty() || stop_requested_.load() || (starved && HasAmpleRoom()) ||
      completions_.CanPublish()) {
    Atomic(memory_.control + kReactorSleeps).store(0);
    return false;
  }
  Count(kSleeps);
  return true;
}

bool Reactor::MayPost(EventHandler* handler, void (*rest)(EventHandler*)) {
  if (!starved_) {
    if (HasRoom()) return true;
    starved_ = true;
    starved_since_ = Clock::now();
    Count(kStalls);
    // What is active stays active, first in line when there is room.
    event_base_loopbreak(base_.get());
  } else if (Clock::now() - starved_since_ > kStarvedBriefly) {
    rest(handler);
    Stall(handler);
  }
  return false;
}

// JavaScript is a little behind: its next drain gives room, so the kernel is not asked for input
// meanwhile, and for everything else once in a while.
Reactor::Room Reactor::WaitForRoom() {
  if (HasAmpleRoom()) {
    starved_ = false;
    return Room::kMayBlock;
  }
  if (Clock::now() - starved_since_ > kStarvedBriefly) return Room::kMayBlock;
  if (!PrepareToBlock()) return Room::kComes;
  pollfd wake = {wake_fd_, POLLIN, 0};
  const bool woken = poll(&wake, 1, kRoomMilliseconds) > 0;
  ClearWake();
  Atomic(memory_.control + kReactorSleeps).store(0);
  return woken ? Room::kComes : Room::kPoll;
}

// The loop has been left (loopExit, loopBreak, or not begun): only submissions are looked at.
void Reactor::WaitWithoutDispatch() {
  if (PrepareToBlock()) {
    pollfd wake = {wake_fd_, POLLIN, 0};
    poll(&wake, 1, -1);
    ClearWake();
    Atomic(memory_.control + kReactorSleeps).store(0);
  }
}

// A pass that has only been woken up by a submission is no step: JavaScript has nothing of it.
void Reactor::NoteLoopEnd(bool posted) {
  if (event_base_got_exit(base_.get()) != 0) {
    EndLoop(LoopEnd::kExited);
  } else if (starved_) {
    return;  // what is active is not done yet
  } else if ((loop_flags_ & EVLOOP_NONBLOCK) != 0 || ((loop_flags_ & EVLOOP_ONCE) != 0 && posted)) {
    EndLoop(LoopEnd::kStepped);
  }
}

void Reactor::EndLoop(LoopEnd end) {
  dispatching_ = false;
  loop_flags_ = 0;
  completions_.Post(Completion::kLooped, 0, 0, end, loop_run_);
}

// After a fatal error nothing of libevent may be touched: what the base held stays with the kernel
// until the process ends.
void Reactor::Abandon(int code) {
  for (auto& handler : handlers_) (void)handler.release();
  (void)wake_event_.release();
  death_watch_.Abandon();
  (void)base_.release();
  completions_.Post(Completion::kFatal, 0, 0, code, 0);
  completions_.Publish();
  signal_();
}

void Reactor::Publish() {
  const uint32_t before = posted_;
  if (!completions_.Publish()) return;
  posted_ = completions_.tail();
  Count(kPosted, static_cast<int32_t>(posted_ - before));
  if (Atomic(memory_.control + kJsSleeps).exchange(0) == 0) return;
  Count(kSignals);
  signal_();
}

void Reactor::Stall(EventHandler* handler) {
  if (handler->stalled_) return;
  handler->stalled_ = true;
  stalled_.push_back(handler);
}

void Reactor::ResumeStalled() {
  if (stalled_.empty() || !HasAmpleRoom()) return;
  starved_ = false;
  std::vector<EventHandler*> resumed;
  resumed.swap(stalled_);
  for (EventHandler* handler : resumed) {
    handler->stalled_ = false;
    handler->Resume();
  }
}

void Reactor::Retire(EventHandler* handler) {
  if (handler->retired_) return;
  handler->retired_ = true;
  retired_.push_back(handler);
}

void Reactor::DeleteRetired() {
  while (!retired_.empty()) {
    std::vector<EventHandler*> gone;
    gone.swap(retired_);
    for (EventHandler* handler : gone) {
      if (handler->stalled_) {
        for (EventHandler*& stalled : stalled_) {
          if (stalled == handler) {
            stalled = stalled_.back();
            stalled_.pop_back();
            break;
          }
        }
      }
      const int32_t id = handler->id();
      handlers_[SlotOf(id)].reset();
      completions_.Post(Completion::kClosed, 0, id, 0, 0);
    }
  }
}

void Reactor::DestroyHandlers() {
  stalled_.clear();
  retired_.clear();
  // Rate-limit groups go last: their members leave them while they are freed.
  for (auto& handler : handlers_) {
    if (handler && !handler->OutlivesOthers()) handler.reset();
  }
  handlers_.clear();
}

void Reactor::Stop() {
  DestroyHandlers();
  death_watch_.Close();
  wake_event_.reset();
  // bufferevent_free() leaves work for a later turn of the loop.
  event_base_loop(base_.get(), EVLOOP_NONBLOCK);
  base_.reset();
  completions_.Post(Completion::kStopped, 0, 0, 0, 0);
  while (!stop_requested_.load()) {
    RefuseSubmissions();
    Publish();
    if (!completions_.HasWaiting()) break;
    WaitWithoutDispatch();
  }
}

}  // namespace rxjs_libevent

// Thread: constructed, started and joined by JavaScript's thread; everything else runs on the
// reactor's own, or see reactor_here.cc. Owner: the binding's Reactor object. Lifetime: the thread
// ends before the memory that JavaScript lent is released.
#include "reactor.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <csetjmp>

#include "process_hooks.h"
#include "standby.h"
#include "start_thread.h"

namespace rxjs_libevent {
namespace {

// A lack of room this brief is JavaScript's ordinary business. After it, as when JavaScript is
// blocked, connections stop asking the kernel one by one, and the reactor sleeps.
constexpr auto kStarvedBriefly = std::chrono::milliseconds(10);
// How long everything but input may wait meanwhile.
constexpr int kRoomMilliseconds = 1;
// Callbacks of one pass. libevent runs the most urgent priority alone and returns only when nothing
// is active, so what is always active would keep a pass for ever.
constexpr int kCallbacksPerPass = 1024;
// Bytes received in one pass without a thread: JavaScript handles all of them before anything is
// sent, and peers wait that long.
constexpr uint32_t kBytesPerPass = 1u << 19;
// Passes that may fail one after the other: see FailClosed().
constexpr int kFailedPasses = 64;

}  // namespace

Reactor::Reactor(const Memory& memory, const Options& options, EventBasePtr base, Transit& transit,
                 TlsExchange& tls, std::function<void()> signal)
    : shared_(memory),
      options_(options),
      turner_(options.turner),
      transit_(transit),
      tls_(tls),
      signal_(std::move(signal)),
      completions_(memory.control, memory.completions, memory.completion_capacity),
      submissions_(memory.control, memory.submissions, memory.submission_capacity),
      lent_(completions_),
      arena_(memory.arena, memory.control, completions_),
      base_(std::move(base)),
      state_(options.dispatch ? State::kDispatching : State::kPaused),
      left_(state_) {
  if (lent_.valid()) lent_.Set(0, memory.arena, kArenaBlocks * kArenaBlockBytes);
}

Reactor::~Reactor() {
  if (wake_fd_ >= 0) close(wake_fd_);
}

int Reactor::Prepare() {
  if (!lent_.valid()) return ENOMEM;
  wake_fd_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (wake_fd_ < 0) return errno;
  if (!CanWatch(base_.get(), wake_fd_)) return EMFILE;
  const short edge = HasEdges() ? EV_ET : 0;
  wake_event_.reset(event_new(base_.get(), wake_fd_, EV_READ | EV_PERSIST | edge, OnWake, this));
  if (!wake_event_) return ENOMEM;
  if (options_.priorities > 1 && event_priority_set(wake_event_.get(), 0) != 0) return EINVAL;
  const int error = AddEvent(wake_event_.get(), nullptr);
  if (error != 0 || turner_ == Turner::kThread) return error;
  const int missing = backend_.Find(base_.get(), wake_fd_);
  if (missing != ENOTSUP || turner_ != Turner::kEither) return missing;
  turner_ = Turner::kThread;
  return 0;
}

int Reactor::Start() {
  if (turner_ == Turner::kThread) {
    const int error = StartThread(&thread_, OnThread, this);
    started_ = error == 0;
    return error;
  }
  FinishHere();
  if (turner_ == Turner::kEither)
    standby_ = std::make_unique<Standby>(*this, options_.standby_tick_us);
  const int error = standby_ ? standby_->Start() : 0;
  started_ = error == 0;
  return error;
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
  // What has not started has nothing to end, and at the end of an environment its memory may be
  // gone.
  if (!started_) return;
  started_ = false;
  if (turner_ == Turner::kThread) {
    pthread_join(thread_, nullptr);
  } else {
    StopHere();
  }
  RefuseSubmissions();
}

void Reactor::OnWake(evutil_socket_t, short, void* self) {
  auto* reactor = static_cast<Reactor*>(self);
  // An edge on an eventfd comes with every write, so nobody has to read it.
  if (!reactor->HasEdges()) reactor->ClearWake();
}

void Reactor::ClearWake() {
  uint64_t count;
  // EAGAIN means that there was no wake-up to clear.
  if (read(wake_fd_, &count, sizeof(count)) < 0) return;
}

int Reactor::Add(event* event, const timeval* timeout) {
  const int error = AddEvent(event, timeout);
  if (timeout != nullptr && turner_ != Turner::kThread) backend_.Note(*timeout);
  return error;
}

void Reactor::Count(Stat stat, int32_t count) {
  // The only writer is the thread that turns, so a load and a store do.
  std::atomic<int32_t>& word = Atomic(shared_.control + kStats + stat);
  const uint32_t sum =
      static_cast<uint32_t>(word.load(std::memory_order_relaxed)) + static_cast<uint32_t>(count);
  word.store(static_cast<int32_t>(sum), std::memory_order_relaxed);
}

void Reactor::CountCallback() {
  // What is active stays active, and comes first in the next pass.
  const bool full = turn_ != TurnOf::kElsewhere && arena_.filled() - pass_start_ >= kBytesPerPass;
  if (++callbacks_ == kCallbacksPerPass || full) event_base_loopbreak(base_.get());
}

void Reactor::SetSent(int32_t id, uint32_t total) {
  Atomic(shared_.sent + SlotOf(id)).store(static_cast<int32_t>(total));
}

void Reactor::Run() {
  // libevent's fatal callback must not return. It jumps here over frames that own nothing: handlers
  // stand in the table before they call libevent, and what they make stands in their members.
  std::jmp_buf fatal_exit;
  const int fatal = setjmp(fatal_exit);
  if (fatal != 0) {
    Abandon(fatal);
    return;
  }
  SetFatalExit(&fatal_exit);
  while (state_ != State::kStopping && !stop_requested_.load()) Turn();
  Stop();
}

// What stands around a pass of the loop.
void Reactor::CatchUp() {
  TakeSubmissions();
  Settle();
  DeleteRetired();
  ResumeStalled();
  arena_.Rewind();
  Publish();
}

void Reactor::Turn() {
  CatchUp();
  if (state_ == State::kStopping) return;
  if (state_ == State::kPaused) return WaitWithoutDispatch();
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
  Pass(may_block && PrepareToBlock());
}

void Reactor::Pass(bool block) {
  Count(kPasses);
  const uint64_t position = completions_.Position();
  callbacks_ = 0;
  pass_start_ = arena_.filled();
  const int result = event_base_loop(
      base_.get(), EVLOOP_ONCE | EVLOOP_NO_EXIT_ON_EMPTY | (block ? 0 : EVLOOP_NONBLOCK));
  if (block) Atomic(shared_.control + kReactorSleeps).store(0);
  if (result >= 0) {
    failed_passes_ = 0;
  } else if (!FailClosed()) {
    completions_.Post(Completion::kFatal, 0, 0, result, 0);
    state_ = State::kStopping;
    return Publish();
  }
  NoteLoopEnd(completions_.Position() != position);
  Publish();
}

// select() fails for all because of one descriptor that somebody has closed. Its handler may have
// been closed meanwhile, or the number may be open again: then the next pass goes well. Returns
// false when it does not help to go on, as with a method that keeps descriptors in the kernel.
bool Reactor::FailClosed() {
  if ((event_base_get_features(base_.get()) & EV_FEATURE_FDS) == 0) return false;
  for (const auto& handler : handlers_) {
    if (handler != nullptr) (void)handler->FailIfClosed();
  }
  return ++failed_passes_ < kFailedPasses;
}

// Says that this thread sleeps, then looks once more: JavaScript writes first and reads the flag
// afterwards, so one of the two sees the other.
bool Reactor::PrepareToBlock() {
  Atomic(shared_.control + kReactorSleeps).store(1);
  const bool starved = starved_ || completions_.HasWaiting() || !stalled_.empty();
  if (starved) Atomic(shared_.control + kReactorWantsRoom).store(1);
  if (!submissions_.Empty() || stop_requested_.load() || (starved && HasAmpleRoom()) ||
      !retired_.empty() || completions_.CanPublish()) {
    Atomic(shared_.control + kReactorSleeps).store(0);
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
  Atomic(shared_.control + kReactorSleeps).store(0);
  return woken ? Room::kComes : Room::kPoll;
}

// The loop has been left (loopExit, loopBreak, or not begun): only submissions are looked at.
void Reactor::WaitWithoutDispatch() {
  if (!PrepareToBlock()) return;
  pollfd wake = {wake_fd_, POLLIN, 0};
  // Woken by a signal or not, the submissions are looked at next.
  (void)poll(&wake, 1, -1);
  ClearWake();
  Atomic(shared_.control + kReactorSleeps).store(0);
}

// The last records of all: they wait for room if they must, unless the thread has to go.
void Reactor::WaitUntilPublished() {
  for (;;) {
    RefuseSubmissions();
    Publish();
    if (turner_ != Turner::kThread || !completions_.HasWaiting() || stop_requested_.load()) return;
    WaitWithoutDispatch();
  }
}

// A pass that has only been woken up by a submission is no step: JavaScript has nothing of it.
void Reactor::NoteLoopEnd(bool posted) {
  if (event_base_got_exit(base_.get()) != 0) {
    EndLoop(LoopEnd::kExited);
  } else if (starved_ || event_base_got_break(base_.get()) != 0) {
    return;  // what is active is not done yet
  } else if ((loop_flags_ & EVLOOP_NONBLOCK) != 0 || ((loop_flags_ & EVLOOP_ONCE) != 0 && posted)) {
    EndLoop(LoopEnd::kStepped);
  }
}

void Reactor::EndLoop(LoopEnd end) {
  state_ = State::kPaused;
  loop_flags_ = 0;
  completions_.Post(Completion::kLooped, 0, 0, end, loop_run_);
}

// After a fatal error nothing of libevent may be touched: its memory stays until the process ends.
// Descriptors and signals are given back by system calls.
void Reactor::Abandon(int code) {
  SetFatalExit(nullptr);
  for (auto& handler : handlers_) {
    if (handler != nullptr) handler.release()->Abandon();
  }
  for (auto& handler : replaced_) (void)handler.release();
  (void)wake_event_.release();
  death_watch_.Abandon();
  (void)base_.release();
  completions_.Post(Completion::kFatal, 0, 0, code, 0);
  WaitUntilPublished();
}

void Reactor::Publish() {
  const uint32_t before = posted_;
  if (!completions_.Publish()) return;
  posted_ = completions_.tail();
  Count(kPosted, static_cast<int32_t>(posted_ - before));
  if (Atomic(shared_.control + kJsSleeps).exchange(0) != 0) Signal();
}

void Reactor::Signal() {
  if (turn_ != TurnOf::kElsewhere) {
    turn_ = TurnOf::kNews;
    return;
  }
  Count(kSignals);
  signal_();
}

void Reactor::Stop() {
  RefuseSubmissions();
  DestroyHandlers();
  death_watch_.Close();
  wake_event_.reset();
  // bufferevent_free() leaves work for a later turn of the loop; nothing hears of a failure here.
  (void)event_base_loop(base_.get(), EVLOOP_NONBLOCK);
  base_.reset();
  SetFatalExit(nullptr);
  completions_.Post(Completion::kStopped, 0, 0, 0, 0);
  WaitUntilPublished();
}

}  // namespace rxjs_libevent

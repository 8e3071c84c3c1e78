// Thread, owner and lifetime: see standby.h.
#include "standby.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "monotonic_us.h"
#include "reactor.h"
#include "start_thread.h"

namespace rxjs_libevent {
namespace {

// This many ticks in a row have found the base readable, without a turn:
// JavaScript is blocked. A drain of 5 ms, after which it lets others run, is
// not; all this stays below 10 ms.
constexpr int kUnansweredTicks = 3;
// After this many ticks without a turn the descriptor is waited for, which costs
// nothing while nothing happens. Waiting costs one wake-up for each turn, ticks
// one for each 2 ms: below 50 turns a second it is cheaper to wait.
constexpr int kQuietTicks = 10;
// JavaScript's load is looked at after this many ticks, and that of both while
// the standby has the base.
constexpr int kWindowTicks = 25;
// Beyond this share of a core JavaScript has work for two threads.
constexpr int kBusyPercent = 90;
// But only if there is a core for the other: a thread that is scheduled as
// SCHED_BATCH displaces nobody, so its ticks are late where none is free: by
// milliseconds, and otherwise by the slack of the kernel's timers, 50 us, and
// what waking a processor takes: 90 to 130 us together on a virtual machine.
constexpr int64_t kLateUs = 150;
constexpr int kWatchTicks = 50;
// Below this share of one core JavaScript's thread can do all of it, and a
// request is cheaper.
constexpr int kCalmPercent = 80;

int64_t CpuUs(clockid_t clock) {
  timespec time = {};
  // Where there is no such clock nobody seems busy.
  if (clock_gettime(clock, &time) != 0) return 0;
  return static_cast<int64_t>(time.tv_sec) * 1000000 + time.tv_nsec / 1000;
}

bool IsReadable(int fd) {
  pollfd look = {fd, POLLIN, 0};
  return poll(&look, 1, 0) > 0;
}

}  // namespace

Standby::~Standby() {
  End();
  if (control_fd_ >= 0) close(control_fd_);
}

int Standby::Start() {
  control_fd_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (control_fd_ < 0) return errno;
  int error = pthread_getcpuclockid(pthread_self(), &javascript_clock_);
  pthread_t thread = {};
  if (error == 0) error = StartThread(&thread, OnThread, this);
  if (error == 0) thread_ = thread;
  return error;
}

void Standby::Notify() {
  const uint64_t one = 1;
  // EAGAIN means that the counter is full: then it is about to look.
  if (write(control_fd_, &one, sizeof(one)) < 0) return;
}

bool Standby::Claim() {
  Offer made = Offer::kMade;
  return offer_.compare_exchange_strong(made, Offer::kClaimed);
}

void Standby::End() {
  if (!thread_) return;
  ends_.store(true);
  Notify();
  pthread_join(*thread_, nullptr);
  thread_.reset();
}

void* Standby::OnThread(void* self) {
  static_cast<Standby*>(self)->Run();
  return nullptr;
}

void Standby::Schedule(int policy) {
  if (policy == policy_) return;
  policy_ = policy;
  const sched_param no_priority = {};
  // Refused by nobody; what is scheduled otherwise works as well.
  (void)pthread_setschedparam(pthread_self(), policy, &no_priority);
}

void Standby::Run() {
  Restart();
  while (!ends_.load()) {
    if (!IsNeeded()) continue;
    const Reactor::Stood stood = reactor_.TurnStandingBy();
    // JavaScript has it for the moment: the next tick tries again.
    if (stood == Reactor::Stood::kNot) continue;
    dispatches_ = stood == Reactor::Stood::kTurned;
    Restart();
  }
}

// Waits for a tick, or for the base. Returns true if it should be taken over.
bool Standby::IsNeeded() {
  const bool ticks = dispatches_ && quiet_ticks_ < kQuietTicks;
  const int64_t due = MonotonicUs() + tick_us_;
  const timespec tick = {tick_us_ / 1000000, tick_us_ % 1000000 * 1000};
  pollfd fds[] = {{control_fd_, POLLIN, 0}, {reactor_.backend_fd(), POLLIN, 0}};
  // Interrupted or not, all of it is looked at.
  (void)ppoll(fds, dispatches_ && !ticks ? 2 : 1, ticks ? &tick : nullptr, nullptr);
  uint64_t count;
  if (fds[0].revents != 0 && read(control_fd_, &count, sizeof(count)) > 0) {
    dispatches_ = true;
    Restart();
    return false;
  }
  if (!ticks) {
    Restart();
  } else {
    late_us_ += std::max<int64_t>(MonotonicUs() - due, 0);
    if (++window_ticks_ == kWindowTicks) busy_ = IsBusy();
  }
  return IsBehind() || busy_;
}

bool Standby::IsBehind() {
  const uint32_t turns = reactor_.turns_of_javascript();
  if (turns != turns_) {
    turns_ = turns;
    quiet_ticks_ = 0;
    unanswered_ticks_ = 0;
  } else {
    ++quiet_ticks_;
    unanswered_ticks_ = IsReadable(reactor_.backend_fd()) ? unanswered_ticks_ + 1 : 0;
  }
  // Once it may be needed it must not be late, even where no core is free.
  Schedule(unanswered_ticks_ > 0 ? SCHED_OTHER : SCHED_BATCH);
  return unanswered_ticks_ >= kUnansweredTicks;
}

bool Standby::IsBusy() {
  const Load load = TakeLoad();
  const bool has_core = late_us_ < kWindowTicks * kLateUs;
  window_ticks_ = 0;
  late_us_ = 0;
  return has_core && load.javascript_us * 100 > load.wall_us * kBusyPercent;
}

void Standby::Restart() {
  Schedule(SCHED_BATCH);
  turns_ = reactor_.turns_of_javascript();
  quiet_ticks_ = 0;
  unanswered_ticks_ = 0;
  window_ticks_ = 0;
  late_us_ = 0;
  busy_ = false;
  (void)TakeLoad();
}

void Standby::Begin() {
  Schedule(SCHED_OTHER);
  offer_.store(Offer::kNone);
  (void)TakeLoad();
  watched_ = evtimer_assign(&watch_, reactor_.base(), OnWatch, this) == 0;
  Watch();
}

void Standby::Finish() {
  if (watched_) event_del(&watch_);
}

// Without a next look the base would never be offered, so it goes back at once.
void Standby::Watch() {
  const timeval delay = Microseconds(int64_t{tick_us_} * kWatchTicks);
  if (watched_) watched_ = AddEvent(&watch_, &delay) == 0;
}

void Standby::OnWatch(evutil_socket_t, short, void* self) {
  static_cast<Standby*>(self)->LookAtLoad();
}

void Standby::LookAtLoad() {
  const Load load = TakeLoad();
  if ((load.javascript_us + load.own_us) * 100 > load.wall_us * kCalmPercent) return Watch();
  // It stands until it is claimed: nothing wakes up for it meanwhile.
  offer_.store(Offer::kMade);
  reactor_.CallJavaScript();
}

Standby::Load Standby::TakeLoad() {
  const Load now = {MonotonicUs(), CpuUs(javascript_clock_), CpuUs(CLOCK_THREAD_CPUTIME_ID)};
  const Load since = {now.wall_us - before_.wall_us, now.javascript_us - before_.javascript_us,
                      now.own_us - before_.own_us};
  before_ = now;
  return since;
}

}  // namespace rxjs_libevent

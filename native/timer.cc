// Thread: the reactor's. Owner: the reactor's table. Lifetime: from kTimer to kClose; a timer that
// fires once goes by itself after it has fired.
//
// A period is a grid that begins at the first due time, so lateness does not add up. While
// JavaScript has not taken the last kFired, expirations are counted instead of posted: a blocked
// JavaScript thread finds one record, not thousands.
#include "timer.h"

#include <time.h>

#include <algorithm>
#include <cerrno>

#include "open_handler.h"
#include "reactor.h"

namespace rxjs_libevent {
namespace {

// 68 years: what lies beyond is not told apart.
constexpr int64_t kLongestUs = int64_t{2147483647} * 1000000;
constexpr uint64_t kMostExpirations = 0xffffffff;

// The clock that libevent runs on, and performance.now() too.
int64_t NowUs() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<int64_t>(now.tv_sec) * 1000000 + now.tv_nsec / 1000;
}

}  // namespace

std::unique_ptr<EventHandler> Timer::Open(Reactor& reactor, const Record& record) {
  std::unique_ptr<Timer> self(new Timer(reactor, record.id()));
  evtimer_assign(&self->event_, reactor.base(), OnTimeout, self.get());
  const int priority = PriorityOf(record);
  if (priority >= 0 && event_priority_set(&self->event_, priority) != 0) {
    PostOpenFailure(reactor, record.id(), EINVAL, kEventCall);
    return nullptr;
  }
  self->periodic_ = (record.aux() & kPeriodic) != 0;
  const int64_t number = std::clamp<int64_t>(NumberOf(record), 0, INT64_MAX);
  const timeval* common =
      (record.aux() & kCommon) != 0
          ? reactor.common_timeouts().Get(reactor.base(), std::min(number, kLongestUs))
          : nullptr;
  if (common != nullptr) {
    event_add(&self->event_, common);
  } else {
    self->ArmAt((record.aux() & kCommon) != 0 ? NowUs() + std::min(number, kLongestUs) : number);
  }
  return self;
}

void Timer::Take(const Record& record) {
  switch (static_cast<Submission>(record.kind())) {
    case Submission::kInterval:
      period_us_ = std::clamp<int64_t>(NumberOf(record), 1, kLongestUs);
      if (awaits_interval_) ArmAt(due_us_ + period_us_);
      awaits_interval_ = false;
      break;
    case Submission::kClose:
      event_del(&event_);
      reactor_.Retire(this);
      break;
    default:
      break;
  }
}

// event_add() looks at the clock again. Where the thread has lost the processor between the two
// looks, the timer would be late by that much, and once more is cheap.
void Timer::ArmAt(int64_t due_us) {
  constexpr int kAttempts = 3;
  constexpr int64_t kTolerableUs = 20;
  due_us_ = due_us;
  int64_t now = NowUs();
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const timeval left = Microseconds(std::clamp<int64_t>(due_us - now, 0, kLongestUs));
    event_add(&event_, &left);
    const int64_t before = now;
    now = NowUs();
    if (now - before <= kTolerableUs) return;
  }
}

void Timer::OnTimeout(evutil_socket_t, short, void* self) { static_cast<Timer*>(self)->OnDue(); }

void Timer::OnDue() {
  if (!periodic_) {
    Post(1);
    reactor_.Retire(this);
    return;
  }
  uint64_t expirations = 1;
  if (period_us_ == 0) {
    awaits_interval_ = true;
  } else {
    expirations += static_cast<uint64_t>(std::max<int64_t>(NowUs() - due_us_, 0) / period_us_);
    // event_add() counts from the time that the loop has cached, which lies behind the clock's.
    event_base_update_cache_time(reactor_.base());
    ArmAt(due_us_ + static_cast<int64_t>(expirations) * period_us_);
  }
  CompletionRing& completions = reactor_.completions();
  missed_ = std::min(missed_ + expirations, kMostExpirations);
  if (!completions.Passed(posted_at_)) return;
  Post(missed_);
  missed_ = 0;
  posted_at_ = completions.Position();
}

void Timer::Post(uint64_t expirations) {
  reactor_.completions().Post(Completion::kFired, 0, id_,
                              static_cast<int32_t>(static_cast<uint32_t>(expirations)), 0);
}

}  // namespace rxjs_libevent

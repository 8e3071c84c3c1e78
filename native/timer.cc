// Thread: the reactor's. Owner: the reactor's table. Lifetime: from kTimer to kClose; a timer that
// fires once goes by itself after it has fired.
//
// A period is a grid that begins at the first due time, so lateness does not add up. How many of
// its points have passed stands in the table of positions, where JavaScript reads it when it is
// about to emit. While JavaScript has not taken the last kFired no other is posted: a blocked
// JavaScript thread finds one record, and with it the latest number.
#include "timer.h"

#include <algorithm>
#include <cerrno>

#include "monotonic_us.h"
#include "reactor.h"

namespace rxjs_libevent {
namespace {

// 68 years: everything beyond it counts as that.
constexpr int64_t kLongestUs = int64_t{2147483647} * 1000000;

}  // namespace

Failure Timer::Open(const Record& record) {
  reactor_.SetSent(id_, 0);
  if (evtimer_assign(&event_, reactor_.base(), CallBack<&Timer::OnDue>, this) != 0 ||
      SetPriority(&event_, PriorityOf(record)) != 0) {
    return {EINVAL, kEventCall};
  }
  periodic_ = (record.aux() & kPeriodic) != 0;
  const int64_t number = std::clamp<int64_t>(NumberOf(record), 0, INT64_MAX);
  if ((record.aux() & kCommon) == 0) return {ArmAt(number), kEventCall};
  const int64_t duration = std::min(number, kLongestUs);
  const timeval* common = reactor_.common_timeouts().Get(reactor_.base(), duration);
  const int error =
      common != nullptr ? reactor_.Add(&event_, common) : ArmAt(MonotonicUs() + duration);
  return {error, kEventCall};
}

void Timer::Take(const Record& record) {
  switch (static_cast<Submission>(record.kind())) {
    case Submission::kInterval:
      period_us_ = std::clamp<int64_t>(NumberOf(record), 1, kLongestUs);
      if (awaits_interval_) ArmOrFail(due_us_ + period_us_);
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

// What was due before it came here is added with a time in the past: libevent's heap has those in
// order, too.
//
// event_add() looks at the clock again. Where the thread has lost the processor between the two
// looks, the timer would be late by that much, and once more is cheap.
int Timer::ArmAt(int64_t due_us) {
  constexpr int kAttempts = 3;
  constexpr int64_t kTolerableUs = 20;
  due_us_ = due_us;
  int64_t now = MonotonicUs();
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const timeval left = Microseconds(std::min(due_us - now, kLongestUs));
    const int error = reactor_.Add(&event_, &left);
    if (error != 0) return error;
    const int64_t before = now;
    now = MonotonicUs();
    if (now - before <= kTolerableUs) break;
  }
  return 0;
}

void Timer::ArmOrFail(int64_t due_us) {
  const int error = ArmAt(due_us);
  if (error != 0) reactor_.Fail(this, {error, kEventCall});
}

void Timer::OnDue(short) {
  if (!periodic_) {
    Post();
    return reactor_.Retire(this);
  }
  int64_t expirations = 1;
  if (period_us_ > 0) expirations += std::max<int64_t>(MonotonicUs() - due_us_, 0) / period_us_;
  passed_ += static_cast<uint32_t>(expirations);
  reactor_.SetSent(id_, passed_);
  // JavaScript frees a record first and then looks at the number once more. Both sides' accesses
  // are sequentially consistent, so one of the two sees the other.
  if (reactor_.completions().Passed(posted_at_)) Post();
  if (period_us_ == 0) {
    awaits_interval_ = true;
    return;
  }
  // event_add() counts from the time that the loop has cached, which lies behind the clock's.
  event_base_update_cache_time(reactor_.base());
  ArmOrFail(due_us_ + expirations * period_us_);
}

void Timer::Post() {
  reactor_.completions().Post(Completion::kFired, 0, id_, 0, 0);
  posted_at_ = reactor_.completions().Position();
}

}  // namespace rxjs_libevent

#include "backend.h"

#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/timerfd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "monotonic_us.h"

namespace rxjs_libevent {
namespace {

// Asks the kernel whether `set` holds `fd`. What it does not hold is put in and taken out again, so
// `set` may only be a set of our own.
bool Holds(int set, int fd) {
  epoll_event nothing = {};
  if (epoll_ctl(set, EPOLL_CTL_ADD, fd, &nothing) != 0) return errno == EEXIST;
  (void)epoll_ctl(set, EPOLL_CTL_DEL, fd, nullptr);
  return false;
}

// Whether `fd` is an epoll set with `wake_fd` in it. As libevent has put it in, so a set that holds
// it stays the same, and every other descriptor refuses.
bool IsSetWith(int fd, int wake_fd) {
  epoll_event same = {};
  same.events = EPOLLIN | EPOLLET;
  same.data.fd = wake_fd;
  return epoll_ctl(fd, EPOLL_CTL_MOD, wake_fd, &same) == 0;
}

bool IsTimer(int fd) {
  itimerspec left;
  return timerfd_gettime(fd, &left) == 0;
}

}  // namespace

int Backend::Find(const event_base* base, int wake_fd) {
  // Elsewhere every descriptor of the process would be asked in vain.
  if (strcmp(event_base_get_method(base), "epoll") != 0) return ENOTSUP;
  rlimit limit = {};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return errno;
  const int most = static_cast<int>(std::min<rlim_t>(limit.rlim_cur, 1 << 20));
  // The base has been made shortly before, so its descriptors are most likely those just below.
  for (int step = 0; step < most && epoll_fd_ < 0; ++step) {
    const int fd = step < wake_fd ? wake_fd - 1 - step : step + 1;
    if (IsSetWith(fd, wake_fd)) epoll_fd_ = fd;
  }
  for (int fd = 0; fd < most && epoll_fd_ >= 0 && timer_fd_ < 0; ++fd) {
    if (IsTimer(fd) && Holds(epoll_fd_, fd)) timer_fd_ = fd;
  }
  return timer_fd_ >= 0 ? 0 : ENOTSUP;
}

void Backend::Note(const timeval& delay) {
  // A common timeout is marked in the high bits of its microseconds.
  constexpr int64_t kMicroseconds = 0xfffff;
  const int64_t us = int64_t{delay.tv_sec} * 1000000 + (delay.tv_usec & kMicroseconds);
  due_us_ = std::min(due_us_, MonotonicUs() + us);
}

bool Backend::IsDue() const { return due_us_ != kNone && MonotonicUs() >= due_us_; }

bool Backend::Learn() {
  itimerspec left = {};
  // It is a timer, so this cannot fail.
  (void)timerfd_gettime(timer_fd_, &left);
  if (left.it_value.tv_sec == 0 && left.it_value.tv_nsec == 0) {
    set_us_ = kNone;
    return false;
  }
  const int64_t us = int64_t{left.it_value.tv_sec} * 1000000 + left.it_value.tv_nsec / 1000;
  set_us_ = MonotonicUs() + us;
  due_us_ = std::min(due_us_, set_us_);
  return true;
}

void Backend::Set() {
  if (due_us_ == set_us_) return;
  set_us_ = due_us_;
  itimerspec due = {};
  due.it_value.tv_sec = due_us_ / 1000000;
  due.it_value.tv_nsec = due_us_ % 1000000 * 1000;
  if (due_us_ == kNone) due.it_value = {};
  (void)timerfd_settime(timer_fd_, TFD_TIMER_ABSTIME, &due, nullptr);
}

}  // namespace rxjs_libevent

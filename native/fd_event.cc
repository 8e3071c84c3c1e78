// Thread: the reactor's. Owner: the reactor's table. Lifetime: from kFd to kClose. The descriptor
// is a duplicate of the user's, which may close its own at any time.
//
// A level-triggered event would fire again before JavaScript has read, so it is one-shot and armed
// again by kCredit, after delivery. An edge-triggered one stays armed; what it says meanwhile is
// gathered. The end of the peer comes from the reactor's death watch, whatever the method:
// libevent's own EV_CLOSED is lost on a reset, and burns a core on a level.
#include "fd_event.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "reactor.h"
#include "watched_sockets.h"

namespace rxjs_libevent {

Failure FdEvent::Open(const Record& record) {
  const int events = record.b();
  if (record.a() >= 0) {
    if (!reactor_.transit().Take(record.a())) return {EBADF, kFcntlCall};
    fd_ = record.a();
    const Failure failure = Check(events);
    if (failure) return failure;
  }
  const Failure failure = Assign(record);
  if (failure) return failure;
  if ((events & EV_CLOSED) == 0 || fd_ < 0) return {};
  const int error = reactor_.death_watch().Add(reactor_.base(), fd_, this);
  watched_ = error == 0;
  return {error, kWatchCall};
}

// Whether the base's method can watch the descriptor.
Failure FdEvent::Check(int events) const {
  const int features = event_base_get_features(reactor_.base());
  if (!CanWatch(reactor_.base(), fd_)) return {EMFILE, kEventCall};
  if ((events & EV_ET) != 0 && (features & EV_FEATURE_ET) == 0) return {EOPNOTSUPP, kEventCall};
  struct stat status;
  if (fstat(fd_, &status) != 0) return {errno, kFcntlCall};
  const bool is_file = S_ISREG(status.st_mode) || S_ISDIR(status.st_mode);
  if (is_file && (features & EV_FEATURE_FDS) == 0) return {EPERM, kEventCall};
  return {};
}

Failure FdEvent::Assign(const Record& record) {
  const int events = record.b();
  edge_ = (events & EV_ET) != 0;
  const int mode = edge_ ? EV_ET | EV_PERSIST : 0;
  const auto flags = static_cast<short>((events & (EV_READ | EV_WRITE)) | mode);
  if (event_assign(&event_, reactor_.base(), fd_, flags, CallBack<&FdEvent::Note>, this) != 0) {
    return {EINVAL, kEventCall};
  }
  state_ = State::kAssigned;
  return {SetPriority(&event_, PriorityOf(record)), kEventCall};
}

void FdEvent::Take(const Record& record) {
  if (state_ == State::kClosed) return;
  switch (static_cast<Submission>(record.kind())) {
    case Submission::kInterval:
      timeout_us_ = NumberOf(record);
      break;
    case Submission::kRead:
      Want(record.a() != 0);
      break;
    case Submission::kCredit:
      acknowledged_ = true;
      Deliver();
      if (acknowledged_ && !edge_) Arm();
      break;
    case Submission::kActivate:
      event_active(&event_, static_cast<short>(record.a()), 1);
      break;
    case Submission::kClose:
      Close();
      reactor_.Retire(this);
      break;
    default:
      break;
  }
}

void FdEvent::Want(bool wanted) {
  wanted_ = wanted;
  if (!wanted) event_del(&event_);
  if (edge_ || acknowledged_) Arm();
}

void FdEvent::Arm() {
  if (!wanted_ || state_ == State::kClosed) return;
  const bool polled = (event_get_events(&event_) & (EV_READ | EV_WRITE)) != 0;
  if (!polled && timeout_us_ == 0) return;  // only the death watch, or triggered by hand
  const timeval timeout = Microseconds(timeout_us_);
  const int error = reactor_.Add(&event_, timeout_us_ > 0 ? &timeout : nullptr);
  if (error != 0) Fail(error, kEventCall);
}

void FdEvent::Fail(int error, FailedCall call) {
  Close();
  reactor_.Fail(this, {error, call});
}

void FdEvent::FailIfClosed() {
  if (fd_ >= 0 && fcntl(fd_, F_GETFD) < 0) Fail(errno, kFcntlCall);
}

void FdEvent::OnDeath(bool) {
  if (!std::exchange(watched_, false)) return;
  reactor_.death_watch().Remove(fd_);
  Note(EV_CLOSED);
}

void FdEvent::Note(short what) {
  fired_ |= what & (EV_READ | EV_WRITE | EV_TIMEOUT | EV_CLOSED);
  Deliver();
}

void FdEvent::Deliver() {
  if (!acknowledged_ || fired_ == 0) return;
  reactor_.completions().Post(Completion::kFired, 0, id_, fired_, 0);
  acknowledged_ = false;
  fired_ = 0;
}

void FdEvent::Close() {
  if (state_ == State::kAssigned) event_del(&event_);
  state_ = State::kClosed;
  if (std::exchange(watched_, false)) reactor_.death_watch().Remove(fd_);
  Abandon();
}

void FdEvent::Abandon() { CloseWatched(std::exchange(fd_, -1)); }

}  // namespace rxjs_libevent

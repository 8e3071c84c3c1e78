// Thread: the reactor's. Owner: the reactor's table. Lifetime: from kFd to kClose; the descriptor
// is never closed here.
//
// A level-triggered event would fire again before JavaScript has read, so it is one-shot and armed
// again by kCredit, after delivery. An edge-triggered one stays armed; what it says meanwhile is
// gathered. The end of the peer comes from the reactor's death watch, whatever the method:
// libevent's own EV_CLOSED is lost on a reset, and burns a core on a level.
//
// A descriptor that its owner closes too early is told as EBADF when it is noticed: epoll forgets
// it and refuses it when it is armed again, poll calls it readable, select fails as a whole.
#include "fd_event.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>

#include "open_handler.h"
#include "reactor.h"

namespace rxjs_libevent {
namespace {

// Returns 0, or why the base cannot watch the descriptor.
int Check(event_base* base, int fd, int events) {
  if (fcntl(fd, F_GETFD) < 0) return errno;
  const int features = event_base_get_features(base);
  if (!CanWatch(base, fd)) return EMFILE;
  if ((events & EV_ET) != 0 && (features & EV_FEATURE_ET) == 0) return EOPNOTSUPP;
  struct stat status;
  if (fstat(fd, &status) != 0) return errno;
  const bool is_file = S_ISREG(status.st_mode) || S_ISDIR(status.st_mode);
  if (is_file && (features & EV_FEATURE_FDS) == 0) return EPERM;
  return 0;
}

}  // namespace

std::unique_ptr<EventHandler> FdEvent::Open(Reactor& reactor, const Record& record) {
  const int fd = record.a();
  const int events = record.b();
  if (fd >= 0) {
    const int error = Check(reactor.base(), fd, events);
    if (error != 0) {
      PostOpenFailure(reactor, record.id(), error, error == EBADF ? kFcntlCall : kEventCall);
      return nullptr;
    }
  }
  std::unique_ptr<FdEvent> self(new FdEvent(reactor, record.id(), fd));
  if (!self->Assign(record)) {
    PostOpenFailure(reactor, record.id(), EINVAL, kEventCall);
    return nullptr;
  }
  if ((events & EV_CLOSED) != 0 && fd >= 0) {
    if (!reactor.death_watch().Add(reactor.base(), fd, self.get())) {
      PostOpenFailure(reactor, record.id(), errno, kEventCall);
      return nullptr;
    }
    self->watched_ = true;
  }
  return self;
}

bool FdEvent::Assign(const Record& record) {
  const int events = record.b();
  edge_ = (events & EV_ET) != 0;
  by_number_ = (event_base_get_features(reactor_.base()) & EV_FEATURE_FDS) != 0;
  const int mode = edge_ ? EV_ET | EV_PERSIST : 0;
  const auto flags = static_cast<short>((events & (EV_READ | EV_WRITE)) | mode);
  if (event_assign(&event_, reactor_.base(), fd_, flags, OnEvent, this) != 0) return false;
  assigned_ = true;
  const int priority = PriorityOf(record);
  return priority < 0 || event_priority_set(&event_, priority) == 0;
}

void FdEvent::Take(const Record& record) {
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
  if (!wanted) {
    event_del(&event_);
  } else if (edge_ || acknowledged_) {
    Arm();
  }
}

void FdEvent::Arm() {
  if (!wanted_ || retired_) return;
  const bool polled = (event_get_events(&event_) & (EV_READ | EV_WRITE)) != 0;
  if (!polled && timeout_us_ == 0) return;  // only the death watch, or triggered by hand
  const timeval timeout = Microseconds(timeout_us_);
  if (event_add(&event_, timeout_us_ > 0 ? &timeout : nullptr) == 0) return;
  // The descriptor has been closed meanwhile, or is of a kind that the method cannot watch.
  Fail(errno != 0 ? errno : EINVAL, kEventCall);
}

void FdEvent::Fail(int error, FailedCall call) {
  reactor_.completions().Post(Completion::kFailed, 0, id_, error, call);
  Close();
  reactor_.Retire(this);
}

bool FdEvent::FailIfClosed() {
  if (fd_ < 0 || retired_ || fcntl(fd_, F_GETFD) >= 0) return false;
  Fail(errno, kFcntlCall);
  return true;
}

// poll() calls a closed descriptor readable, again and again.
void FdEvent::OnEvent(evutil_socket_t, short what, void* self) {
  auto* event = static_cast<FdEvent*>(self);
  if (event->by_number_ && event->FailIfClosed()) return;
  event->Note(what);
}

void FdEvent::OnDeath(bool) {
  if (!watched_) return;
  watched_ = false;
  reactor_.death_watch().Remove(fd_);
  Note(EV_CLOSED);
}

void FdEvent::Note(int what) {
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
  if (assigned_) event_del(&event_);
  if (watched_) reactor_.death_watch().Remove(fd_);
  watched_ = false;
}

}  // namespace rxjs_libevent

// Thread: the reactor's. Owner: the reactor. Lifetime: opened by the first pause, closed before the
// base is freed.
#include "death_watch.h"

#include <sys/epoll.h>
#include <unistd.h>

#include <cerrno>

namespace rxjs_libevent {

DeathWatch::~DeathWatch() { Close(); }

int DeathWatch::Open(event_base* base) {
  if (epoll_fd_ >= 0) return 0;
  epoll_fd_ = epoll_create1(EPOLL_CLOEXEC);
  if (epoll_fd_ < 0) return errno;
  int error = CanWatch(base, epoll_fd_) ? 0 : EMFILE;
  if (error == 0) {
    event_.reset(event_new(base, epoll_fd_, EV_READ | EV_PERSIST, OnReadable, this));
    error = event_ ? AddEvent(event_.get(), nullptr) : ENOMEM;
  }
  if (error != 0) Close();
  return error;
}

int DeathWatch::Add(event_base* base, int fd, DeathWatcher* watcher) {
  const int error = Open(base);
  if (error != 0) return error;
  epoll_event wanted = {};
  wanted.events = EPOLLRDHUP | EPOLLET;
  wanted.data.ptr = watcher;
  return Try<epoll_ctl>(epoll_fd_, EPOLL_CTL_ADD, fd, &wanted);
}

void DeathWatch::Remove(int fd) { epoll_ctl(epoll_fd_, EPOLL_CTL_DEL, fd, nullptr); }

void DeathWatch::Close() {
  event_.reset();
  if (epoll_fd_ >= 0) close(epoll_fd_);
  epoll_fd_ = -1;
}

void DeathWatch::Abandon() {
  (void)event_.release();
  Close();
}

void DeathWatch::OnReadable(evutil_socket_t, short, void* self) {
  constexpr int kBatch = 64;
  epoll_event events[kBatch];
  // One batch a turn: the event is level-triggered and comes back for the rest.
  const int count = epoll_wait(static_cast<DeathWatch*>(self)->epoll_fd_, events, kBatch, 0);
  for (int i = 0; i < count; ++i) {
    static_cast<DeathWatcher*>(events[i].data.ptr)
        ->OnDeath((events[i].events & (EPOLLERR | EPOLLHUP)) != 0);
  }
}

}  // namespace rxjs_libevent

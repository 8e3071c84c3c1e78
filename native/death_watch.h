// Sees the peers of paused connections die. A second epoll set, edge-triggered and asking for
// nothing but the end, so unread bytes do not wake it; the set itself is one level-triggered event
// of the base, whatever the base's method is.
//
// Thread: the reactor's. Owner: the reactor. Costs one descriptor a reactor, none a connection.
#pragma once

#include <cstdint>

#include "libevent.h"

namespace rxjs_libevent {

// Somebody who wants to know that the peer of a paused socket has gone.
class DeathWatcher {
 public:
  // `failed` when the socket has an error or has been shut in both directions.
  virtual void OnDeath(bool failed) = 0;

 protected:
  ~DeathWatcher() = default;
};

class DeathWatch {
 public:
  DeathWatch() = default;
  ~DeathWatch();
  DeathWatch(const DeathWatch&) = delete;
  DeathWatch& operator=(const DeathWatch&) = delete;

  // Returns 0 or an errno. A watcher may be called once more in the turn that removes it.
  [[nodiscard]] int Add(event_base* base, int fd, DeathWatcher* watcher);
  void Remove(int fd);
  // Before the base goes.
  void Close();
  // Instead of Close(), where libevent may not be touched any more.
  void Abandon();

 private:
  [[nodiscard]] int Open(event_base* base);
  static void OnReadable(evutil_socket_t fd, short what, void* self);

  int epoll_fd_ = -1;
  EventPtr event_;
};

}  // namespace rxjs_libevent

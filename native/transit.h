// Descriptors on their way between JavaScript and a reactor, or between two reactors: accepted and
// not yet adopted, or duplicated and not yet taken. The one that takes it out owns it, and each is
// taken out once. What is still here when the environment ends is closed, so none leaks whatever
// the moment.
//
// Threads: JavaScript's and every reactor of an environment. Owner: the environment
// (reactor_binding.cc).
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <mutex>
#include <unordered_set>

#include "watched_sockets.h"

namespace rxjs_libevent {

class Transit {
 public:
  ~Transit() {
    for (int fd : fds_) CloseWatched(fd);
  }

  void Enter(int fd) {
    std::lock_guard<std::mutex> lock(mutex_);
    fds_.insert(fd);
  }

  // A duplicate of somebody's descriptor, on its way. Returns -1 with errno if there is none.
  int Duplicate(int fd) {
    const int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (copy >= 0) Enter(copy);
    return copy;
  }

  // Returns false if the descriptor was not on its way.
  [[nodiscard]] bool Take(int fd) {
    std::lock_guard<std::mutex> lock(mutex_);
    return fds_.erase(fd) > 0;
  }

  void Discard(int fd) {
    if (Take(fd)) CloseWatched(fd);
  }

 private:
  std::mutex mutex_;
  std::unordered_set<int> fds_;
};

}  // namespace rxjs_libevent

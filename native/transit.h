// Accepted sockets on their way: taken from the kernel by one reactor, not yet adopted by another.
// What is still here when the environment ends is closed, so no descriptor leaks whatever the
// moment.
//
// Threads: every reactor of an environment. Owner: the environment (reactor_binding.cc).
#pragma once

#include <unistd.h>

#include <mutex>
#include <unordered_set>

namespace rxjs_libevent {

class Transit {
 public:
  ~Transit() {
    for (int fd : fds_) close(fd);
  }

  void Enter(int fd) {
    std::lock_guard<std::mutex> lock(mutex_);
    fds_.insert(fd);
  }

  // Returns false if the socket was not on its way.
  bool Leave(int fd) {
    std::lock_guard<std::mutex> lock(mutex_);
    return fds_.erase(fd) > 0;
  }

 private:
  std::mutex mutex_;
  std::unordered_set<int> fds_;
};

}  // namespace rxjs_libevent

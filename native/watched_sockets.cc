#include "watched_sockets.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <unordered_map>

namespace rxjs_libevent {
namespace {

struct Registry {
  std::mutex mutex;
  std::unordered_map<int, int> watched_of_copy;
  std::unordered_multimap<int, int> copies_of_watched;
  std::atomic<size_t> count{0};
};

Registry& TheRegistry() {
  static Registry* registry = new Registry;  // outlives every thread
  return *registry;
}

// The number may have been another descriptor's when it was duplicated.
bool IsSame(int fd, int copy) {
  struct stat one = {};
  struct stat other = {};
  return fstat(fd, &one) == 0 && fstat(copy, &other) == 0 && one.st_dev == other.st_dev &&
         one.st_ino == other.st_ino;
}

}  // namespace

void NoteWatched(int fd, int copy) {
  struct stat status = {};
  if (fstat(copy, &status) != 0 || !S_ISSOCK(status.st_mode)) return;
  Registry& registry = TheRegistry();
  std::lock_guard<std::mutex> lock(registry.mutex);
  registry.watched_of_copy.emplace(copy, fd);
  registry.copies_of_watched.emplace(fd, copy);
  registry.count.store(registry.watched_of_copy.size());
}

void CloseWatched(int copy) {
  if (copy < 0) return;
  Registry& registry = TheRegistry();
  std::unique_lock<std::mutex> lock(registry.mutex, std::defer_lock);
  // Without any, as is most common, there is nothing to look for.
  if (registry.count.load() > 0) {
    lock.lock();
    const auto noted = registry.watched_of_copy.find(copy);
    if (noted != registry.watched_of_copy.end()) {
      const auto [begin, end] = registry.copies_of_watched.equal_range(noted->second);
      registry.copies_of_watched.erase(
          std::find_if(begin, end, [copy](const auto& entry) { return entry.second == copy; }));
      registry.watched_of_copy.erase(noted);
      registry.count.store(registry.watched_of_copy.size());
    }
  }
  close(copy);
}

bool IsWatched(int fd) {
  Registry& registry = TheRegistry();
  if (registry.count.load() == 0) return false;
  std::lock_guard<std::mutex> lock(registry.mutex);
  const auto [begin, end] = registry.copies_of_watched.equal_range(fd);
  return std::any_of(begin, end, [fd](const auto& entry) { return IsSame(fd, entry.second); });
}

}  // namespace rxjs_libevent

#include "socket_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <climits>
#include <cstdlib>
#include <mutex>
#include <unordered_set>

namespace rxjs_libevent {
namespace {

// The files of every reactor. process.exit() ends the process with reactors at work, so what they
// have bound is removed by atexit().
struct Registry {
  std::mutex mutex;
  std::unordered_set<SocketFile*> files;
  const pid_t process = getpid();
};

Registry& TheRegistry() {
  static Registry* registry = new Registry;  // outlives every thread
  return *registry;
}

}  // namespace

void SocketFile::Remember(const std::string& path) {
  if (path.empty() || path[0] == '\0') return;
  std::string absolute = path;
  // The process may have another directory by then.
  char directory[PATH_MAX];
  if (path[0] != '/' && getcwd(directory, sizeof(directory)) != nullptr) {
    absolute = std::string(directory) + '/' + path;
  }
  struct stat file = {};
  // Gone already: then there is nothing to remove.
  if (lstat(absolute.c_str(), &file) != 0) return;
  Registry& registry = TheRegistry();
  std::lock_guard<std::mutex> lock(registry.mutex);
  static const int registered = atexit(RemoveAll);
  (void)registered;  // without it the file stays after process.exit(), as it would without us
  path_ = absolute;
  device_ = file.st_dev;
  inode_ = file.st_ino;
  registry.files.insert(this);
}

void SocketFile::Remove() {
  Registry& registry = TheRegistry();
  std::lock_guard<std::mutex> lock(registry.mutex);
  if (registry.files.erase(this) > 0) Unlink();
}

void SocketFile::RemoveAll() {
  Registry& registry = TheRegistry();
  std::lock_guard<std::mutex> lock(registry.mutex);
  // A child of fork() has bound nothing.
  if (registry.process != getpid()) return;
  for (SocketFile* file : registry.files) file->Unlink();
  registry.files.clear();
}

void SocketFile::Unlink() {
  struct stat now = {};
  const bool ours = lstat(path_.c_str(), &now) == 0 && S_ISSOCK(now.st_mode) &&
                    now.st_dev == device_ && now.st_ino == inode_;
  // Where it cannot be removed it stays: the directory may be somebody else's by now.
  if (ours) unlink(path_.c_str());
}

}  // namespace rxjs_libevent

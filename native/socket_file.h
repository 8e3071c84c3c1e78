// The file of a unix socket that this process has bound. libevent leaves it where it is.
//
// Thread: the reactor that binds; at the end of the process, whichever calls exit(). Owner: the
// Listener.
#pragma once

#include <sys/types.h>

#include <string>

namespace rxjs_libevent {

class SocketFile {
 public:
  SocketFile() = default;
  ~SocketFile() { Remove(); }
  SocketFile(const SocketFile&) = delete;
  SocketFile& operator=(const SocketFile&) = delete;

  // Right after bind(). Remembers nothing for an abstract name, which has no file.
  void Remember(const std::string& path);

  // Removes the file, if it is still the one that was bound. To be called while the socket is open:
  // until then no other file can have its inode.
  void Remove();

 private:
  static void RemoveAll();
  void Unlink();

  std::string path_;  // empty when there is nothing to remove
  dev_t device_ = 0;
  ino_t inode_ = 0;
};

}  // namespace rxjs_libevent

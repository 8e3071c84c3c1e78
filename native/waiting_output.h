// What waits in a bufferevent's output: bytes, copied or left where JavaScript has put them, and
// parts of files.
//
// Thread: the reactor's. Owner: the Bufferevent; the memory and the descriptors are libevent's.
#pragma once

#include <vector>

#include "libevent.h"
#include "requests.h"

namespace rxjs_libevent {

class Reactor;

// Adds the bytes of a payload from `from` on, and gives the payload back once it is not needed any
// more. Returns false if there is no memory for them, or was none for the bufferevent.
[[nodiscard]] bool AddPayload(Reactor& reactor, bufferevent* bufferevent, const Payload& payload,
                              uint32_t from);

// Throws away what waits, whether or not the output is being flushed.
void DrainOutput(bufferevent* bufferevent);

// The parts of files in the output of a socket. The kernel copies them from the page cache.
class WaitingFiles {
 public:
  // Adds a part that ends at the position `end` of the output. The descriptor is libevent's from
  // here on. Returns 0 or an errno.
  [[nodiscard]] int Add(bufferevent* bufferevent, const SendFileRequest& request, uint32_t end);
  // Whether the next of the output is a part of a file, when `sent` bytes have been sent.
  bool IsNext(uint32_t sent);
  // Whether the file that is next has become shorter than its part.
  bool IsTruncated() const;
  void Clear() { parts_.clear(); }

 private:
  struct Part {
    uint32_t end;      // the position in the output behind it
    int fd;            // libevent closes it
    int64_t file_end;  // the position in the file behind it
  };
  std::vector<Part> parts_;
};

}  // namespace rxjs_libevent

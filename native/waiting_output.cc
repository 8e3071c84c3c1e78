#include "waiting_output.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "reactor.h"

namespace rxjs_libevent {
namespace {

// What a full socket leaves over of a large payload is copied up to this size, since a reference
// keeps the whole piece: with 500 stopped readers, references to 48 MB of output kept 110 MB.
constexpr uint32_t kMostCopied = 65536;

void FreeCopy(const void*, size_t, void* copy) { free(copy); }

// In memory of its own: a chain of evbuffer_add() is rounded up to a power of two.
bool AddCopy(evbuffer* output, const uint8_t* data, uint32_t bytes) {
  void* copy = malloc(bytes);
  if (copy == nullptr) return false;
  memcpy(copy, data, bytes);
  if (evbuffer_add_reference(output, copy, bytes, FreeCopy, copy) == 0) return true;
  free(copy);
  return false;
}

}  // namespace

bool AddPayload(Reactor& reactor, bufferevent* bufferevent, const Payload& payload, uint32_t from) {
  const uint8_t* data = payload.data + from;
  const uint32_t bytes = payload.bytes - from;
  bool added = false;
  if (bufferevent != nullptr) {
    evbuffer* output = bufferevent_get_output(bufferevent);
    const bool kept = payload.released && bytes > kMostCopied;
    reactor.Count(kept ? kReferences : kCopies);
    if (kept) {
      void* piece = reactor.memory().ReleaseArgument(payload.piece);
      added = evbuffer_add_reference(output, data, bytes, LentMemory::OnReleased, piece) == 0;
      if (added) return true;
    } else {
      added =
          payload.released ? AddCopy(output, data, bytes) : evbuffer_add(output, data, bytes) == 0;
    }
  }
  reactor.Release(payload);
  return added;
}

void DrainOutput(bufferevent* bufferevent) {
  evbuffer* output = bufferevent_get_output(bufferevent);
  evbuffer_unfreeze(output, 1);
  evbuffer_drain(output, evbuffer_get_length(output));
  evbuffer_freeze(output, 1);
}

int WaitingFiles::Add(bufferevent* bufferevent, const SendFileRequest& request, uint32_t end) {
  const int64_t offset = Number64(request.offsetLow, request.offsetHigh);
  // Not mapped: a mapped file that is truncated ends the process with SIGBUS.
  const bool is_socket = bufferevent_getfd(bufferevent) >= 0;
  const unsigned flags = EVBUF_FS_DISABLE_LOCKING | EVBUF_FS_CLOSE_ON_FREE |
                         (is_socket ? 0 : EVBUF_FS_DISABLE_SENDFILE | EVBUF_FS_DISABLE_MMAP);
  errno = 0;
  evbuffer_file_segment* segment =
      request.bytes < 1 || offset < 0
          ? nullptr
          : evbuffer_file_segment_new(request.fd, offset, request.bytes, flags);
  if (segment == nullptr) {
    const int error = errno != 0 ? errno : EINVAL;
    close(request.fd);
    return error;
  }
  if (is_socket) parts_.push_back({end, request.fd, offset + request.bytes});
  const int added = evbuffer_add_file_segment(bufferevent_get_output(bufferevent), segment, 0, -1);
  evbuffer_file_segment_free(segment);  // the output has a reference of its own
  return added == 0 ? Enable(bufferevent, EV_WRITE) : ENOMEM;
}

bool WaitingFiles::IsNext(uint32_t sent) {
  while (!parts_.empty() && static_cast<int32_t>(sent - parts_.front().end) >= 0) {
    parts_.erase(parts_.begin());
  }
  return !parts_.empty();
}

bool WaitingFiles::IsTruncated() const {
  struct stat file = {};
  return fstat(parts_.front().fd, &file) != 0 || file.st_size < parts_.front().file_end;
}

}  // namespace rxjs_libevent

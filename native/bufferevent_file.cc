// Files in a Bufferevent's output: the kernel copies them from the page cache to the socket.
//
// Thread: the reactor's. The file's descriptor is JavaScript's, and stays open until the bytes have
// left or the connection has closed.
#include <sys/stat.h>

#include <cerrno>
#include <cstring>

#include "bufferevent.h"
#include "reactor.h"

namespace rxjs_libevent {

void Bufferevent::SendFile(const Record& record) {
  const Reactor::Payload payload = reactor_.PayloadOf(record);
  SendFileRequest request;
  if (payload.data == nullptr || payload.bytes != sizeof(request)) return;
  memcpy(&request, payload.data, sizeof(request));
  if (request.bytes < 1 || request.offset < 0) {
    FailWriting(EINVAL, kSendFileCall);
    return;
  }
  const auto bytes = static_cast<uint32_t>(request.bytes);
  taken_ += bytes;
  if (write_failed_ || finishing_) {
    Drop(bytes);
    return;
  }
  if (fd_ < 0 && partner_ == nullptr) {
    FailWriting(EPIPE);
    return;
  }
  // A pair has no socket to send to: then libevent reads the file. It does not map it, since a
  // mapped file that is truncated ends the process with SIGBUS.
  const unsigned flags =
      EVBUF_FS_DISABLE_LOCKING | (fd_ >= 0 ? 0 : EVBUF_FS_DISABLE_SENDFILE | EVBUF_FS_DISABLE_MMAP);
  errno = 0;
  evbuffer_file_segment* segment =
      evbuffer_file_segment_new(request.fd, request.offset, request.bytes, flags);
  if (segment == nullptr || !NeedBufferevent()) {
    if (segment != nullptr) evbuffer_file_segment_free(segment);
    FailWriting(errno != 0 ? errno : EIO, kSendFileCall);
    return;
  }
  if (fd_ >= 0) files_.push_back({taken_, request.fd, request.offset + request.bytes});
  const int added =
      evbuffer_add_file_segment(bufferevent_get_output(bufferevent_.get()), segment, 0, -1);
  evbuffer_file_segment_free(segment);  // the output has a reference of its own
  if (added != 0) FailWriting(ENOMEM, kSendFileCall);
}

// libevent says EOF when sendfile() has sent nothing: either the file has become shorter, or the
// system had no room after all, which libevent takes for the same. Returns false if no file is
// being sent.
bool Bufferevent::GoOnWithFile() {
  while (!files_.empty() && static_cast<int32_t>(left_ - files_.front().end) >= 0) {
    files_.erase(files_.begin());
  }
  if (files_.empty()) return false;
  const FilePart& part = files_.front();
  struct stat file = {};
  if (fstat(part.fd, &file) != 0 || file.st_size < part.file_end) {
    FailWriting(EIO, kSendFileCall);
  } else {
    bufferevent_enable(bufferevent_.get(), EV_WRITE);
  }
  return true;
}

// bufferevent_trigger(): looks at a direction as if its event had come.
void Bufferevent::Trigger(int32_t events) {
  if ((events & EV_READ) != 0 && wanted_) {
    if (buffered_) {
      MoveInput();
    } else if (armed_) {
      // Nobody would delete one that is not armed, and it would be active beyond this object's end.
      event_active(&read_event_, EV_READ, 0);
    }
  }
  if ((events & EV_WRITE) != 0) {
    reactor_.completions().Post(Completion::kLeft, 0, id_, 0, 0);
  }
}

}  // namespace rxjs_libevent

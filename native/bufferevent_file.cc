// Files in a Bufferevent's output: the kernel copies them from the page cache to the socket.
//
// Thread: the reactor's. The file's descriptor is JavaScript's, and stays open until the bytes have
// left or the connection has closed.
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
  const auto bytes = static_cast<uint32_t>(request.bytes);
  taken_ += bytes;
  if (write_failed_ || finishing_) {
    HasLeft(bytes);
    return;
  }
  // A pair has no socket to send to: then libevent maps the file and copies.
  const unsigned flags = fd_ >= 0 ? 0 : EVBUF_FS_DISABLE_SENDFILE;
  evbuffer_file_segment* segment =
      evbuffer_file_segment_new(request.fd, request.offset, request.bytes, flags);
  if (segment == nullptr || !NeedBufferevent()) {
    if (segment != nullptr) evbuffer_file_segment_free(segment);
    FailWriting(errno != 0 ? errno : EIO);
    return;
  }
  const int added =
      evbuffer_add_file_segment(bufferevent_get_output(bufferevent_.get()), segment, 0, -1);
  evbuffer_file_segment_free(segment);  // the output has a reference of its own
  if (added != 0) FailWriting(ENOMEM);
}

// bufferevent_trigger(): looks at a direction as if its event had come.
void Bufferevent::Trigger(int32_t events) {
  if ((events & EV_READ) != 0 && wanted_) {
    if (buffered_) {
      MoveInput();
    } else {
      event_active(&read_event_, EV_READ, 0);
    }
  }
  if ((events & EV_WRITE) != 0) {
    reactor_.completions().Post(Completion::kLeft, 0, id_, 0, 0);
  }
}

}  // namespace rxjs_libevent

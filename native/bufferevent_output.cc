// The writing half of a Bufferevent.
//
// Thread: the reactor's. Owner and lifetime: as in bufferevent.cc.
#include <sys/socket.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "bufferevent.h"
#include "reactor.h"

namespace rxjs_libevent {
namespace {

// libevent's own flush: bytes in one writev().
constexpr size_t kWriteBytes = 1 << 20;

// What a full socket leaves over of a pinned write is copied up to this size. A reference keeps the
// whole ArrayBuffer, often a slab whose other chunks have gone long ago: with 500 stopped readers,
// references to 48 MB of output kept 110 MB.
constexpr uint32_t kMostCopied = 65536;

thread_local Reactor* releasing_reactor = nullptr;

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

// A bufferevent with its buffers is a kilobyte, and most connections send all at once: it is made
// for output that has to wait, and for what only libevent can do.
bool Bufferevent::NeedBufferevent() {
  if (bufferevent_) return true;
  bufferevent* bufferevent = bufferevent_socket_new(reactor_.base(), fd_, 0);
  if (bufferevent == nullptr) return false;
  Use(bufferevent);
  bufferevent_set_max_single_write(bufferevent, kWriteBytes);
  return true;
}

void Bufferevent::Use(bufferevent* bufferevent) {
  releasing_reactor = &reactor_;
  bufferevent_.reset(bufferevent);
  bufferevent_setcb(bufferevent, OnBufferedInput, nullptr, OnEvent, this);
  evbuffer_add_cb(bufferevent_get_output(bufferevent), OnOutput, this);
}

void Bufferevent::Write(const Record& record) {
  const Reactor::Payload payload = reactor_.PayloadOf(record);
  taken_ += payload.bytes;
  if (payload.data == nullptr || write_failed_ || finishing_ || !open_) {
    Release(payload.pin);
    Drop(payload.bytes);
    return;
  }
  Send(payload.data, payload.bytes, payload.pin);
}

void Bufferevent::Send(const uint8_t* data, uint32_t bytes, uint32_t pin) {
  if (fd_ < 0 && partner_ == nullptr) {
    Release(pin);
    FailWriting(EPIPE);
    return;
  }
  uint32_t sent = 0;
  if (!buffered_ && !connecting_ && OutputLength() == 0) {
    const ssize_t result = send(fd_, data, bytes, MSG_NOSIGNAL | MSG_DONTWAIT);
    reactor_.Count(kSends);
    if (result >= 0) {
      sent = static_cast<uint32_t>(result);
    } else if (errno != EAGAIN && errno != EINTR) {
      const int error = errno;
      Release(pin);
      FailWriting(error);
      return;
    }
  }
  const bool waits = sent < bytes;
  const bool kept = !waits || Enqueue(data + sent, bytes - sent, pin);
  if (!waits || !kept) Release(pin);
  if (sent > 0) HasLeft(sent);
  if (!kept) FailWriting(ENOMEM);
}

// What the socket does not take now waits in libevent's output: by reference if it is pinned and
// large.
bool Bufferevent::Enqueue(const uint8_t* data, uint32_t bytes, uint32_t pin) {
  if (!NeedBufferevent()) return false;
  evbuffer* output = bufferevent_get_output(bufferevent_.get());
  if (pin == 0) {
    reactor_.Count(kCopies);
    return evbuffer_add(output, data, bytes) == 0;
  }
  if (bytes <= kMostCopied) {
    reactor_.Count(kCopies);
    if (!AddCopy(output, data, bytes)) return false;
    Release(pin);
    return true;
  }
  reactor_.Count(kReferences);
  return evbuffer_add_reference(output, data, bytes, OnReleased,
                                reinterpret_cast<void*>(static_cast<uintptr_t>(pin))) == 0;
}

void Bufferevent::Release(uint32_t pin) {
  if (pin != 0) reactor_.completions().Post(Completion::kReleased, pin - 1, 0, 0, 0);
}

void Bufferevent::OnReleased(const void*, size_t, void* pin) {
  releasing_reactor->completions().Post(
      Completion::kReleased, static_cast<uint32_t>(reinterpret_cast<uintptr_t>(pin)) - 1, 0, 0, 0);
}

void Bufferevent::OnOutput(evbuffer*, const evbuffer_cb_info* info, void* self) {
  if (info->n_deleted == 0) return;
  auto* connection = static_cast<Bufferevent*>(self);
  if (connection->write_failed_) {
    connection->Drop(static_cast<uint32_t>(info->n_deleted));
    return;
  }
  connection->reactor_.Count(kSends);
  connection->HasLeft(static_cast<uint32_t>(info->n_deleted));
}

size_t Bufferevent::OutputLength() const {
  return bufferevent_ ? evbuffer_get_length(bufferevent_get_output(bufferevent_.get())) : 0;
}

void Bufferevent::HasLeft(uint32_t bytes) {
  reactor_.Count(kSentBytes, static_cast<int32_t>(bytes));
  Drop(bytes);
}

// Output that is not pending any more, whether it was sent or not. JavaScript may look at the
// position before it has been told of a failure, so what is lost does not move it.
void Bufferevent::Drop(uint32_t bytes) {
  left_ += bytes;
  if (write_failed_) return;
  reactor_.SetLeft(id_, left_);
  CheckPositions();
}

void Bufferevent::CheckPositions() {
  if (write_failed_) return;
  if (notify_ && static_cast<int32_t>(left_ - notify_at_) >= 0) {
    notify_ = false;
    reactor_.completions().Post(Completion::kLeft, 0, id_, 0, 0);
  }
  if (finishing_ && !finished_ && !connecting_ && left_ == taken_) Finish();
}

void Bufferevent::FailWriting(int error, FailedCall call) {
  if (write_failed_) return;
  write_failed_ = true;
  files_.clear();
  reactor_.completions().Post(Completion::kWriteFailed, 0, id_, error, call);
  // The attempt took the error from the socket, where recv() would have found it. EPIPE is told to
  // the writer alone: the peer's own stream had ended. A file's error is not the socket's.
  if (error != EPIPE && call != kSendFileCall && hangup_error_ == 0) hangup_error_ = error;
  // What could not be sent is let go, with the buffers it refers to.
  if (!bufferevent_) {
    CheckLinger();
    return;
  }
  evbuffer* output = bufferevent_get_output(bufferevent_.get());
  bufferevent_disable(bufferevent_.get(), EV_WRITE);
  evbuffer_unfreeze(output, 1);
  evbuffer_drain(output, evbuffer_get_length(output));
  evbuffer_freeze(output, 1);
  CheckLinger();
}

void Bufferevent::Finish() {
  finished_ = true;
  if (fd_ >= 0) {
    // Both ends have ended and JavaScript asks for no more: close() follows and sends the FIN.
    if (!lingering_ || !read_ended_) shutdown(fd_, SHUT_WR);
  } else {
    FinishPair();
  }
  reactor_.completions().Post(Completion::kFinished, 0, id_, 0, 0);
  CheckLinger();
}

}  // namespace rxjs_libevent

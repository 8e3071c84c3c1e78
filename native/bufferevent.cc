// Thread: the reactor's. Owner: the reactor's table. Lifetime: from the opening submission to
// kClose. The descriptor belongs to the handler, not to libevent's object, so it closes in the same
// turn.
#include "bufferevent.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "reactor.h"
#include "requests.h"

namespace rxjs_libevent {
namespace {

// libevent's own flush: bytes in one writev().
constexpr size_t kWriteBytes = 1 << 20;

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

void DrainOutput(evbuffer* output) {
  evbuffer_unfreeze(output, 1);
  evbuffer_drain(output, evbuffer_get_length(output));
  evbuffer_freeze(output, 1);
}

}  // namespace

Bufferevent::Bufferevent(Reactor& reactor, int32_t id) : EventHandler(reactor, id) {
  reactor.SetSent(id, 0);
}

Bufferevent::Bufferevent(Bufferevent&& other)
    : EventHandler(other.reactor_, other.id_),
      phase_(other.phase_),
      input_(other.input_),
      output_(other.output_),
      wanted_(other.wanted_),
      read_high_(other.read_high_),
      outstanding_(other.outstanding_),
      end_error_(other.end_error_),
      read_timeout_(other.read_timeout_),
      write_timeout_(other.write_timeout_),
      sent_(other.sent_),
      files_(std::move(other.files_)),
      taken_(other.taken_),
      notify_at_(other.notify_at_),
      write_low_(other.write_low_),
      wishes_(other.wishes_) {
  other.phase_ = Phase::kClosed;
  if (!other.bufferevent_) return;
  evbuffer_remove_cb(bufferevent_get_output(other.bufferevent_.get()), OnOutput, &other);
  bufferevent_ = std::move(other.bufferevent_);
}

void Bufferevent::Take(const Record& record) {
  switch (static_cast<Submission>(record.kind())) {
    case Submission::kWrite:
      return Write(record);
    case Submission::kSendFile:
      return SendFile(record);
    default:
      break;
  }
  if (phase_ == Phase::kClosed) return;
  switch (static_cast<Submission>(record.kind())) {
    case Submission::kRead: {
      const bool wanted = record.a() != 0;
      if (wanted == wanted_ || phase_ == Phase::kLingering) break;
      wanted_ = wanted;
      OnReadingWanted();
      break;
    }
    case Submission::kCredit:
      // More than is outstanding cannot come back, and a negative number is no credit.
      outstanding_ = std::max(outstanding_ - std::max(record.a(), 0), 0);
      if (wanted_) UpdateReading();
      break;
    case Submission::kReadHigh:
      read_high_ = std::max(record.a(), 1);
      OnReadHigh();
      if (wanted_) UpdateReading();
      break;
    case Submission::kNotify:
      notify_at_ = static_cast<uint32_t>(record.a());
      wishes_ |= kPosition;
      CheckOutput();
      break;
    case Submission::kDrain:
      write_low_ = static_cast<uint32_t>(std::max(record.a(), 0));
      wishes_ |= kDrained;
      if (bufferevent_) bufferevent_setwatermark(bufferevent_.get(), EV_WRITE, write_low_, 0);
      CheckOutput();
      break;
    case Submission::kShutdown:
      if (output_ == Output::kOpen) output_ = Output::kFinishing;
      CheckOutput();
      break;
    case Submission::kClose:
      Close(static_cast<CloseMode>(record.a()), record.b());
      break;
    case Submission::kTimeouts:
      read_timeout_ = std::max(record.a(), 0);
      write_timeout_ = std::max(record.b(), 0);
      OnTimeouts();
      break;
    case Submission::kTrigger:
      Trigger(record.a());
      break;
    default:
      TakeOther(record);
      break;
  }
}

// bufferevent_trigger(): looks at a direction as if its event had come.
void Bufferevent::Trigger(int32_t events) {
  if ((events & EV_READ) != 0 && wanted_) TriggerRead();
  if ((events & EV_WRITE) != 0) {
    reactor_.completions().Post(Completion::kSent, 0, id_, 0, 0);
  }
}

// --- Reading.

void Bufferevent::Posted(uint32_t bytes) {
  reactor_.arena().Commit(id_, bytes);
  reactor_.Count(kReceivedBytes, static_cast<int32_t>(bytes));
  outstanding_ += static_cast<int32_t>(bytes);
}

void Bufferevent::EndReading(int error) {
  if (input_ == Input::kEnded) return;
  input_ = Input::kEnded;
  StopReading();
  if (phase_ != Phase::kLingering) {
    reactor_.completions().Post(Completion::kEnd, 0, id_, error, 0);
  } else if (error != 0) {
    CloseAndRetire(true);
  } else {
    CloseIfLingered();
  }
}

// A timeout comes again by itself, so it need not wait for a JavaScript that does not look.
void Bufferevent::PostTimeout(int32_t direction) {
  if (!reactor_.completions().HasRoom()) return;
  reactor_.completions().Post(Completion::kTimeout, 0, id_, direction, 0);
}

size_t Bufferevent::InputLength() const {
  return bufferevent_ ? evbuffer_get_length(bufferevent_get_input(bufferevent_.get())) : 0;
}

void Bufferevent::DiscardInput() {
  evbuffer* input = bufferevent_get_input(bufferevent_.get());
  evbuffer_drain(input, evbuffer_get_length(input));
}

// Moves what libevent has read to the arena, as far as there is credit and room. With bytes left in
// the buffer reading is switched off, or libevent would call back for ever.
void Bufferevent::MoveInput() {
  if (!bufferevent_ || phase_ == Phase::kClosed || input_ == Input::kEnded) return;
  if (phase_ == Phase::kLingering) {
    DiscardInput();
    // Room in a pair's input moves its partner's output on. That may have been all that was left;
    // or there is more, for which libevent's read callback comes again.
    if (phase_ == Phase::kClosed || InputLength() > 0) return;
  }
  evbuffer* input = bufferevent_get_input(bufferevent_.get());
  while (evbuffer_get_length(input) > 0) {
    if (!MayRead()) return PauseReading();
    if (!reactor_.HasRoom()) {
      // libevent's read callback does not come back by itself for bytes that it has read already.
      PauseReading();
      reactor_.Stall(this);
      return;
    }
    const ReadArena::Space space = reactor_.arena().Reserve();
    const size_t room = std::min<size_t>(space.bytes, static_cast<size_t>(Credit()));
    const ssize_t moved = evbuffer_copyout(input, space.data, room);
    if (moved <= 0) return;
    // Before they go from the input: room there may be the end of a pair's partner, whose last
    // bytes are moved and whose end is posted at once.
    Posted(static_cast<uint32_t>(moved));
    evbuffer_drain(input, static_cast<size_t>(moved));
    if (phase_ == Phase::kClosed || input_ == Input::kEnded) return;
  }
  if (input_ == Input::kEnding) EndReading(end_error_);
}

void Bufferevent::EndBuffered(int error) {
  if (input_ != Input::kOpen) return;
  input_ = Input::kEnding;
  if (end_error_ == 0) end_error_ = error;
  // Nothing more comes, so there is nothing to be read: see MoveInput().
  StopReading();
  MoveInput();
}

void Bufferevent::OnRead(bufferevent*, void* self) {
  auto* handler = static_cast<Bufferevent*>(self);
  handler->reactor_.CountCallback();
  handler->MoveInput();
}

// --- Writing.

bool Bufferevent::NeedBufferevent() {
  if (bufferevent_) return true;
  bufferevent_.reset(NewBufferevent());
  if (!bufferevent_) return false;
  Use();
  bufferevent_set_max_single_write(bufferevent_.get(), kWriteBytes);
  return true;
}

void Bufferevent::Use() {
  bufferevent_setcb(bufferevent_.get(), OnRead, OnWrite, OnEvent, this);
  bufferevent_setwatermark(bufferevent_.get(), EV_WRITE, write_low_, 0);
  evbuffer_add_cb(bufferevent_get_output(bufferevent_.get()), OnOutput, this);
}

void Bufferevent::Write(const Record& record) {
  const Payload payload = reactor_.PayloadOf(record);
  if (payload.data == nullptr || phase_ == Phase::kClosed || output_ != Output::kOpen) {
    reactor_.Release(payload);
    return;
  }
  taken_ += payload.bytes;
  ssize_t sent = 0;
  if (phase_ != Phase::kConnecting && OutputLength() == 0) {
    sent = SendNow(payload.data, payload.bytes);
    if (sent < 0) {
      const Failure failure{errno, kWriteCall};
      reactor_.Release(payload);
      FailWriting(failure);
      return;
    }
  }
  const auto done = static_cast<uint32_t>(sent);
  if (done == payload.bytes) {
    reactor_.Release(payload);
  } else if (!Enqueue(payload, done)) {
    return;
  }
  if (done > 0) Sent(done);
}

// What the system does not take now waits in libevent's output.
bool Bufferevent::Enqueue(const Payload& payload, uint32_t from) {
  const uint8_t* data = payload.data + from;
  const uint32_t bytes = payload.bytes - from;
  bool added = NeedBufferevent();
  bool kept = false;
  if (added) {
    evbuffer* output = bufferevent_get_output(bufferevent_.get());
    kept = payload.released && bytes > kMostCopied;
    if (kept) {
      reactor_.Count(kReferences);
      added = evbuffer_add_reference(output, data, bytes, LentMemory::OnReleased,
                                     reactor_.memory().ReleaseArgument(payload.piece)) == 0;
      kept = added;
    } else {
      reactor_.Count(kCopies);
      added =
          payload.released ? AddCopy(output, data, bytes) : evbuffer_add(output, data, bytes) == 0;
    }
  }
  if (!kept) reactor_.Release(payload);
  // libevent adds the write event by itself, and says nothing when that fails.
  const int error = added ? Enable(bufferevent_.get(), EV_WRITE) : ENOMEM;
  if (error != 0) FailWriting({error, added ? kEventCall : kAllocateCall});
  return error == 0;
}

// Progress of libevent's flush.
void Bufferevent::OnOutput(evbuffer*, const evbuffer_cb_info* info, void* self) {
  auto* handler = static_cast<Bufferevent*>(self);
  if (info->n_deleted == 0 || handler->output_ == Output::kFailed) return;
  handler->reactor_.CountCallback();
  handler->reactor_.Count(kSends);
  handler->Sent(static_cast<uint32_t>(info->n_deleted));
}

// The write callback: the output has fallen to its low mark.
void Bufferevent::OnWrite(bufferevent*, void* self) {
  static_cast<Bufferevent*>(self)->CheckOutput();
}

size_t Bufferevent::OutputLength() const {
  return bufferevent_ ? evbuffer_get_length(bufferevent_get_output(bufferevent_.get())) : 0;
}

void Bufferevent::Sent(uint32_t bytes) {
  reactor_.Count(kSentBytes, static_cast<int32_t>(bytes));
  sent_ += bytes;
  reactor_.SetSent(id_, sent_);
  if (wishes_ != kNothing || output_ == Output::kFinishing) CheckOutput();
}

void Bufferevent::CheckOutput() {
  if (output_ == Output::kFailed || phase_ == Phase::kClosed) return;
  if ((wishes_ & kPosition) != 0 && static_cast<int32_t>(sent_ - notify_at_) >= 0) {
    wishes_ &= ~kPosition;
    reactor_.completions().Post(Completion::kSent, 0, id_, 0, 0);
  }
  if ((wishes_ & kDrained) != 0 && taken_ - sent_ <= write_low_) {
    wishes_ &= ~kDrained;
    reactor_.completions().Post(Completion::kDrained, 0, id_, 0, 0);
  }
  if (output_ == Output::kFinishing && phase_ != Phase::kConnecting && sent_ == taken_) Finish();
}

// What waits is lost, so the socket will be closed with RST.
void Bufferevent::FailWriting(Failure failure) {
  if (output_ == Output::kFailed) return;
  output_ = Output::kFailed;
  files_.clear();
  reactor_.completions().Post(Completion::kWriteFailed, 0, id_, failure.error, failure.call);
  // The attempt took the error from the socket, where recv() would have found it.
  if (failure.error == ECONNRESET && end_error_ == 0) end_error_ = failure.error;
  if (bufferevent_) {
    bufferevent_disable(bufferevent_.get(), EV_WRITE);
    DrainOutput(bufferevent_get_output(bufferevent_.get()));
  }
  if (phase_ == Phase::kLingering) CloseAndRetire(true);
}

void Bufferevent::Finish() {
  output_ = Output::kFinished;
  const int error = SendFin();
  if (error != 0) return FailWriting({error, kShutdownCall});
  reactor_.completions().Post(Completion::kFinished, 0, id_, 0, 0);
  CloseIfLingered();
}

// --- Files: the kernel copies them from the page cache to the socket.

void Bufferevent::SendFile(const Record& record) {
  SendFileRequest request;
  if (!ReadRequest(reactor_.PayloadOf(record), &request)) return;
  if (!reactor_.transit().Take(request.fd)) return FailWriting({EBADF, kSendFileCall});
  if (phase_ == Phase::kClosed || output_ != Output::kOpen || !NeedBufferevent()) {
    close(request.fd);
    return;
  }
  const int64_t offset =
      static_cast<int64_t>(static_cast<uint64_t>(static_cast<uint32_t>(request.offsetHigh)) << 32 |
                           static_cast<uint32_t>(request.offsetLow));
  taken_ += static_cast<uint32_t>(request.bytes);
  // Not mapped: a mapped file that is truncated ends the process with SIGBUS.
  const bool is_socket = bufferevent_getfd(bufferevent_.get()) >= 0;
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
    return FailWriting({error, kSendFileCall});
  }
  if (is_socket) files_.push_back({taken_, request.fd, offset + request.bytes});
  const int added =
      evbuffer_add_file_segment(bufferevent_get_output(bufferevent_.get()), segment, 0, -1);
  evbuffer_file_segment_free(segment);  // the output has a reference of its own
  const int error = added == 0 ? Enable(bufferevent_.get(), EV_WRITE) : ENOMEM;
  if (error != 0) FailWriting({error, kSendFileCall});
}

// libevent says EOF when sendfile() has sent nothing: either the file has become shorter, or the
// system had no room after all, which libevent takes for the same. Returns false if no file is
// being sent.
bool Bufferevent::GoOnWithFile() {
  while (!files_.empty() && static_cast<int32_t>(sent_ - files_.front().end) >= 0) {
    files_.erase(files_.begin());
  }
  if (files_.empty()) return false;
  const FilePart& part = files_.front();
  struct stat file = {};
  if (fstat(part.fd, &file) != 0 || file.st_size < part.file_end) {
    FailWriting({EIO, kSendFileCall});
    return true;
  }
  const int error = Enable(bufferevent_.get(), EV_WRITE);
  if (error != 0) FailWriting({error, kEventCall});
  return true;
}

// --- libevent's event callback.

void Bufferevent::OnEvent(bufferevent*, short what, void* self) {
  auto* handler = static_cast<Bufferevent*>(self);
  const int error = EVUTIL_SOCKET_ERROR();
  handler->reactor_.CountCallback();
  if (handler->phase_ == Phase::kConnecting) {
    const bool connected = (what & BEV_EVENT_CONNECTED) != 0;
    const int reason = (what & BEV_EVENT_TIMEOUT) != 0 ? ETIMEDOUT : error;
    handler->OnConnected(connected ? 0 : reason != 0 ? reason : ECONNREFUSED);
    return;
  }
  const bool reading = (what & BEV_EVENT_READING) != 0;
  if ((what & BEV_EVENT_TIMEOUT) != 0) {
    // libevent has switched the direction off; whether to give up is for JavaScript to say.
    handler->PostTimeout(reading ? EV_READ : EV_WRITE);
    if (reading) return handler->UpdateReading();
    const int failed = Enable(handler->bufferevent_.get(), EV_WRITE);
    if (failed != 0) handler->FailWriting({failed, kEventCall});
    return;
  }
  if (reading) return handler->EndBuffered((what & BEV_EVENT_ERROR) != 0 ? error : 0);
  if ((what & BEV_EVENT_EOF) != 0 && handler->GoOnWithFile()) return;
  if ((what & (BEV_EVENT_ERROR | BEV_EVENT_EOF)) != 0) {
    handler->FailWriting({error != 0 ? error : EPIPE, kWriteCall});
  }
}

// --- Ending.

void Bufferevent::Close(CloseMode mode, int32_t deadline_milliseconds) {
  const bool can_linger = phase_ == Phase::kOpen && output_ != Output::kFailed;
  if (mode == kLinger && can_linger) return Linger(std::max(deadline_milliseconds, 1));
  CloseAndRetire(mode == kReset);
}

void Bufferevent::Linger(int32_t deadline_milliseconds) {
  phase_ = Phase::kLingering;
  wanted_ = false;
  if (output_ == Output::kOpen) output_ = Output::kFinishing;
  CheckOutput();
  CloseIfLingered();
  if (phase_ == Phase::kClosed) return;
  deadline_milliseconds_ = deadline_milliseconds;
  acknowledged_ = Acknowledged();
  deadline_.reset(evtimer_new(reactor_.base(), OnDeadline, this));
  const int error = deadline_ ? AddDeadline() : ENOMEM;
  if (error != 0) return CloseAndRetire(false);
  // From here on what the peer sends is thrown away: see Socket::Discard().
  StopReading();
  read_timeout_ = 0;
  UpdateReading();
}

int Bufferevent::AddDeadline() {
  const timeval deadline = Milliseconds(deadline_milliseconds_);
  return AddEvent(deadline_.get(), &deadline);
}

// A reader that is slow but steady is not cut: see T9 in docs/architecture.md.
void Bufferevent::OnDeadline(evutil_socket_t, short, void* self) {
  auto* handler = static_cast<Bufferevent*>(self);
  handler->reactor_.CountCallback();
  const uint32_t before = std::exchange(handler->acknowledged_, handler->Acknowledged());
  const bool progresses = handler->acknowledged_ != before;
  if (!progresses || handler->AddDeadline() != 0) handler->CloseAndRetire(false);
}

void Bufferevent::CloseIfLingered() {
  if (phase_ != Phase::kLingering) return;
  if (output_ == Output::kFinished && input_ == Input::kEnded) CloseAndRetire(false);
}

void Bufferevent::CloseAndRetire(bool reset) {
  CloseNow(reset);
  reactor_.Retire(this);
}

// Output that has not been sent means RST, whatever the reason: FIN says "this was all".
void Bufferevent::CloseNow(bool reset) {
  if (phase_ == Phase::kClosed) return;
  const bool truncated = output_ == Output::kFailed || sent_ != taken_;
  const bool hard = reset || truncated;
  StopReading();
  phase_ = Phase::kClosed;
  deadline_.reset();
  files_.clear();
  if (bufferevent_) {
    // No callback may reach this object any more; libevent frees its own in a later turn.
    evbuffer* output = bufferevent_get_output(bufferevent_.get());
    evbuffer_remove_cb(output, OnOutput, this);
    bufferevent_setcb(bufferevent_.get(), nullptr, nullptr, nullptr, nullptr);
    bufferevent_disable(bufferevent_.get(), EV_READ | EV_WRITE);
  }
  OnClosing(hard);
  bufferevent_.reset();
  CloseDescriptor(hard);
}

}  // namespace rxjs_libevent

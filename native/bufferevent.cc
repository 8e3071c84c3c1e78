// Thread: the reactor's. Owner: the reactor's table. Lifetime: from the opening submission to
// kClose. The descriptor belongs to the handler, not to libevent's object, so it closes in the same
// turn.
#include "bufferevent.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "reactor.h"

namespace rxjs_libevent {

// libevent's own flush: bytes in one writev().
constexpr size_t kWriteBytes = 1 << 20;

Bufferevent::Bufferevent(Reactor& reactor, int32_t id)
    : EventHandler(reactor, id), hidden_timeouts_(reactor) {
  reactor.SetSent(id, 0);
}

Bufferevent::Bufferevent(Bufferevent&& other) noexcept
    : EventHandler(other.reactor_, other.id_),
      BuffereventState(static_cast<BuffereventState&&>(other)),
      hidden_timeouts_(other.reactor_) {
  other.phase_ = Phase::kClosed;
  if (bufferevent_) evbuffer_remove_cb(OutputBuffer(), OnOutput, &other);
  if (tls_) tls_->MoveTo(this);
}

void Bufferevent::Take(const Record& record) {
  const auto kind = static_cast<Submission>(record.kind());
  if (kind == Submission::kWrite) return Write(record);
  if (kind == Submission::kSendFile) return SendFile(record);
  if (phase_ == Phase::kClosed) return;
  switch (kind) {
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
      if (bufferevent_) SetReadHigh();
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
      if (bufferevent_) SetTimeouts();
      OnTimeouts();
      break;
    case Submission::kTls:
      SetTls(record);
      break;
    case Submission::kTlsInput:
      GiveBack(record);
      break;
    case Submission::kTlsContext:
      Answer(record.a());
      break;
    case Submission::kTrigger:
      // bufferevent_trigger(): looks at a direction as if its event had come.
      if ((record.a() & EV_READ) != 0 && wanted_) TriggerRead();
      if ((record.a() & EV_WRITE) != 0) {
        reactor_.completions().Post(Completion::kSent, 0, id_, 0, 0);
      }
      break;
    default:
      TakeOther(record);
      break;
  }
}

ReadArena::Space Bufferevent::Reserve() {
  ReadArena::Space space = reactor_.arena().Reserve();
  space.bytes = std::min(space.bytes, static_cast<uint32_t>(Credit()));
  return space;
}

void Bufferevent::Posted(size_t bytes) {
  reactor_.arena().Commit(id_, static_cast<uint32_t>(bytes));
  reactor_.Count(kReceivedBytes, static_cast<int32_t>(bytes));
  outstanding_ += static_cast<int32_t>(bytes);
  received_ += static_cast<uint32_t>(bytes);
}

void Bufferevent::EndReading(int error) {
  if (input_ == Input::kEnded) return;
  input_ = Input::kEnded;
  // A connection fails with one error, whichever call would get the next.
  if (end_error_ == 0) end_error_ = error;
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

// The buffer is emptied first: with bytes in it above the mark, libevent would call for ever.
void Bufferevent::EnableReading() {
  MoveInput();
  if (phase_ == Phase::kClosed || input_ != Input::kOpen) return;
  if (!WantsInput()) return;
  // Again where it is on already: a read timeout has switched it off in libevent.
  const int error = Enable(bufferevent_.get(), EV_READ);
  if (error != 0) EndReading(error);
}

// Moves what libevent has read to the arena, as far as there is credit and room. With bytes left in
// the buffer reading is switched off, or libevent would call back for ever.
void Bufferevent::MoveInput() {
  if (!bufferevent_ || phase_ == Phase::kClosed || input_ == Input::kEnded) return;
  // Room in its input has brought a pair's end more, which OpenSSL comes back for.
  if (receiving_) return;
  evbuffer* input = InputBuffer();
  if (Discards()) {
    evbuffer_drain(input, evbuffer_get_length(input));
    // Room in a pair's input moves its partner's output on. That may have been all that was left;
    // or there is more, for which libevent's read callback comes again.
    if (phase_ == Phase::kClosed || InputLength() > 0) return;
  }
  if (tls_ && !Discards()) return MoveSecured();
  while (evbuffer_get_length(input) > 0) {
    if (!MayRead()) return PauseReading();
    if (!reactor_.HasRoom()) {
      // libevent's read callback does not come back by itself for bytes that it has read already.
      PauseReading();
      return reactor_.Stall(this);
    }
    const ReadArena::Space space = Reserve();
    const ssize_t moved = evbuffer_copyout(input, space.data, space.bytes);
    if (moved <= 0) return;
    // Before they go from the input: room there may be the end of a pair's partner, whose last
    // bytes are moved and whose end is posted at once.
    Posted(static_cast<size_t>(moved));
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

bufferevent* Bufferevent::NeedBufferevent() {
  if (bufferevent_) return bufferevent_.get();
  bufferevent_.reset(NewBufferevent());
  if (bufferevent_) Use();
  return bufferevent_.get();
}

void Bufferevent::Use() {
  const auto on_read = [](bufferevent*, void* self) {
    auto* handler = static_cast<Bufferevent*>(self);
    handler->reactor_.CountCallback();
    handler->MoveInput();
  };
  // The output has fallen to its low mark.
  const auto on_write = [](bufferevent*, void* self) {
    static_cast<Bufferevent*>(self)->CheckOutput();
  };
  const auto on_event = [](bufferevent*, short what, void* self) {
    const int error = EVUTIL_SOCKET_ERROR();
    auto* handler = static_cast<Bufferevent*>(self);
    handler->reactor_.CountCallback();
    handler->OnEvent(what, error);
  };
  bufferevent_setcb(bufferevent_.get(), on_read, on_write, on_event, this);
  bufferevent_setwatermark(bufferevent_.get(), EV_WRITE, write_low_, 0);
  bufferevent_set_max_single_write(bufferevent_.get(), kWriteBytes);
  SetTimeouts();
  evbuffer_add_cb(OutputBuffer(), OnOutput, this);
}

void Bufferevent::SetTimeouts() {
  const timeval read = Milliseconds(read_timeout_);
  const timeval write = Milliseconds(write_timeout_);
  bufferevent_set_timeouts(bufferevent_.get(), read_timeout_ > 0 ? &read : nullptr,
                           write_timeout_ > 0 ? &write : nullptr);
  hidden_timeouts_.Set(read_timeout_ > 0 || write_timeout_ > 0);
}

void Bufferevent::Write(const Record& record) {
  const Payload payload = reactor_.PayloadOf(record);
  if (payload.data == nullptr || phase_ == Phase::kClosed || output_ != Output::kOpen) {
    return reactor_.Release(payload);
  }
  taken_ += payload.bytes;
  if (tls_) return WriteSecured(payload);
  const bool waits = phase_ == Phase::kConnecting || OutputLength() > 0;
  const ssize_t sent = waits ? 0 : SendNow(payload.data, payload.bytes, Segment::kAtOnce);
  const auto done = static_cast<uint32_t>(std::max<ssize_t>(sent, 0));
  Failure failure;
  if (sent < 0) failure = {errno, kWriteCall};
  if (failure || done == payload.bytes) {
    reactor_.Release(payload);
  } else {
    failure = Enqueue(payload, done);
  }
  if (failure) return FailWriting(failure);
  if (done > 0) Sent(done);
}

// What the system does not take now waits in libevent's output.
Failure Bufferevent::Enqueue(const Payload& payload, uint32_t from) {
  if (!AddPayload(reactor_, NeedBufferevent(), payload, from)) return {ENOMEM, kAllocateCall};
  // libevent adds the write event by itself, and says nothing when that fails.
  return {Enable(bufferevent_.get(), EV_WRITE), kEventCall};
}

void Bufferevent::EnableWriting() {
  const int error = Enable(bufferevent_.get(), EV_WRITE);
  if (error != 0) FailWriting({error, kEventCall});
}

// Progress of libevent's flush.
void Bufferevent::OnOutput(evbuffer*, const evbuffer_cb_info* info, void* self) {
  auto* handler = static_cast<Bufferevent*>(self);
  if (info->n_deleted == 0 || handler->output_ == Output::kFailed) return;
  handler->reactor_.CountCallback();
  handler->reactor_.Count(kSends);
  const auto bytes = static_cast<uint32_t>(info->n_deleted);
  handler->Sent(handler->tls_ ? handler->tls_->Sent(bytes) : bytes);
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
  if (output_ != Output::kFinishing || phase_ == Phase::kConnecting || sent_ != taken_) return;
  // The end of what was encrypted may have to wait, or finish by itself.
  if (EndSecured() && output_ == Output::kFinishing) Finish();
}

// What waits is lost, so the socket will be closed with RST.
void Bufferevent::FailWriting(Failure failure) {
  if (output_ == Output::kFailed) return;
  output_ = Output::kFailed;
  files_.Clear();
  // The first call took the error from the socket, and all later ones get EPIPE.
  if (failure.error == EPIPE && end_error_ != 0) failure.error = end_error_;
  reactor_.completions().Post(Completion::kWriteFailed, 0, id_, failure.error, failure.call);
  // The attempt took the error from the socket, where recv() would have found it.
  if (failure.error == ECONNRESET && end_error_ == 0) end_error_ = failure.error;
  if (bufferevent_) {
    bufferevent_disable(bufferevent_.get(), EV_WRITE);
    DrainOutput(bufferevent_.get());
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

// libevent's event callback.
void Bufferevent::OnEvent(short what, int error) {
  if (phase_ == Phase::kConnecting) {
    const bool connected = (what & BEV_EVENT_CONNECTED) != 0;
    const int reason = (what & BEV_EVENT_TIMEOUT) != 0 ? ETIMEDOUT : error;
    return OnConnected(connected ? 0 : reason != 0 ? reason : ECONNREFUSED);
  }
  const bool reading = (what & BEV_EVENT_READING) != 0;
  if ((what & BEV_EVENT_TIMEOUT) != 0) {
    // libevent has switched the direction off; whether to give up is for JavaScript to say.
    PostTimeout(reading ? EV_READ : EV_WRITE);
    return reading ? UpdateReading() : EnableWriting();
  }
  if (reading) return EndBuffered((what & BEV_EVENT_ERROR) != 0 ? error : 0);
  if ((what & BEV_EVENT_EOF) != 0 && GoOnWithFile()) return;
  if ((what & (BEV_EVENT_ERROR | BEV_EVENT_EOF)) != 0) {
    FailWriting({error != 0 ? error : EPIPE, kWriteCall});
  }
}

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
  acknowledged_ = Acknowledged();
  deadline_.reset(
      event_new(reactor_.base(), -1, EV_PERSIST, CallBack<&Bufferevent::OnDeadline>, this));
  const timeval deadline = Milliseconds(deadline_milliseconds);
  const int error = deadline_ ? reactor_.Add(deadline_.get(), &deadline) : ENOMEM;
  if (error != 0) return CloseAndRetire(false);
  // From here on what the peer sends is thrown away: see Socket::Discard().
  StopReading();
  read_timeout_ = 0;
  if (bufferevent_) SetTimeouts();
  UpdateReading();
}

// A reader that is slow but steady is not cut: see T9 in docs/ends.md.
void Bufferevent::OnDeadline(short) {
  const uint32_t before = std::exchange(acknowledged_, Acknowledged());
  if (acknowledged_ == before) CloseAndRetire(false);
}

void Bufferevent::CloseIfLingered() {
  if (phase_ != Phase::kLingering) return;
  if (output_ == Output::kFinished && input_ == Input::kEnded) CloseAndRetire(false);
}

void Bufferevent::CloseAndRetire(bool reset) {
  CloseNow(reset);
  reactor_.Retire(this);
}

void Bufferevent::CloseNow(bool reset) {
  if (phase_ == Phase::kClosed) return;
  // Output that has not been sent means RST, whatever the reason: FIN says "this was all".
  const bool hard = reset || output_ == Output::kFailed || sent_ != taken_ || !CloseSecured();
  StopReading();
  phase_ = Phase::kClosed;
  deadline_.reset();
  files_.Clear();
  if (bufferevent_) {
    // No callback may reach this object any more; libevent frees its own in a later turn.
    evbuffer_remove_cb(OutputBuffer(), OnOutput, this);
    bufferevent_setcb(bufferevent_.get(), nullptr, nullptr, nullptr, nullptr);
    bufferevent_disable(bufferevent_.get(), EV_READ | EV_WRITE);
  }
  OnClosing(hard);
  bufferevent_.reset();
  hidden_timeouts_.Set(false);
  CloseDescriptor(hard);
}

}  // namespace rxjs_libevent

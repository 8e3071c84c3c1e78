// Thread: the reactor's. Owner: the reactor's table. Lifetime: from kPair to kClose; the partner
// may outlive it.
#include "pair_end.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "reactor.h"

namespace rxjs_libevent {

Failure PairEnd::Open(const Record& record) {
  const int32_t credit = std::max(record.b(), 1);
  auto* partner =
      static_cast<PairEnd*>(reactor_.Install(std::make_unique<PairEnd>(reactor_, record.a())));
  if (partner == nullptr) return {EINVAL, kAllocateCall};
  bufferevent* ends[2] = {};
  errno = 0;
  if (bufferevent_pair_new(reactor_.base(), 0, ends) != 0) {
    const Failure failure{ENOMEM, kAllocateCall};
    reactor_.Fail(partner, failure);
    return failure;
  }
  Join(partner, ends[0], credit);
  partner->Join(this, ends[1], credit);
  return {};
}

void PairEnd::Join(PairEnd* partner, bufferevent* end, int32_t credit) {
  partner_ = partner;
  read_high_ = credit;
  bufferevent_.reset(end);
  Use();
  // Bytes stay in the other end's output until this end has room for them.
  OnReadHigh();
  bufferevent_disable(end, EV_READ);
  const int error = Enable(end, EV_WRITE);
  if (error != 0) FailWriting({error, kEventCall});
}

void PairEnd::OnReadingWanted() {
  if (wanted_) {
    UpdateReading();
  } else {
    StopReading();
  }
}

void PairEnd::UpdateReading() {
  MoveInput();
  if (phase_ == Phase::kClosed || input_ != Input::kOpen) return;
  if (phase_ != Phase::kLingering && !MayRead()) return;
  // First: what comes at once may be the end, which switches it off.
  reading_ = Reading::kOn;
  // Again where it is on already: a read timeout has switched it off in libevent.
  const int error = Enable(bufferevent_.get(), EV_READ);
  if (error != 0) EndReading(error);
}

void PairEnd::StopReading() {
  if (reading_ == Reading::kOff) return;
  reading_ = Reading::kOff;
  bufferevent_disable(bufferevent_.get(), EV_READ);
}

void PairEnd::OnReadHigh() {
  bufferevent_setwatermark(bufferevent_.get(), EV_READ, 0, static_cast<size_t>(read_high_));
}

void PairEnd::OnTimeouts() {
  const timeval read = Milliseconds(read_timeout_);
  const timeval write = Milliseconds(write_timeout_);
  bufferevent_set_timeouts(bufferevent_.get(), read_timeout_ > 0 ? &read : nullptr,
                           write_timeout_ > 0 ? &write : nullptr);
}

ssize_t PairEnd::SendNow(const uint8_t*, uint32_t) {
  if (partner_ != nullptr) return 0;
  errno = EPIPE;
  return -1;
}

int PairEnd::SendFin() {
  if (partner_ == nullptr) return 0;
  errno = 0;
  return bufferevent_flush(bufferevent_.get(), EV_WRITE, BEV_FINISHED) < 0 ? EPIPE : 0;
}

// libevent says nothing to the other end of a pair when one is freed. As with a socket, the other
// end reads EOF or a reset, and what it still writes fails.
void PairEnd::OnClosing(bool reset) {
  PairEnd* partner = std::exchange(partner_, nullptr);
  if (partner == nullptr) return;
  partner->partner_ = nullptr;
  evbuffer* output = bufferevent_get_output(bufferevent_.get());
  evbuffer_unfreeze(output, 1);
  evbuffer_drain(output, evbuffer_get_length(output));
  evbuffer_freeze(output, 1);
  partner->OnPartnerGone(reset);
}

void PairEnd::OnPartnerGone(bool reset) {
  if (phase_ == Phase::kClosed) return;
  EndBuffered(reset ? ECONNRESET : 0);
  if (OutputLength() > 0) FailWriting({reset ? ECONNRESET : EPIPE, kWriteCall});
}

}  // namespace rxjs_libevent

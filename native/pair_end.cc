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
  SetReadHigh();
}

ssize_t PairEnd::SendNow(const uint8_t*, uint32_t, Segment) {
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
  DrainOutput(bufferevent_.get());
  partner->OnPartnerGone(reset);
}

void PairEnd::OnPartnerGone(bool reset) {
  if (phase_ == Phase::kClosed) return;
  EndBuffered(reset ? ECONNRESET : 0);
  if (OutputLength() > 0) FailWriting({reset ? ECONNRESET : EPIPE, kWriteCall});
}

}  // namespace rxjs_libevent

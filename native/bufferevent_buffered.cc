// The buffered way of a Bufferevent: rate limits and pairs, where libevent moves the bytes.
//
// Thread: the reactor's. Owner and lifetime: as in bufferevent.cc.
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "bufferevent.h"
#include "open_handler.h"
#include "rate_limit_group.h"
#include "reactor.h"

namespace rxjs_libevent {

std::unique_ptr<EventHandler> Bufferevent::Pair(Reactor& reactor, const Record& record) {
  const int32_t ids[] = {record.id(), record.a()};
  if (ids[0] == ids[1] || reactor.Find(ids[1]) != nullptr) {
    PostOpenFailure(reactor, ids[0], EINVAL, kAllocateCall);
    return nullptr;
  }
  bufferevent* ends[2] = {};
  if (bufferevent_pair_new(reactor.base(), 0, ends) != 0) {
    for (int32_t id : ids) PostOpenFailure(reactor, id, ENOMEM, kAllocateCall);
    return nullptr;
  }
  std::unique_ptr<Bufferevent> handlers[2];
  for (int i = 0; i < 2; ++i) handlers[i].reset(new Bufferevent(reactor, ids[i], -1, record.b()));
  for (int i = 0; i < 2; ++i) {
    handlers[i]->buffered_ = true;
    handlers[i]->Use(ends[i]);
    // Bytes stay in the other end's output until this end has room for them.
    bufferevent_setwatermark(ends[i], EV_READ, 0, static_cast<size_t>(std::max(record.b(), 1)));
    bufferevent_enable(ends[i], EV_WRITE);
    handlers[i]->partner_ = handlers[1 - i].get();
  }
  reactor.Install(std::move(handlers[0]));
  return std::move(handlers[1]);
}

void Bufferevent::FinishPair() { bufferevent_flush(bufferevent_.get(), EV_WRITE, BEV_FINISHED); }

// libevent tells the other end of a pair nothing when one is freed. As with a socket, what has not
// left is lost, the other end reads EOF or a reset, and what it still writes fails.
void Bufferevent::LeavePair() {
  Bufferevent* partner = partner_;
  if (partner == nullptr) return;
  partner_ = nullptr;
  partner->partner_ = nullptr;
  evbuffer* output = bufferevent_get_output(bufferevent_.get());
  evbuffer_unfreeze(output, 1);
  evbuffer_drain(output, evbuffer_get_length(output));
  evbuffer_freeze(output, 1);
  if (!finished_ && !resetting_) FinishPair();
  partner->OnPartnerGone(resetting_);
}

void Bufferevent::OnPartnerGone(bool reset) {
  if (!open_) return;
  if (reset && !buffered_end_) EndBuffered(ECONNRESET);
  const size_t pending = evbuffer_get_length(bufferevent_get_output(bufferevent_.get()));
  if (pending > 0) FailWriting(reset ? ECONNRESET : EPIPE);
}

// From here on libevent reads the socket, so that its token buckets see the bytes.
bool Bufferevent::GoBuffered() {
  if (buffered_) return true;
  if (!NeedBufferevent()) return false;
  Disarm();
  buffered_ = true;
  if (wanted_) {
    Arm();
  } else {
    Watch();
  }
  return true;
}

void Bufferevent::OnBufferedInput(bufferevent*, void* self) {
  auto* connection = static_cast<Bufferevent*>(self);
  if (connection->lingering_) {
    evbuffer* input = bufferevent_get_input(connection->bufferevent_.get());
    evbuffer_drain(input, evbuffer_get_length(input));
    return;
  }
  connection->MoveInput();
}

// Moves what libevent has read to the slab, as far as there is credit and room. With bytes left in
// the buffer reading is switched off, or its callback would come for ever.
void Bufferevent::MoveInput() {
  if (!bufferevent_ || !open_) return;
  evbuffer* input = bufferevent_get_input(bufferevent_.get());
  while (evbuffer_get_length(input) > 0) {
    const int32_t credit = read_high_ - outstanding_;
    if (!wanted_ || credit <= 0) {
      Disarm();
      Watch();
      return;
    }
    if (!reactor_.HasRoom()) {
      // libevent's read callback does not come back by itself for bytes that it has read already.
      Disarm();
      reactor_.Stall(this);
      return;
    }
    const InSlabs::Space space = reactor_.slabs().Reserve();
    const size_t room = std::min<size_t>(space.bytes, static_cast<size_t>(credit));
    const int moved = evbuffer_remove(input, space.data, room);
    if (moved <= 0) return;
    reactor_.slabs().Commit(id_, static_cast<uint32_t>(moved));
    reactor_.Count(kReceivedBytes, moved);
    outstanding_ += moved;
  }
  if (buffered_end_) EndReading(buffered_error_);
}

void Bufferevent::EndBuffered(int error) {
  armed_ = false;
  if (lingering_) {
    read_ended_ = true;
    if (error != 0) write_failed_ = true;
    CheckLinger();
    return;
  }
  if (error == 0) error = hangup_error_;
  buffered_end_ = true;
  buffered_error_ = error;
  MoveInput();
}

void Bufferevent::LimitRate(const Record& record) {
  const Reactor::Payload payload = reactor_.PayloadOf(record);
  RateLimitRequest request;
  if (payload.data == nullptr || payload.bytes != sizeof(request)) return;
  memcpy(&request, payload.data, sizeof(request));
  TokenBucketPtr limit = NewTokenBucket(request);
  if (limit && !GoBuffered()) return FailWriting(ENOMEM);
  if (!bufferevent_) return;
  bufferevent_set_rate_limit(bufferevent_.get(), limit.get());
  rate_limit_ = std::move(limit);
}

void Bufferevent::JoinGroup(int32_t group_id) {
  RateLimitGroup* group = RateLimitGroup::Find(reactor_, group_id);
  if (group == group_) return;
  if (group_ != nullptr) group_->Leave(bufferevent_.get());
  group_ = group;
  if (group == nullptr) return;
  if (!GoBuffered()) {
    group_ = nullptr;
    return FailWriting(ENOMEM);
  }
  group->Join(bufferevent_.get());
}

// Before the bufferevent goes, which libevent frees only in a later turn: until then it would
// count as a member, and refer to the token bucket.
void Bufferevent::ForgetRateLimits() {
  if (rate_limit_) bufferevent_set_rate_limit(bufferevent_.get(), nullptr);
  JoinGroup(0);
}

}  // namespace rxjs_libevent

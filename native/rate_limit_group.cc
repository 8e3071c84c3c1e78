// Thread: the reactor's. Owner: the reactor's table. Lifetime: from kGroup to kClose
// and the end of its last member; in a stop it goes after all connections.
#include "rate_limit_group.h"

#include <cerrno>
#include <cstring>

#include "open_handler.h"
#include "reactor.h"

namespace rxjs_libevent {

TokenBucketPtr NewTokenBucket(const RateLimitRequest& request) {
  if (request.tick_milliseconds < 1) return nullptr;
  const timeval tick = Milliseconds(request.tick_milliseconds);
  const auto bytes = [](int32_t count) {
    return count > 0 ? static_cast<size_t>(count) : static_cast<size_t>(EV_RATE_LIMIT_MAX);
  };
  return TokenBucketPtr(ev_token_bucket_cfg_new(bytes(request.read_rate), bytes(request.read_burst),
                                                bytes(request.write_rate),
                                                bytes(request.write_burst), &tick));
}

std::unique_ptr<EventHandler> RateLimitGroup::Open(Reactor& reactor, const Record& record) {
  const Reactor::Payload payload = reactor.PayloadOf(record);
  RateLimitRequest request = {};
  if (payload.data != nullptr && payload.bytes == sizeof(request)) {
    memcpy(&request, payload.data, sizeof(request));
  }
  const TokenBucketPtr limit = NewTokenBucket(request);
  RateLimitGroupPtr group(limit ? bufferevent_rate_limit_group_new(reactor.base(), limit.get())
                                : nullptr);
  if (!group) {
    PostOpenFailure(reactor, record.id(), EINVAL, kAllocateCall);
    return nullptr;
  }
  return std::unique_ptr<EventHandler>(
      new RateLimitGroup(reactor, record.id(), std::move(group), request.tick_milliseconds));
}

RateLimitGroup* RateLimitGroup::Find(Reactor& reactor, int32_t id) {
  EventHandler* handler = reactor.Find(id);
  if (handler == nullptr || !handler->IsRateLimitGroup()) return nullptr;
  auto* group = static_cast<RateLimitGroup*>(handler);
  // One that is closing takes no more members: it goes with its last.
  return group->closing_ ? nullptr : group;
}

void RateLimitGroup::Take(const Record& record) {
  switch (static_cast<Submission>(record.kind())) {
    case Submission::kRateLimit: {
      const Reactor::Payload payload = reactor_.PayloadOf(record);
      RateLimitRequest request;
      if (payload.data == nullptr || payload.bytes != sizeof(request)) return;
      memcpy(&request, payload.data, sizeof(request));
      SetLimit(request);
      break;
    }
    case Submission::kTotals:
      PostTotals();
      break;
    case Submission::kClose:
      closing_ = true;
      if (members_.empty()) reactor_.Retire(this);
      break;
    default:
      break;
  }
}

// libevent counts time in ticks, and compares their number with that of the last refill: after a
// change of the tick's length the two have nothing to do with each other, and the group may not be
// filled for weeks. So another tick means another group.
void RateLimitGroup::SetLimit(const RateLimitRequest& request) {
  const TokenBucketPtr limit = NewTokenBucket(request);
  if (!limit) return;
  if (request.tick_milliseconds == tick_milliseconds_) {
    bufferevent_rate_limit_group_set_cfg(group_.get(), limit.get());
    return;
  }
  RateLimitGroupPtr group(bufferevent_rate_limit_group_new(reactor_.base(), limit.get()));
  if (!group) return;
  ev_uint64_t totals[2] = {};
  bufferevent_rate_limit_group_get_totals(group_.get(), &totals[0], &totals[1]);
  for (int i = 0; i < 2; ++i) totals_before_[i] += totals[i];
  for (bufferevent* member : members_) bufferevent_add_to_rate_limit_group(member, group.get());
  tick_milliseconds_ = request.tick_milliseconds;
  group_ = std::move(group);
}

void RateLimitGroup::Join(bufferevent* member) {
  if (bufferevent_add_to_rate_limit_group(member, group_.get()) == 0) members_.insert(member);
}

void RateLimitGroup::Leave(bufferevent* member) {
  bufferevent_remove_from_rate_limit_group(member);
  members_.erase(member);
  if (closing_ && members_.empty()) reactor_.Retire(this);
}

void RateLimitGroup::PostTotals() {
  ev_uint64_t totals[2] = {};
  bufferevent_rate_limit_group_get_totals(group_.get(), &totals[0], &totals[1]);
  for (uint32_t i = 0; i < 2; ++i) {
    totals[i] += totals_before_[i];
    reactor_.completions().Post(Completion::kTotal, i, id_, static_cast<int32_t>(totals[i]),
                                static_cast<int32_t>(totals[i] >> 32));
  }
}

}  // namespace rxjs_libevent

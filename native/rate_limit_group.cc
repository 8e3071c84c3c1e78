// Thread: the reactor's. Owner: the reactor's table. Lifetime: from kGroup to kClose
// and the end of its last member; in a stop it goes after all connections.
#include "rate_limit_group.h"

#include <cerrno>
#include <utility>

#include "reactor.h"

namespace rxjs_libevent {

TokenBucketPtr NewTokenBucket(const RateLimitRequest& request) {
  if (request.tickMs < 1) return nullptr;
  const timeval tick = Milliseconds(request.tickMs);
  const auto bytes = [](int32_t count) {
    return count > 0 ? static_cast<size_t>(count) : static_cast<size_t>(EV_RATE_LIMIT_MAX);
  };
  return TokenBucketPtr(ev_token_bucket_cfg_new(bytes(request.readRate), bytes(request.readBurst),
                                                bytes(request.writeRate), bytes(request.writeBurst),
                                                &tick));
}

RateLimitGroup::~RateLimitGroup() { reactor_.RemoveGroup(id_); }

Failure RateLimitGroup::Open(const Record& record) {
  RateLimitRequest request;
  const bool known = ReadRequest(reactor_.PayloadOf(record), &request);
  const int error = known ? SetLimit(request) : EINVAL;
  if (error == 0) reactor_.AddGroup(id_, this);
  return {error, kLimitRateCall};
}

void RateLimitGroup::Take(const Record& record) {
  switch (static_cast<Submission>(record.kind())) {
    case Submission::kRateLimit: {
      RateLimitRequest request;
      if (!ReadRequest(reactor_.PayloadOf(record), &request)) return;
      const int error = SetLimit(request);
      if (error != 0) reactor_.Fail(this, {error, kLimitRateCall});
      break;
    }
    case Submission::kTotals:
      PostTotals();
      break;
    case Submission::kClose:
      // It takes no more members, and goes with its last.
      state_ = State::kClosing;
      if (members_.empty()) reactor_.Retire(this);
      break;
    default:
      break;
  }
}

// libevent counts time in ticks, and compares their number with that of the last refill: after a
// change of the tick's length the two have nothing to do with each other, and the group may not be
// filled for weeks. So another tick means another group. libevent copies the configuration.
int RateLimitGroup::SetLimit(const RateLimitRequest& request) {
  limit_ = NewTokenBucket(request);
  if (!limit_) return EINVAL;
  if (group_ && request.tickMs == tick_milliseconds_) {
    return Try<bufferevent_rate_limit_group_set_cfg>(group_.get(), limit_.get());
  }
  next_.reset(bufferevent_rate_limit_group_new(reactor_.base(), limit_.get()));
  if (!next_) return ENOMEM;
  if (group_) {
    ev_uint64_t totals[2] = {};
    bufferevent_rate_limit_group_get_totals(group_.get(), &totals[0], &totals[1]);
    for (int i = 0; i < 2; ++i) totals_before_[i] += totals[i];
  }
  int error = 0;
  for (bufferevent* member : members_) {
    if (error == 0) error = Try<bufferevent_add_to_rate_limit_group>(member, next_.get());
  }
  if (error != 0) {
    // It has members, and libevent would abort.
    (void)next_.release();
    return error;
  }
  tick_milliseconds_ = request.tickMs;
  group_.swap(next_);
  next_.reset();
  return 0;
}

int RateLimitGroup::Join(bufferevent* member) {
  const int error = Try<bufferevent_add_to_rate_limit_group>(member, group_.get());
  if (error == 0) members_.insert(member);
  return error;
}

int RateLimitGroup::Leave(bufferevent* member) {
  const int error = Try<bufferevent_remove_from_rate_limit_group>(member);
  members_.erase(member);
  if (state_ == State::kClosing && members_.empty()) reactor_.Retire(this);
  return error;
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

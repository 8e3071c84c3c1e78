// A token bucket that several connections share.
#pragma once

#include <unordered_set>

#include "event_handler.h"
#include "hidden_timeouts.h"
#include "libevent.h"
#include "requests.h"

namespace rxjs_libevent {

// Null when the request limits nothing or is out of libevent's bounds: a tick below one
// millisecond would divide by zero, a rate of zero would stop for ever.
TokenBucketPtr NewTokenBucket(const RateLimitRequest& request);

class RateLimitGroup final : public EventHandler {
 public:
  RateLimitGroup(Reactor& reactor, int32_t id) : EventHandler(reactor, id), refills_(reactor) {
    refills_.Set(true);
  }
  ~RateLimitGroup() override;

  Failure Open(const Record& record) override;
  void Take(const Record& record) override;

  bool takes_members() const { return state_ == State::kOpen; }
  // libevent aborts when a group that has members is freed, so they are known here. Return 0 or an
  // errno.
  [[nodiscard]] int Join(bufferevent* member);
  int Leave(bufferevent* member);

 private:
  enum class State { kOpen, kClosing };

  int SetLimit(const RateLimitRequest& request);
  void PostTotals();

  // Members while libevent is called, which may give up inside: see event_handler.h.
  TokenBucketPtr limit_;
  RateLimitGroupPtr next_;
  RateLimitGroupPtr group_;
  int32_t tick_milliseconds_ = 0;
  uint64_t totals_before_[2] = {};  // of the groups before, read and written
  std::unordered_set<bufferevent*> members_;
  State state_ = State::kOpen;
  HiddenTimeouts refills_;
};

}  // namespace rxjs_libevent

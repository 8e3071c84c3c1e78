// A token bucket that several connections share.
#pragma once

#include <memory>

#include "bufferevent.h"
#include "event_handler.h"
#include "libevent.h"

namespace rxjs_libevent {

// Null when the request limits nothing or is out of libevent's bounds: a tick below one
// millisecond would divide by zero, a rate of zero would stop for ever.
TokenBucketPtr NewTokenBucket(const RateLimitRequest& request);

class RateLimitGroup final : public EventHandler {
 public:
  static std::unique_ptr<EventHandler> Open(Reactor& reactor, const Record& record);
  static RateLimitGroup* Find(Reactor& reactor, int32_t id);

  void Take(const Record& record) override;
  bool OutlivesOthers() const override { return true; }
  bool IsRateLimitGroup() const override { return true; }

  // libevent aborts when a group that has members is freed, so it counts them.
  void Join(bufferevent* member);
  void Leave(bufferevent* member);

 private:
  RateLimitGroup(Reactor& reactor, int32_t id, RateLimitGroupPtr group)
      : EventHandler(reactor, id), group_(std::move(group)) {}

  void PostTotals();

  RateLimitGroupPtr group_;
  int members_ = 0;
  bool closing_ = false;
};

}  // namespace rxjs_libevent

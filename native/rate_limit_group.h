// A token bucket that several connections share.
#pragma once

#include <memory>
#include <unordered_set>

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

  // libevent aborts when a group that has members is freed, so they are known here.
  void Join(bufferevent* member);
  void Leave(bufferevent* member);

 private:
  RateLimitGroup(Reactor& reactor, int32_t id, RateLimitGroupPtr group, int32_t tick_milliseconds)
      : EventHandler(reactor, id),
        group_(std::move(group)),
        tick_milliseconds_(tick_milliseconds) {}

  void SetLimit(const RateLimitRequest& request);
  void PostTotals();

  RateLimitGroupPtr group_;
  int32_t tick_milliseconds_;
  uint64_t totals_before_[2] = {};  // of the groups before, read and written
  std::unordered_set<bufferevent*> members_;
  bool closing_ = false;
};

}  // namespace rxjs_libevent

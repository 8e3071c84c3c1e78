// Thread: the reactor's. Owner: the reactor's table. Lifetime: from the first limit to kClose.
#include "limited_socket.h"

#include <cerrno>
#include <utility>

#include "rate_limit_group.h"
#include "reactor.h"

namespace rxjs_libevent {

void LimitedSocket::Begin() {
  Use();
  SetReadHigh();
  UpdateReading();
}

void LimitedSocket::TakeOther(const Record& record) {
  switch (static_cast<Submission>(record.kind())) {
    case Submission::kRateLimit:
      LimitRate(record);
      break;
    case Submission::kRateLimitGroup:
      JoinGroup(record.a());
      break;
    default:
      Socket::TakeOther(record);
      break;
  }
}

void LimitedSocket::LimitRate(const Record& record) {
  RateLimitRequest request;
  if (!ReadRequest(reactor_.PayloadOf(record), &request)) return;
  // libevent compares the number of the tick with that of the last refill: after a change of the
  // tick's length the two have nothing to do with each other, and the socket would wait for weeks.
  int error = 0;
  if (rate_limit_ && request.tickMs != tick_milliseconds_) {
    error = Try<bufferevent_set_rate_limit>(bufferevent_.get(), nullptr);
  }
  next_limit_ = NewTokenBucket(request);
  tick_milliseconds_ = request.tickMs;
  if (error == 0) {
    error = Try<bufferevent_set_rate_limit>(bufferevent_.get(), next_limit_.get());
  }
  if (error != 0) return FailWriting({error, kLimitRateCall});
  rate_limit_.swap(next_limit_);
  next_limit_.reset();
}

void LimitedSocket::JoinGroup(int32_t group_id) {
  RateLimitGroup* group = reactor_.FindGroup(group_id);
  if (group == nullptr && group_id != 0) return FailWriting({ENOENT, kJoinGroupCall});
  if (group == group_) return;
  int error = 0;
  if (group_ != nullptr) error = group_->Leave(bufferevent_.get());
  group_ = nullptr;
  if (error == 0 && group != nullptr) error = group->Join(bufferevent_.get());
  if (error != 0) return FailWriting({error, kJoinGroupCall});
  group_ = group;
}

void LimitedSocket::SetPriority(int32_t priority) {
  const int error = Try<bufferevent_priority_set>(bufferevent_.get(), priority);
  if (error != 0) EndReading(error);
}

void LimitedSocket::UpdateReading() {
  Watch();
  EnableReading();
}

void LimitedSocket::StopReading() {
  PauseReading();
  Unwatch();
}

void LimitedSocket::OnClosing(bool) {
  // libevent frees its object in a later turn: until then it would count as a member, and refer to
  // the bucket.
  if (rate_limit_) (void)bufferevent_set_rate_limit(bufferevent_.get(), nullptr);
  if (group_ != nullptr) (void)std::exchange(group_, nullptr)->Leave(bufferevent_.get());
}

}  // namespace rxjs_libevent

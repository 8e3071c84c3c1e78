// A socket with a rate limit: libevent moves the bytes, so that its token buckets see them.
#pragma once

#include "socket.h"

namespace rxjs_libevent {

class RateLimitGroup;

// Takes the place of a Socket. The read mark is the bufferevent's EV_READ high mark, with EV_READ
// disabled at the mark. It stands in the death watch until the input ends, since libevent does not
// look at a socket whose bucket is empty.
class LimitedSocket final : public Socket {
 public:
  explicit LimitedSocket(Socket&& other) : Socket(std::move(other)), refills_(reactor_) {
    refills_.Set(true);
  }
  ~LimitedSocket() override { CloseNow(false); }

  // Once it stands in the reactor's table.
  void Begin();

 private:
  void TakeOther(const Record& record) override;
  void UpdateReading() override;
  void StopReading() override;
  void PauseReading() override { DisableReading(); }
  void OnReadingWanted() override { wanted_ ? UpdateReading() : PauseReading(); }
  ssize_t SendNow(const uint8_t*, uint32_t, Segment) override { return 0; }
  void TriggerRead() override { MoveInput(); }
  void ReadSoon() override { MoveInput(); }
  // Not Socket's, which reads the descriptor: libevent's buckets must see the bytes.
  ssize_t ReceiveCiphertext(char* data, size_t bytes) override {
    // NOLINTNEXTLINE(bugprone-parent-virtual-call)
    return Bufferevent::ReceiveCiphertext(data, bytes);
  }
  void OnClosing(bool reset) override;
  void SetPriority(int32_t priority) override;

  void LimitRate(const Record& record);
  void JoinGroup(int32_t group_id);

  // Members while libevent is called, which may give up inside: see event_handler.h.
  TokenBucketPtr next_limit_;
  TokenBucketPtr rate_limit_;
  int32_t tick_milliseconds_ = 0;
  RateLimitGroup* group_ = nullptr;
  HiddenTimeouts refills_;
};

}  // namespace rxjs_libevent

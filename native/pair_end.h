// One of two joined ends without a socket: what one is given, the other emits.
#pragma once

#include "bufferevent.h"

namespace rxjs_libevent {

// EV_READ is enabled only while bytes may be taken: above the read high mark, and after the
// partner's end, libevent would call back for ever.
class PairEnd final : public Bufferevent {
 public:
  PairEnd(Reactor& reactor, int32_t id) : Bufferevent(reactor, id) {}
  ~PairEnd() override { CloseNow(false); }

  Failure Open(const Record& record) override;

 private:
  enum class Reading { kOff, kOn };

  void Join(PairEnd* partner, bufferevent* end, int32_t credit);
  void OnPartnerGone(bool reset);

  bufferevent* NewBufferevent() override { return nullptr; }
  void TakeOther(const Record&) override {}
  void UpdateReading() override;
  void StopReading() override;
  void PauseReading() override { StopReading(); }
  void OnReadingWanted() override;
  void OnReadHigh() override;
  void OnTimeouts() override;
  ssize_t SendNow(const uint8_t* data, uint32_t bytes) override;
  int SendFin() override;
  void TriggerRead() override { MoveInput(); }
  void OnClosing(bool reset) override;

  PairEnd* partner_ = nullptr;  // until one of the two closes
  Reading reading_ = Reading::kOff;
};

}  // namespace rxjs_libevent

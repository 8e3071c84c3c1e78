// One of two joined ends without a socket: what one is given, the other emits.
#pragma once

#include "bufferevent.h"

namespace rxjs_libevent {

class PairEnd final : public Bufferevent {
 public:
  PairEnd(Reactor& reactor, int32_t id) : Bufferevent(reactor, id) {}
  ~PairEnd() override { CloseNow(false); }

  Failure Open(const Record& record) override;

 private:
  void Join(PairEnd* partner, bufferevent* end, int32_t credit);
  void OnPartnerGone(bool reset);

  bufferevent* NewBufferevent() override { return nullptr; }
  void TakeOther(const Record&) override {}
  ssize_t SendNow(const uint8_t* data, uint32_t bytes, Segment segment) override;
  int SendFin() override;
  // Its own: the other end reads, and answers, while this one writes.
  std::string& Ciphertext() override { return ciphertext_; }
  void OnClosing(bool reset) override;

  std::string ciphertext_;
  PairEnd* partner_ = nullptr;  // until one of the two closes
};

}  // namespace rxjs_libevent

// A plain socket: bytes go straight between the system and the arena, past libevent's buffers.
#pragma once

#include "bufferevent.h"
#include "death_watch.h"
#include "requests.h"

namespace rxjs_libevent {

// Reading has an event of its own and recv() into the arena, since bufferevent_readcb() costs an
// ioctl(), a chain and a copy for at most 4096 bytes. Writing goes out at once when nothing waits.
class Socket : public Bufferevent, protected DeathWatcher {
 public:
  Socket(Reactor& reactor, int32_t id) : Bufferevent(reactor, id) {}
  ~Socket() override { CloseNow(false); }

  Failure Open(const Record& record) override;
  void Settle() override;
  void FailIfClosed() override;
  void Abandon() override;

 protected:
  // What the system reports of the socket: bytes, or the peer's end alone.
  enum class Interest { kNone, kRead, kEnd };

  Socket(Socket&& other) noexcept;

  bufferevent* NewBufferevent() override;
  void TakeOther(const Record& record) override;
  void UpdateReading() override;
  void StopReading() override;
  void PauseReading() override;
  void OnReadingWanted() override;
  void OnTimeouts() override;
  ssize_t SendNow(const uint8_t* data, uint32_t bytes, Segment segment) override;
  int SendFin() override;
  void TriggerRead() override;
  void ReadSoon() override { TriggerRead(); }
  ssize_t ReceiveCiphertext(char* data, size_t bytes) override;
  void OnConnected(int error) override;
  void CloseDescriptor(bool reset) override;
  void Disconnect(bool reset);
  uint32_t Acknowledged() override;
  void OnDeath(bool failed) override;
  virtual void SetPriority(int32_t priority);

  // Enters the death watch, where the peer's end shows without reading.
  void Watch();
  void Unwatch();

  int fd_ = -1;
  Interest interest_ = Interest::kNone;

 private:
  Failure Adopt(const Record& record);
  Failure Connect(const Record& record);
  void SetSocketOption(const Record& record);
  void LimitRate(const Record& record);
  void Arm();
  void Receive();
  void Discard();
  bool HasUnread();
  bool HasUnreadBehindDeath();

  void AssignReadEvent();
  void OnReadable(short what);

  static void Rest(EventHandler* handler);

  event read_event_ = {};
  bool no_delay_ = false;
  int32_t hangup_error_ = -1;  // of the last kHangup; -1 for none
};

}  // namespace rxjs_libevent

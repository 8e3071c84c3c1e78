// A connection: a socket with its bufferevent.
#pragma once

#include <memory>
#include <vector>

#include "death_watch.h"
#include "event_handler.h"
#include "libevent.h"

namespace rxjs_libevent {

class RateLimitGroup;

// The head of kConnect's payload; the remote and then the local host or path follow.
struct ConnectRequest {
  int32_t flags;         // ConnectFlags
  int32_t credit;        // bytes that may be posted and not yet emitted
  int32_t family;        // AddressFamily
  int32_t port;          // remote
  int32_t remote_bytes;  // length of the remote text
  int32_t local_port;
  int32_t local_bytes;  // length of the local text, 0 for any
  int32_t keep_alive;   // seconds of silence before a probe, 0 for none
};

enum ConnectFlags : int32_t { kNoDelay = 1 };

// The payload of kRateLimit and kGroup. Bytes for each tick; 0 for no limit in that direction.
struct RateLimitRequest {
  int32_t read_rate;
  int32_t read_burst;
  int32_t write_rate;
  int32_t write_burst;
  int32_t tick_milliseconds;  // at least 1; 0 lifts the limit
};

// The payload of kSendFile: a part of an open file.
struct SendFileRequest {
  int32_t fd;  // stays JavaScript's
  int32_t bytes;
  int64_t offset;
};

// Reading goes past the bufferevent: an event of our own and recv() straight into the slab, since
// bufferevent_readcb() costs an ioctl(), a chain and a copy for at most 4096 bytes. Writing goes
// out at once when the output is empty; what the socket does not take waits in the bufferevent's
// output, which libevent flushes.
//
// That is the direct way, for plain sockets. With a rate limit, and for a pair, all bytes go
// through the bufferevent's own buffers: the buffered way.
class Bufferevent final : public EventHandler, private DeathWatcher {
 public:
  static std::unique_ptr<EventHandler> Adopt(Reactor& reactor, const Record& record);
  static std::unique_ptr<EventHandler> Connect(Reactor& reactor, const Record& record);
  // Two joined ends without a socket. Installs the first itself and returns the second.
  static std::unique_ptr<EventHandler> Pair(Reactor& reactor, const Record& record);
  ~Bufferevent() override;

  void Take(const Record& record) override;
  void Resume() override;
  void Settle() override;

 private:
  Bufferevent(Reactor& reactor, int32_t id, int fd, int32_t credit);

  bool NeedBufferevent();
  void Use(bufferevent* bufferevent);
  // Reading.
  void SetReading(bool wanted);
  void Arm();
  void Disarm();
  static void Rest(EventHandler* handler);
  void Watch();
  void Unwatch();
  void Receive();
  void Discard();
  void EndReading(int error);
  void OnDeath(bool failed) override;
  bool HasUnread();
  void PostTimeout(int32_t direction);
  // The buffered way.
  bool GoBuffered();
  void MoveInput();
  void EndBuffered(int error);
  void LimitRate(const Record& record);
  void JoinGroup(int32_t group_id);
  void ForgetRateLimits();
  void FinishPair();
  void LeavePair();
  void OnPartnerGone(bool reset);
  // Writing.
  void SendFile(const Record& record);
  bool GoOnWithFile();
  void Trigger(int32_t events);
  void Write(const Record& record);
  void Send(const uint8_t* data, uint32_t bytes, uint32_t pin);
  bool Enqueue(const uint8_t* data, uint32_t bytes, uint32_t pin);
  void Release(uint32_t pin);
  size_t OutputLength() const;
  void HasLeft(uint32_t bytes);
  void Drop(uint32_t bytes);
  void CheckPositions();
  void FailWriting(int error, FailedCall call = kSocketCall);
  void Finish();
  // Ending.
  void Close(CloseMode mode, int32_t deadline_milliseconds);
  void CloseSocket();
  void CheckLinger();

  static void OnReadable(evutil_socket_t fd, short what, void* self);
  static void OnBufferedInput(bufferevent* bufferevent, void* self);
  static void OnDeadline(evutil_socket_t fd, short what, void* self);
  static void OnEvent(bufferevent* bufferevent, short what, void* self);
  static void OnOutput(evbuffer* output, const evbuffer_cb_info* info, void* self);
  static void OnReleased(const void* data, size_t bytes, void* pin);

  // A part of a file in the output.
  struct FilePart {
    uint32_t end;  // the position in the output behind it
    int fd;
    int64_t file_end;  // the position in the file behind it
  };

  int fd_;                     // -1 for an end of a pair
  TokenBucketPtr rate_limit_;  // outlives the bufferevent, which refers to it
  BuffereventPtr bufferevent_;
  event read_event_ = {};
  EventPtr deadline_;
  RateLimitGroup* group_ = nullptr;
  Bufferevent* partner_ = nullptr;  // the other end of a pair, until one of the two closes
  std::vector<FilePart> files_;
  int32_t read_high_;
  int32_t outstanding_ = 0;     // bytes posted and not yet credited
  int32_t hangup_error_ = 0;    // the socket's error, taken from it before the input's end is due
  int32_t read_timeout_ = 0;    // milliseconds, 0 for none
  uint32_t taken_ = 0;          // bytes of output that JavaScript has submitted
  uint32_t left_ = 0;           // bytes of output that have left
  uint32_t notify_at_ = 0;      // the position that kNotify asked for
  int32_t buffered_error_ = 0;  // how the input ended, while bytes of it are still buffered
  bool notify_ = false;
  bool open_ = true;       // until the socket is closed
  bool buffered_ = false;  // bytes go through the bufferevent's own buffers
  bool buffered_end_ = false;
  bool connecting_ = false;
  bool resetting_ = false;
  bool no_delay_ = false;
  bool wanted_ = false;   // JavaScript wants to read
  bool armed_ = false;    // read_event_ is pending
  bool watched_ = false;  // stands in the death watch
  bool hung_up_ = false;  // a kHangup has been posted
  bool read_ended_ = false;
  bool write_failed_ = false;
  bool finishing_ = false;  // FIN when the output is empty
  bool finished_ = false;   // FIN has been sent
  bool lingering_ = false;  // waits for the peer's end, then goes
};

}  // namespace rxjs_libevent

// A connection: a socket with its bufferevent.
#pragma once

#include <memory>

#include "death_watch.h"
#include "event_handler.h"
#include "libevent.h"

namespace rxjs_libevent {

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

// Reading goes past the bufferevent: an event of our own and recv() straight into the slab, since
// bufferevent_readcb() costs an ioctl(), a chain and a copy for at most 4096 bytes. Writing goes
// out at once when the output is empty; what the socket does not take waits in the bufferevent's
// output, which libevent flushes.
class Bufferevent final : public EventHandler, private DeathWatcher {
 public:
  static std::unique_ptr<EventHandler> Adopt(Reactor& reactor, const Record& record);
  static std::unique_ptr<EventHandler> Connect(Reactor& reactor, const Record& record);
  ~Bufferevent() override;

  void Take(const Record& record) override;
  void Resume() override;

 private:
  Bufferevent(Reactor& reactor, int32_t id, int fd, int32_t credit);

  bool Open();
  // Reading.
  void SetReading(bool wanted);
  void Arm();
  void Disarm();
  void Watch();
  void Unwatch();
  void Receive();
  void Discard();
  void EndReading(int error);
  void OnDeath(bool failed) override;
  bool HasUnread() const;
  // Writing.
  void Write(const Record& record);
  void Send(const uint8_t* data, uint32_t bytes, uint32_t pin);
  void HasLeft(uint32_t bytes);
  void CheckPositions();
  void FailWriting(int error);
  void Finish();
  // Ending.
  void Close(CloseMode mode, int32_t deadline_milliseconds);
  void CloseSocket();
  void CheckLinger();

  static void OnReadable(evutil_socket_t fd, short what, void* self);
  static void OnDeadline(evutil_socket_t fd, short what, void* self);
  static void OnEvent(bufferevent* bufferevent, short what, void* self);
  static void OnOutput(evbuffer* output, const evbuffer_cb_info* info, void* self);
  static void OnReleased(const void* data, size_t bytes, void* pin);

  int fd_;
  BuffereventPtr bufferevent_;
  event read_event_ = {};
  EventPtr deadline_;
  int32_t read_high_;
  int32_t outstanding_ = 0;     // bytes posted and not yet credited
  int32_t hangup_error_ = 0;    // taken from SO_ERROR by the death watch, due at the end of input
  int32_t read_timeout_ = 0;    // milliseconds, 0 for none
  uint32_t taken_ = 0;          // bytes of output that JavaScript has submitted
  uint32_t left_ = 0;           // bytes of output that have left
  uint32_t notify_at_ = 0;      // the position that kNotify asked for
  bool notify_ = false;
  bool connecting_ = false;
  bool no_delay_ = false;
  bool wanted_ = false;   // JavaScript wants to read
  bool armed_ = false;    // read_event_ is pending
  bool watched_ = false;  // stands in the death watch
  bool read_ended_ = false;
  bool write_failed_ = false;
  bool finishing_ = false;  // FIN when the output is empty
  bool finished_ = false;   // FIN has been sent
  bool lingering_ = false;  // waits for the peer's end, then goes
};

}  // namespace rxjs_libevent

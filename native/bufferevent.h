// What carries a connection: libevent's bufferevent with what all kinds of it share, that is its
// output, its credit and its end. How it reads is for the kinds to say: socket.h, limited_socket.h,
// pair_end.h.
#pragma once

#include <sys/types.h>

#include <memory>
#include <vector>

#include "event_handler.h"
#include "lent_memory.h"
#include "libevent.h"

namespace rxjs_libevent {

// Bytes are sent at once where that is possible; what the system does not take waits in the
// bufferevent's output, which libevent flushes. The marks are the user's: `write.low` is the
// EV_WRITE low mark, and the write callback is what reports `drained`.
class Bufferevent : public EventHandler {
 public:
  void Take(const Record& record) override;
  void Resume() override { UpdateReading(); }

 protected:
  enum class Phase { kConnecting, kOpen, kLingering, kClosed };
  // kEnding: it has ended, and bytes of it are still in libevent's buffer.
  enum class Input { kOpen, kEnding, kEnded };
  enum class Output { kOpen, kFinishing, kFinished, kFailed };

  Bufferevent(Reactor& reactor, int32_t id);
  // Takes over from another kind, which is left without anything.
  explicit Bufferevent(Bufferevent&& other);

  // For the kinds.
  virtual bufferevent* NewBufferevent() = 0;
  virtual void TakeOther(const Record& record) = 0;
  // Arms or disarms by what is wanted now.
  virtual void UpdateReading() = 0;
  virtual void StopReading() = 0;
  // Stops reading, but sees the peer's end.
  virtual void PauseReading() = 0;
  virtual void OnReadingWanted() { UpdateReading(); }
  virtual void OnReadHigh() {}
  virtual void OnTimeouts() {}
  // Returns how many bytes the system has taken, or -1 with errno.
  virtual ssize_t SendNow(const uint8_t* data, uint32_t bytes) = 0;
  virtual int SendFin() = 0;
  virtual void TriggerRead() = 0;
  virtual void OnConnected(int /*error*/) {}
  // Before libevent's object goes, and after it.
  virtual void OnClosing(bool /*reset*/) {}
  virtual void CloseDescriptor(bool /*reset*/) {}
  // How much of the output the peer's system has, for the deadline of closing.
  virtual uint32_t Acknowledged() { return sent_; }

  int32_t Credit() const { return read_high_ - outstanding_; }
  bool MayRead() const { return wanted_ && Credit() > 0; }
  void Posted(uint32_t bytes);
  void EndReading(int error);
  void PostTimeout(int32_t direction);
  // libevent's read callback and its end, for the kinds whose bytes libevent reads.
  void MoveInput();
  void EndBuffered(int error);
  size_t InputLength() const;
  void DiscardInput();

  bool NeedBufferevent();
  // Sets the callbacks of libevent's object.
  void Use();
  size_t OutputLength() const;
  void FailWriting(Failure failure);
  void CheckOutput();
  void CloseNow(bool reset);

  Phase phase_ = Phase::kOpen;
  Input input_ = Input::kOpen;
  Output output_ = Output::kOpen;
  BuffereventPtr bufferevent_;
  bool wanted_ = false;  // JavaScript wants to read
  int32_t read_high_ = 0;
  int32_t outstanding_ = 0;    // bytes posted and not yet credited
  int32_t end_error_ = 0;      // how the input will end: the socket's error, taken early
  int32_t read_timeout_ = 0;   // milliseconds, 0 for none
  int32_t write_timeout_ = 0;  // milliseconds, 0 for none
  uint32_t sent_ = 0;          // bytes of output that the system has taken

 private:
  void Write(const Record& record);
  bool Enqueue(const Payload& payload, uint32_t from);
  void SendFile(const Record& record);
  bool GoOnWithFile();
  void Trigger(int32_t events);
  void Sent(uint32_t bytes);
  void Finish();
  void Close(CloseMode mode, int32_t deadline_milliseconds);
  void Linger(int32_t deadline_milliseconds);
  void CloseIfLingered();
  void CloseAndRetire(bool reset);
  [[nodiscard]] int AddDeadline();

  static void OnRead(bufferevent* bufferevent, void* self);
  static void OnWrite(bufferevent* bufferevent, void* self);
  static void OnEvent(bufferevent* bufferevent, short what, void* self);
  static void OnOutput(evbuffer* output, const evbuffer_cb_info* info, void* self);
  static void OnDeadline(evutil_socket_t fd, short what, void* self);

  // A part of a file in the output.
  struct FilePart {
    uint32_t end;      // the position in the output behind it
    int fd;            // libevent closes it
    int64_t file_end;  // the position in the file behind it
  };
  // What JavaScript waits for.
  enum Wish : uint8_t { kNothing = 0, kPosition = 1, kDrained = 2 };

  std::vector<FilePart> files_;
  EventPtr deadline_;
  int32_t deadline_milliseconds_ = 0;
  uint32_t acknowledged_ = 0;
  uint32_t taken_ = 0;      // bytes of output that JavaScript has submitted
  uint32_t notify_at_ = 0;  // the position of kNotify
  uint32_t write_low_ = 0;  // the mark of kDrain
  uint8_t wishes_ = kNothing;
};

}  // namespace rxjs_libevent

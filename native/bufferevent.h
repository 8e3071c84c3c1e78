// What carries a connection: libevent's bufferevent with what all kinds of it share, that is its
// output, its credit and its end. How it reads is for the kinds to say: socket.h, limited_socket.h,
// pair_end.h.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>

#include "event_handler.h"
#include "hidden_timeouts.h"
#include "libevent.h"
#include "read_arena.h"
#include "tls_session.h"
#include "waiting_output.h"

namespace rxjs_libevent {

// What one kind hands over to another that takes its place.
struct BuffereventState {
  enum class Phase { kConnecting, kOpen, kLingering, kClosed };
  // kEnding: it has ended, and bytes of it are still in libevent's buffer.
  enum class Input { kOpen, kEnding, kEnded };
  enum class Output { kOpen, kFinishing, kFinished, kFailed };
  // What JavaScript waits for.
  enum Wish : uint8_t { kNothing = 0, kPosition = 1, kDrained = 2 };

  Phase phase_ = Phase::kOpen;
  Input input_ = Input::kOpen;
  Output output_ = Output::kOpen;
  uint8_t wishes_ = kNothing;
  bool wanted_ = false;  // JavaScript wants to read
  BuffereventPtr bufferevent_;
  WaitingFiles files_;
  std::unique_ptr<TlsSession> tls_;
  std::string early_;  // output that waits for the handshake
  int32_t read_high_ = 0;
  int32_t outstanding_ = 0;    // bytes posted and not yet credited
  int32_t end_error_ = 0;      // how the input will end: the socket's error, taken early
  int32_t read_timeout_ = 0;   // milliseconds, 0 for none
  int32_t write_timeout_ = 0;  // milliseconds, 0 for none
  uint32_t received_ = 0;      // bytes of input that have been posted
  uint32_t answers_ = 0;       // bytes of ciphertext behind output that waits, which nobody wrote
  uint32_t taken_ = 0;         // bytes of output that JavaScript has submitted
  uint32_t sent_ = 0;          // bytes of output that the system has taken
  uint32_t notify_at_ = 0;     // the position of kNotify
  uint32_t write_low_ = 0;     // the mark of kDrain
};

// Bytes are sent at once where that is possible; what the system does not take waits in the
// bufferevent's output, which libevent flushes. The marks are the user's: `write.low` is the
// EV_WRITE low mark, and the write callback is what reports `drained`. Unless a kind reads by
// itself, libevent does, and `read.high` is the EV_READ high mark, with EV_READ disabled at it.
//
// Once there is a TlsSession, the bytes of the user are on this side of it, and so are all counts
// and marks; libevent's buffers and the system have those of the wire.
class Bufferevent : public EventHandler, protected BuffereventState, protected TlsWire {
 public:
  void Take(const Record& record) override;
  void Resume() override { UpdateReading(); }

 protected:
  Bufferevent(Reactor& reactor, int32_t id);
  // Takes over from another kind, which is left without anything.
  Bufferevent(Bufferevent&& other) noexcept;

  // For the kinds.
  virtual bufferevent* NewBufferevent() = 0;
  virtual void TakeOther(const Record& record) = 0;
  // Arms or disarms by what is wanted now.
  virtual void UpdateReading() { EnableReading(); }
  virtual void StopReading() { PauseReading(); }
  // Stops reading, but sees the peer's end.
  virtual void PauseReading() { DisableReading(); }
  virtual void OnReadingWanted() { wanted_ ? UpdateReading() : PauseReading(); }
  virtual void TriggerRead() { MoveInput(); }
  // Reads in a later turn, if at all, as if bytes had come.
  virtual void ReadSoon() { MoveInput(); }
  virtual void OnTimeouts() {}
  // kWithNext: what follows at once, a FIN above all, may go in the same segment.
  enum class Segment { kAtOnce, kWithNext };
  // Returns how many bytes the system has taken, or -1 with errno.
  virtual ssize_t SendNow(const uint8_t* data, uint32_t bytes, Segment segment) = 0;
  virtual int SendFin() = 0;
  virtual void OnConnected(int /*error*/) {}
  // Before libevent's object goes, and after it.
  virtual void OnClosing(bool /*reset*/) {}
  virtual void CloseDescriptor(bool /*reset*/) {}
  // How much of the output the peer's system has, for the deadline of closing.
  virtual uint32_t Acknowledged() { return sent_; }

  int32_t Credit() const { return read_high_ - outstanding_; }
  bool MayRead() const { return wanted_ && Credit() > 0; }
  bool Handshakes() const { return tls_ && tls_->stage() == TlsSession::Stage::kHandshaking; }
  // Closing, what comes is thrown away, unless a handshake has to be done for output to be sent.
  bool Discards() const {
    const bool shakes_hands = tls_ && !tls_->has_ended_handshake() && !early_.empty();
    return phase_ == Phase::kLingering && !shakes_hands;
  }
  // For the user, for a handshake, or to be discarded.
  bool WantsInput() const { return Discards() || Handshakes() || MayRead(); }
  // Where bytes that are read now go, as many as there is credit for.
  ReadArena::Space Reserve();
  void Posted(size_t bytes);
  void EndReading(int error);
  void PostTimeout(int32_t direction);
  // libevent reads, as far as there is credit.
  void EnableReading();
  void DisableReading() {
    if (bufferevent_) bufferevent_disable(bufferevent_.get(), EV_READ);
  }
  // libevent's read callback and its end.
  void MoveInput();
  void EndBuffered(int error);
  evbuffer* InputBuffer() const { return bufferevent_get_input(bufferevent_.get()); }
  size_t InputLength() const { return bufferevent_ ? evbuffer_get_length(InputBuffer()) : 0; }

  // Null where there is no memory for one.
  bufferevent* NeedBufferevent();
  // Sets the callbacks of libevent's object, its timeouts and the write mark.
  void Use();
  void SetReadHigh() {
    bufferevent_setwatermark(bufferevent_.get(), EV_READ, 0, static_cast<size_t>(read_high_));
  }
  evbuffer* OutputBuffer() const { return bufferevent_get_output(bufferevent_.get()); }
  size_t OutputLength() const { return bufferevent_ ? evbuffer_get_length(OutputBuffer()) : 0; }
  void FailWriting(Failure failure);
  void CheckOutput();
  void CloseNow(bool reset);

  // TLS, see bufferevent_tls.cc.
  // What has been encrypted and not been sent yet.
  virtual std::string& Ciphertext();
  ssize_t ReceiveCiphertext(char* data, size_t bytes) override;
  void StartHandshake();
  void Handshake();
  // As recv().
  ssize_t ReadSecured(uint8_t* data, size_t bytes);
  bool HasPending() const { return tls_ && tls_->HasPending(); }
  void MoveSecured();
  void PostTlsFailure();

 private:
  void Write(const Record& record);
  Failure Enqueue(const Payload& payload, uint32_t from);
  void EnableWriting();
  void SendFile(const Record& record);
  bool GoOnWithFile();
  void SetTimeouts();
  void Sent(uint32_t bytes);
  void Finish();
  void OnEvent(short what, int error);
  void Close(CloseMode mode, int32_t deadline_milliseconds);
  void Linger(int32_t deadline_milliseconds);
  void OnDeadline(short what);
  void CloseIfLingered();
  void CloseAndRetire(bool reset);

  void SetTls(const Record& record);
  void GiveBack(const Record& record);
  void Answer(int32_t context_id);
  void OnHandshakeDeadline(short what);
  void FailHandshake(TlsFailure failure, int error = 0);
  void PostNews(const char* name, std::vector<std::string> news);
  void WriteSecured(const Payload& payload);
  Failure Encrypt(const uint8_t* data, size_t bytes);
  Failure Flush(Segment segment = Segment::kAtOnce);
  bool EndSecured();
  bool CloseSecured();

  static void OnOutput(evbuffer* output, const evbuffer_cb_info* info, void* self);

  EventPtr deadline_;
  HiddenTimeouts hidden_timeouts_;
  bool receiving_ = false;  // OpenSSL takes what libevent has read
  uint32_t acknowledged_ = 0;
  int32_t handshake_timeout_ = 0;  // milliseconds, 0 for none
};

}  // namespace rxjs_libevent
